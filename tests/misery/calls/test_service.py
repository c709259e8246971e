"""A customer's service that is slow, in trouble with one message, or answers what it should not."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from habar.callbacks import CallerSettings
from habar.model.retry import RetryPlan
from habar.store.callbacks import CallFilter, CallKind, CallStage
from habar.store.inbox import InboundState

from .bench import Bench, tries_in_order
from .phones import Said, pdus
from .station import host_of_account, url_of

ACCOUNT = 2
HOST = host_of_account(ACCOUNT)


def subscriber(number: int, text: str = "when?") -> Said:
    return Said(f"7777{number:07d}", ACCOUNT, text, 1, 0)


async def stage_of(bench: Bench, kind: CallKind) -> set[CallStage]:
    assert bench.up is not None
    rows = await bench.up.store.callbacks.listed(CallFilter(kind=kind), limit=1000)
    return {row.stage for row in rows}


@pytest.mark.parametrize(
    ("seconds", "state_is_told", "subscriber_is_told"),
    [(9.0, True, True), (29.0, False, True), (31.0, False, False)],
)
def test_a_slow_service_has_its_time_and_no_more(
    tmp_path: Path, seconds: float, state_is_told: bool, subscriber_is_told: bool
) -> None:
    """Ten seconds for a state, thirty for a subscriber's message; and it is called again."""
    bench = Bench(tmp_path, every=2.0, within=5.0)
    bench.hosts.moods[HOST].seconds = seconds

    async def work(bench: Bench) -> None:
        for number in range(1, 6):
            bench.send(ACCOUNT, number, url_of(ACCOUNT, "own"))
            said = subscriber(number)
            bench.phones.hand_on(said, *pdus(said, 0))
        await asyncio.sleep(600.0)
        told = await stage_of(bench, CallKind.STATE), await stage_of(bench, CallKind.INBOUND)
        open_or_blocked = {CallStage.WAITING, CallStage.CLAIMED, CallStage.BLOCKED}
        assert (told[0] == {CallStage.DONE}) == state_is_told
        assert (told[1] == {CallStage.DONE}) == subscriber_is_told
        assert state_is_told or told[0] <= open_or_blocked
        assert bench.hosts.most[HOST] <= bench.settings.per_host
        if not state_is_told:
            most = bench.settings.retry.most_attempts(600_000)
            assert len(bench.hosts.to(HOST)) <= 10 * most, "it is tried gently"
        bench.hosts.moods[HOST].seconds = 0.01
        await bench.settle()

    bench.run(work)
    assert tries_in_order(bench.hosts) == []
    [(replies,)] = bench.rows("SELECT count(DISTINCT reply_to) FROM message WHERE reply_to <> 0")
    assert replies == 5, "also whose web service was too slow the first time"


