"""What customers are owed to be told, a row each: the port's part for call-backs.

Guarantees (proven for every engine by tests/contract):
- An obligation is committed together with what it tells: a change of a message that somebody wants
  to hear of makes it, whatever changes the message; so does a subscriber's message.
- Of one subject (a message, or a subscriber's message) only the oldest that is open can be claimed.
- What is claimed is in this run's hands; when the run ends in whatever way, it waits again.
- Its id stays the same through all tries.
Times are UTC milliseconds. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple
from typing import Protocol as Port

from habar.model.status import MessageState
from habar.store.inbox import CallMethod


class CallKind(IntEnum):
    """What is told."""

    STATE = 1
    """What has become of a message."""
    INBOUND = 2
    """A subscriber's message."""


class CallStage(IntEnum):
    """Where an obligation is."""

    WAITING = 0
    CLAIMED = 1
    DONE = 2
    GIVEN_UP = 3
    BLOCKED = 4
    """An earlier one of the same subject is open: it waits when that one has ended."""


class StateReport(NamedTuple):
    """What is told of a message. Text and times are as they are now, the state as it was then."""

    message_id: int
    customer_id: int | None
    sender: str
    recipient: int
    message_type: int
    text: str
    """"" where it was removed by its age."""
    state: MessageState
    """ENROUTE: an operator has it."""
    error: str
    """The operator's words, for a failure."""
    submitted_at: int
    sent_at: int | None
    """When an operator had the last part."""
    done_at: int | None
    """None with ENROUTE."""
    at: int
    """When that came to be."""


@dataclass(frozen=True, slots=True)
class InboundCall:
    """What is told of a subscriber's message."""

    inbound_id: int
    operator_id: int
    sender: str
    short_code: str
    transaction_id: str
    text: str
    data_coding: int
    sent_at: int | None
    received_at: int
    parts: int
    missing: int
    userin: str
    passwordin: str = field(repr=False)
    reply: str
    """What the gateway answers by itself (AUTO)."""
    replied: bool
    """It has been answered before."""


@dataclass(frozen=True, slots=True)
class Call:
    """An obligation in this run's hands."""

    id: int
    account_id: int
    attempts: int
    """Tries before this one."""
    since: int
    """From when it is given time."""
    host: str
    method: CallMethod
    """Of a state's: GET or JSON."""
    url: str
    """"" where it was taken away since: there is nobody to tell."""
    event: StateReport | InboundCall


# --- Events and questions for the journal --------------------------------------------------------
class ClaimCalls(NamedTuple):
    """Take up to `limit` WAITING obligations to a host that are due at `now`.

    The longest due first. Those whose message is no more are given up, with a try that says so;
    those that are owed to another host by now, by a change of their URL, go to its queue. Answer:
    list[Call].
    """

    host: str
    limit: int
    now: int


class GiveUpCalls(NamedTuple):
    """Give up WAITING obligations whose `since` is before, at most `limit`.

    Their subscribers' messages are UNDELIVERED, and the next of their subjects wait. Those that
    were BLOCKED behind one that has ended wait again, also where two nodes ended and made them at
    once. Answer: how many were given up.
    """

    since_before: int
    limit: int
    now: int


class CallTried(NamedTuple):
    """A try of a claimed obligation, and where it stands now.

    DONE and GIVEN_UP end it (a subscriber's message is DELIVERED, UNDELIVERED) and let the next of
    its subject wait; WAITING puts it off until `next_at`. `done` is told its id, or None where it
    was no longer in this run's hands: then nothing happened.
    """

    callback_id: int
    at: int
    """When it began."""
    ms: int
    """How long it took."""
    status: int
    """HTTP's; 0: there was no answer."""
    error: str
    """What was wrong; "" where nothing was."""
    answer: str
    """Its first characters."""
    stage: CallStage
    next_at: int


class CallsReleased(NamedTuple):
    """Claimed obligations wait again as they were. `done` is told the first that does, or None."""

    callback_ids: tuple[int, ...]


class HostSeen(NamedTuple):
    """A host fails, and is left in peace until `paused_until`; `failures` 0: it answers again.

    `done` is told None.
    """

    host: str
    failures: int
    paused_until: int
    error: str
    at: int


# --- Reading --------------------------------------------------------------------------------------
class HostQueue(NamedTuple):
    """A host with WAITING obligations."""

    host: str
    next_at: int
    """When the first of them is due."""
    account_id: int
    """Whose that first one is."""
    failures: int
    paused_until: int
    since: int
    """When it was first left in peace of those in a row; 0: it is well, as far as is known."""
    error: str


class CallFilter(NamedTuple):
    """Which obligations; None is no condition."""

    account_id: int | None = None
    kind: CallKind | None = None
    stage: CallStage | None = None
    host: str | None = None
    subject: int | None = None
    since: int | None = None
    """Made at that time or later."""
    until: int | None = None
    """Made before."""


class CallRow(NamedTuple):
    """An obligation as a list shows it, with its last try."""

    id: int
    account_id: int
    login: str
    kind: CallKind
    subject: int
    state: int
    """MessageState, with CallKind.STATE."""
    at: int
    host: str
    stage: CallStage
    next_at: int
    attempts: int
    ended_at: int | None
    last_status: int | None
    """None: never tried."""
    last_error: str


class Try(NamedTuple):
    """One call."""

    number: int
    at: int
    ms: int
    status: int
    error: str
    answer: str


class CallStory(NamedTuple):
    """All that is known of one."""

    row: CallRow
    url: str
    method: CallMethod
    tries: tuple[Try, ...]


class CallCounts(NamedTuple):
    """For /metrics."""

    waiting: int
    """Open ones."""
    given_up: int
    hosts_paused: int
    """Left in peace when they were seen last, and not heard of since."""


class Callbacks(Port):
    """Reads, and staff's writes, awaited one by one."""

    async def hosts(self, first: str = "", limit: int = 1_000) -> list[HostQueue]:
        """Hosts with WAITING obligations, in the order of their names, from `first` on.

        As quick with a million of obligations as with one. As many as asked for means that there
        may be more: ask from the last one's name on.
        """

    async def listed(
        self, wanted: CallFilter, *, before_id: int | None = None, limit: int = 50
    ) -> list[CallRow]:
        """The newest first."""

    async def story(self, callback_id: int) -> CallStory | None:
        """All that is known of one; None: there is none."""

    async def replay(self, callback_ids: Sequence[int], *, actor: str, now: int) -> list[int]:
        """Have ended ones, and such as wait, called again at once, with the time of new ones.

        Answer: those ids, in order; what is claimed, or blocked, is left out. Of one subject the
        oldest is called first, the others wait for it. A subscriber's message is WAITING again.
        Leaves an audit row.
        """

    async def counts(self) -> CallCounts:
        """How much there is."""

    async def tidy(self, ended_before: int, limit: int) -> int:
        """Delete what ended before, with its tries; and the URLs of messages that are no more.

        Hosts that failed before, and to which nothing waits, are forgotten. At most `limit` of
        each. Answer: so many obligations.
        """
