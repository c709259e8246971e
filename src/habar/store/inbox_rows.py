"""Rows of subscribers' messages, rules and opt-outs, and what the audit says of them.

Pure: knows no engine. Guarantees: no URL, credential or text is in a word that it makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.address import is_number
from habar.model.url import InvalidUrl, host_of
from habar.store.inbox import (
    CallMethod,
    Group,
    InboundRow,
    InboundState,
    Noted,
    Opt,
    Received,
    Rule,
    Segment,
)
from habar.store.segments import Placed

_OPEN = {InboundState.UNROUTED, InboundState.WAITING, InboundState.UNDELIVERED}
_ASSIGNABLE = {InboundState.UNROUTED, InboundState.KEPT, InboundState.UNDELIVERED}
NO_END = (1 << 63) - 1
SubscribersEvent = Segment | Received | Noted


# --- What the journal writes ----------------------------------------------------------------------
def by_kind(events: Sequence[SubscribersEvent]) -> list[tuple[type, list[int]]]:
    """The places of parts, then of whole messages, then of notes, each in order.

    They commute: a part that stands behind its group's message is a repeat, or one that the message
    was made without; done before, it is the same repeat, or lets the message wait for it.
    """
    places: dict[type, list[int]] = {Segment: [], Received: [], Noted: []}
    for place, event in enumerate(events):
        places[type(event)].append(place)
    return [(kind, found) for kind, found in places.items() if found]


def segment_values(placed: Placed, pack: Callable[[str], str]) -> tuple[Any, ...]:
    """The columns of a part from operator_id to sent_at, and its mark."""
    one = placed.segment
    return (
        one.operator_id,
        pack(one.sender),
        pack(one.short_code),
        one.reference,
        one.total,
        placed.generation,
        one.part,
        pack(one.transaction_id),
        one.data_coding,
        one.octets,
        one.header,
        one.at,
        one.sent_at,
        placed.mark,
    )


def state_of(account_id: int, method: CallMethod) -> InboundState:
    """Of a message that has just come to its owner."""
    if not account_id:
        return InboundState.UNROUTED
    return InboundState.KEPT if method == CallMethod.NONE else InboundState.WAITING


def received_values(event: Received, pack: Callable[[str], str]) -> tuple[Any, ...]:
    """The columns of a message from account_id to reply."""
    return (
        event.account_id,
        event.shortcode_id,
        event.operator_id,
        pack(event.sender),
        pack(event.short_code),
        pack(event.transaction_id),
        pack(event.text),
        event.data_coding,
        event.parts,
        event.missing,
        event.sent_at,
        event.at,
        state_of(event.account_id, event.method),
        pack(event.reply),
    )


class Said(NamedTuple):
    """A subscriber's word on an account's messages."""

    account_id: int
    msisdn: int
    short_code: str
    active: bool
    at: int


def said(events: Iterable[Received]) -> list[Said]:
    """What subscribers whose addresses are numbers said, in order."""
    return [
        Said(event.account_id, int(event.sender), event.short_code, event.opt == Opt.OUT, event.at)
        for event in events
        if event.opt != Opt.NOTHING and event.account_id and is_number(event.sender)
    ]


def group_of(row: Sequence[Any], unpack: Callable[[str], str]) -> tuple[Group, Segment]:
    """`row`: operator_id to part, as the columns stand, … to sent_at."""
    operator_id, sender, short_code, reference, total, generation, part, transaction, *rest = row
    common = (operator_id, unpack(sender), unpack(short_code), reference, total)
    return Group(*common, generation), Segment(*common, part, unpack(transaction), *rest)


# --- Rules ----------------------------------------------------------------------------------------
def rule_of(row: Sequence[Any]) -> Rule:
    """`row`: code, account_id, keyword, method, url, userin, passwordin, reply, id, created_at."""
    code, account_id, keyword, method, *rest = row
    return Rule(code, account_id, keyword, CallMethod(method), *rest)


def rule_values(rule: Rule) -> tuple[Any, ...]:
    """The columns from code to reply. Raises InvalidValue where the URL is none."""
    try:
        host = host_of(rule.url) if rule.url else ""
    except InvalidUrl as error:
        raise InvalidValue(str(error)) from error
    return (
        rule.code,
        rule.keyword,
        rule.account_id,
        rule.method,
        rule.url,
        host,
        rule.userin,
        rule.passwordin,
        rule.reply,
    )


def rule_name(rule: Rule) -> str:
    """What the audit calls it: its short code and keyword."""
    return f"{rule.code} {rule.keyword}".rstrip()


def changed_fields(before: Rule, after: Rule) -> list[str]:
    """The names of what is otherwise now."""
    names = (field.name for field in fields(Rule) if field.name not in {"id", "created_at"})
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def other_host(before: Rule, after: Rule) -> tuple[str, str] | None:
    """The host that an owner's service was called at, and where it is called now; None: the same.

    None also where somebody else owns the rule, or nobody was or is to be called.
    """
    if before.account_id != after.account_id:
        return None
    try:
        hosts = host_of(before.url), host_of(after.url)
    except InvalidUrl:
        return None
    return None if hosts[0] == hosts[1] else hosts


# --- Messages -------------------------------------------------------------------------------------
def inbound_row(row: Sequence[Any], unpack: Callable[[str], str]) -> InboundRow:
    """`row`: InboundRow's fields in order."""
    one = InboundRow(*row)
    return one._replace(
        sender=unpack(one.sender),
        short_code=unpack(one.short_code),
        transaction_id=unpack(one.transaction_id),
        text=unpack(one.text),
        state=InboundState(one.state),
        note=unpack(one.note),
    )


def ways(
    account_id: int | None, states: Sequence[InboundState], short_code: str | None
) -> list[tuple[str, InboundState | None]]:
    """By which index the newest are read: the statement, and the one state that it tells of."""
    if states and _OPEN.issuperset(states):
        owned = account_id is not None and InboundState.UNROUTED not in states
        name = "ids_of_account_in_state" if owned else "ids_of_state"
        return [(name, state) for state in sorted({*states})]
    if account_id is not None:
        return [("ids_of_account", None)]
    return [("ids_of_all" if short_code is None else "ids_of_code", None)]


def mask_of(states: Sequence[InboundState]) -> int:
    """A bit for each of the states; all for none."""
    return sum(1 << state for state in {*(states or InboundState)})


def check_assignable(inbound_id: int, state: int | None) -> None:
    """Raise NotFound where there is none, Conflict where it is owed or delivered already."""
    if state is None:
        raise NotFound(f"there is no subscriber's message {inbound_id}")
    if state not in _ASSIGNABLE:
        name = InboundState(state).name
        raise Conflict(f"subscriber's message {inbound_id} is {name}: it is its customer's already")
