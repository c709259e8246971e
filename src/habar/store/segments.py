"""Which generation of its group a part of a long message is of, and what it makes of it.

Guarantees (store.inbox.Segment): a part with the octets that are known of it is a repeat; one of
the newest generation, unless that has been joined or has this part with other octets, else it
begins the next. Repeats are known in the last KNOWN_GENERATIONS, so that a phone that sends
nonsense under one reference is no slower than others. Pure: knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from hashlib import blake2b
from typing import NamedTuple

from habar.store.inbox import Group, Segment

KNOWN_GENERATIONS = 16
GroupKey = tuple[int, str, str, int, int]
"""operator, sender, short code, reference, total."""
KnownPart = tuple[int, str, str, int, int, int, int, bytes, bool]
"""A group's key, then generation, part, octets, joined."""


class Mark(IntEnum):
    """By which of its rows a generation is found when it is due."""

    NONE = 0
    FIRST = 1
    """The first that came."""
    LAST = 2
    """The one that made it complete."""


class Placed(NamedTuple):
    """A part that is to be kept."""

    segment: Segment
    generation: int
    mark: Mark


def key_of(one: Segment | Group) -> GroupKey:
    """What the generations of a group have in common."""
    return one[:5]


def lock_of(key: GroupKey) -> int:
    """A number of 63 bits for a group, so that those who write to it may take turns."""
    words = "\0".join(map(str, key)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(words, digest_size=8).digest(), "big") >> 1


class Groups:
    """What is known of some groups, the parts that are being added among it."""

    def __init__(self, rows: Iterable[Sequence[object] | KnownPart]) -> None:
        self._parts: dict[GroupKey, dict[int, dict[int, bytes]]] = {}
        self._joined: set[tuple[GroupKey, int]] = set()
        for *key, generation, part, octets, joined in rows:
            self._add(tuple(key), generation, part, octets)  # type: ignore[arg-type]
            if joined:
                self._joined.add((tuple(key), generation))  # type: ignore[arg-type]

    def _add(self, key: GroupKey, generation: int, part: int, octets: bytes) -> int:
        """How many parts the generation has now."""
        parts = self._parts.setdefault(key, {}).setdefault(generation, {})
        parts[part] = octets
        return len(parts)

    def place(self, segment: Segment) -> Placed | None:
        """Where it belongs; None for a repeat."""
        key = key_of(segment)
        generations = self._parts.get(key, {})
        if any(parts.get(segment.part) == segment.octets for parts in generations.values()):
            return None
        newest = max(generations, default=0)
        if (key, newest) in self._joined or segment.part in generations.get(newest, {}):
            newest += 1
        count = self._add(key, newest, segment.part, segment.octets)
        if count == segment.total:
            return Placed(segment, newest, Mark.LAST)
        return Placed(segment, newest, Mark.FIRST if count == 1 else Mark.NONE)
