"""Call-backs in plain words: how staff's tools name their states, and each try as a line.

Guarantees: what a customer's service answered is shown as it was, quoted. An obligation without a
host is one that the gateway answers by itself: nobody is called. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from habar.admin.story_lines import StoryLine, state_words, times
from habar.store.callbacks import CallKind, CallRow, CallStage, CallStory, Try

STAGES = {
    CallStage.WAITING: "waiting",
    CallStage.CLAIMED: "in-hand",
    CallStage.DONE: "done",
    CallStage.GIVEN_UP: "given-up",
    CallStage.BLOCKED: "behind",
}
"""The word for each, as it is shown and as it is asked for."""
_IS_SO = {
    CallStage.CLAIMED: "it is being made",
    CallStage.BLOCKED: "it waits until an earlier one of the same message has ended",
}


def about(row: CallRow) -> str:
    """What is told by it."""
    if row.kind is CallKind.INBOUND:
        return f"subscriber's message {row.subject}"
    return f"message {row.subject}: {state_words(row.state)}"


def called(call: CallStory) -> str:
    """Who is called, and how."""
    if not call.row.host:
        return "nobody: the gateway answers by itself"
    return f"{call.method.name} {call.url}" if call.url else "nobody any more"


def result(status: int, error: str) -> str:
    """How a call went; neither a status nor an error: nobody was called."""
    told = f"HTTP {status}"
    words = [told] if status and not error.startswith(told) else []
    words += [error] if error else []
    return ", ".join(words) or "the gateway answered"


def call_lines(call: CallStory) -> Iterator[StoryLine]:
    """One obligation: when it came to be, each try, its end or when it is tried next."""
    row = call.row
    name = f"call-back {row.id}"
    whose = f"for {row.host}" if row.host else "for the gateway to answer"
    yield StoryLine(row.at, f"{name}: {about(row)}, {whose}")
    for one in call.tries:
        yield StoryLine(one.at, f"{name}: {_try(one)}")
    if row.stage is CallStage.WAITING:
        yield StoryLine(row.next_at, f"{name}: try {row.attempts + 1} is due")
    elif row.stage in _IS_SO:
        yield StoryLine(None, f"{name}: {_IS_SO[row.stage]}")
    elif row.ended_at is not None:
        end = "done" if row.stage is CallStage.DONE else "given up"
        tried = "called" if row.host else "tried"
        yield StoryLine(row.ended_at, f"{name}: {end}, {tried} {times(row.attempts)}")


def _try(one: Try) -> str:
    answer = f", it said {one.answer!r}" if one.answer else ""
    return f"try {one.number}: {result(one.status, one.error)} in {one.ms} ms{answer}"
