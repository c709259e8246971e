"""What is made of the nodes' reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from habar.admin.links import HEARD_MS, Bind, out_of, read_binds, state_of
from habar.admin.operators import OperatorView
from habar.config import OperatorSettings
from habar.operators import LinkReport
from habar.store.network import BindReport

NOW = 1_760_000_000_000
REPORT = LinkReport(
    *("transceiver", "smsc.example:2775", "up", NOW, 10, 0, 0.0, {}, "", None, None, 0.0, None)
)
WAITS = OperatorSettings(name="kcell", host="smsc.example", port=2775, system_id="habar")
FAILS_OVER = OperatorSettings(
    name="kcell", host="smsc.example", port=2775, system_id="habar", when_down="fail-over"
)


class Reports:
    """The store as far as reports are asked for."""

    def __init__(self, *rows: BindReport) -> None:
        self.network = self
        self.rows = rows

    async def bind_reports(self, newer_than: int):
        return [row for row in self.rows if row.at > newer_than]


def view(settings: OperatorSettings | None = WAITS, *, enabled: bool = True, fault: str = ""):
    return OperatorView(1, "kcell", enabled, False, NOW, settings, fault)


def bind(report: LinkReport | None = REPORT, *, old: bool = False, operator_id: int = 1) -> Bind:
    return Bind(operator_id, "one", 1, NOW, old, report)


DOWN = bind(replace(REPORT, state="down"))


@pytest.mark.parametrize(
    ("operator", "binds", "state"),
    [
        (view(), [bind()], "up"),
        (view(), [DOWN, bind()], "up"),
        (view(), [DOWN], "down"),
        (view(), [bind(replace(REPORT, kind="receiver"))], "down"),
        (view(), [bind(None)], "down"),
        (view(FAILS_OVER), [DOWN], "out"),
        (view(FAILS_OVER), [bind(old=True)], "not heard of"),
        (view(), [], "not heard of"),
        (view(enabled=False), [bind()], "disabled"),
        (view(None, enabled=False), [], "removed"),
        (view(None, fault="a newer version wrote it"), [bind()], "faulty"),
    ],
)
def test_a_word_says_how_an_operator_is(
    operator: OperatorView, binds: list[Bind], state: str
) -> None:
    assert state_of(operator, binds) == state


def test_only_what_fails_over_is_out() -> None:
    other = replace(view(FAILS_OVER), id=2)
    third = replace(view(), id=3)
    binds = [bind(), replace(DOWN, operator_id=2), replace(DOWN, operator_id=3)]
    assert out_of([view(FAILS_OVER), other, third], binds) == {2}


async def test_reports_are_read_in_order_and_grow_old() -> None:
    text = REPORT.as_json()
    store = Reports(
        BindReport("b", 2, 1, NOW, text),
        BindReport("b", 1, 2, NOW - HEARD_MS, text),
        BindReport("a", 1, 1, NOW - HEARD_MS - 1, text),
        BindReport("c", 1, 3, NOW, "{}"),
    )
    binds = await read_binds(store, NOW)  # type: ignore[arg-type]
    assert [(b.operator_id, b.node, b.number, b.old, b.up) for b in binds] == [
        (1, "a", 1, True, False),
        (1, "b", 2, False, True),
        (1, "c", 3, False, False),
        (2, "b", 1, False, True),
    ]
    assert binds[2].report is None
