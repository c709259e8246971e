"""Old messages go while the gateway works, and nobody waits for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from habar.app.database import Place, books_of, open_store
from habar.app.gateway import Gateway
from habar.config import MessagesSettings, Settings, TextsSettings
from habar.model.message import Outcome, Submission
from habar.model.status import MessageState
from habar.operators.clock import SystemClock

from .conftest import PATIENCE, codes, get, message, post, running

DAY = 86_400_000
OLD = 3_000
AT_ONCE = 100


async def fill(data: Path, days: int) -> None:
    """Messages that came so many days ago, too late to be sent: they had ended at once."""
    store, _ = await open_store(Place(data))
    now = SystemClock().now_ms()
    at = now - days * DAY
    account = (await store.books.account("acme")).credentials.account.id
    late = Submission(
        account_id=account,
        customer_id=None,
        protocol=1,
        sender="TEXT_MSG",
        recipient=77771234567,
        text="Salem",
        data_coding=0,
        message_type=0,
        parts=1,
        priority=1,
        created_at=at,
        due_at=at,
        expires_at=at,
        operator_id=1,
        state=MessageState.EXPIRED,
    )
    for _ in range(OLD // AT_ONCE):
        answer: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        store.journal.submit([late] * AT_ONCE, answer.set_result)
        assert len(await answer) == AT_ONCE
    await store.close()


async def figure(gateway: Gateway, name: str) -> float:
    _, text = await get(gateway.addresses[0].port, "/metrics")
    [line] = [line for line in text.splitlines() if line.startswith(name + " ")]
    return float(line.split()[1])


async def old_and_new(settings: Settings) -> list[int]:
    """Fill the database of these settings; the ids of what is sent while the old ones go."""
    async with running(msgspec.structs.replace(settings, messages=MessagesSettings())):
        pass  # makes the account
    await fill(Path(settings.gateway.data), days=40)
    during = sent = 0
    async with running(settings) as gateway:
        retention = gateway.retention
        async with asyncio.timeout(2 * PATIENCE):
            while retention.messages + retention.texts < OLD:
                assert codes(await post(gateway, message())) == [MessageState.ACCEPTED]
                sent += 1
                during += 0 < retention.messages + retention.texts < OLD
        tidied = await figure(gateway, "habar_messages_tidied_total")
        blanked = await figure(gateway, "habar_texts_tidied_total")
        assert (tidied, blanked) == (retention.messages, retention.texts)
    assert during > 1, "answered while the old ones went"
    return list(range(OLD + 1, OLD + 1 + sent))


async def test_messages_are_taken_while_old_ones_go(settings: Settings) -> None:
    settings = msgspec.structs.replace(settings, messages=MessagesSettings(keep_days=30))
    new = await old_and_new(settings)
    async with books_of(Place.of(settings)) as store:
        assert await store.story(1) is None
        assert await store.story(OLD) is None
        for message_id in new:
            assert await store.story(message_id) is not None
        funds = (await store.books.account("acme")).funds
        assert funds.balance == await store.books.ledger_sum("acme")


async def test_messages_are_taken_while_old_texts_go(settings: Settings) -> None:
    settings = msgspec.structs.replace(settings, texts=TextsSettings(keep_days=30))
    new = await old_and_new(settings)
    async with books_of(Place.of(settings)) as store:
        for message_id, text in ((1, ""), (OLD, ""), (new[0], "Salem"), (new[-1], "Salem")):
            story = await store.story(message_id)
            assert story is not None
            assert story.submission.text == text
