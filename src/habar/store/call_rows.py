"""Obligations as rows: what is told of each, and to whom by now; which of them a list wants.

Guarantees: the same for every engine. An account's URL, or a short code's rule, that was changed
since counts as it is now: what is owed to another host than before goes to that host's queue. What
was owed to nobody's URL is given out with none. Pure: knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from habar.model.message import Reports
from habar.model.status import MessageState
from habar.store.callbacks import (
    Call,
    CallFilter,
    CallKind,
    CallRow,
    CallStage,
    CallStory,
    CallTried,
    InboundCall,
    StateReport,
    Try,
)
from habar.store.inbox import CallMethod, InboundState

LOOKED_AT = 1000
"""A claim that meets nothing but what it may not give out settles so many and leaves the rest."""
AT_ONCE = 100
"""So many are looked at in one go when the first few were not enough."""
BLOCKED_MS = 1_000
"""What waits for an earlier one longer than that is looked at: that one may have ended unseen."""
BLOCKED_FACTOR = 4
"""So many times as many are looked at as may be given up: nearly all are rightly blocked."""
GONE = "what was to be told is no more"
_KEY_MAX = (1 << 63) - 1
_ENDED = frozenset({CallStage.DONE, CallStage.GIVEN_UP})
_NO_FAILURE = frozenset({MessageState.ENROUTE, MessageState.DELIVERED})


class Due(NamedTuple):
    """An obligation's row."""

    id: int
    account_id: int
    attempts: int
    since: int
    host: str
    kind: int
    subject: int
    state: int
    at: int


class MessageFacts(NamedTuple):
    """What is told of a message, and by which URL of its own."""

    id: int
    customer_id: int | None
    sender: str
    recipient: int
    message_type: int
    text: str
    created_at: int
    completed_at: int | None
    last_error: str
    parts: int
    reports: int
    url: str | None
    host: str | None


class PartFacts(NamedTuple):
    """A part that an operator has taken."""

    message_id: int
    state: int | None
    error: str
    sent_at: int


class InboundFacts(NamedTuple):
    """What is told of a subscriber's message, and the rule that it came by, if that is there."""

    id: int
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
    reply: str
    method: int | None
    url: str | None
    host: str | None
    userin: str | None
    passwordin: str | None
    rule_reply: str | None
    replied: bool


class Target(NamedTuple):
    """Who is to be told."""

    method: CallMethod
    url: str
    host: str


