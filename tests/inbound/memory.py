"""The store's rules for subscribers' messages, in memory (store/inbox.py): for tests of what stands
above it. That real engines keep the same rules is tests/contract's to prove.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from habar.errors import StoreUnavailable
from habar.store.inbox import DueGroups, Group, Received, Rule, Segment


@dataclass
class Kept:
    """A group of parts."""

    parts: dict[int, Segment] = field(default_factory=dict)
    joined: bool = False


class MemoryJournal:
    """Keeps what it is given until `commit`; by itself where `at_once` is set."""

    def __init__(self, *, at_once: bool = False) -> None:
        self.at_once = at_once
        self.down = False
        self.groups: dict[Group, Kept] = {}
        self.messages: list[Received] = []
        self.questions: list[DueGroups] = []
        self._events: list[tuple[Any, Callable[[int | None], None] | None]] = []
        self._asked: list[tuple[DueGroups, Callable[[Any], None]]] = []

    def record(self, event: Any, done: Callable[[int | None], None] | None = None) -> None:
        self._events.append((event, done))
        if self.at_once:
            self.commit()

    def ask(self, question: Any, done: Callable[[Any], None]) -> None:
        self.questions.append(question)
        self._asked.append((question, done))
        if self.at_once:
            self.commit()

    def commit(self) -> None:
        """Do and tell all that waits; while it is down, questions fail and events go on waiting."""
        asked, self._asked = self._asked, []
        if self.down:
            for _, told in asked:
                told(StoreUnavailable("down"))
            return
        events, self._events = self._events, []
        for event, done in events:
            result = self._segment(event) if isinstance(event, Segment) else self._received(event)
            if done is not None:
                done(result)
        for question, told in asked:
            told(self._due(question))

    def _segment(self, new: Segment) -> int | None:
        key = Group(new.operator_id, new.sender, new.short_code, new.reference, new.total, 0)
        generation = max((g.generation for g in self.groups if g[:5] == key[:5]), default=0)
        group = key._replace(generation=generation)
        kept = self.groups.setdefault(group, Kept())
        known = kept.parts.get(new.part)
        if known is not None and known.octets == new.octets:
            return None
        if known is not None or kept.joined:
            kept = self.groups[group._replace(generation=generation + 1)] = Kept()
        kept.parts[new.part] = new
        return int(len(kept.parts) == new.total)

    def _received(self, event: Received) -> int | None:
        if event.group is not None:
            kept = self.groups[event.group]
            if kept.joined:
                return None
            kept.joined = True
        self.messages.append(event)
        return len(self.messages)

    def _due(self, question: DueGroups) -> list[tuple[Group, list[Segment]]]:
        due = [
            (group, [kept.parts[part] for part in sorted(kept.parts)])
            for group, kept in self.groups.items()
            if not kept.joined
            and (
                len(kept.parts) == group.total
                or min(segment.at for segment in kept.parts.values()) < question.before
            )
        ]
        return due[: question.limit]


class MemoryInbox:
    """Rules, and their version."""

    def __init__(self, *rules: Rule) -> None:
        self.stored = list(rules)
        self.number = 0
        self.down = False

    async def version(self) -> int:
        return self.number

    async def rules(self) -> list[Rule]:
        if self.down:
            raise StoreUnavailable("down")
        return self.stored
