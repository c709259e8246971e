"""Answers of one link that wait to be sent: held back in their order, or late each for itself.

Guarantees: what is held goes in the order it came; what is late passes nobody by and holds nobody
up. Knows nothing of what an answer says; whether the link may speak is for the owner to ask.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from habar.simulator.exchange import Answer
from habar.wire.smpp import Pdu


class _Held(NamedTuple):
    due: float
    pdu: Pdu
    answer: Answer


class Waiting:
    """The answers; `on_due` is called when some may be released."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_due: Callable[[], None]) -> None:
        self._loop = loop
        self._on_due = on_due
        self._held: deque[_Held] = deque()
        self._late: set[asyncio.TimerHandle] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._held) + len(self._late)

    @property
    def holds(self) -> bool:
        """Whether an answer must queue behind others."""
        return bool(self._held)

    def hold(self, pdu: Pdu, answer: Answer, due: float) -> None:
        """Keep an answer behind those that are held already."""
        self._held.append(_Held(due, pdu, answer))

    def put_off(self, pdu: Pdu, answer: Answer) -> None:
        """Keep an answer for as long as it says, whatever else is sent meanwhile."""

        def due() -> None:
            self._late.discard(timer)
            self.hold(pdu, answer, self._loop.time())
            self._on_due()

        timer = self._loop.call_later(answer.wait, due)
        self._late.add(timer)

    def release(self, send: Callable[[Pdu, Answer], None]) -> None:
        """Send the held answers that are due, and come back for the others."""
        if self._timer is not None:
            return
        now = self._loop.time()
        while self._held and self._held[0].due <= now:
            held = self._held.popleft()
            send(held.pdu, held.answer)
        if self._held:
            self._timer = self._loop.call_at(self._held[0].due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._on_due()

    def clear(self) -> None:
        """Forget all of them."""
        self._held.clear()
        for timer in (*self._late, self._timer):
            if timer is not None:
                timer.cancel()
        self._late.clear()
        self._timer = None
