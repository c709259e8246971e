"""Judges at the end: what the database says of each message against what the SMSCs have done.

Guarantees: the rules are written anew here, from the documents, and not taken from the code that is
judged. Every finding names the message and the rule. Knows no time but what is in the records.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

from habar.model.retry import RetryPlan
from habar.model.status import MessageState, Stage
from habar.wire.smpp import MessageState as Said

from .customers import Message
from .operators import OPERATORS, PATIENCE, next_of, operator_of
from .smsc import Book, Smsc, Take

STATES = {
    Said.DELIVERED: MessageState.DELIVERED,
    Said.UNDELIVERABLE: MessageState.UNDELIVERABLE,
    Said.EXPIRED: MessageState.EXPIRED,
    Said.DELETED: MessageState.DELETED,
}
FAILED = frozenset(
    {
        MessageState.REJECTED,
        MessageState.UNDELIVERABLE,
        MessageState.EXPIRED,
        MessageState.DELETED,
        MessageState.DISCARDED,
    }
)
SETTLED = 1.0
"""Seconds in which an answer that was written has reached the gateway and its disk, if the line and
the gateway live."""


PAUSE = 1.5
"""Seconds after which the gateway has tried again to commit what the disk refused."""


class Part(NamedTuple):
    """A row of the table."""

    part: int
    operator_id: int
    operator_message_id: str
    state: int | None


class Row(NamedTuple):
    """What the gateway says of a message."""

    id: int
    account_id: int
    recipient: int
    parts: int
    created_at: int
    due_at: int
    expires_at: int | None
    stage: int
    state: int
    price: int
    attempts: int
    repeats: int
    refunded: int
    uncertain_at: int | None
    completed_at: int | None
    last_error: str


class Judge:
    """`findings` are what is wrong, in words."""

    def __init__(
        self,
        path: str,
        smscs: Mapping[int, Smsc],
        messages: Sequence[Message],
        *,
        retry: RetryPlan,
        ended_ms: int,
        jumps: Sequence[tuple[int, int]],
        refusals: Sequence[tuple[float, float]],
        resent: Mapping[int, int],
        ended: Collection[int],
    ) -> None:
        self.findings: list[str] = []
        self.states: dict[str, int] = defaultdict(int)
        """How many messages ended how, for the report."""
        self.repeated = 0
        """Parts that an SMSC took more than once."""
        self._smscs = smscs
        self._messages = messages
        self._retry = retry
        self._ended_ms = ended_ms
        self._jumps = jumps
        self._refusals = refusals
        """From when to when the disk refused, in order."""
        self._receipts = {key: one.settings.receipts for key, one in enumerate(OPERATORS, 1)}
        """For what each operator gives them."""
        self._careful = {
            key for key, one in enumerate(OPERATORS, 1) if one.settings.in_doubt != "resend"
        }
        """Operators to which nothing goes twice but by a person's word."""
        self._resent = resent
        self._ended = ended
        """Messages that a person has ended."""
        self._database = sqlite3.connect(path)

    def judge(self) -> list[str]:
        """Look at everything; what is wrong."""
        rows = {row.id: row for row in self._rows()}
        parts = self._parts()
        expected = {message.message_id for message in self._messages}
        if 0 in expected:
            self._find(0, "a customer was never told that its message is accepted")
        if rows.keys() - expected:
            self._find(0, f"messages that nobody sent: {sorted(rows.keys() - expected)[:5]}")
        for message in self._messages:
            row = rows.get(message.message_id)
            if row is None:
                self._find(message.message_id, "accepted and lost")
            else:
                self._message(message, row, parts.get(row.id, ()))
        self._ended_again(rows, parts)
        self._money()
        self._strangers({message.recipient for message in self._messages})
        self._database.close()
        return self.findings

    def _find(self, message_id: int, what: str) -> None:
        self.findings.append(f"message {message_id}: {what}")

    # --- One message -----------------------------------------------------------------------------
    def _message(self, message: Message, row: Row, parts: Sequence[Part]) -> None:
        self.states[f"{Stage(row.stage).name} {MessageState(row.state).name}"] += 1
        self._state(message, row, parts)
        self._refund(row, parts)
        self._attempts(row)
        for part in parts:
            self._row_is_true(row, part)
        for part in range(1, row.parts + 1):
            self._part(row, part, parts)
            self._ways(row, part)
        if len({part.operator_id for part in parts}) > 1:
            self._find(row.id, "several operators have parts of it")
        if message.told_deleted and row.state != MessageState.DELETED:
            self._find(row.id, "the customer was told that it is deleted, and it is not")

    def _state(self, message: Message, row: Row, parts: Sequence[Part]) -> None:
        """The one final state that it is in is the right one."""
        state = MessageState(row.state)
        if row.stage == Stage.SENT:
            self._find(row.id, "has not ended")
        elif row.stage != Stage.DONE:
            self._find(row.id, f"has not ended: {Stage(row.stage).name}, {row.last_error}")
        elif row.completed_at is None:
            self._find(row.id, "ended at no time")
        elif self._was_cancelled(message, row, parts, state):
            return
        elif len(parts) == row.parts:
            right = self._told(parts)
            if state is not right:
                self._find(row.id, f"is {state.name} and should be {right.name}")
        elif self._told_as_a_whole(parts) and state is self._told(parts):
            return  # the operator has parts of which it did not say so in time
        elif not self._may_end_unsent(message, row, state):
            self._find(row.id, f"is {state.name} with {len(parts)} of {row.parts} parts")

    def _was_cancelled(
        self, message: Message, row: Row, parts: Sequence[Part], state: MessageState
    ) -> bool:
        """Whether its operator has forgotten all of it, as the customer wished."""
        forgotten = all(
            int(part.operator_message_id) in self._smscs[part.operator_id].book.cancelled
            for part in parts
        )
        whole = len(parts) == row.parts and forgotten
        return state is MessageState.DELETED and message.wished_away and whole

    def _may_end_unsent(self, message: Message, row: Row, state: MessageState) -> bool:
        """How a message of which not every part is known to be taken can end."""
        if state is MessageState.DELETED:
            return message.wished_away
        if state is MessageState.EXPIRED:
            return row.expires_at is not None and row.expires_at <= (row.completed_at or 0)
        if row.id in self._ended:
            return state is MessageState.REJECTED
        refused = any(book.refused[row.recipient, n] for book in self._books() for n in _all(row))
        return state is MessageState.REJECTED and refused

    def _told_as_a_whole(self, parts: Sequence[Part]) -> bool:
        kinds = {self._receipts[part.operator_id] for part in parts}
        return kinds == {"message"} and any(map(self._part_told, parts))

    def _told(self, parts: Sequence[Part]) -> MessageState:
        """What its SMSC has said of all its parts; UNKNOWN: nothing of some."""
        kinds = {self._receipts[part.operator_id] for part in parts}
        if kinds == {"none"}:
            return MessageState.ENROUTE
        states = [self._part_told(part) for part in parts]
        if self._told_as_a_whole(parts):
            states = [state for state in states if state]  # one speaks for all
        if len(set(states)) == 1:
            return states[0] or MessageState.UNKNOWN
        if FAILED & set(states):
            return MessageState.UNDELIVERABLE
        return MessageState.UNKNOWN if None in states else MessageState.DELIVERED

    def _part_told(self, part: Part) -> MessageState | None:
        """Delivered wins, else the first that was said; notes on the way say nothing."""
        told = self._smscs[part.operator_id].book.told
        said = told.get(int(part.operator_message_id), [])
        ends = [STATES[state] for state in said if state in STATES]
        if MessageState.DELIVERED in ends:
            return MessageState.DELIVERED
        return ends[0] if ends else None

    def _refund(self, row: Row, parts: Sequence[Part]) -> None:
        """Its price goes back where no part was ever taken, and nowhere else."""
        right = row.price if row.stage == Stage.DONE and not parts else 0
        if row.completed_at == row.created_at and row.state == MessageState.EXPIRED:
            return  # came too late: it cost nothing
        if row.refunded != right:
            self._find(row.id, f"{row.refunded} tiyn of {row.price} given back, not {right}")

    def _attempts(self, row: Row) -> None:
        """Retries stay under the written bound."""
        ended = row.completed_at or self._ended_ms
        lived = ended - row.created_at
        for at, ms in self._jumps:  # due sooner, or longer than the clock says
            if row.created_at - abs(ms) <= at <= ended + abs(ms):
                lived += abs(ms)
        most = self._retry.most_attempts(max(0, lived))
        if row.attempts > most:
            self._find(row.id, f"{row.attempts} attempts where {most} are the bound")

    # --- One part --------------------------------------------------------------------------------
    def _row_is_true(self, row: Row, part: Part) -> None:
        """What the database says was taken, was."""
        takes = self._smscs[part.operator_id].book.takes[row.recipient, part.part]
        if part.operator_message_id not in {str(take.message_id) for take in takes}:
            self._find(row.id, f"part {part.part} was never taken as {part.operator_message_id}")

    def _part(self, row: Row, number: int, parts: Sequence[Part]) -> None:
        key = (row.recipient, number)
        takes = 0
        tries = 0
        known = {part.operator_message_id for part in parts if part.part == number}
        for operator_id, smsc in self._smscs.items():
            book = smsc.book
            taken = book.takes.get(key, [])
            if operator_id in self._careful and len(taken) > 1 + self._resent.get(row.id, 0):
                self._find(row.id, f"part {number} went out on a guess")
            takes += len(taken)
            tries += len(taken) + book.refused[key] + book.failed[key]
            for take, following in zip_longest(taken, taken[1:]):
                if self._was_heard(book, take, following):
                    if following is not None:
                        self._find(row.id, f"part {number} went out again though it was taken")
                    elif str(take.message_id) not in known:
                        self._find(row.id, f"part {number}: that it was taken is lost")
        self.repeated += takes > 1
        if takes > 1 + row.repeats:
            self._find(row.id, f"part {number} went out {takes} times, repeats {row.repeats}")
        if row.repeats and row.uncertain_at is None:
            self._find(row.id, "may have gone out twice, and its story does not say when")
        if tries > 1 + row.attempts + row.repeats:
            self._find(
                row.id,
                f"part {number} was tried {tries} times, attempts {row.attempts}, "
                f"repeats {row.repeats}",
            )

    def _ways(self, row: Row, number: int) -> None:
        """Only operators of its route were asked to take it, and none behind a careful one's back:
        what such a one may have goes nowhere but by a person's word.
        """
        key = (row.recipient, number)
        first = operator_of(row.recipient)
        anybody = OPERATORS[first - 1].late  # before it had a route of its own
        taken: list[tuple[float, int]] = []
        for operator_id, smsc in self._smscs.items():
            book = smsc.book
            tried = book.takes.get(key) or any(
                met[key] for met in (book.refused, book.failed, book.throttled)
            )
            if tried and not anybody and operator_id not in (first, next_of(first)):
                self._find(row.id, f"part {number} went to operator {operator_id}")
            taken += [(take.at, operator_id) for take in book.takes.get(key, ())]
        order = [operator_id for _, operator_id in sorted(taken)]
        behind = any(
            one in self._careful and following != one for one, following in pairwise(order)
        )
        if behind and not self._resent.get(row.id):
            self._find(row.id, f"part {number} went out behind a careful operator's back")

    def _was_heard(self, book: Book, take: Take, following: Take | None) -> bool:
        """Whether the answer to it is on the gateway's disk for certain."""
        answered = book.answered.get(take.message_id)
        if answered is None or answered - take.at > PATIENCE - SETTLED:
            return False
        over = book.link_over.get(take.link)
        return over is None or over > self._on_disk_by(answered)

    def _on_disk_by(self, at: float) -> float:
        """When what was heard then has been written, if the gateway lives."""
        for began, ended in self._refusals:
            if began - SETTLED <= at <= ended + PAUSE:
                at = ended + PAUSE
        return at + SETTLED

    def _books(self) -> Iterator[Book]:
        return (smsc.book for smsc in self._smscs.values())

    def _ended_again(self, rows: Mapping[int, Row], parts: Mapping[int, Sequence[Part]]) -> None:
        """What has ended stays so, save that delivered wins over a failure."""
        for message_id, was, stage, state in self._database.execute("SELECT * FROM ended_again"):
            known = parts.get(message_id, ())
            whole = len(known) == rows[message_id].parts or self._told_as_a_whole(known)
            bettered = state == MessageState.DELIVERED and was in FAILED
            learnt = was == MessageState.UNKNOWN
            if stage != Stage.DONE or not whole or not (bettered or learnt):
                states = f"{MessageState(was).name}, then {MessageState(state).name}"
                self._find(message_id, f"had ended and ended again: {states}")

    # --- The whole -------------------------------------------------------------------------------
    def _strangers(self, recipients: set[int]) -> None:
        """Nothing went out that nobody sent."""
        for book in self._books():
            for recipient, _ in book.takes:
                if recipient not in recipients:
                    self._find(0, f"{recipient} got what nobody sent")

    def _money(self) -> None:
        """What the ledger adds up to is the balance, and what messages cost is in it."""
        for account_id, balance, total, opened, cost in self._database.execute(_MONEY):
            if balance != total:
                self.findings.append(f"account {account_id}: balance {balance}, ledger {total}")
            if opened - cost != balance:
                self.findings.append(f"account {account_id}: {balance} left of {opened} - {cost}")
        for message_id, times in self._database.execute(_REFUNDED_AGAIN):
            self._find(message_id, f"was given back {times} times")

    def _rows(self) -> list[Row]:
        columns = ", ".join(Row._fields)
        return [Row(*row) for row in self._database.execute(f"SELECT {columns} FROM message")]

    def _parts(self) -> dict[int, list[Part]]:
        parts: dict[int, list[Part]] = defaultdict(list)
        for message_id, *row in self._database.execute(
            "SELECT message_id, part, operator_id, operator_message_id, state FROM part"
        ):
            parts[message_id].append(Part(*row))
        return parts


def _all(row: Row) -> range:
    return range(1, row.parts + 1)


WATCH = """
CREATE TABLE ended_again (id INTEGER, was INTEGER, stage INTEGER, state INTEGER);
CREATE TRIGGER watch_ends AFTER UPDATE ON message
WHEN old.stage = 3 AND (new.stage <> 3 OR new.state <> old.state)
BEGIN INSERT INTO ended_again VALUES (old.id, old.state, new.stage, new.state); END;
"""
"""To be run on the empty database: notes what happens to messages that have ended."""
_REFUNDED_AGAIN = """
SELECT first_message_id, count(*) FROM ledger WHERE kind = 'refund'
GROUP BY first_message_id HAVING count(*) > 1
"""
_MONEY = """
SELECT account.id, account.balance,
    (SELECT coalesce(sum(amount), 0) FROM ledger WHERE account_id = account.id),
    (SELECT coalesce(sum(amount), 0) FROM ledger WHERE account_id = account.id
        AND kind = 'opening'),
    (SELECT coalesce(sum(price - refunded), 0) FROM message WHERE account_id = account.id
        AND NOT (stage = 3 AND state = 103 AND completed_at = created_at))
FROM account
"""
