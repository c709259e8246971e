"""Two binds to one SMSC: both work, one may drop or be given back, and all may be lost at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from habar.store.events import PartAccepted, Released
from habar.store.nodes import Slot, Slots

WINDOW = 5


def drafts(count: int) -> list[tuple[Any, ...]]:
    return [(None, f"7701{n:07d}", None, None, None, None, f"text {n}") for n in range(count)]


async def all_delivered(rig: Any, ids: list[int]) -> None:
    for message_id in ids:
        await rig.ends(message_id, 102)


def released(rig: Any, *, uncertain: bool) -> set[int]:
    events = [e for e in rig.store.journal.events if isinstance(e, Released)]
    return {m for e in events if e.uncertain is uncertain for m in e.message_ids}


def in_window(rig: Any, number: int) -> set[int]:
    """The messages that are on their way by the link in this slot."""
    tokens: Any = rig.lane.links._links[number]._session.smpp.outstanding
    return {flight.message.message_id for flight, _ in tokens}


def drop_one(rig: Any, number: int) -> None:
    """The network, not the operator: it keeps what it has read."""
    rig.lane.links._links[number]._session.abort("the network is gone")


@pytest.fixture
async def rig(make_rig: Any) -> Any:
    made = await make_rig(binds=2, window=WINDOW)
    await made.up()
    return made


async def test_both_binds_get_work(rig: Any) -> None:
    ids = await rig.submit(*drafts(60))
    await all_delivered(rig, ids)
    assert (rig.sim.counts.unique, rig.sim.counts.repeated) == (60, 0)
    by_session = Counter(received.session for received in rig.sim.received)
    assert len(by_session) == 2
    assert min(by_session.values()) >= WINDOW


async def test_both_windows_are_filled_and_no_more(rig: Any) -> None:
    rig.sim.stall(True)
    ids = await rig.submit(*drafts(30))
    await rig.sim.wait_for(2 * WINDOW)
    assert rig.lane.links.window_used == 2 * WINDOW
    rig.sim.stall(False)
    await all_delivered(rig, ids)
    assert rig.sim.counts.repeated == 0


async def test_one_drops_and_the_other_goes_on_and_only_the_dropped_window_is_uncertain(
    rig: Any,
) -> None:
    rig.sim.stall(True)
    ids = await rig.submit(*drafts(30))
    await rig.sim.wait_for(2 * WINDOW)
    dropped = in_window(rig, 1)
    drop_one(rig, 1)
    await rig.when(lambda: rig.lane.links.counters.drops == 1)
    assert rig.lane.open
    rig.sim.stall(False)
    await all_delivered(rig, ids)
    assert len(dropped) == WINDOW
    assert released(rig, uncertain=True) == dropped
    assert released(rig, uncertain=False) == set()
    assert rig.sim.counts.repeated == WINDOW
    for message_id in ids:
        assert (await rig.story(message_id)).repeats == (message_id in dropped)
    await rig.when(lambda: rig.lane.links.bound == 2)


async def test_a_surplus_bind_is_emptied_and_given_back_without_a_repeat(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, surplus = Slot(rig.settings.id, 1), Slot(rig.settings.id, 2)
    given: list[Slot] = []

    async def slots(_wanted: object) -> Slots:
        return Slots(frozenset({kept}), frozenset({surplus}) - set(given))

    async def give_back(slot: Slot) -> None:
        given.append(slot)
        rig.store.journal.rung.set()

    rig.sim.stall(True)
    ids = await rig.submit(*drafts(30))
    await rig.sim.wait_for(2 * WINDOW)
    monkeypatch.setattr(rig.store, "slots", slots, raising=False)
    monkeypatch.setattr(rig.store, "give_back", give_back, raising=False)
    rig.clock.skip(1000)
    await rig.when(lambda: len(rig.lane.links._used) == 1)
    assert given == []
    rig.sim.stall(False)
    await all_delivered(rig, ids)
    await rig.when(lambda: given == [surplus])
    assert (rig.lane.links.held, rig.lane.links.bound) == (1, 1)
    assert (rig.sim.counts.unique, rig.sim.counts.repeated) == (30, 0)
    assert rig.sim.counts.unbinds == 1
    by_session = Counter(received.session for received in rig.sim.received)
    assert sorted(by_session.values()) == [WINDOW, 30 - WINDOW]
    assert released(rig, uncertain=True) | released(rig, uncertain=False) == set()


async def test_when_the_run_is_lost_with_full_windows_nothing_more_is_sent_or_taken_in(
    rig: Any,
) -> None:
    rig.sim.stall(True)
    ids = await rig.submit(*drafts(30))
    await rig.sim.wait_for(2 * WINDOW)
    sessions = list(rig.sim.sessions)
    rig.dispatcher.watcher.lost()
    assert (rig.lane.links.up, rig.lane.links.room, rig.lane.links.held) == (False, 0, 0)
    rig.sim.stall(False)  # its answers, and the receipts after them, meet closed connections
    await rig.sim.wait_for(lambda sim: not any(s in sim.sessions for s in sessions))
    assert rig.sim.counts.submitted == 2 * WINDOW
    assert rig.sim.counts.receipts_acknowledged == 0
    assert not [e for e in rig.store.journal.events if isinstance(e, PartAccepted)]
    rig.clock.skip(1000)  # the next round
    await rig.up()
    await all_delivered(rig, ids)
    assert released(rig, uncertain=True) == set(ids[: 2 * WINDOW])
    assert rig.sim.counts.repeated == 2 * WINDOW


async def test_a_stop_gives_all_binds_back(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Slot] = []

    async def give_back(slot: Slot) -> None:
        assert rig.lane.links.held == 0, "not before the links are closed"
        given.append(slot)

    monkeypatch.setattr(rig.store, "give_back", give_back, raising=False)
    await rig.ends(await rig.send("77010000001"), 102)
    await rig.dispatcher.drain(5.0)
    assert given == [Slot(rig.settings.id, 1), Slot(rig.settings.id, 2)]
    await rig.sim.wait_for(lambda sim: sim.counts.unbinds == 2)
