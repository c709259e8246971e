"""Everything that happened, as one number: two runs that have the same did the same.

Guarantees: what is noted counts with its order and its time. Keeps nothing but the digest and,
where asked, the last notes for whoever has to find out why two runs differ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from hashlib import blake2b


class Trace:
    """A running digest. `time` is the virtual clock."""

    def __init__(self, time: Callable[[], float], kept: int = 200) -> None:
        self.count = 0
        self.last: deque[str] = deque(maxlen=kept)
        self._time = time
        self._digest = blake2b(digest_size=16)

    def note(self, what: str, *values: object) -> None:
        """Something has happened now."""
        line = f"{self._time():.6f} {what} {values!r}"
        self.count += 1
        self.last.append(line)
        self._digest.update(line.encode())

    @property
    def digest(self) -> str:
        """Of all that was noted so far."""
        return self._digest.hexdigest()