def test_one_message_that_is_in_trouble_holds_up_no_other(tmp_path: Path) -> None:
    """HTTP 500 for message 3 alone: its neighbours are told at once, it again and again."""
    bench = Bench(tmp_path, every=2.0, within=5.0)

    async def work(bench: Bench) -> None:
        bench.hosts.bad = lambda asked: asked["messageid"] == "3"
        for number in range(1, 101):
            bench.send(ACCOUNT, number, url_of(ACCOUNT, "own"))
        await asyncio.sleep(60.0)
        told = {v.asked["messageid"] for v in bench.hosts.visits if v.said_yes}
        assert told == {str(n) for n in range(1, 101) if n != 3}
        tried = [v for v in bench.hosts.visits if v.asked["messageid"] == "3"]
        assert 2 <= len(tried) <= bench.settings.retry.most_attempts(60_000)
        assert len({v.event for v in tried}) == 1, "what came later of it waits"
        assert bench.up is not None
        assert bench.up.caller.paused_hosts == 0
        bench.hosts.bad = lambda _: False
        await bench.settle()

    bench.run(work)
    assert tries_in_order(bench.hosts) == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("{{SMS:TEXT}}{{}}{{{short}}}{{77010000000}}{{hi}}", "subscriber"),
        ("{{SMS:TEXT}}{{}}{{8701}}{{{sender}}}{{hi}}", "short code"),
        ("{{SMS:TEXT}}{{}}{{{short}#777}}{{{sender}}}{{hi}}", "transaction id"),
        ("<html>thank you</html>", "form"),
        ("{{SMS:TEXT}}{{}}{{{short}}}{{{sender}}}{{" + "х" * 71 + "}}", "longer than one SMS"),
    ],
)
def test_what_is_no_answer_to_this_subscriber_goes_to_nobody(
    tmp_path: Path, answer: str, why: str
) -> None:
    bench = Bench(tmp_path, every=2.0)
    bench.hosts.answers = lambda asked: answer.format(**asked)

    async def work(bench: Bench) -> None:
        said = subscriber(1)
        bench.phones.hand_on(said, *pdus(said, 0))
        await asyncio.sleep(30.0)
        await bench.settle()
        assert bench.up is not None
        [row] = await bench.up.store.inbox.messages()
        assert row.state is InboundState.DELIVERED
        assert row.note.startswith("no reply: ")
        assert why in row.note
        assert "7701" not in row.note

    bench.run(work)
    assert bench.rows("SELECT count(*) FROM message") == [(0,)]
    assert len(bench.hosts.visits) == 1, "the web service has it: it is not asked again"


def test_clock_jumps_lose_nothing_and_make_no_storm(tmp_path: Path) -> None:
    """An hour back and a day forward while the host is down: all is told when it returns."""
    settings = CallerSettings(retry=RetryPlan(10_000, 3_600_000, 72 * 3_600_000))
    bench = Bench(tmp_path, settings=settings, every=2.0, within=5.0)
    hour = 3_600_000

    async def work(bench: Bench) -> None:
        bench.hosts.moods[HOST].down = True
        for jump in (0, -hour, 24 * hour, -hour):
            bench.wall.jump(jump)
            for number in range(10):
                bench.send(
                    ACCOUNT, number + 1 + 100 * len(bench.wall.jumps), url_of(ACCOUNT, "own")
                )
            await asyncio.sleep(300.0)
        tries = len(bench.hosts.to(HOST))
        jumps = len(bench.wall.jumps)
        bound = settings.host_pauses.most_attempts(1_200_000) + jumps + 5 + settings.per_host
        assert tries <= bound
        bench.hosts.moods[HOST].down = False
        await bench.settle()

    bench.run(work)
    assert tries_in_order(bench.hosts) == []
    assert {row[0] for row in bench.rows("SELECT stage FROM callback")} == {CallStage.DONE}


def test_a_store_that_is_away_is_asked_gently_and_all_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, every=2.0, within=20.0)
    looks = []

    async def work(bench: Bench) -> None:
        assert bench.up is not None
        caller = bench.up.caller
        ask = bench.up.store.journal.ask

        def counted(question: object, done: object) -> None:
            looks.append(type(question).__name__)
            ask(question, done)

        monkeypatch.setattr(bench.up.store.journal, "ask", counted)
        for number in range(1, 41):
            bench.send(ACCOUNT, number, url_of(ACCOUNT, "own"))
            said = subscriber(number)
            bench.phones.hand_on(said, *pdus(said, 0))
        await asyncio.sleep(1.0)
        bench.disk.fault = sqlite3.SQLITE_FULL
        before = len(looks), len(bench.hosts.visits)
        await asyncio.sleep(300.0)
        assert caller.in_hand <= 2 * bench.settings.total + 3
        assert len(bench.hosts.visits) - before[1] <= 2 * bench.settings.total
        assert looks[before[0] :].count("ClaimCalls") <= 5 * 300 * 2, "a look or two a fifth second"
        bench.disk.fault = 0
        await bench.settle()

    bench.run(work)
    assert tries_in_order(bench.hosts) == []
    [(replies,)] = bench.rows("SELECT count(*) FROM message WHERE reply_to <> 0")
    assert replies == 40
