"""The shipped profiles: valid, and no line of them without an effect."""

import itertools
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from habar.config import OperatorSettings, Settings, effective, profiles
from habar.config.operator import PATHS, STANDARD
from habar.config.together import contradictions

OWN: dict[str, Any] = {"name": "kcell", "host": "smsc.example", "port": 2775, "system_id": "habar"}
NOT_ITS_BUSINESS = {*OWN, "password", "profile", "groups", *PATHS}
"""Who we are at an operator, and what lies where on our machines."""


def text_of(name: str) -> str:
    return (files("habar.config") / "profiles" / f"{name}.toml").read_text("utf-8")


def test_those_that_there_are() -> None:
    assert set(profiles()) == {
        "standard",
        "simulator",
        "smpp-3.3",
        "hex-decimal",
        "payload",
        "sar",
        "latin1",
        "no-receipts",
        "whole-message",
    }


@pytest.mark.parametrize("name", [*profiles()])
class TestEach:
    def test_every_line_changes_something(self, name: str) -> None:
        plain = effective(OWN)
        for setting, value in profiles()[name].values.items():
            assert value != getattr(plain, setting), setting

    def test_it_is_valid_as_it_is(self, name: str) -> None:
        operator = effective({**OWN, "profile": name})
        assert list(contradictions(operator)) == []
        for setting, value in profiles()[name].values.items():
            assert getattr(operator, setting) == value

    def test_it_says_nothing_of_who_we_are(self, name: str) -> None:
        assert not profiles()[name].values.keys() & NOT_ITS_BUSINESS

    def test_it_says_what_it_fits_and_why_each_line(self, name: str) -> None:
        assert profiles()[name].summary.endswith(".")
        lines = text_of(name).splitlines()
        assert lines[0] == f"# {profiles()[name].summary}"
        for before, line in itertools.pairwise(lines):
            if line and not line.startswith("#"):
                # Two settings of one reason may share it.
                assert before.startswith("#") or before.partition(" ")[0] in tomllib.loads(
                    text_of(name)
                )


def test_the_standard_one_is_the_defaults() -> None:
    assert profiles()[STANDARD].values == {}
    assert effective(OWN) == OperatorSettings(**OWN, said=frozenset(OWN))


def test_what_is_the_operators_own_wins() -> None:
    operator = effective({**OWN, "profile": "hex-decimal", "receipt_id_base": "as-is"})
    assert (operator.response_id_base, operator.receipt_id_base) == ("hex", "as-is")


def test_in_a_file(read: Callable[..., Settings], faults: Callable[..., list[str]]) -> None:
    (operator,) = read('profile = "no-receipts"\nwindow = 7').operators
    assert (operator.receipts, operator.window) == ("none", 7)
    (fault,) = faults('profile = "hexdecimal"')
    assert fault.startswith(
        "[[operators]] kcell profile: there is no profile of that name; did you mean 'hex-decimal'?"
        "; there are: hex-decimal, "
    )


def test_they_are_in_the_wheel() -> None:
    from hatchling.builders.wheel import WheelBuilder

    root = Path(__file__).parents[3]
    packed = {file.distribution_path for file in WheelBuilder(str(root)).recurse_included_files()}
    assert {f"habar/config/profiles/{name}.toml" for name in profiles()} <= packed
