"""What a store promises; `tests/contract` proves it for every engine.

Guarantees:
- A `done` call-back comes after its write is committed and on disk (fsync), never before, and
  exactly once. Writes given to the journal in one turn of the loop share one commit; receipts,
  for which nobody's window waits, are gathered over several turns.
- `submit` and `ask` may fail as a whole with StoreUnavailable: then nothing of them has happened.
  Only where the store is closed while its server is away it may not be known; then the error says
  so. Staff's writes (Books) say it likewise where the connection breaks at the commit.
- `record` never fails: an event is kept in memory and tried again until it is on disk. What an
  operator told us is acknowledged only after that, so it is safe to be this stubborn; whoever
  records must hold back (window slots, deliver_sm_resp) until `done`.
- Writes take effect in the order in which they were given, but a receipt may do so a moment later
  than what was given after it: its meaning does not hang on that order. One that the store refuses
  by itself (StoreFault) harms no neighbour in its batch.
- A message that was claimed and went back to the queue is its former holder's no more: putting it
  off, marking it or releasing it again changes nothing. What is said below of CLAIMED messages
  holds for BOARDED ones too: both are in a run's hands.
- Where several nodes share a database, each has a lease, which its commits renew. A run whose lease
  has run out may be ended by any other node, and changes nothing from then on: what it had claimed
  is back in the queue, or held where it may be at the operator's (BOARDED), its binds are free, and
  the store begins a new run by itself
  (`nodes.Watcher.lost`). What operators report is recorded by the new run all the same.
- Money: the sum of an account's ledger is its balance, after every commit.

Times are UTC milliseconds, money is tiyn. Knows no protocol, no operator's words, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from typing import Protocol as Port

from habar.errors import HabarError
from habar.model.message import MessageStatus, Outcome, Ref, Submission
from habar.store.books import Books
from habar.store.callbacks import (
    Callbacks,
    CallsReleased,
    CallTried,
    ClaimCalls,
    GiveUpCalls,
    HostSeen,
)
from habar.store.events import (
    Boarded,
    Claim,
    ClaimHeld,
    EndAwaited,
    ExpireWaiting,
    Finished,
    Held,
    Moved,
    PartAccepted,
    Postponed,
    ReceiptSeen,
    Released,
    Withdraw,
)
from habar.store.inbox import DueGroups, Inbox, Noted, Received, Segment
from habar.store.network import Network
from habar.store.nodes import Hint, Node, Slot, Slots, Watcher
from habar.store.readings import (
    Counts,
    HeldMessage,
    Place,
    Queued,
    Sent,
    Story,
    UnmatchedReceipt,
    WaitingAccount,
)
from habar.store.retention import Keep, Tidied

Event = (
    PartAccepted
    | Postponed
    | Finished
    | Released
    | Boarded
    | Held
    | ReceiptSeen
    | Segment
    | Received
    | Noted
    | CallTried
    | CallsReleased
    | HostSeen
)
Recorded = Callable[[int | None], None]
"""Told after the commit: the message that the event changed, or None where it changed none
(a receipt that matches nothing yet is kept aside and staff can see it). Of what store.inbox and
store.callbacks have: as it is said there."""


Question = (
    Claim
    | ClaimHeld
    | ExpireWaiting
    | EndAwaited
    | Moved
    | Withdraw
    | DueGroups
    | ClaimCalls
    | GiveUpCalls
)
SubmitDone = Callable[[list[Outcome] | HabarError], None]
"""Told an outcome for each submission, or StoreUnavailable for all of them. One that the store
refuses by itself (a lone surrogate, a number out of range) is Refusal.FAULT in its place."""
AnswerDone = Callable[[Any], None]
"""Told the answer, or a HabarError instance where the write did not happen."""


class Journal(Port):
    """The one writer. All methods return at once; call-backs run in the event loop."""

    def submit(self, submissions: Sequence[Submission], done: SubmitDone) -> None:
        """Store messages by the rule of `model.admission`."""

    def record(self, event: Event, done: Recorded | None = None) -> None:
        """Write down what happened."""

    def ask(self, question: Question, done: AnswerDone) -> None:
        """Do something that has an answer."""

    def hurry(self) -> None:
        """What was recorded is waited for: write it without waiting for more to come."""

    @property
    def healthy(self) -> bool:
        """Whether the last commit succeeded: `/readyz` tells it."""

    @property
    def commits(self) -> int:
        """How many commits there have been in this run, for /metrics."""

    @property
    def backlog(self) -> int:
        """Writes that wait for a commit: the doors refuse work (503) when it grows too large."""


# --- The whole ------------------------------------------------------------------------------------
class Store(Port):
    """A database, open."""

    @property
    def journal(self) -> Journal:
        """The writer of the hot path."""

    @property
    def books(self) -> Books:
        """Accounts and money."""

    @property
    def network(self) -> Network:
        """Operators, ranges, ported numbers and routes."""

    @property
    def inbox(self) -> Inbox:
        """Subscribers' messages, whose they are, and who wants none."""

    @property
    def callbacks(self) -> Callbacks:
        """What customers are owed to be told."""

    @property
    def holds(self) -> bool:
        """Whether what this run has claimed is its own for certain, at this moment.

        While it is False nothing may go to an operator: another node may have the message. It is
        told by the clock that does not jump, so that a process that was stopped and continued sees
        it at once.
        """

    @property
    def hints_last_ms(self) -> int:
        """Milliseconds for which hints may be trusted before the tables are asked again.

        Short where other nodes put messages into the queue: their hints may be lost.
        """

    def now_ms(self) -> int:
        """UTC milliseconds by the clock that rules: the database's, where nodes share one."""

    def watch(self, watcher: Watcher) -> None:
        """Tell this one what other nodes do."""

    def tell(self, hint: Hint) -> None:
        """Let the other nodes know, as a hint that may be lost; returns at once."""

    async def slots(self, wanted: Mapping[int, Sequence[int]]) -> Slots:
        """Take this run's fair share of operators' binds, and say what it has.

        `wanted` is which binds each operator (by id) permits over all nodes, by number. Binds whose
        numbers have the same thousands are a group, as transmitters or receivers are. Each live
        node that dispatches may have of each group as many as it has divided by the nodes, rounded
        up.
        """

    async def give_back(self, slot: Slot) -> None:
        """The bind is closed: another node may have it."""

    async def announce_drain(self) -> None:
        """Let the others see that this node is about to end: it wants no bind any more."""

    async def nodes(self) -> list[Node]:
        """Who is on this database, by name; those that ended are left out after a day."""

    async def open(self, now: int | None = None) -> int:
        """Open, migrate where that is permitted, and begin a run, `now` or by the clock that rules.

        Answers the number of messages that an earlier run had in hand when it died. They are back
        in the queue, and their story says so (`repeats`, `uncertain_at`) unless their operator's
        `in_doubt` is another than `resend`: then what was not BOARDED was not sent for certain, and
        what was is HELD.
        Raises SchemaMismatch, AlreadyOpen, StoreUnavailable.
        """

    async def close(self) -> None:
        """Write what the journal still holds and close. CLAIMED messages are released.

        BOARDED ones are held: nobody has said that they were not written.
        """

    async def statuses(
        self, account_id: int, refs: Sequence[Ref], now: int
    ) -> list[MessageStatus | None]:
        """What the account may know of each message, in the order asked; None: not its own.

        A customer id that names several messages (`allow`) means the newest. `state` is what the
        customer is told (`visible_state`).
        """

    async def waiting(self, operator_id: int) -> list[WaitingAccount]:
        """Who has messages in the operator's queue."""

    async def queued(
        self, operator_id: int, after: Place | None, limit: int, now: int
    ) -> list[Queued]:
        """What waits for the operator and is due, but for messages of which a part is taken.

        In the order of priority, account and due time; `after` is the place of the last one that
        was told. For `Moved`, which looks again.
        """

    async def held(self, operator_id: int | None, limit: int) -> list[HeldMessage]:
        """Messages in doubt, the longest held first; of all operators for None."""

    async def decide(self, message_id: int, resend: bool, *, actor: str, now: int) -> None:
        """A person's word on a HELD message: send it again, or end it (REJECTED).

        With `resend` it waits in its operator's queue and is due; else it is refunded, unless the
        operator has taken a part. Leaves an audit row. Raises NotFound, Conflict (it is not HELD).
        """

    async def match(
        self, receipt_id: int, message_id: int, part: int, *, actor: str, now: int
    ) -> None:
        """A person's word on a receipt that matched nothing: it is about that part.

        It has the effect that it would have had, and is kept aside no more. Leaves an audit row.
        Raises NotFound (no such receipt or message), Conflict (its operator has not taken that
        part).
        """

    async def sent_to(self, account_id: int, message_id: int) -> Sent | None:
        """What an operator must be told to cancel a message of the account's; None: not its own."""

    async def story(self, message_id: int) -> Story | None:
        """All that is known of a message."""

    async def unmatched_receipts(self, limit: int) -> list[UnmatchedReceipt]:
        """The newest receipts that match nothing."""

    async def counts(self) -> Counts:
        """Totals for /metrics."""

    async def tidy(self, keep: Keep, limit: int) -> Tidied:
        """Delete messages, and blank texts, that ended long enough ago; look at about `limit` rows.

        Ended is what is DONE. What is open is never touched, however old; so a HELD message stays
        until somebody decides. With a message go its parts and its customer's id, which may be used
        again; receipts that match nothing go when they are as old. The ledger stays. Raises
        StoreUnavailable; what was tidied before that stays so.
        """
