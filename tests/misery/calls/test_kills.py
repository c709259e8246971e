"""Killed at the worst moments: nobody is forgotten, and nobody is answered twice."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from .bench import Bench, tries_in_order
from .hosts import Hosts
from .phones import Said, pdus
from .station import host_of_account

SUBSCRIBER = Said("77770000001", 2, "when?", 1, 0)


def replies(bench: Bench) -> list[tuple[int, str]]:
    """To whom, and what."""
    return bench.rows("SELECT recipient, text FROM message WHERE reply_to <> 0")


async def asked(bench: Bench) -> None:
    """The subscriber's message is here, and his customer is being asked."""
    bench.phones.hand_on(SUBSCRIBER, *pdus(SUBSCRIBER, 0))
    await bench.hosts.called.wait()


def answered_once(hosts: Hosts, bench: Bench) -> None:
    assert replies(bench) == [(int(SUBSCRIBER.sender), "re when?")]
    assert len({visit.event for visit in hosts.visits if visit.subject[0] == "inbound"}) == 1
    assert tries_in_order(hosts) == []


@pytest.mark.parametrize("later", [0.0, 0.1, 0.3, 0.6, 0.9, 1.2])
def test_a_bad_disk_and_a_kill_lose_no_answer(tmp_path: Path, later: float) -> None:
    """The disk refuses as the answer comes; it is well again, and then the gateway is killed."""
    bench = Bench(tmp_path)
    bench.hosts.moods[host_of_account(2)].seconds = 0.7

    async def work(bench: Bench) -> None:
        await asked(bench)
        await asyncio.sleep(0.6)
        bench.disk.fault = sqlite3.SQLITE_IOERR
        await asyncio.sleep(0.2)
        bench.disk.fault = 0
        await asyncio.sleep(later)
        await bench.die()
        await bench.settle()

    bench.run(work)
    answered_once(bench.hosts, bench)


def test_a_kill_anywhere_between_the_call_and_its_record(tmp_path: Path) -> None:
    """The answer is here; so many turns of the loop later the gateway is gone."""
    courses = {killed_after(tmp_path, turns) for turns in range(1, 16)}
    again = "no reply: the subscriber was answered before"
    assert courses == {(2, ""), (2, again), (1, "")}, "before, between and after the two commits"


def killed_after(folder: Path, turns: int) -> tuple[int, str]:
    """How often the web service was called, and what staff can read."""
    home = folder / str(turns)
    home.mkdir()
    bench = Bench(home)
    bench.hosts.moods[host_of_account(2)].seconds = 0.7

    async def work(bench: Bench) -> None:
        await asked(bench)
        await asyncio.sleep(0.68)
        reached = bench.loop.create_future()
        bench.loop.in_the_midst(turns, lambda: reached.set_result(None))
        await reached
        await bench.die()
        await bench.settle()

    bench.run(work)
    answered_once(bench.hosts, bench)
    assert bench.rows("SELECT status, error FROM callback_try") == [(200, "")]
    [(note,)] = bench.rows("SELECT note FROM inbound")
    return len(bench.hosts.visits), note


@pytest.mark.parametrize("turns", range(1, 11))
def test_a_stop_anywhere_around_the_answer(tmp_path: Path, turns: int) -> None:
    """An orderly one loses nothing either, and what was called is not called again."""
    bench = Bench(tmp_path)
    bench.hosts.moods[host_of_account(2)].seconds = 0.7

    async def work(bench: Bench) -> None:
        await asked(bench)
        await asyncio.sleep(0.68)
        reached = bench.loop.create_future()
        bench.loop.in_the_midst(turns, lambda: reached.set_result(None))
        await reached
        assert bench.up is not None
        await bench.up.stop()
        await bench.begin()
        await bench.settle()

    bench.run(work)
    answered_once(bench.hosts, bench)
    assert len(bench.hosts.visits) == 1
    assert bench.rows("SELECT note FROM inbound") == [("",)]


def test_a_call_cut_off_by_a_kill_is_made_again_with_its_id(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.hosts.moods[host_of_account(2)].seconds = 5.0

    async def work(bench: Bench) -> None:
        await asked(bench)
        await bench.die()
        await bench.settle()

    bench.run(work)
    first, second = bench.hosts.visits
    assert (first.event, first.said_yes) == (second.event, False)
    assert second.said_yes
    answered_once(bench.hosts, bench)


@pytest.mark.parametrize("turns", range(1, 9))
def test_a_kill_before_the_acknowledgement(tmp_path: Path, turns: int) -> None:
    """The operator sends again what was not acknowledged: a part is known, nothing is lost."""
    bench = Bench(tmp_path)
    said = Said("77770000002", 2, "a long story " * 30, 3, 0)
    first, *rest = pdus(said, 7)

    async def work(bench: Bench) -> None:
        reached = bench.loop.create_future()
        bench.loop.in_the_midst(turns, lambda: reached.set_result(None))
        again = asyncio.ensure_future(bench.phones.outbox.work())
        bench.phones.hand_on(said, first)
        await reached
        await bench.die()
        for pdu in rest:
            bench.phones.hand_on(said, pdu)
        await bench.settle()
        again.cancel()

    bench.run(work)
    assert bench.rows("SELECT text, parts, missing FROM inbound") == [(said.text, 3, 0)]
    assert bench.phones.outbox.open == 0


def test_half_of_a_long_message_survives_a_kill(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    said = Said("77770000003", 2, "Ұзын хат. " * 20, 3, 0)
    first, second, third = pdus(said, 8)

    async def work(bench: Bench) -> None:
        bench.phones.hand_on(said, third)
        bench.phones.hand_on(said, first)
        await asyncio.sleep(1.0)
        await bench.die()
        assert bench.rows("SELECT count(*) FROM inbound_segment") == [(2,)]
        bench.phones.hand_on(said, second)
        await bench.settle()

    bench.run(work)
    assert bench.rows("SELECT text, parts, missing FROM inbound") == [(said.text, 3, 0)]
    assert [visit.asked["msgdata"] for visit in bench.hosts.visits] == [said.text]
