"""How long a connection may keep the listener waiting, and for what. Pure: the clock is given.

A deadline, not a timer: one sweep looks at all of them, a request costs no timer.
Does not know: what follows when a deadline has passed (protocol.py).
"""

from __future__ import annotations

from enum import Enum, auto
from math import inf

from habar.northbound.http.settings import HttpSettings


class Wait(Enum):
    """What the client is to do next."""

    NOTHING = auto()
    """It is our turn."""
    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    SEND = auto()
    """It is to read our answers."""
    CLOSING = auto()


class Patience:
    """One connection's deadline, in the loop's seconds; begins by waiting for a first request."""

    __slots__ = ("_body_since", "_settings", "deadline", "wait")

    def __init__(self, settings: HttpSettings, now: float) -> None:
        self._settings = settings
        self._body_since = 0.0
        self.wait = Wait.HEAD
        self.deadline = now + settings.header_timeout

    def nothing(self) -> None:
        """It is our turn: no deadline."""
        self.wait = Wait.NOTHING
        self.deadline = inf

    def idle(self, now: float) -> None:
        """The next request may come; unchanged while that is awaited already."""
        if self.wait is not Wait.IDLE and self.wait is not Wait.HEAD:
            self.wait = Wait.IDLE
            self.deadline = now + self._settings.keep_alive_timeout

    def head(self, now: float) -> None:
        """A request has begun; unchanged while its head is awaited already."""
        if self.wait is not Wait.HEAD:
            self.wait = Wait.HEAD
            self.deadline = now + self._settings.header_timeout

    def body(self, now: float, received: int) -> None:
        """A body is on its way, `received` octets of it are here."""
        settings = self._settings
        if self.wait is not Wait.BODY:
            self.wait = Wait.BODY
            self._body_since = now
        allowed = settings.body_grace + received / settings.body_minimum_rate
        self.deadline = self._body_since + min(settings.body_timeout, allowed)

    def send(self, now: float) -> None:
        """The client does not read what we write."""
        self.wait = Wait.SEND
        self.deadline = now + self._settings.send_timeout

    def prolong(self, now: float) -> None:
        """It reads, if slowly: as long again."""
        self.deadline = now + self._settings.send_timeout

    def closing(self, now: float, seconds: float) -> None:
        """The connection is to end within `seconds`."""
        self.wait = Wait.CLOSING
        self.deadline = now + seconds
