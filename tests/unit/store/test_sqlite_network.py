"""Ported numbers on one file: how a command shares it with the gateway."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from habar.errors import StoreUnavailable
from habar.store.network import Ported
from habar.store.sqlite import network as module
from habar.store.sqlite.network import SqliteNetwork
from habar.store.sqlite.reads import Reads

ROWS = [Ported(number, "kcell") for number in range(1, 6_001)]


class File:
    """Does chores, after so many refusals."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.refusals = 0
        self.chores: list[int] = []
        self._connection = connection

    async def run(self, chore: Any, rows: int) -> Any:
        if self.refusals:
            self.refusals -= 1
            raise StoreUnavailable("a busy gateway has the file")
        self.chores.append(rows)
        return chore(self._connection)


@pytest.fixture
def file(connection: sqlite3.Connection) -> File:
    return File(connection)


@pytest.fixture
def network(path: Path, file: File, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteNetwork]:
    monkeypatch.setattr(module, "_PAUSES", (0.0,) * len(module._PAUSES))
    reads = Reads(path)
    yield SqliteNetwork(reads, file.run)
    reads.close()


async def test_numbers_come_a_few_at_a_time(network: SqliteNetwork, file: File) -> None:
    await network.put_ported(ROWS)
    assert file.chores == [2_500, 2_500, 1_000]
    assert await network.ported(0, 10_000) == ROWS


async def test_a_file_that_others_have_is_asked_for_again(
    network: SqliteNetwork, file: File
) -> None:
    file.refusals = len(module._PAUSES)
    await network.put_ported(ROWS[:3])
    assert await network.ported(0, 9) == ROWS[:3]


async def test_a_file_that_is_never_to_be_had_is_told(network: SqliteNetwork, file: File) -> None:
    file.refusals = len(module._PAUSES) + 1
    with pytest.raises(StoreUnavailable):
        await network.put_ported(ROWS[:3])
    assert await network.ported(0, 9) == []


async def test_staffs_other_writes_are_told_at_once(network: SqliteNetwork, file: File) -> None:
    file.refusals = 1
    with pytest.raises(StoreUnavailable):
        await network.put_range("7701", "tele2", actor="ann", now=1)
    assert file.chores == []
