"""A message's whole story in plain lines: what support staff read to "where is this message?".

Guarantees: everything that the store knows of the message is told, in the order of time; a message
that may have gone out twice says so. Only tells: changes nothing. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from habar.admin.call_lines import call_lines
from habar.admin.money import format_money
from habar.admin.story_lines import StoryLine, in_order, state_words, times, written
from habar.errors import NotFound
from habar.model.account import DEFAULT_TIMEZONE
from habar.model.message import BLANKED, Protocol
from habar.model.message_type import NAMES, MessageType
from habar.model.status import Stage
from habar.store.callbacks import Callbacks, CallFilter, CallKind, CallStory
from habar.store.inbox import InboundRow, Inbox
from habar.store.port import Store
from habar.store.readings import PartStory, Story
from habar.wire.text import Encoding

_STAGES = {
    Stage.WAITING: "it waits in the queue",
    Stage.CLAIMED: "it is in the hands of the operator's link",
    Stage.SENT: "the operator has it; receipts are awaited",
    Stage.DONE: "it has ended",
    Stage.BOARDED: "it is in the hands of the operator's link, perhaps in its window",
    Stage.HELD: "it is held: nobody knows whether the operator has it",
}


_MOST_CALLS = 50
"""Call-backs of one message that are told; it has one for each of its few states."""


async def story(
    store: Store,
    message_id: int,
    *,
    inbox: Inbox,
    callbacks: Callbacks,
    zone: str = DEFAULT_TIMEZONE,
) -> list[str]:
    """The story in lines, times in `zone`. Raises NotFound."""
    known = await store.story(message_id)
    if known is None:
        raise NotFound(f"there is no message {message_id}")
    calls = await _calls(callbacks, message_id)
    answered = await inbox.story(known.submission.reply_to) if known.submission.reply_to else None
    return [
        written(line, zone)
        for line in tell(known, calls, None if answered is None else answered.row)
    ]


async def _calls(callbacks: Callbacks, message_id: int) -> list[CallStory]:
    """What its customer was told or is owed to be told of it."""
    wanted = CallFilter(kind=CallKind.STATE, subject=message_id)
    rows = await callbacks.listed(wanted, limit=_MOST_CALLS)
    stories = [await callbacks.story(row.id) for row in reversed(rows)]
    return [each for each in stories if each is not None]  # None: tidied away just now


def tell(
    known: Story, calls: Iterable[CallStory] = (), answered: InboundRow | None = None
) -> list[StoryLine]:
    """What happened in the order of time, then what is so now.

    `calls` in the order of their ids; `answered`: the subscriber's message that it answers, where
    that is still there.
    """
    told = [line for call in calls for line in call_lines(call)]
    return in_order([*_happened(known), *_answer(known, answered), *told, *_is_so(known)])


def _answer(known: Story, answered: InboundRow | None) -> Iterator[StoryLine]:
    sent = known.submission
    if not sent.reply_to:
        return
    what = f"it answers subscriber's message {sent.reply_to}"
    if answered is not None:
        what += f": {answered.sender} to {answered.short_code}, {answered.text!r}"
    yield StoryLine(sent.created_at, what)


def _happened(known: Story) -> Iterator[StoryLine]:
    yield from _came_in(known)
    for part in known.parts:
        yield from _part(part, len(known.parts), known)
    if known.uncertain_at is not None:
        yield StoryLine(
            known.uncertain_at,
            "a process or link ended with it in hand: it may have gone out twice"
            f" ({times(known.repeats)})",
        )
    if known.sent_at is not None:
        yield StoryLine(known.sent_at, "the operator had taken every part")
    if known.completed_at is not None:
        yield StoryLine(known.completed_at, f"ended: {state_words(known.submission.state)}")


def _came_in(known: Story) -> Iterator[StoryLine]:
    sent = known.submission
    own = "" if sent.customer_id is None else f", its id {sent.customer_id}"
    parts = "1 part" if sent.parts == 1 else f"{sent.parts} parts"
    at = sent.created_at
    yield StoryLine(at, f"came in by {Protocol(sent.protocol).name} from {known.login}{own}")
    text = "text removed by its age" if sent.text == BLANKED else repr(sent.text)
    yield StoryLine(at, f"from {sent.sender} to {sent.recipient}: {text}")
    yield StoryLine(at, f"{_kind(sent.message_type)}{_coding(sent.data_coding)}, {parts}")
    way = f" by route {known.route_id}" if known.route_id else ""
    yield StoryLine(at, f"routed to {known.operator}{way}, priority {sent.priority}")
    if sent.price:
        yield StoryLine(at, f"{format_money(sent.price)} KZT reserved")
    else:
        yield StoryLine(at, "free of charge")
    if sent.due_at > at:
        yield StoryLine(sent.due_at, "due: not to be sent before")
    if sent.expires_at is not None:
        yield StoryLine(sent.expires_at, "not wanted after this")


def _kind(message_type: int) -> str:
    """What sort of message, where it is not just a text."""
    if message_type == MessageType.TEXT:
        return ""
    kind = MessageType(message_type)
    return "flash, " if kind is MessageType.FLASH else f"{NAMES[kind]}, "


def _coding(data_coding: int) -> str:
    known = data_coding in (Encoding.GSM7, Encoding.UCS2)
    return Encoding(data_coding).name if known else f"data_coding 0x{data_coding:02X}"


def _part(part: PartStory, of: int, known: Story) -> Iterator[StoryLine]:
    name = f"part {part.part} of {max(of, known.submission.parts)}"
    yield StoryLine(
        part.sent_at, f"{name}: taken by {known.operator} as {part.operator_message_id}"
    )
    if part.receipt_at is None:
        return
    said = "no state" if part.state is None else state_words(part.state)
    error = f", error {part.error}" if part.error else ""
    again = "" if part.receipts < 2 else f" ({part.receipts} receipts in all)"
    yield StoryLine(part.receipt_at, f"{name}: receipt says {said}{error}{again}")


def _is_so(known: Story) -> Iterator[StoryLine]:
    sent = known.submission
    yield StoryLine(None, f"now {state_words(sent.state)}: {_STAGES[Stage(sent.stage)]}")
    if known.attempts:
        yield StoryLine(None, f"put off {times(known.attempts)} by a passing error")
    if known.last_error:
        yield StoryLine(None, f"last error: {known.last_error}")
    if known.repeats and known.uncertain_at is None:
        yield StoryLine(None, f"it may have gone out twice ({times(known.repeats)})")
    if known.refunded:
        yield StoryLine(None, f"{format_money(known.refunded)} KZT given back")