@dataclass(slots=True)
class Facts:
    """What is known of the subjects of some obligations."""

    messages: dict[int, MessageFacts] = field(default_factory=dict)
    parts: dict[int, list[PartFacts]] = field(default_factory=dict)
    """By message, in order."""
    accounts: dict[int, Target] = field(default_factory=dict)
    inbound: dict[int, InboundFacts] = field(default_factory=dict)

    def add_messages(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows in the order of MessageFacts."""
        self.messages.update((row[0], MessageFacts(*row)) for row in rows)

    def add_parts(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows in the order of PartFacts; of each message by number."""
        for row in rows:
            self.parts.setdefault(row[0], []).append(PartFacts(*row))

    def add_accounts(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows: id, format, URL, its host."""
        for account_id, report_format, url, host in rows:
            self.accounts[account_id] = Target(CallMethod(report_format), url, host)

    def add_inbound(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows in the order of InboundFacts."""
        self.inbound.update((row[0], InboundFacts(*row)) for row in rows)

    def target(self, due: Due) -> Target | None:
        """Who is to be told by now; None: there is nothing to tell any more."""
        if due.kind == CallKind.INBOUND:
            inbound = self.inbound.get(due.subject)
            return None if inbound is None else _target_of_rule(due.host, inbound)
        message = self.messages.get(due.subject)
        if message is None:
            return None
        if message.reports == Reports.OWN:
            return Target(CallMethod.GET, message.url or "", message.host or "")
        return self.accounts.get(due.account_id, Target(CallMethod.GET, "", ""))

    def call(self, due: Due, target: Target) -> Call:
        """The obligation as it is given out."""
        event: StateReport | InboundCall
        if due.kind == CallKind.INBOUND:
            event = _inbound_call(self.inbound[due.subject])
        else:
            event = self._state_report(due, self.messages[due.subject])
        return Call(
            due.id,
            due.account_id,
            due.attempts,
            due.since,
            due.host,
            target.method,
            target.url,
            event,
        )

    def _state_report(self, due: Due, message: MessageFacts) -> StateReport:
        state = MessageState(due.state)
        parts = self.parts.get(due.subject, [])
        whole = len(parts) >= message.parts
        return StateReport(
            message.id,
            message.customer_id,
            message.sender,
            message.recipient,
            message.message_type,
            message.text,
            state,
            _error(state, parts, message.last_error),
            message.created_at,
            max(part.sent_at for part in parts) if whole else None,
            None if state is MessageState.ENROUTE else message.completed_at,
            due.at,
        )


def _error(state: MessageState, parts: Sequence[PartFacts], last_error: str) -> str:
    """The operator's words: of a part that ended so, else of one that failed, else on the door."""
    if state in _NO_FAILURE:
        return ""
    told = [p for p in parts if p.error and p.state not in (None, MessageState.DELIVERED)]
    told.sort(key=lambda part: part.state != state)
    return told[0].error if told else last_error


def _target_of_rule(host: str, inbound: InboundFacts) -> Target:
    """Without a host the gateway answers by itself, whatever the rule says now."""
    if not host or inbound.method == CallMethod.AUTO:
        return Target(CallMethod.AUTO, "", "")
    if inbound.method is None or inbound.method == CallMethod.NONE:
        return Target(CallMethod.NONE, "", host)
    return Target(CallMethod(inbound.method), inbound.url or "", inbound.host or "")


def _inbound_call(inbound: InboundFacts) -> InboundCall:
    own = inbound.rule_reply if inbound.method == CallMethod.AUTO else ""
    return InboundCall(
        inbound_id=inbound.id,
        operator_id=inbound.operator_id,
        sender=inbound.sender,
        short_code=inbound.short_code,
        transaction_id=inbound.transaction_id,
        text=inbound.text,
        data_coding=inbound.data_coding,
        sent_at=inbound.sent_at,
        received_at=inbound.received_at,
        parts=inbound.parts,
        missing=inbound.missing,
        userin=inbound.userin or "",
        passwordin=inbound.passwordin or "",
        reply=inbound.reply or own or "",
        replied=bool(inbound.replied),
    )


@dataclass(slots=True)
class Sorted:
    """What becomes of obligations that are due."""

    calls: list[Call] = field(default_factory=list)
    """To be given out."""
    moved: list[tuple[str, int]] = field(default_factory=list)
    """(host, id): owed to another host by now."""
    gone: list[Due] = field(default_factory=list)
    """There is nothing to tell any more."""


def sort_out(rows: Sequence[Due], facts: Facts, most: int) -> Sorted:
    """What becomes of each; at most so many are given out, and the others stay as they are."""
    found = Sorted()
    for due in rows:
        target = facts.target(due)
        if target is None:
            found.gone.append(due)
        elif target.host != due.host and (target.url or target.method is CallMethod.AUTO):
            found.moved.append((target.host, due.id))
        elif len(found.calls) < most:
            found.calls.append(facts.call(due, target))
    return found


class Ended(NamedTuple):
    """An obligation that is over."""

    kind: int
    subject: int
    stage: int
    at: int


def inbound_endings(ended: Iterable[Ended]) -> list[tuple[int, int, int]]:
    """(state, time, id) of the subscribers' messages among them."""
    return [
        (
            InboundState.DELIVERED if one.stage == CallStage.DONE else InboundState.UNDELIVERED,
            one.at,
            one.subject,
        )
        for one in ended
        if one.kind == CallKind.INBOUND
    ]


def gone_tries(rows: Sequence[Due], now: int) -> list[CallTried]:
    """The tries that say why these are given up."""
    return [CallTried(due.id, now, 0, 0, GONE, "", CallStage.GIVEN_UP, now) for due in rows]


def ended_at(tried: CallTried) -> int | None:
    """When it was over by this try; None: it is not."""
    return tried.at + tried.ms if tried.stage in _ENDED else None


# --- Staff's --------------------------------------------------------------------------------------
class Standing(NamedTuple):
    """Where an obligation is, as somebody who wants it called again must know."""

    id: int
    kind: int
    subject: int
    stage: int


def called_again(
    asked: Iterable[int], standing: Sequence[Standing]
) -> tuple[list[int], dict[int, CallStage]]:
    """Which of those asked for are called again, in order, and where each obligation goes to.

    `standing` has all obligations of the subjects, by id. Of those of a subject that are open then
    the oldest waits and the others are blocked; while one is claimed all others are blocked.
    """
    wanted = set(asked)
    again = [
        one.id
        for one in standing
        if one.id in wanted and one.stage not in (CallStage.CLAIMED, CallStage.BLOCKED)
    ]
    ids = set(again)
    subjects: dict[tuple[int, int], list[Standing]] = {}
    for one in standing:
        if one.id in ids or one.stage not in _ENDED:
            subjects.setdefault((one.kind, one.subject), []).append(one)
    places: dict[int, CallStage] = {}
    for several in subjects.values():
        claimed = any(one.stage == CallStage.CLAIMED for one in several)
        rest = [one for one in several if one.stage != CallStage.CLAIMED]
        for number, one in enumerate(rest):
            blocked = claimed or number > 0
            places[one.id] = CallStage.BLOCKED if blocked else CallStage.WAITING
    return sorted(again), {
        one.id: places[one.id]
        for one in standing
        if one.id in places and (one.id in ids or places[one.id] != one.stage)
    }


def again_words(ids: Sequence[int]) -> tuple[str, str]:
    """Subject and detail of the audit row."""
    subject = str(ids[0]) if len(ids) == 1 else f"{ids[0]} to {ids[-1]}"
    return subject, f"{len(ids)} to be called again"


def possible(numbers: Iterable[int]) -> list[int]:
    """Those that may be an id, each once, in order."""
    return sorted({number for number in numbers if 0 < number <= _KEY_MAX})


_CONDITIONS: Mapping[str, str] = {  # a subject is found by an index that begins with the kind
    "account_id": "account_id =",
    "kind": "kind =",
    "stage": "stage =",
    "host": "host =",
    "subject": "kind IN (1, 2) AND callback.subject =",
    "since": "at >=",
    "until": "at <",
}


def conditions(wanted: CallFilter, before_id: int | None) -> list[tuple[str, Any]]:
    """What must hold of rows of `callback`: a column with its operator, and the value."""
    told = [(_CONDITIONS[name], value) for name, value in wanted._asdict().items()]
    told.append(("id <", before_id))
    return [(words, value) for words, value in told if value is not None]


def call_row(row: Sequence[Any]) -> CallRow:
    """A row in the order of CallRow."""
    number, account_id, login, kind, subject, state, at, host, stage, *rest = row
    place = (number, account_id, login, CallKind(kind), subject, state, at, host)
    return CallRow(*place, CallStage(stage), *rest)


def call_story(row: CallRow, target: Target | None, tries: Iterable[Sequence[Any]]) -> CallStory:
    """All that is known of one."""
    method, url, _ = target or Target(CallMethod.NONE, "", "")
    return CallStory(row, url, method, tuple(Try(*one) for one in tries))
