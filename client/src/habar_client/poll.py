"""Waiting for messages to become final: whom to ask about, and how long to pause between.

Guarantees: pauses grow from one second to ten, as a gateway's other customers would have it; a
message that is final is not asked about again. The clock is an argument: knows no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from habar_client.errors import WaitTimeout
from habar_client.request import Ref
from habar_client.values import Status

_FIRST_PAUSE = 1.0
_GROWTH = 1.5
_LONGEST_PAUSE = 10.0


class Poll:
    """A set of messages that somebody waits for."""

    def __init__(self, refs: Sequence[Ref], timeout: float, now: float) -> None:
        if timeout < 0:
            raise ValueError("timeout must not be negative")
        self.pending = list(dict.fromkeys(refs))
        """Those that are not final, as far as is known."""
        self._timeout = timeout
        self._deadline = now + timeout
        self._pause = _FIRST_PAUSE
        self._last: list[Status] = []

    def take(self, statuses: Sequence[Status]) -> Iterator[Status]:
        """Give what is final; `statuses` answer `pending`, in its order."""
        still = [not status.final for status in statuses]
        self.pending = [ref for ref, stays in zip(self.pending, still, strict=True) if stays]
        self._last = [status for status, stays in zip(statuses, still, strict=True) if stays]
        yield from (status for status in statuses if status.final)

    def pause(self, now: float) -> float:
        """Seconds until the next question. Raises WaitTimeout when the time is up."""
        left = self._deadline - now
        if left <= 0:
            raise WaitTimeout(self._timeout, tuple(self._last))
        pause = min(self._pause, left)
        self._pause = min(self._pause * _GROWTH, _LONGEST_PAUSE)
        return pause
