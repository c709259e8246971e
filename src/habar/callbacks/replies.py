"""Answers to subscribers, on their way through the submit door.

Guarantees: an answer is given to the door until the door has said yes or no, however long the store
is away, unless the message is in other hands by then, or the gateway stops; whoever gave it is told
which. What the door refuses, staff can read beside the subscriber's message. Never twice at once.
Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from habar.callbacks.verdict import refused
from habar.errors import StoreUnavailable
from habar.model.account import Account
from habar.model.message import Outcome
from habar.model.reply import Reply
from habar.operators import Clock, Timer
from habar.store.inbox import Noted
from habar.store.port import Journal

Told = Callable[[bool], None]
"""Whether the door has said yes or no; False: nobody knows, and it is not asked any more."""

_PAUSE = 1.0
"""Seconds between two tries while the store is away."""


class Answering(Protocol):
    """The submit door, as it is seen from here: `submit.Door` is one."""

    def reply(
        self,
        account: Account,
        reply: Reply,
        done: Callable[[list[Outcome] | StoreUnavailable], None],
    ) -> None:
        """Accept or refuse an answer to a subscriber; tells one outcome, after the commit."""


class Replies:
    """What is on its way."""

    def __init__(self, door: Answering, journal: Journal, clock: Clock) -> None:
        self._door = door
        self._journal = journal
        self._clock = clock
        self._waiting: dict[int, tuple[Timer, Account, Reply, Told]] = {}
        """Those that the store could not take yet, by the subscriber's message."""
        self._stopping = False
        self._run = 0
        """Changes when what waits is ours no more."""

    def give(self, account: Account, reply: Reply, told: Told) -> None:
        """Have it sent."""
        self._door.reply(account, reply, partial(self._told, self._run, account, reply, told))

    def lost(self) -> None:
        """The messages are in other hands: what the store could not take yet is forgotten."""
        self._run += 1
        for timer, _, _, told in self._clear():
            timer.cancel()
            told(False)

    def note(self, inbound_id: int, why: str) -> None:
        """Let staff see why nothing goes back."""
        self._journal.record(Noted(inbound_id, f"no reply: {why}"))

    def stop(self) -> None:
        """Try once more what could not be given yet; then what the store cannot take is left."""
        self._stopping = True
        for timer, account, reply, told in self._clear():
            timer.cancel()
            self.give(account, reply, told)

    def _clear(self) -> list[tuple[Timer, Account, Reply, Told]]:
        waiting = list(self._waiting.values())
        self._waiting.clear()
        return waiting

    def _told(
        self,
        run: int,
        account: Account,
        reply: Reply,
        told: Told,
        result: list[Outcome] | StoreUnavailable,
    ) -> None:
        if isinstance(result, list):
            refusal = result[0].refusal
            if refusal is not None:
                self.note(reply.inbound_id, refused(refusal))
            told(True)
        elif self._stopping or run != self._run:
            told(False)
        else:
            timer = self._clock.call_later(_PAUSE, partial(self._again, reply.inbound_id))
            self._waiting[reply.inbound_id] = (timer, account, reply, told)

    def _again(self, inbound_id: int) -> None:
        _, account, reply, told = self._waiting.pop(inbound_id)
        self.give(account, reply, told)
