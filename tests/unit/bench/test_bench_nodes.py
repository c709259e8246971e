"""Several gateways as one: what is summed, and that all are asked to end before one is awaited."""

import os
from pathlib import Path
from typing import Self

import pytest
from bench import nodes
from bench.nodes import Nodes

METRICS = """\
# HELP habar_binds_up Of them, those that are bound.
habar_binds_held{operator="sink"} 2
habar_binds_up{operator="sink"} 1
"""


class Fake:
    """In the place of a gateway."""

    told: list[str]

    def __init__(self, folder: Path, profile: Path | None = None, roles: str = "") -> None:
        self.name = folder.name
        self.roles = roles
        self.asked = 0
        self.profile_file = profile
        self.port = int(self.name)
        self.pid = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def binds(self) -> int:
        self.asked += 1
        return 1

    def leave(self) -> None:
        self.told.append(f"leave {self.name}")

    def stop(self) -> None:
        self.told.append(f"stop {self.name}")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    Fake.told = []
    monkeypatch.setattr(nodes, "Gateway", Fake)
    return Fake.told


def test_all_are_asked_before_one_is_awaited(told: list[str]) -> None:
    with Nodes([Path("1"), Path("2")]) as several:
        several.stop()
        assert told == ["leave 1", "leave 2", "stop 1", "stop 2"]
        told.clear()
    assert told[:2] == ["leave 1", "leave 2"]


def test_figures_are_sums(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "memory_of", lambda _: (10.0, 30.0))
    monkeypatch.setattr(nodes, "cpu_of", lambda _: 1.5)
    with Nodes([Path("1"), Path("2")], profile=True) as several:
        assert several.ports == [1, 2]
        assert several.memory() == (20.0, 60.0)
        assert several.cpu() == 3.0
        assert several.profile_files == [Path("1", "profile")]


def test_who_only_calls_is_reached_by_nobody_and_counts(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "cpu_of", lambda _: 1.5)
    with Nodes([Path("1"), Path("2")], callers=[Path("3")], profile=True) as several:
        several.bound()
        made = several._gateways
        assert [(one.roles, one.asked) for one in made] == [
            ("front,dispatch", 1),
            ("front,dispatch", 1),
            ("callbacks", 0),
        ]
        assert several.ports == [1, 2]
        assert several.cpu() == 4.5
        assert several.profile_files == [Path("1", "profile"), Path("3", "profile")]


def test_binds_are_read_from_the_metrics() -> None:
    assert nodes.binds_up(METRICS) == 1
    assert nodes.binds_up("") == 0


def test_binds_to_several_operators_are_summed() -> None:
    assert nodes.binds_up(METRICS + 'habar_binds_up{operator="other"} 2\n') == 3
