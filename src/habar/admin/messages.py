"""A message's whole story in plain lines: what support staff read to "where is this message?".

Guarantees: everything that the store knows of the message is told, in the order of time; a message
that may have gone out twice says so. Only tells: changes nothing. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from habar.admin.money import format_money
from habar.errors import NotFound
from habar.model.account import DEFAULT_TIMEZONE
from habar.model.message import BLANKED, Protocol
from habar.model.status import MessageState, Stage
from habar.model.times import format_time
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


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened, or (`at` None) one that is so now. `at` is UTC milliseconds."""

    at: int | None
    text: str


async def story(store: Store, message_id: int, *, zone: str = DEFAULT_TIMEZONE) -> list[str]:
    """The story in lines, times in `zone`. Raises NotFound."""
    known = await store.story(message_id)
    if known is None:
        raise NotFound(f"there is no message {message_id}")
    return [_line(line, zone) for line in tell(known)]


def tell(known: Story) -> list[StoryLine]:
    """What happened in the order of time, then what is so now."""
    happened = sorted(_happened(known), key=lambda line: line.at or 0)
    return [*happened, *_is_so(known)]


def _happened(known: Story) -> Iterator[StoryLine]:
    yield from _came_in(known)
    for part in known.parts:
        yield from _part(part, len(known.parts), known)
    if known.uncertain_at is not None:
        yield StoryLine(
            known.uncertain_at,
            "a process or link ended with it in hand: it may have gone out twice"
            f" ({_times(known.repeats)})",
        )
    if known.sent_at is not None:
        yield StoryLine(known.sent_at, "the operator had taken every part")
    if known.completed_at is not None:
        yield StoryLine(known.completed_at, f"ended: {_state(known.submission.state)}")


def _came_in(known: Story) -> Iterator[StoryLine]:
    sent = known.submission
    own = "" if sent.customer_id is None else f", its id {sent.customer_id}"
    parts = "1 part" if sent.parts == 1 else f"{sent.parts} parts"
    flash = "flash, " if sent.flash else ""
    at = sent.created_at
    yield StoryLine(at, f"came in by {Protocol(sent.protocol).name} from {known.login}{own}")
    text = "text removed by its age" if sent.text == BLANKED else repr(sent.text)
    yield StoryLine(at, f"from {sent.sender} to {sent.recipient}: {text}")
    yield StoryLine(at, f"{flash}{Encoding(sent.data_coding).name}, {parts}")
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


def _part(part: PartStory, of: int, known: Story) -> Iterator[StoryLine]:
    name = f"part {part.part} of {max(of, known.submission.parts)}"
    yield StoryLine(
        part.sent_at, f"{name}: taken by {known.operator} as {part.operator_message_id}"
    )
    if part.receipt_at is None:
        return
    said = "no state" if part.state is None else _state(part.state)
    error = f", error {part.error}" if part.error else ""
    again = "" if part.receipts < 2 else f" ({part.receipts} receipts in all)"
    yield StoryLine(part.receipt_at, f"{name}: receipt says {said}{error}{again}")


def _is_so(known: Story) -> Iterator[StoryLine]:
    sent = known.submission
    yield StoryLine(None, f"now {_state(sent.state)}: {_STAGES[Stage(sent.stage)]}")
    if known.attempts:
        yield StoryLine(None, f"put off {_times(known.attempts)} by a passing error")
    if known.last_error:
        yield StoryLine(None, f"last error: {known.last_error}")
    if known.repeats and known.uncertain_at is None:
        yield StoryLine(None, f"it may have gone out twice ({_times(known.repeats)})")
    if known.refunded:
        yield StoryLine(None, f"{format_money(known.refunded)} KZT given back")


def _state(state: int) -> str:
    known = MessageState(state)
    return f"{known.value} {known.name}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _line(line: StoryLine, zone: str) -> str:
    when = "" if line.at is None else format_time(line.at, zone).replace("T", " ")
    return f"{when:19}  {line.text}"
