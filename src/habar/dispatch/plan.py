"""What goes to an operator next, and what is to be fetched from the store for it. Pure.

Guarantees:
- Priorities first; inside one, accounts take turns message by message: an account's single
  message waits for one message of each other account at most, whatever they have queued.
- An account's own messages keep their order: one that is fresh does not pass those of the same
  account and priority that wait on disk and are due. Once the last of these are being fetched,
  fresh ones find room again, and stand behind them. (What is tried again, after an error or a
  dropped link, may be passed.)
- Memory is bounded: never more than `ahead` messages here, reserved and being claimed included.
  An account may hold as many as there are places left free, so one alone has half of them, two
  have a third each, and a further account always finds room.
- What is taken in goes out once: by `next`, `withdraw` or `clear`.
Does not know links, stores and clocks; `now` is an argument, in UTC milliseconds.
"""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from habar.dispatch.backlog import Backlog, Key
from habar.model.message import Outgoing


class Fetch(NamedTuple):
    """Claim so many messages of one account and priority."""

    priority: int
    account_id: int
    limit: int


class Behind:
    """Fresh messages that stand behind those which a fetch under way brings.

    `before`: places reserved before the fetch; their messages, older than those, come first.
    When the fetch was in vain it is `broken`: those reserved `after` it are turned away, too.
    """

    __slots__ = ("after", "before", "broken", "messages")

    def __init__(self, before: int) -> None:
        self.before = before
        self.after = 0
        self.broken = False
        self.messages: dict[int, Outgoing] = {}


