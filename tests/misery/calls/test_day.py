"""A customer's service that is away for a day, slow, or in trouble with one message alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from habar.callbacks import CallerSettings
from habar.config.settings import CallbacksSettings
from habar.store.callbacks import CallFilter, CallStage
from habar.store.inbox import InboundState

from .bench import Bench, tries_in_order
from .phones import Said
from .station import host_of_account, url_of

HOUR = 3_600.0
AWAY = 26 * HOUR
LIVING, DEAD = 0, 2
"""Accounts, by number."""


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle gateway looks five times a second: a day of that is a minute of real time."""
    monkeypatch.setattr("habar.callbacks.lookout._LOOK", 5.0)
    monkeypatch.setattr("habar.callbacks.sweep._EVERY", 60.0)


def settings(hours: float) -> CallerSettings:
    return CallerSettings.of(CallbacksSettings(give_up_hours=hours))


async def a_day_away(bench: Bench, count: int) -> float:
    """The dead customer's host goes, all the day there is something to tell it, and it returns."""
    host = host_of_account(DEAD)
    bench.hosts.moods[host].down = True
    went = bench.loop.time()
    saying = []
    for number in range(count):
        bench.send(DEAD, number + 1, url_of(DEAD, "own"))
        bench.send(LIVING, number + 1, url_of(LIVING, "own"))
        said = Said(f"7777{number:07d}", DEAD, f"{number} hello", 1, 0)
        saying.append(asyncio.ensure_future(bench.phones.work([said], 1.0)))
        await asyncio.sleep(AWAY / count)
    await asyncio.gather(*saying)
    bench.hosts.moods[host].down = False
    return went


@pytest.mark.parametrize("hours", [24, 72])
def test_a_service_is_away_for_a_day(tmp_path: Path, hours: int) -> None:
    bench = Bench(tmp_path, settings=settings(hours), every=20.0)
    count = 60
    host = host_of_account(DEAD)

    async def work(bench: Bench) -> None:
        went = await a_day_away(bench, count)
        returned = bench.loop.time()
        tries = bench.hosts.to(host)
        pauses = bench.settings.host_pauses
        bound = (
            bench.settings.host_failures
            + bench.settings.per_host
            + pauses.most_attempts(int((returned - went) * 1000))
        )
        assert 10 < len(tries) <= bound
        assert bench.hosts.most[host] == 0
        await bench.settle()
        living = [v for v in bench.hosts.to(host_of_account(LIVING)) if v.began < returned]
        assert len({v.event for v in living}) >= 2 * count - 4, "the living one is told meanwhile"
        hold_given_up(bench, hours, returned)
        await replay_all(bench, hours)

    bench.run(work)
    assert tries_in_order(bench.hosts) == []
    yes = Counter(v.event for v in bench.hosts.visits if v.said_yes)
    [(owed,)] = bench.rows("SELECT count(*) FROM callback")
    assert len(yes) == owed >= 5 * count, "two words or more a message, one a subscriber's"


def hold_given_up(bench: Bench, hours: int, returned: float) -> None:
    """Exactly those that were too old when the service came back, and none with 72 hours."""
    host = host_of_account(DEAD)
    rows = bench.rows(
        "SELECT id, since, stage, kind, subject FROM callback WHERE host = ?", f"http://{host}"
    )
    began = bench.wall.now_ms() - int(bench.loop.time() * 1000)
    back = began + int(returned * 1000)
    old = {row[0] for row in rows if row[1] < back - hours * 3_600_000 - 10_000}
    young = {row[0] for row in rows if row[1] > back - hours * 3_600_000 + 700_000}
    given_up = {row[0] for row in rows if row[2] == CallStage.GIVEN_UP}
    assert given_up >= old
    assert not given_up & young
    assert bool(given_up) == (hours == 24)
    undelivered = {
        number
        for (number,) in bench.rows(
            "SELECT id FROM inbound WHERE state = ?", InboundState.UNDELIVERED
        )
    }
    assert undelivered == {row[4] for row in rows if row[0] in given_up and row[3] == 2}


async def replay_all(bench: Bench, hours: int) -> None:
    """Staff see what was given up, and have it called again."""
    assert bench.up is not None
    callbacks = bench.up.store.callbacks
    listed = await callbacks.listed(CallFilter(stage=CallStage.GIVEN_UP), limit=1000)
    assert bool(listed) == (hours == 24)
    ids = [row.id for row in listed]
    for row in listed:
        assert row.login == f"account{DEAD}"
    now = bench.wall.now_ms()
    again = await callbacks.replay(ids, actor="test", now=now)
    assert sorted(again) == sorted(ids)
    await bench.settle()
    assert not await callbacks.listed(CallFilter(stage=CallStage.GIVEN_UP), limit=1)
    assert not bench.rows("SELECT id FROM inbound WHERE state <> ?", InboundState.DELIVERED)
