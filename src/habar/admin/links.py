"""What the nodes report of operators' binds, and what waits for an operator, as staff see it.

Guarantees: only tells. A node reports every few seconds: what is older than HEARD_MS says how a
bind was and not how it is, and is told so. Knows no engine and opens no link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from habar.admin.operators import OperatorView
from habar.operators import LinkReport
from habar.store.network import REPORTS_KEPT_MS, BindReport
from habar.store.port import Store

HEARD_MS = 15_000
"""A bind of which nothing was heard for so long may be in any state."""
MOST_COUNTED = 1_000
"""Messages that wait for an operator are counted up to so many."""


@dataclass(frozen=True, slots=True)
class Bind:
    """One bind as its node saw it last."""

    operator_id: int
    node: str
    number: int
    heard_at: int
    """UTC milliseconds, as are those of the report."""
    old: bool
    """Nothing was heard for HEARD_MS."""
    report: LinkReport | None
    """None: a node of another version wrote it, in words that this one does not know."""

    @property
    def up(self) -> bool:
        """Whether it stands, as far as anybody knows."""
        return not self.old and self.report is not None and self.report.state == "up"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An account's messages in an operator's queue. `due_at`: of the first, UTC milliseconds."""

    account: str
    priority: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Queue:
    """What an operator has not had yet."""

    accounts: tuple[Waiting, ...]
    due: int
    """Messages that wait and are due, at most MOST_COUNTED + 1."""
    held: int
    """Messages in doubt, at most MOST_COUNTED + 1."""


async def read_binds(store: Store, now: int) -> list[Bind]:
    """All binds of which something was heard within the hour, by operator, bind and node."""
    rows = await store.network.bind_reports(now - REPORTS_KEPT_MS)
    return sorted((_bind(row, now) for row in rows), key=lambda b: (b.operator_id, b.number))


async def read_queue(store: Store, operator_id: int, now: int) -> Queue:
    """What waits for this operator."""
    rows = await store.books.accounts()
    logins = {row.credentials.account.id: row.credentials.account.login for row in rows}
    most = MOST_COUNTED + 1
    return Queue(
        tuple(
            Waiting(logins.get(one.account_id, str(one.account_id)), one.priority, one.due_at)
            for one in sorted(await store.waiting(operator_id))
        ),
        len(await store.queued(operator_id, None, most, now)),
        len(await store.held(operator_id, most)),
    )


def state_of(view: OperatorView, binds: Sequence[Bind]) -> str:
    """How an operator is, in a word or two; `binds` are its own."""
    if view.fault:
        return "faulty"
    if view.settings is None:
        return "removed"
    if not view.enabled:
        return "disabled"
    heard = [bind for bind in binds if not bind.old]
    if any(bind.report and bind.report.may_send for bind in heard):
        return "up"
    if not heard:
        return "not heard of"
    return "out" if view.settings.when_down == "fail-over" else "down"


def out_of(views: Iterable[OperatorView], binds: Sequence[Bind]) -> frozenset[int]:
    """Ids of the operators whose traffic goes elsewhere because nodes see none of their links."""
    return frozenset(
        view.id
        for view in views
        if state_of(view, [bind for bind in binds if bind.operator_id == view.id]) == "out"
    )


def _bind(row: BindReport, now: int) -> Bind:
    return Bind(
        row.operator_id,
        row.node,
        row.number,
        row.at,
        now - row.at > HEARD_MS,
        LinkReport.read(row.report),
    )
