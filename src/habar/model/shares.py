"""How traffic is shared by weight: by the recipient's number, and by nothing else.

Guarantees: the same number with the same weights always gets the same order, in every process and
after every restart; over many numbers each takes its share of the first places, and the shares of
those that remain go by weight too. Where weights change by a hundredth of the whole, about a
hundredth of the numbers go another way. Pure, and the same on every machine (no `hash`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

Shared = TypeVar("Shared")

_BITS = 64
_MASK = (1 << _BITS) - 1


def point_of(msisdn: int) -> int:
    """Where the number falls, from 0 to 2^64-1: the number through the last steps of SplitMix64.

    Neighbouring numbers fall far from one another, so that one range is shared like any other.
    """
    z = (msisdn + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


class Shares(Generic[Shared]):
    """What shares by weight, laid out as a line on which each has a piece as long as its weight."""

    __slots__ = ("_ends", "_weighted")

    def __init__(self, weighted: Sequence[tuple[Shared, int]]) -> None:
        """`weighted`: what shares, each with its weight (1 and more)."""
        self._weighted = tuple(weighted)
        self._ends = _ends_of(self._weighted)

    def in_order(self, point: int) -> Iterator[Shared]:
        """All of them as they come for a number that falls at `point`.

        Who has the point is first. Where in that piece the point lies decides in the same way among
        those that remain. The first, which is nearly always the only one asked for, is found
        without a look at the others.
        """
        weighted, ends = self._weighted, self._ends
        while weighted:
            at = point * ends[-1]
            place = bisect_right(ends, at >> _BITS)
            one, weight = weighted[place]
            yield one
            point = (at - ((ends[place] - weight) << _BITS)) // weight
            weighted = weighted[:place] + weighted[place + 1 :]
            ends = _ends_of(weighted)


def _ends_of(weighted: Sequence[tuple[Shared, int]]) -> list[int]:
    """Where each piece ends."""
    return list(accumulate(weight for _, weight in weighted))
