"""Lines of a story: what happened when, as support staff read it.

Knows nothing of what is told. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from habar.model.status import MessageState
from habar.model.times import moment


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened, or (`at` None) one that is so now. `at` is UTC milliseconds."""

    at: int | None
    text: str


def in_order(lines: Iterable[StoryLine]) -> list[StoryLine]:
    """What happened in the order of time, then what is so now."""
    return sorted(lines, key=lambda line: (line.at is None, line.at or 0))


def written(line: StoryLine, zone: str) -> str:
    """The line with its time in `zone`."""
    when = "" if line.at is None else moment(line.at, zone)
    return f"{when:19}  {line.text}"


def state_words(state: int) -> str:
    """A message's state by number and name."""
    known = MessageState(state)
    return f"{known.value} {known.name}"


def times(count: int) -> str:
    """How often."""
    return "once" if count == 1 else f"{count} times"
