"""Death and restart: nothing that was answered is lost, and the story tells what is uncertain."""

from __future__ import annotations

import asyncio
import subprocess
from typing import Any

import pytest

from habar.errors import AlreadyOpen, StoreUnavailable

NOW = 1_790_000_000_000
HOUR = 3_600_000


async def test_what_was_in_hand_is_back_in_the_queue(engine: Any, desk: Any) -> None:
    waiting, held = await desk.new(), await desk.claimed()
    sent = await desk.claimed()
    await desk.accept(sent, "1")
    engine.die(desk.store)
    desk.store = engine.new()
    assert await desk.store.open(NOW + HOUR) == 1
    assert [(out.message_id, out.repeats) for out in await desk.claim()] == [
        (waiting, 0),
        (held, 1),
    ]
    story = await desk.story(held)
    assert (story.repeats, story.uncertain_at) == (1, NOW + HOUR)
    assert (await desk.story(sent)).submission.stage == 2
    await desk.store.close()


async def test_a_clean_stop_leaves_no_doubt(engine: Any, desk: Any) -> None:
    held = await desk.claimed()
    await desk.store.close()
    store = engine.new()
    assert await store.open(NOW + HOUR) == 0
    desk.store = store
    [out] = await desk.claim()
    assert (out.message_id, out.repeats) == (held, 0)
    await store.close()


async def test_ids_go_on_after_a_clean_stop_and_jump_after_a_death(desk: Any, again: Any) -> None:
    first = await desk.new()
    desk = await again(desk)
    second = await desk.new()
    assert first < second <= first + 1001
    await desk.store.close()
    await desk.store.open(NOW)
    assert await desk.new() == second + 1
    await desk.store.close()


async def test_one_gateway_at_a_time(engine: Any, desk: Any) -> None:
    with pytest.raises(AlreadyOpen):
        await engine.open()
    assert await desk.new() == 1
    await desk.store.close()
    await engine.open()


async def test_a_command_reads_and_writes_beside_the_gateway(engine: Any, desk: Any) -> None:
    beside = await engine.beside()
    message = await desk.new()
    version = await desk.store.books.version()
    await beside.books.add_sender("shop", "SHOP", actor="ann", now=NOW)
    assert await desk.store.books.version() != version
    assert (await beside.story(message)).login == "shop"
    await beside.close()
    assert "SHOP" in (await desk.store.books.account("shop")).credentials.account.senders
    assert await desk.new() == message + 1


async def test_a_command_does_not_take_what_the_gateway_holds(engine: Any, desk: Any) -> None:
    held = await desk.claimed()
    await (await engine.beside()).close()
    assert (await desk.story(held)).submission.stage == 1


async def test_a_store_that_is_not_open_says_so(engine: Any) -> None:
    with pytest.raises(StoreUnavailable):
        await engine.new().story(1)


async def test_a_queue_of_thousands_is_taken_back(engine: Any, desk: Any) -> None:
    held = [desk.message(price=0, stage=1) for _ in range(500)]
    for _ in range(4):
        await desk.submit(*held)
    engine.die(desk.store)
    desk.store = engine.new()
    assert await desk.store.open(NOW + HOUR) == 2000
    assert (await desk.store.counts()).waiting == 2000
    await desk.store.close()


@pytest.mark.parametrize("lines", [1, 5, 25, 60])
async def test_kill_at_any_moment_loses_nothing_answered(
    engine: Any, desk: Any, lines: int
) -> None:
    await desk.store.close()
    told = await asyncio.to_thread(killed_after, lines, engine.child())
    desk.store = await engine.open(NOW + HOUR)
    for answer in told:
        number, size = map(int, answer.split(":"))
        assert (await desk.story(number)).submission.text == str(size)
    assert len(told) == len(set(told)) >= lines
    assert await desk.new() > max(int(answer.split(":")[0]) for answer in told)
    assert await desk.balanced()


def killed_after(lines: int, command: list[str]) -> list[str]:
    """What a child told before it was killed by SIGKILL."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        rest = child.stdout.read()
    whole = [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    return " ".join([*told, *whole]).split()
