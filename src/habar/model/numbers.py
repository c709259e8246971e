"""Whose network a subscriber's number is in: by its porting, else by the numbering plan's ranges.

Guarantees: the longest prefix decides; a ported number comes before every range. A ported number
takes 5 octets, however many there are: millions fit a small machine. Nothing changes once it is
built, so that a look-up needs no lock and sees one whole table. Pure: no database, no file.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

MSISDN_DIGITS = 11
LOWEST, HIGHEST = 77_000_000_000, 77_999_999_999
"""The numbers that can be ported: Kazakhstan's mobile numbers (`model.address`)."""
_MOST_NETWORKS = 256


class Prefixes:
    """Values by prefix of an MSISDN; the longest one that a number begins with speaks."""

    __slots__ = ("_levels",)

    def __init__(self, values: Iterable[tuple[str, str]] = ()) -> None:
        """`values`: pairs of digits and what they mean; only numbers of 11 digits have one."""
        levels: dict[int, dict[int, str]] = {}
        for prefix, value in values:
            if is_prefix(prefix):  # another is the beginning of no number: it is never met
                level = levels.setdefault(10 ** (MSISDN_DIGITS - len(prefix)), {})
                level[int(prefix)] = value
        # Numbers are whole ones from here on: to divide is cheaper than to write out and cut.
        self._levels = tuple(sorted(levels.items()))

    def longest(self, msisdn: int) -> tuple[str, str] | None:
        """The longest prefix that the number begins with, and its value."""
        for divisor, values in self._levels:
            head = msisdn // divisor
            value = values.get(head)
            if value is not None:
                return str(head), value
        return None

    def of(self, msisdn: int) -> str | None:
        """The value alone: what the hot path asks."""
        for divisor, values in self._levels:
            value = values.get(msisdn // divisor)
            if value is not None:
                return value
        return None


def is_prefix(text: str) -> bool:
    """Whether `text` can be the beginning of an MSISDN: 1 to 11 digits, the first a 7."""
    return text.isascii() and text.isdigit() and text.startswith("7") and len(text) <= MSISDN_DIGITS


class Ported:
    """The ported numbers, packed. Made by `PortedBuilder`, or by `of` where they are few."""

    __slots__ = ("_names", "_networks", "_offsets")

    def __init__(
        self,
        offsets: array[int] | None = None,
        networks: array[int] | None = None,
        names: tuple[str, ...] = (),
    ) -> None:
        self._offsets = array("I") if offsets is None else offsets
        """Each number less 77000000000, ascending."""
        self._networks = array("B") if networks is None else networks
        """Beside each of them its network's place in the names."""
        self._names = names

    @classmethod
    def of(cls, rows: Iterable[tuple[int, str]]) -> Ported:
        """The table of these numbers, ascending. Raises ValueError."""
        builder = PortedBuilder()
        builder.add(rows)
        return builder.build()

    def network(self, msisdn: int) -> str | None:
        """The network the number was ported to, or None."""
        at = self.place(msisdn)
        return None if at is None else self._names[self._networks[at]]

    def place(self, msisdn: int) -> int | None:
        """Where in the order of the numbers this one stands, or None where it is not ported."""
        offset = msisdn - LOWEST
        offsets = self._offsets
        at = bisect_left(offsets, offset)
        return at if at < len(offsets) and offsets[at] == offset else None

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for offset, network in zip(self._offsets, self._networks, strict=True):
            yield LOWEST + offset, self._names[network]

    @property
    def octets(self) -> int:
        """What the table itself takes in memory."""
        return len(self._offsets) * (self._offsets.itemsize + self._networks.itemsize)


class PortedBuilder:
    """Packs ported numbers, fed in slices so that whoever feeds it may breathe between them."""

    __slots__ = ("_last", "_networks", "_offsets", "_places")

    def __init__(self) -> None:
        self._offsets = array("I")
        self._networks = array("B")
        self._places: dict[str, int] = {}
        self._last = -1

    def add(self, rows: Iterable[tuple[int, str]]) -> None:
        """Add numbers, each larger than the one before it.

        Raises ValueError at one that is out of order, is no mobile number of Kazakhstan, or is of
        a 257th network; the builder is of no use after it.
        """
        places, last = self._places, self._last
        offsets, networks = self._offsets.append, self._networks.append
        for msisdn, network in rows:
            offset = msisdn - LOWEST
            if not last < offset <= HIGHEST - LOWEST:
                raise ValueError(_why_not(msisdn))
            place = places.get(network)
            if place is None:
                place = self._place(network)
            offsets(offset)
            networks(place)
            last = offset
        self._last = last

    def build(self) -> Ported:
        """The table, once: the builder goes on with an empty one."""
        made = Ported(self._offsets, self._networks, tuple(self._places))
        self._offsets, self._networks, self._places, self._last = array("I"), array("B"), {}, -1
        return made

    def _place(self, network: str) -> int:
        if len(self._places) == _MOST_NETWORKS:
            raise ValueError(f"more than {_MOST_NETWORKS} networks")
        self._places[network] = place = len(self._places)
        return place


def _why_not(msisdn: int) -> str:
    if LOWEST <= msisdn <= HIGHEST:
        return f"{msisdn} is out of order: ported numbers come in ascending order"
    return f"{msisdn} is not of the form 77aabbbccdd: it cannot be ported"


class Networks:
    """The numbering plan: ranges, and the numbers that left theirs."""

    __slots__ = ("_ported", "_ranges")

    def __init__(
        self, ranges: Iterable[tuple[str, str]] = (), ported: Ported | None = None
    ) -> None:
        """`ranges`: pairs of a prefix (`7701`) and its network."""
        self._ranges = Prefixes(ranges)
        self._ported = ported if ported is not None else Ported()

    def of(self, msisdn: int) -> str:
        """The number's network, or "" where none is known."""
        return self._ported.network(msisdn) or self._ranges.of(msisdn) or ""

    def told(self, msisdn: int) -> tuple[str, str]:
        """The number's network and why it is that one, in words for staff."""
        found = self._ranges.longest(msisdn)
        network = self._ported.network(msisdn)
        if network is not None:
            left = f", from {found[1]} (range {found[0]})" if found else ""
            return network, f"ported{left}"
        if found is None:
            return "", "no range has it"
        return found[1], f"range {found[0]}"
