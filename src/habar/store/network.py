"""Operators, whose numbers are whose, routes, and what links report: as staff and nodes keep them.

Part of the store's port. Guarantees: each of staff's writes is a transaction of its own with its
audit row, in which a setting is named and its value never told; what changes nothing leaves no
trace. `version` and `ported_version` are cheap: every node asks for them each second. Numbers are
written a few thousand at a time, so that a gateway that writes beside is hardly held up. No repr
has a password in it. Times are UTC milliseconds, money is tiyn. Knows no clock and no setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from typing import Protocol as Port

from habar.model.route import Route


class OperatorRow(NamedTuple):
    """An operator as it is kept."""

    id: int
    name: str
    enabled: bool
    settings: str | None
    """JSON, passwords and all. None: known by name only, by its messages; it is not served."""
    changed_at: int

    def __repr__(self) -> str:
        settings = "None" if self.settings is None else "…"
        return (
            f"OperatorRow(id={self.id}, name={self.name!r}, enabled={self.enabled},"
            f" settings={settings}, changed_at={self.changed_at})"
        )


class Range(NamedTuple):
    """All numbers that begin so were given to a network."""

    prefix: str
    """Digits of an MSISDN: `7701`."""
    network: str


class Ported(NamedTuple):
    """A number that its subscriber took along to another network."""

    msisdn: int
    network: str


class BindReport(NamedTuple):
    """What a node says of one of an operator's binds that it holds."""

    node: str
    operator_id: int
    number: int
    at: int
    report: str
    """JSON."""


MOST_PORTED = 10_000
"""Numbers that one call of `put_ported` may bring."""
REPORTS_KEPT_MS = 3_600_000
"""A report that is older than another by so much is of a node that is gone: it goes too."""


class Network(Port):
    """Awaited one by one. May be used by a command beside the gateway, which notices by version."""

    async def operators(self) -> list[OperatorRow]:
        """All of them, by id: those known by name only, too."""

    async def put_operator(
        self, name: str, settings: str, *, in_doubt: str, actor: str, now: int
    ) -> int:
        """Make the operator, enabled, or give it other settings; its id.

        `settings` is a JSON object, `in_doubt` the value of operators.InDoubt that stands in it, or
        its default: a start after a death asks for it. One that was known by name only is made. One
        that is disabled stays so. Raises InvalidValue for settings that are no JSON object.
        """

    async def enable_operator(self, name: str, enabled: bool, *, actor: str, now: int) -> None:
        """Let it be used, or not. Raises NotFound: also for one known by name only."""

    async def remove_operator(self, name: str, *, actor: str, now: int) -> None:
        """Know it by name only from now on, for its messages' sake: no settings, not enabled.

        Raises NotFound, and Conflict where a route names it or messages wait for it.
        """

    async def ranges(self) -> list[Range]:
        """All of them, by prefix."""

    async def put_range(self, prefix: str, network: str, *, actor: str, now: int) -> None:
        """Give a range to a network. Raises InvalidValue for what are no digits, or no name."""

    async def remove_range(self, prefix: str, *, actor: str, now: int) -> None:
        """Forget it. Raises NotFound."""

    async def routes(self) -> list[Route]:
        """All of them, by position; a route's targets by step and operator."""

    async def add_route(self, route: Route, *, actor: str, now: int) -> int:
        """Put it in at its position; those from there on move down by one. Its id, never reused.

        Positions are 1, 2, 3 …: one that is not among them, as 0, means the end. `route.id` is not
        looked at. Raises NotFound for an account or an operator that is not there, InvalidValue for
        a route without targets or with an operator twice.
        """

    async def remove_route(self, route_id: int, *, actor: str, now: int) -> None:
        """Take it out; those below move up. Raises NotFound."""

    async def ported(self, after: int, limit: int) -> list[Ported]:
        """The next numbers above `after`, in order."""

    async def ported_count(self) -> int:
        """How many numbers were ported; reads them all."""

    async def put_ported(self, rows: Sequence[Ported]) -> None:
        """Write down at most MOST_PORTED numbers; of a number told twice the last word counts.

        Not audited (`note` does it for an import); raises `ported_version` where anything changes.
        Raises StoreUnavailable: then some may be written, and the same call may be made again.
        """

    async def clear_ported(self, limit: int) -> int:
        """Delete about so many, the lowest first; how many. 0: there is none left."""

    async def drop_ported(self, msisdn: int) -> bool:
        """Forget one number; whether it was there."""

    async def note(self, action: str, subject: str, detail: str, *, actor: str, now: int) -> None:
        """Leave an audit row for what was done by other calls: an import."""

    async def version(self) -> int:
        """A number that changes when operators, ranges or routes have changed."""

    async def ported_version(self) -> int:
        """A number that changes when ported numbers have changed."""

    async def report_binds(
        self, reports: Sequence[BindReport], gone: Sequence[tuple[str, int, int]]
    ) -> None:
        """Put a node's reports in the place of its earlier ones; forget those of binds `gone`.

        A bind is (node, operator_id, number). Wakes nobody. Where nothing is given nothing is
        written. Reports older than the newest of these by REPORTS_KEPT_MS are forgotten.
        """

    async def bind_reports(self, newer_than: int) -> list[BindReport]:
        """What was reported after that time, by node, operator and number."""
