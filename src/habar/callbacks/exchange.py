"""A call to a customer's web service and its answer, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LARGEST_ANSWER = 65_536
"""Octets of an answer that are read."""


class Request(NamedTuple):
    """A call to be made."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    customer: int = 0
    """Whose the host is: names of one customer's are looked up a few at a time."""

    def __repr__(self) -> str:
        """Nothing of the URL and the body: they carry passwords."""
        return f"Request(method={self.method!r})"


class Answer(NamedTuple):
    """What came of a call."""

    status: int
    """HTTP's; 0: there was no answer, or no whole one."""
    error: str = ""
    """Why the web service has not taken what it was told; "" where it has."""
    body: bytes = b""
    """At most LARGEST_ANSWER octets."""
    unreadable: str = ""
    """Why the body says nothing, however good the status."""
    asked: bool = True
    """Nobody was called where it is False: the answer says nothing of the host."""
    forbidden: bool = False
    """The guard let nothing out."""

    @property
    def host_fails(self) -> bool:
        """Whether the host itself is in trouble, and not what was asked of it."""
        return bool(self.error) and (self.status == 0 or self.status >= 500 or self.status == 429)
