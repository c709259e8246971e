"""Subscribers' messages, whose they are, and who wants none: the port's part for what comes in.

Guarantees (proven for every engine by tests/contract): a subscriber's message and what is owed for
it are committed together; parts of a long message are kept until they are joined, once, and a
repeat of one is known for a day. Times are UTC milliseconds. Knows no SMPP and no HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple
from typing import Protocol as Port

from habar.model.status import MessageState

JOINED_ARE_KEPT_MS = 86_400_000
"""For so long a part of a message that was joined is known when it comes again."""


class InboundState(IntEnum):
    """What has become of a subscriber's message."""

    UNROUTED = 0
    """Nobody has that short code or keyword."""
    WAITING = 1
    """Its customer's web service is to be called, or the gateway's own answer to be sent."""
    DELIVERED = 2
    """The web service has it, or it was answered."""
    UNDELIVERED = 3
    """The web service was called for long enough: it waits in the inbox."""
    KEPT = 4
    """There is nobody to call: it is in the inbox."""


class CallMethod(IntEnum):
    """How a customer's web service is called."""

    NONE = 0
    """Not at all: messages are in the inbox."""
    GET = 1
    POST = 2
    JSON = 3
    AUTO = 4
    """Not at all: the gateway answers by itself."""


class Opt(IntEnum):
    """What a subscriber's message says of the account's own messages."""

    NOTHING = 0
    OUT = 1
    IN = 2


# --- Events and questions for the journal --------------------------------------------------------
class Group(NamedTuple):
    """The parts of one long message."""

    operator_id: int
    sender: str
    short_code: str
    """Without the transaction id."""
    reference: int
    """Of the concatenation, told apart by its kind (inbound/parts)."""
    total: int
    generation: int
    """Phones use a reference again: from 0."""


class Segment(NamedTuple):
    """A part of a subscriber's message.

    It is of the newest generation of its group, unless that has been joined already or has other
    octets as this part: then it begins the next. The same part with the same octets is known:
    nothing happens. `done` is told 1 where the group is complete now, 0 where it is not, None where
    the part was known.
    """

    operator_id: int
    sender: str
    short_code: str
    reference: int
    total: int
    part: int
    """From 1."""
    transaction_id: str
    data_coding: int
    octets: bytes
    """User data behind its header."""
    header: bytes
    """The header without the concatenation: national tables are told there."""
    at: int
    sent_at: int | None


class Received(NamedTuple):
    """A whole subscriber's message.

    With it goes what is owed: an obligation to `host` by `method`, none for NONE and where
    `account_id` is 0. `done` is told its id; None where its `group` had been joined by another, is
    gone, or has more parts by now than this is made of (`parts` without `missing`): then nothing
    happened.
    """

    account_id: int
    """0: nobody's."""
    shortcode_id: int
    operator_id: int
    sender: str
    """The subscriber's address without `+`."""
    short_code: str
    transaction_id: str
    """The operator's, which must come back with the reply; "" where it gave none."""
    text: str
    data_coding: int
    parts: int
    missing: int
    """So many of them never came."""
    sent_at: int | None
    at: int
    method: CallMethod
    host: str
    """Of the rule's URL; "" for AUTO."""
    reply: str
    """What the gateway answers (AUTO)."""
    opt: Opt = Opt.NOTHING
    """With an account and a sender that is a number."""
    group: Group | None = None


class DueGroups(NamedTuple):
    """The groups that are complete or whose first part came before `before`, at most `limit`.

    Answer: list[tuple[Group, list[Segment]]], the parts in order. Until they are joined (Received)
    they are told again.
    """

    before: int
    limit: int


class Noted(NamedTuple):
    """What staff should read beside a subscriber's message: why it was not answered.

    `done` is told its id; None where it is gone.
    """

    inbound_id: int
    note: str


