"""Pairs of login and password that were verified a moment ago, without keeping either.

Guarantees: what is kept is a keyed digest (the key is made for this process and never leaves it);
an entry counts for a set time and only while the account's hash is the one it was verified
against; never more than `limit` entries. Knows no argon2 and no accounts.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable


def pair_digester() -> Callable[[str, str], bytes]:
    """A function from two strings to 16 octets, keyed at random: it tells nothing outside."""
    secret = os.urandom(32)

    def digest(first: str, second: str) -> bytes:
        one = first.encode("utf-8", "surrogatepass")
        other = second.encode("utf-8", "surrogatepass")
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        framed = b"%d:%b%b" % (len(one), one, other)
        return hashlib.blake2b(framed, digest_size=16, key=secret).digest()

    return digest


class Remembered:
    """Digests of pairs whose verification came out one way."""

    __slots__ = ("_entries", "_limit", "_seconds")

    def __init__(self, seconds: float, limit: int) -> None:
        self._seconds = seconds
        self._limit = limit
        self._entries: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def holds(self, pair: bytes, password_hash: str, now: float) -> bool:
        """Whether the pair came out so against this very hash, not too long before `now`."""
        entry = self._entries.get(pair)
        if entry is None:
            return False
        until, verified_against = entry
        if now < until and verified_against == password_hash:
            return True
        del self._entries[pair]
        return False

    def add(self, pair: bytes, password_hash: str, now: float) -> None:
        """Remember the pair from `now` (seconds); the oldest goes where there is no room."""
        self._entries[pair] = (now + self._seconds, password_hash)
        self._entries.move_to_end(pair)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def __len__(self) -> int:
        return len(self._entries)