class Plan:
    """One operator's."""

    def __init__(self, ahead: int) -> None:
        if ahead < 1:
            raise ValueError("a plan has room for one message at least")
        self._ahead = ahead
        self._batch = max(1, min(1000, ahead // 20))
        self._taken = 0
        self._held: dict[Key, int] = {}
        self._queues: dict[Key, OrderedDict[int, Outgoing]] = {}
        self._behind: dict[Key, Behind] = {}
        self._turned_away: list[Outgoing] = []
        self._turns: dict[int, deque[Key]] = {}
        self._priorities: list[int] = []
        self._backlog = Backlog()
        self._look = True
        self._starved = False
        self._next_due: int | None = None

    # --- Room ----------------------------------------------------------------------------------
    @property
    def ready(self) -> int:
        """Messages that `next` can give."""
        return sum(len(queue) for queue in self._queues.values())

    @property
    def empty(self) -> bool:
        """Whether `next` has nothing to give."""
        return not self._queues

    @property
    def taken(self) -> int:
        """Places in use: messages, reserved places, claims on their way."""
        return self._taken

    def reserve(self, key: Key, now: int) -> bool:
        """Take a place for a message that is about to be stored; False: it must wait on disk.

        Where the answer is False the message is looked for on disk soon, hint or no hint.
        """
        held = self._held.get(key, 0)
        if self._backlog.is_due(key, now) or held >= self._ahead - self._taken:
            self.refuse(key)
            return False
        self._held[key] = held + 1
        self._taken += 1
        return True

    def refuse(self, key: Key) -> None:
        """A message that is about to be stored gets no place."""
        if key not in self._backlog:
            self._look = True
        self._backlog.refused(key)

    def release(self, key: Key) -> None:
        """A reserved place is not needed."""
        behind = self._behind.get(key)
        if behind is not None:
            self._count_off(key, behind)
        self._free(key, 1)

    def _free(self, key: Key, places: int) -> None:
        if not places:
            return
        held = self._held[key] - places
        if held:
            self._held[key] = held
        else:
            del self._held[key]
        self._taken -= places
        if self._starved:
            self._look = True

    # --- The messages in memory ----------------------------------------------------------------
    def take(self, message: Outgoing) -> None:
        """Put a message in the place reserved for it."""
        key = (message.priority, message.account_id)
        behind = self._behind.get(key)
        if behind is None or behind.before:
            self._put(key, message)
        elif behind.broken:
            self._turned_away += self._give_back(key, [message])
        else:
            behind.messages[message.message_id] = message
        if behind is not None:
            self._count_off(key, behind)

    def turned_away(self) -> list[Outgoing]:
        """Messages that cannot stay, to be given back to the store: each is told once."""
        messages, self._turned_away = self._turned_away, []
        return messages

    def _count_off(self, key: Key, behind: Behind) -> None:
        """One of the places that were reserved when `behind` was made is used."""
        if behind.before:
            behind.before -= 1
        elif behind.broken:
            behind.after -= 1
        if behind.broken and not behind.before and not behind.after:
            del self._behind[key]
            self._look = True

    def _put(self, key: Key, message: Outgoing) -> None:
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = OrderedDict()
            self._join(key)
        queue[message.message_id] = message

    def next(self) -> Outgoing | None:
        """The message whose turn it is, or None; its place is free again."""
        if not self._priorities:
            return None
        turns = self._turns[self._priorities[0]]
        key = turns[0]
        queue = self._queues[key]
        message = queue.popitem(last=False)[1]
        if queue:
            turns.rotate(-1)
        else:
            self._leave(key)
        self._free(key, 1)
        if len(queue) == self._batch - 1 and key in self._backlog:
            self._look = True
        return message

    def withdraw(self, message_id: int) -> Outgoing | None:
        """Take one message out before its turn."""
        for key, queue in self._queues.items():
            message = queue.pop(message_id, None)
            if message is not None:
                if not queue:
                    self._leave(key)
                break
        else:
            for key, behind in self._behind.items():  # noqa: B007 - used after the loop
                message = behind.messages.pop(message_id, None)
                if message is not None:
                    break
            else:
                return None
        self._free(key, 1)
        self._look = True
        return message

    def clear(self, now: int) -> list[Outgoing]:
        """Take all messages out, to be given back to the store; they wait on disk then."""
        messages: list[Outgoing] = []
        for key, queue in list(self._queues.items()):
            messages.extend(queue.values())
            self._free(key, len(queue))
            self._leave(key)
        for key, behind in self._behind.items():
            messages.extend(behind.messages.values())
            self._free(key, len(behind.messages))
            behind.messages.clear()
        for message in messages:
            self.waiting((message.priority, message.account_id), message.due_at, now)
        self._look = True
        return messages

    def _join(self, key: Key) -> None:
        turns = self._turns.get(key[0])
        if turns is None:
            turns = self._turns[key[0]] = deque()
            insort(self._priorities, key[0])
        turns.append(key)

    def _leave(self, key: Key) -> None:
        del self._queues[key]
        turns = self._turns[key[0]]
        turns.remove(key)
        if not turns:
            del self._turns[key[0]]
            self._priorities.remove(key[0])

    # --- The messages on disk ------------------------------------------------------------------
    @property
    def unsure(self) -> bool:
        """Whether the store must be asked who has messages waiting; give the answer to `merge`."""
        return self._backlog.unsure

    def merge(self, rows: Iterable[tuple[int, int, int]], now: int) -> None:
        """What the store says: (priority, account_id, due_at of the first) of all that wait."""
        self._backlog.merge(rows, now)
        self._look = True

    def waiting(self, key: Key, due_at: int, now: int) -> None:
        """A message of this account waits on disk, or soon will."""
        if self._backlog.hint(key, due_at, now):
            self._look = True

    def wake(self) -> None:
        """Time has passed: what was not due may be."""
        self._look = True

    @property
    def next_due(self) -> int | None:
        """When the next message on disk comes due, as of the latest call of `fetches`."""
        return self._next_due

    def fetches(self, now: int) -> list[Fetch]:
        """What to claim now; each is to be answered by `fetched`. Places are reserved for it.

        Those with the fewest messages here come first, inside a priority.
        """
        if not self._look:
            return []
        self._look = self._starved = False
        self._next_due = self._backlog.next_due(now)
        due = self._backlog.due(now)
        due.sort(key=lambda key: (key[0], self._held.get(key, 0)))
        fetches = [self._fetch(key, now) for key in due if self._is_low(key)]
        return [fetch for fetch in fetches if fetch is not None]

    def fetched(self, fetch: Fetch, messages: Sequence[Outgoing], now: int) -> None:
        """The answer to a fetch of the time `now`."""
        key = (fetch.priority, fetch.account_id)
        more = len(messages) >= fetch.limit
        self._free(key, fetch.limit - len(messages))
        for message in messages:
            self._put(key, message)
        self._backlog.looked(key, now, more=more)
        self._look = True
        if more:
            self._break(key)
            return
        behind = self._behind.pop(key, None)
        if behind is not None:
            for message in behind.messages.values():
                self._put(key, message)

    def fetch_failed(self, fetch: Fetch) -> None:
        """The store could not answer; the messages still wait there. `wake` tries again."""
        key = (fetch.priority, fetch.account_id)
        self._free(key, fetch.limit)
        self._backlog.look_failed(key)
        self._break(key)

    def _break(self, key: Key) -> None:
        """What stands behind older messages must not go before them: back to disk with it."""
        behind = self._behind.get(key)
        if behind is None:
            return
        self._turned_away += self._give_back(key, list(behind.messages.values()))
        behind.messages.clear()
        behind.broken = True
        behind.after = self._reserved(key) - behind.before
        if not behind.before and not behind.after:
            del self._behind[key]

    def _give_back(self, key: Key, messages: list[Outgoing]) -> list[Outgoing]:
        self._free(key, len(messages))
        for message in messages:
            self._backlog.hint(key, message.due_at, message.due_at)
        return messages

    def _reserved(self, key: Key) -> int:
        """Places whose messages are not committed yet; none may be a fetch's."""
        queue = self._queues.get(key)
        return self._held.get(key, 0) - (len(queue) if queue else 0)

    def _is_low(self, key: Key) -> bool:
        queue = self._queues.get(key)
        return key not in self._behind and (queue is None or len(queue) < self._batch)

    def _fetch(self, key: Key, now: int) -> Fetch | None:
        held = self._held.get(key, 0)
        free = self._ahead - self._taken
        limit = min(self._batch, (free - held + 1) // 2)
        if limit < 1:
            self._starved = True
            return None
        reserved = self._reserved(key)
        self._held[key] = held + limit
        self._taken += limit
        if self._backlog.look(key, limit, now):
            self._behind[key] = Behind(reserved)
        return Fetch(key[0], key[1], limit)
