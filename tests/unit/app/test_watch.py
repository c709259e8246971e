"""app/watch.py: changes are obeyed, operators that are out are passed by, binds are reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from habar.app.node import ThisNode
from habar.app.watch import OperatorWatch
from habar.config import Role
from habar.model.route import Operator, Routes, Traffic
from habar.operators import LinkReport, OperatorSettings, WhenDown
from habar.store.network import BindReport

NOW = 1_790_000_000_000
ONE = OperatorSettings(1, "one", "h", 1, "s", "p", when_down=WhenDown.FAIL_OVER)
TWO = OperatorSettings(2, "two", "h", 1, "s", "p")
REPORT = LinkReport("transceiver", "h:1", "up", NOW, 10, 0, 0.0, {}, "", None, None, 0.0, None)


class Rig:
    """The watch among stand-ins; it is also the store's network."""

    def __init__(self, node: ThisNode) -> None:
        self.now = NOW
        self.changed = False
        self.operators = [ONE, TWO]
        self.routes = Routes([Operator(1, "one"), Operator(2, "two")])
        self.obeyed: list[Routes] = []
        self.applied: list[list[str]] = []
        self.links = {key: SimpleNamespace(up=True, reports=self.reports) for key in (1, 2)}
        self.queued_of: list[int] = []
        self.written: list[tuple[list[BindReport], list[tuple[str, int, int]]]] = []
        self.others: list[BindReport] = []
        self.slots = [1]
        self.state = "up"
        dispatcher: Any = SimpleNamespace(
            lanes={key: SimpleNamespace(links=links) for key, links in self.links.items()},
            apply=self.apply,
            routes=None,
        )
        self.dispatcher = dispatcher
        store: Any = SimpleNamespace(network=self, queued=self.queued)
        network: Any = self
        self.watch = OperatorWatch(
            store,
            network,
            dispatcher,
            node,
            obey=self.obeyed.append,
            now=lambda: self.now,
            patience=3.0,
        )

    def reports(self) -> dict[int, LinkReport]:
        return dict.fromkeys(self.slots, replace(REPORT, state=self.state))

    async def follow(self) -> bool:
        return self.changed

    async def apply(self, operators: Sequence[OperatorSettings], patience: float) -> None:
        assert patience == 3.0
        self.applied.append([o.name for o in operators])

    async def queued(self, operator_id: int, *_: object) -> list[Any]:
        self.queued_of.append(operator_id)
        return []

    async def report_binds(
        self, reports: Sequence[BindReport], gone: Sequence[tuple[str, int, int]]
    ) -> None:
        self.written.append((list(reports), list(gone)))

    async def bind_reports(self, newer_than: int) -> list[BindReport]:
        assert newer_than == self.now - 15_000
        return self.others

    def chosen(self) -> str:
        """Where a new message goes."""
        return self.obeyed[-1].choose(Traffic(77011234567, "SHOP", 1, 0, 1))[0].name

    async def look_after(self, seconds: float) -> None:
        self.now += int(seconds * 1000)
        await self.watch.look()
        await self.watch.move()


@pytest.fixture
def rig() -> Rig:
    return Rig(ThisNode("here"))


async def test_a_change_reaches_the_door_and_the_dispatcher(rig: Rig) -> None:
    await rig.watch.follow()
    assert (rig.obeyed, rig.applied) == ([], []), "nothing has changed"
    rig.changed, rig.operators = True, [replace(ONE, sends=False), TWO]
    await rig.watch.follow()
    assert rig.applied == [["two"]]
    assert len(rig.obeyed) == 1
    assert rig.dispatcher.routes is rig.obeyed[-1]


async def test_an_operator_without_a_link_is_passed_by_and_its_queue_is_moved(rig: Rig) -> None:
    await rig.watch.look()
    rig.links[1].up = False
    await rig.look_after(9.0)
    assert (rig.watch.out, rig.obeyed, rig.queued_of) == (set(), [], [])
    await rig.look_after(1.0)
    assert rig.watch.out == {1}
    assert rig.chosen() == "two"
    assert rig.queued_of == [1]
    rig.links[1].up = True
    await rig.look_after(1.0)
    assert rig.watch.out == set()
    assert rig.chosen() == "one"
    assert rig.queued_of == [1]


async def test_a_disabled_operator_is_passed_by_at_the_first_look(rig: Rig) -> None:
    rig.operators = [replace(ONE, sends=False), TWO]
    await rig.look_after(0.0)
    assert rig.chosen() == "two"
    assert rig.queued_of == [1]


async def test_a_link_on_another_node_counts(rig: Rig) -> None:
    await rig.watch.look()
    rig.links[1].up = False
    rig.others = [BindReport("there", 1, 1, NOW, REPORT.as_json())]
    await rig.watch.report()
    await rig.look_after(20.0)
    assert rig.watch.out == set()


@pytest.mark.parametrize(
    "report",
    [
        BindReport("there", 1, 1, NOW, replace(REPORT, state="down").as_json()),
        BindReport("there", 1, 1, NOW, replace(REPORT, kind="receiver").as_json()),
        BindReport("there", 1, 1, NOW, '{"of": "another version"}'),
        BindReport("here", 1, 1, NOW, REPORT.as_json()),
    ],
)
async def test_what_cannot_send_there_does_not(rig: Rig, report: BindReport) -> None:
    await rig.watch.look()
    rig.links[1].up = False
    rig.others = [report]
    await rig.watch.report()
    await rig.look_after(20.0)
    assert rig.watch.out == {1}


async def test_binds_are_reported_and_those_that_are_gone_too(rig: Rig) -> None:
    rig.slots = [1, 2]
    await rig.watch.report()
    rig.slots = [2]
    await rig.watch.report()
    (first, none), (second, gone) = rig.written
    assert [(r.node, r.operator_id, r.number, r.at) for r in first] == [
        ("here", 1, 1, NOW),
        ("here", 1, 2, NOW),
        ("here", 2, 1, NOW),
        ("here", 2, 2, NOW),
    ]
    assert (none, gone) == ([], [("here", 1, 1), ("here", 2, 1)])
    assert [r.number for r in second] == [2, 2]
    assert LinkReport.read(first[0].report) == REPORT


async def test_figures_are_told_now_and_then_and_a_change_at_once(rig: Rig) -> None:
    await rig.watch.report()
    rig.now += 4_999
    await rig.watch.report()
    assert len(rig.written) == 1, "nothing has changed"
    rig.state = "down"
    await rig.watch.report()
    assert len(rig.written) == 2
    rig.now += 5_000
    await rig.watch.report()
    assert len(rig.written) == 3


async def test_a_node_that_only_serves_customers_leaves_sending_to_others() -> None:
    rig = Rig(ThisNode("front", (Role.FRONT,)))
    rig.changed, rig.operators = True, [replace(ONE, sends=False), TWO]
    await rig.watch.follow()
    await rig.look_after(0.0)
    await rig.watch.report()
    assert (rig.applied, rig.queued_of, rig.written) == ([], [], [])
    assert rig.chosen() == "two"
