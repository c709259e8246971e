"""What the books of an installation say, read beside the gateway or without it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from habar.app.database import Place, books_of
from habar.store.readings import Story


async def stories(where: Path | Place, sms_ids: Iterable[int]) -> list[Story]:
    """The stories of these messages, all of which there are. `where`: the data folder, or more."""
    found = []
    async with books_of(_place(where)) as store:
        for sms_id in sms_ids:
            story = await store.story(sms_id)
            assert story is not None, sms_id
            found.append(story)
    return found


async def hold_money(
    where: Path | Place, login: str, opening: int, price: int, messages: int
) -> None:
    """The ledger adds up to the balance, and so many messages were paid for, each once."""
    async with books_of(_place(where)) as store:
        balance = (await store.books.account(login)).funds.balance
        assert await store.books.ledger_sum(login) == balance
    assert opening - balance == price * messages


async def in_the_queue(where: Path | Place) -> int:
    """How many messages have not gone to the operator: they wait, or a node has them in hand."""
    async with books_of(_place(where)) as store:
        counts = await store.counts()
    return counts.waiting + counts.claimed


def _place(where: Path | Place) -> Place:
    return where if isinstance(where, Place) else Place(where)
