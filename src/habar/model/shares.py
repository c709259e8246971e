"""How traffic is shared by weight: by the recipient's number, and by nothing else.

Guarantees: the same number with the same weights always gets the same order, in every process and
after every restart; over many numbers each takes its share of the first places, and the shares of
those that remain go by weight too. Where weights change by a hundredth of the whole, about a
hundredth of the numbers go another way. Pure, and the same on every machine (no `hash`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

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


def in_order(point: int, weighted: Sequence[tuple[Shared, int]]) -> list[Shared]:
    """All of them in the order in which they come for a number that falls at `point`.

    `weighted`: what shares, each with its weight (1 and more). The whole is laid out as a line, as
    long for each as its weight; who has the point is first. Where in that piece the point lies
    decides in the same way among those that remain.
    """
    rest = list(weighted)
    order: list[Shared] = []
    while len(rest) > 1:
        at = point * sum(weight for _, weight in rest)
        for place, (one, weight) in enumerate(rest):  # noqa: B007 - the last one is taken below
            length = weight << _BITS
            if at < length:
                break
            at -= length
        order.append(one)
        point = at // weight
        del rest[place]
    order.extend(one for one, _ in rest)
    return order
