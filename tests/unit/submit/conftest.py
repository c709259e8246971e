"""What the door and the authenticator stand on, as small scripted stand-ins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from habar.errors import HabarError
from habar.model.account import Account, AccountKind, Credentials, Funds
from habar.model.admission import admit
from habar.model.message import Known, Outcome, Outgoing, Submission
from habar.model.route import Operator, Routes
from habar.store.books import AccountRow

NOW = 1_760_000_000_000


class ScriptedJournal:
    """Keeps what is submitted until `commit`; decides by the store's own rule."""

    def __init__(self) -> None:
        self.pending: list[tuple[list[Submission], Callable[[Any], None]]] = []
        self.stored: list[tuple[int, Submission]] = []
        self.known: dict[tuple[int, int], Known] = {}
        self.funds: dict[int, Funds] = {}
        self.failures: list[HabarError | None] = []
        self.backlog = 0

    def submit(self, submissions, done) -> None:
        self.pending.append((list(submissions), done))

    def commit(self) -> None:
        """Commit all that waits, or fail it where the script says so."""
        pending, self.pending = self.pending, []
        for submissions, done in pending:
            failure = self.failures.pop(0) if self.failures else None
            done(failure or self._admit(submissions))

    def _admit(self, submissions: list[Submission]) -> list[Outcome]:
        funds = {
            one.account_id: self.funds.get(one.account_id, Funds(10**9, None, 0, 0))
            for one in submissions
        }
        admission = admit(submissions, self.known, funds, len(self.stored) + 1)
        self.stored += admission.accepted
        for message_id, one in admission.accepted:
            if one.customer_id is not None:
                self.known[one.account_id, one.customer_id] = Known(
                    message_id, one.parts, one.state, one.recipient, one.text
                )
        return admission.outcomes


@dataclass
class ScriptedHandoff:
    """A dispatcher with some room."""

    room: int = 10**6
    reserved: int = 0
    taken: list[tuple[int, Outgoing]] = field(default_factory=list)
    hints: list[tuple[int, int, int, int]] = field(default_factory=list)
    take_fails: bool = False

    def reserve(self, operator_id: int, account_id: int, priority: int) -> bool:
        if self.reserved >= self.room:
            return False
        self.reserved += 1
        return True

    def release(self, operator_id: int, account_id: int, priority: int) -> None:
        self.reserved -= 1

    def take(self, operator_id: int, message: Outgoing) -> None:
        self.reserved -= 1
        if self.take_fails:
            raise LookupError("no such operator")
        self.taken.append((operator_id, message))

    def waiting(self, operator_id: int, account_id: int, priority: int, due_at: int) -> None:
        self.hints.append((operator_id, account_id, priority, due_at))

    def withdraw(self, message_id: int) -> bool:
        return False


@dataclass
class ScriptedBooks:
    """Accounts that are whatever the test says."""

    rows: list[AccountRow] = field(default_factory=list)
    at_version: int = 1
    failure: HabarError | None = None
    reads: int = 0

    async def version(self) -> int:
        return self.at_version

    async def accounts(self) -> list[AccountRow]:
        self.reads += 1
        if self.failure:
            raise self.failure
        return self.rows

    def put(self, account: Account, password_hash: str = "", *digests: bytes) -> None:
        others = [row for row in self.rows if row.credentials.account.login != account.login]
        row = AccountRow(Credentials(account, password_hash), Funds(0, None, 0, 0), digests)
        self.rows = [*others, row]
        self.at_version += 1


class HandClock:
    """Time that stands still until it is moved, and the timers that it sets off."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        return self.seconds

    def later(self, delay: float, call: Callable[[], None]) -> None:
        self.timers.append((self.seconds + delay, call))

    def move(self, seconds: float) -> None:
        end = self.seconds + seconds
        while due := [timer for timer in self.timers if timer[0] <= end]:
            first = min(due, key=lambda timer: timer[0])
            self.timers.remove(first)
            self.seconds = max(self.seconds, first[0])
            first[1]()
        self.seconds = end


@pytest.fixture
def journal():
    return ScriptedJournal()


@pytest.fixture
def handoff():
    return ScriptedHandoff()


@pytest.fixture
def books():
    return ScriptedBooks()


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def routes():
    return Routes((Operator(7, "kcell"),))


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def shop():
    return Account(
        1,
        "shop",
        AccountKind.FULL,
        part_price=1200,
        senders=frozenset({"TEXT_MSG", "INFO_KAZ", "SHOP"}),
    )