# --- Whose they are -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rule:
    """A short code with a keyword, its owner, and what is done with the messages."""

    code: str
    """Digits."""
    account_id: int
    keyword: str = ""
    """Case-folded; "": the short code's default customer."""
    method: CallMethod = CallMethod.NONE
    url: str = ""
    userin: str = ""
    passwordin: str = field(default="", repr=False)
    """The credentials by which the customer's service knows the gateway."""
    reply: str = ""
    """With AUTO."""
    id: int = 0
    created_at: int = 0


class OptOut(NamedTuple):
    """A subscriber who wants no messages of an account, or wants them again."""

    account_id: int
    msisdn: int
    short_code: str
    """To which it was said; "": by staff."""
    active: bool
    at: int
    change: int
    """Grows with each change of any of them."""


class InboundRow(NamedTuple):
    """A subscriber's message as a list shows it."""

    id: int
    account_id: int
    login: str
    """"" where it is nobody's."""
    operator: str
    sender: str
    short_code: str
    transaction_id: str
    text: str
    data_coding: int
    parts: int
    missing: int
    sent_at: int | None
    received_at: int
    state: InboundState
    note: str
    done_at: int | None


class AnswerTo(NamedTuple):
    """A message that answers a subscriber's."""

    message_id: int
    text: str
    state: MessageState


class InboundStory(NamedTuple):
    """All that is known of one."""

    row: InboundRow
    rule: Rule | None
    """None: it was removed, or there was none."""
    callback_ids: tuple[int, ...]
    """What is or was owed for it."""
    answers: tuple[AnswerTo, ...]


class InboxCounts(NamedTuple):
    """For /metrics."""

    unrouted: int
    waiting: int
    undelivered: int
    segments: int
    """Parts that wait for the others."""


class Inbox(Port):
    """Rare reads and staff's writes, awaited one by one. Writes leave an audit row."""

    async def rules(self) -> list[Rule]:
        """All of them, by code and keyword."""

    async def version(self) -> int:
        """A number that changes when rules do."""

    async def add_rule(self, rule: Rule, *, actor: str, now: int) -> int:
        """Its id. `id` and `created_at` of the rule are not looked at.

        Raises NotFound (no such account), Conflict (code and keyword are owned), InvalidValue (its
        URL is none).
        """

    async def change_rule(self, rule: Rule, *, actor: str, now: int) -> None:
        """Store all fields of the rule found by its id, but when it was made.

        Raises NotFound (no such rule or account), Conflict, InvalidValue.
        """

    async def remove_rule(self, rule_id: int, *, actor: str, now: int) -> None:
        """Messages that came by it stay their account's. Raises NotFound."""

    async def opt_outs(self, after_change: int, limit: int) -> list[OptOut]:
        """Changes after that one, in their order."""

    async def set_opt_out(
        self, account_id: int, msisdn: int, active: bool, *, actor: str, now: int
    ) -> None:
        """By staff's word. Raises NotFound (no such account)."""

    async def opted_out(self, account_id: int | None, limit: int) -> list[OptOut]:
        """Who wants none, the newest first."""

    async def messages(
        self,
        *,
        account_id: int | None = None,
        states: Sequence[InboundState] = (),
        short_code: str | None = None,
        before_id: int | None = None,
        limit: int = 50,
    ) -> list[InboundRow]:
        """The newest first; empty `states`: all."""

    async def story(self, inbound_id: int) -> InboundStory | None:
        """All that is known of one; None: there is none."""

    async def assign(self, inbound_id: int, rule: Rule, host: str, *, actor: str, now: int) -> None:
        """Give an unrouted, kept or undelivered message to a rule: it is owed to it now.

        By a rule that calls nobody it is kept in the account's inbox. Raises NotFound (no such
        message or account), Conflict (it is owed or delivered already).
        """

    async def counts(self) -> InboxCounts:
        """How much there is."""

    async def tidy(self, ended_before: int, limit: int) -> int:
        """Delete messages that were delivered, or kept, before; never what is open.

        UNROUTED and UNDELIVERED ones are open. With a message goes what was owed for it. Answer: so
        many, at most `limit`.
        """

    async def tidy_segments(self, joined_before: int, limit: int) -> int:
        """Forget parts of messages that were joined, received before. Answer: so many."""
