"""Ported numbers as staff bring them in, ask for them and take them out.

Guarantees:
- An import writes only what differs from what is there: one that is repeated changes nothing.
- It may die anywhere: what was written stands, the rest is as it was, and to run it again completes
  it. At no moment is a number missing that is in the old table and in the file.
- What is not in the file is removed (`replace`) only at the end, and only where every line of the
  file was understood: a slip of the pen takes no number out.
- Memory: 6 octets for each number that is known already, and one batch.

Knows no engine and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from habar.admin.ported_file import Row, read
from habar.errors import InvalidValue
from habar.model import numbers
from habar.model.account import RecipientForm
from habar.model.address import parse_recipient
from habar.store.network import MOST_PORTED, Network, Ported
from habar.store.ported import read_ported

_LINES_SHOWN = 20
_THERE, _PUT = 1, 2


@dataclass(slots=True)
class Import:
    """How far an import is, and what came of it. Told by `on_progress` after each batch."""

    lines: int = 0
    """Read so far, but for empty ones and the names of the columns."""
    written: int = 0
    """New numbers and such as went to another network."""
    unchanged: int = 0
    wrong: int = 0
    removed: int = 0
    kept: int = 0
    """Not in the file, and there all the same: `replace` was not asked for, or lines are wrong."""
    wrong_lines: list[str] = field(default_factory=list)
    """The first of them, with their numbers."""


Progress = Callable[[Import], None]


class PortedNumbers:
    """Staff's hand on them. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(self, network: Network, *, actor: str, now: Callable[[], int]) -> None:
        self._network = network
        self._actor = actor
        self._now = now

    async def load(
        self,
        path: Path,
        *,
        network: str | None = None,
        replace: bool = False,
        on_progress: Progress | None = None,
    ) -> Import:
        """Bring in a file; the form stands in `ported_file`. Raises InvalidValue.

        With `network` it is a list of that network's numbers. With `replace` numbers (of the
        network, where one is given) that are not in it are taken out at the end.
        """
        known_networks = frozenset(one.network for one in await self._network.ranges())
        if network is not None and network not in known_networks:
            names = ", ".join(sorted(known_networks))
            raise InvalidValue(f"{network!r} is no network that has a range: {names}")
        known = await read_ported(self._network)
        work = _Work(self._network, known, on_progress, network)
        await work.put_all(read(path, known_networks, network))
        done = work.told
        if not done.written and not done.unchanged:
            raise InvalidValue(f"{path}: no ported number is in it")
        await work.drop_the_others(drop=replace and not done.wrong)
        if done.written or done.removed:
            words = f"{done.written} written, {done.removed} removed, {done.unchanged} unchanged"
            await self._network.note(
                "ported import", path.name, words, actor=self._actor, now=self._now()
            )
        return done

    async def count(self) -> int:
        """How many there are."""
        return await self._network.ported_count()

    async def find(self, number: str) -> str | None:
        """The network that a number was ported to, or None. Raises InvalidValue."""
        msisdn = msisdn_of(number)
        rows = await self._network.ported(msisdn - 1, 1)
        return rows[0].network if rows and rows[0].msisdn == msisdn else None

    async def clear(self) -> int:
        """Forget all of them; how many there were."""
        cleared = 0
        while count := await self._network.clear_ported(MOST_PORTED):
            cleared += count
        if cleared:
            await self._network.note(
                "ported clear", "", f"{cleared} removed", actor=self._actor, now=self._now()
            )
        return cleared

    async def drop(self, number: str) -> bool:
        """Forget one; whether it was there. Raises InvalidValue."""
        msisdn = msisdn_of(number)
        if not await self._network.drop_ported(msisdn):
            return False
        await self._network.note(
            "ported remove", str(msisdn), "", actor=self._actor, now=self._now()
        )
        return True


def msisdn_of(number: str) -> int:
    """A subscriber's number as staff write it. Raises InvalidValue."""
    msisdn = parse_recipient(number, RecipientForm.NORMALISE)
    if msisdn is None:
        raise InvalidValue(f"{number!r} is no mobile number of the form 77aabbbccdd")
    return msisdn


class _Work:
    """One import under way."""

    def __init__(
        self,
        network: Network,
        known: numbers.Ported,
        on_progress: Progress | None,
        only: str | None,
    ) -> None:
        """`only`: the network whose numbers the file lists; None: it says so itself."""
        self.told = Import()
        self._only = only
        self._network = network
        self._known = known
        self._seen = bytearray(len(known))
        """By place in `known`: _THERE where the file has the number, _PUT where it was written."""
        self._batch: dict[int, str] = {}
        self._on_progress = on_progress

    async def put_all(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._look_at(row)
            if len(self._batch) >= MOST_PORTED:
                await self._write()
            elif self.told.lines % MOST_PORTED == 0:
                self._progress()
        await self._write()

    def _look_at(self, row: Row) -> None:
        told = self.told
        told.lines += 1
        if row.wrong:
            told.wrong += 1
            if told.wrong <= _LINES_SHOWN:
                told.wrong_lines.append(f"line {row.line}: {row.wrong}")
            return
        place = self._known.place(row.msisdn)
        if place is not None:
            if self._seen[place] != _PUT and self._known.network(row.msisdn) == row.network:
                self._seen[place] = _THERE
                told.unchanged += 1
                return
            self._seen[place] = _PUT  # what is known of it counts no more if it comes again
        self._batch[row.msisdn] = row.network

    async def _write(self) -> None:
        if self._batch:
            await self._network.put_ported([Ported(*row) for row in self._batch.items()])
            self.told.written += len(self._batch)
            self._batch = {}
        self._progress()

    async def drop_the_others(self, *, drop: bool) -> None:
        told = self.told
        others = (row for row, seen in zip(self._known, self._seen, strict=True) if not seen)
        for msisdn, network in others:
            if self._only is not None and network != self._only:
                continue
            if not drop:
                told.kept += 1
            elif await self._network.drop_ported(msisdn):
                told.removed += 1
                if told.removed % MOST_PORTED == 0:
                    self._progress()

    def _progress(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.told)
