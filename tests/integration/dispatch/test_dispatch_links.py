"""Links that drop, hang, refuse and come back; stores that are away: nothing is lost of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
import trustme

from habar.model.status import MessageState, Stage
from habar.operators import BindKind, IdForm, LinkState, Quirks
from habar.simulator import Settings, Simulator
from habar.store.events import Postponed, Released
from habar.wire.smpp import CommandStatus

MANY = 60


def drafts(count: int) -> list[tuple[Any, ...]]:
    return [(None, f"7701{n:07d}", None, None, None, None, f"text {n}") for n in range(count)]


async def all_delivered(rig: Any, ids: list[int]) -> None:
    async def done() -> bool:
        stories = [await rig.story(message_id) for message_id in ids]
        return all(s.submission.state == MessageState.DELIVERED for s in stories)

    await rig.until(done)


def released(rig: Any) -> list[tuple[set[int], bool]]:
    events = [e for e in rig.store.journal.events if isinstance(e, Released)]
    return [(set(e.message_ids), e.uncertain) for e in events]


# --- Drops ---------------------------------------------------------------------------------------
async def test_a_drop_with_an_open_window_sends_again_and_the_story_says_so(make_rig: Any) -> None:
    rig = await make_rig(window=10)
    await rig.up()
    rig.sim.stall(True)
    ids = await rig.submit(*drafts(30))
    await rig.sim.wait_for(10)
    assert rig.lane.links.window_used == 10
    rig.sim.drop_links()
    rig.sim.stall(False)
    await all_delivered(rig, ids)
    in_window, others = set(ids[:10]), set(ids[10:])
    assert released(rig) == [(in_window, True), (others, False)]
    repeats = {message_id: (await rig.story(message_id)).repeats for message_id in ids}
    assert {message_id for message_id, n in repeats.items() if n == 1} == in_window
    assert rig.sim.counts.unique == 30
    assert rig.sim.counts.repeated == 10, "those in the window, and no others"
    assert (await rig.story(ids[0])).uncertain_at is not None


async def test_a_link_over_which_messages_went_comes_back_without_a_growing_pause(
    make_rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = await make_rig()
    await rig.up()
    failures: list[int] = []
    pause = rig.link._pause

    def noted(count: int) -> float:
        failures.append(count)
        return float(pause(count))

    monkeypatch.setattr(rig.link, "_pause", noted)
    for number in range(3):
        await rig.ends(await rig.send(f"7701000000{number}"), 102)
        rig.sim.drop_links()
        await rig.when(lambda binds=number + 2: rig.lane.links.counters.binds == binds)
    rig.sim.drop_links()  # bound, and nothing was sent over it
    await rig.when(lambda: rig.lane.links.counters.binds == 5)
    assert failures == [1, 1, 1, 2]


async def test_a_link_that_drops_again_and_again_loses_nothing(
    make_rig: Any, when_taken: list[Any]
) -> None:
    rig = await make_rig(window=5)
    await rig.up()
    taken = 0

    def drop_now_and_then(_: object) -> None:
        nonlocal taken
        taken += 1
        if taken % 7 == 0 and taken < 60:
            rig.sim.drop_links()

    when_taken.append(drop_now_and_then)
    ids = await rig.submit(*drafts(MANY))
    await all_delivered(rig, ids)
    assert rig.sim.counts.unique == MANY
    assert rig.lane.links.counters.drops >= 4
    doubled = [m for m in ids if (await rig.story(m)).repeats]
    assert rig.sim.counts.repeated <= len(doubled) * rig.lane.links.counters.drops


async def test_an_smsc_that_is_restarted_is_found_again(make_rig: Any) -> None:
    rig = await make_rig()
    await rig.up()
    await rig.ends(await rig.send("77010000001"), 102)
    rig.sim.stop_listening()
    rig.sim.drop_links()
    await rig.when(lambda: rig.lane.links.state is LinkState.DOWN)
    ids = await rig.submit(*drafts(20))
    await rig.when(lambda: "refused" in rig.lane.links.last_error.lower())
    assert rig.lane.places == 0, "nothing is kept in memory for an operator that is away"
    await rig.sim.listen_again()
    await all_delivered(rig, ids)
    assert rig.sim.counts.repeated == 0


async def test_a_bind_that_is_refused_is_tried_until_it_is_accepted(make_rig: Any) -> None:
    rig = await make_rig()
    rig.sim.refuse_binds(CommandStatus.ESME_RBINDFAIL)
    rig.sim.drop_links()
    await rig.sim.wait_for(lambda sim: sim.counts.binds_refused >= 2)
    message_id = await rig.send("77010000001")
    assert "ESME_RBINDFAIL" in rig.lane.links.last_error
    rig.sim.refuse_binds(None)
    await rig.ends(message_id, 102)


async def test_a_wrong_password_is_told_and_never_shown(
    make_rig: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = await make_rig(password="hunter2")
    await rig.sim.wait_for(lambda sim: sim.counts.binds_refused >= 1)
    await rig.when(lambda: rig.lane.links.last_error != "")
    assert rig.lane.links.last_error.startswith("bind refused: ESME_RINVPASWD")
    assert "hunter2" not in capsys.readouterr().out


async def test_a_system_id_that_no_bind_can_hold_is_told(make_rig: Any) -> None:
    rig = await make_rig(system_id="x" * 40)
    await rig.when(lambda: "cannot be written" in rig.lane.links.last_error)


async def test_the_smsc_unbinds_and_the_link_comes_back(make_rig: Any, sim: Simulator) -> None:
    rig = await make_rig()
    await rig.up()
    await sim.close()
    await rig.when(lambda: rig.lane.links.state is LinkState.DOWN)
    assert rig.lane.links.last_error == "the operator unbound"
    await sim.listen_again()
    await rig.ends(await rig.send("77010000001"), 102)
    assert rig.lane.links.counters.binds == 2


# --- An SMSC that hangs --------------------------------------------------------------------------
async def test_a_dead_smsc_is_noticed_by_enquire_link_and_left(make_rig: Any) -> None:
    rig = await make_rig(enquire_link=0.05, response_timeout=30.0)
    await rig.up()
    rig.sim.stall(True)
    ids = await rig.submit(*drafts(3))
    await rig.when(lambda: rig.lane.links.counters.drops == 1)
    assert "enquire_link" in rig.lane.links.last_error
    rig.sim.stall(False)
    await all_delivered(rig, ids)
    assert released(rig)[0] == (set(ids), True)


async def test_a_submit_that_is_never_answered_is_uncertain_and_tried_again(make_rig: Any) -> None:
    rig = await make_rig(response_timeout=0.1)
    await rig.up()
    rig.sim.response_delay = 3600.0
    message_id = await rig.send("77010000001")
    await rig.when(lambda: rig.lane.links.counters.timed_out >= 1)
    rig.sim.response_delay = 0.0
    rig.sim.drop_links()  # with it, the answers that are still to come
    await rig.ends(message_id, 102)
    story = await rig.story(message_id)
    assert story.repeats >= 1
    assert story.uncertain_at is not None
    (first, *_) = [e for e in rig.store.journal.events if isinstance(e, Postponed)]
    assert (first.error, first.uncertain) == ("NO_ANSWER", True)


async def test_a_receipt_that_outruns_its_response_is_matched(make_rig: Any) -> None:
    rig = await make_rig()
    await rig.up()
    rig.sim.response_delay, rig.sim.receipt_delay = 0.1, 0.0
    story = await rig.ends(await rig.send("77010000001"), 102)
    assert story.parts[0].receipts == 1
    assert rig.receipts.unmatched == 1, "it came when nobody knew the id yet"
    assert await rig.store.unmatched_receipts(10) == []


# --- Throttling ----------------------------------------------------------------------------------
async def test_a_burst_of_throttling_slows_the_link_and_loses_nothing(make_rig: Any) -> None:
    rig = await make_rig(window=10)
    await rig.up()
    rig.sim.refuse_submits(CommandStatus.ESME_RTHROTTLED)
    ids = await rig.submit(*drafts(MANY))
    await rig.sim.wait_for(lambda sim: sim.counts.throttled >= 10)
    rig.sim.refuse_submits(None)
    await all_delivered(rig, ids)
    assert rig.sim.counts.unique == MANY
    assert rig.sim.counts.repeated == 0
    assert rig.sim.counts.throttled == 10, "the link rested after one window, no storm"


async def test_a_passing_error_of_the_operator_s_is_waited_out(make_rig: Any) -> None:
    rig = await make_rig()
    await rig.up()
    rig.sim.refuse_submits(CommandStatus.ESME_RSYSERR)
    message_id = await rig.send("77010000001")
    await rig.sim.wait_for(lambda sim: sim.counts.refused >= 2)
    rig.sim.refuse_submits(None)
    story = await rig.ends(message_id, 102)
    assert story.last_error == "ESME_RSYSERR"
    assert story.attempts >= 2


# --- The store is away ---------------------------------------------------------------------------
async def test_while_the_journal_cannot_write_nothing_more_is_sent_and_nothing_lost(
    make_rig: Any,
) -> None:
    rig = await make_rig(window=5)
    await rig.up()
    rig.sim.stall(True)
    ids = await rig.submit(*drafts(30))
    await rig.sim.wait_for(5)
    thief = rig.lock_file()
    rig.sim.stall(False)
    await rig.when(lambda: rig.lane.unsettled == 5)
    await rig.when(lambda: not rig.store.journal.healthy)
    assert rig.sim.counts.submitted == 5, "the places are free when the answers are on disk"
    assert rig.sim.counts.receipts_acknowledged == 0
    thief.execute("ROLLBACK")
    thief.close()
    await all_delivered(rig, ids)
    assert (rig.sim.counts.unique, rig.sim.counts.repeated) == (30, 0)
    await rig.sim.wait_for(lambda sim: sim.counts.receipts_acknowledged == 30)


async def test_a_claim_that_the_store_cannot_answer_is_made_again(make_rig: Any) -> None:
    rig = await make_rig()
    rig.sim.refuse_binds(CommandStatus.ESME_RBINDFAIL)
    rig.sim.drop_links()
    await rig.when(lambda: rig.lane.links.state is LinkState.DOWN)
    ids = await rig.submit(*drafts(20))
    thief = rig.lock_file()
    rig.sim.refuse_binds(None)
    await rig.when(lambda: rig.lane.supply.failures >= 1)
    thief.execute("ROLLBACK")
    thief.close()
    await rig.when(lambda: rig.store.journal.healthy)
    rig.clock.skip(1000)
    await all_delivered(rig, ids)


# --- Stopping and starting -----------------------------------------------------------------------
async def test_drain_waits_for_the_window_and_the_next_start_sends_the_rest(make_rig: Any) -> None:
    first = await make_rig(window=5)
    await first.up()
    first.sim.response_delay = 0.05
    ids = await first.submit(*drafts(MANY))
    await first.stop()
    assert first.sim.counts.unbinds == 1
    sent_before = first.sim.counts.submitted
    assert sent_before < MANY
    second = await make_rig(window=50)
    assert second.recovered == 0, "nothing was left in hand"
    await second.up()
    second.sim.response_delay = 0.0
    await all_delivered(second, ids)
    assert (second.sim.counts.unique, second.sim.counts.repeated) == (MANY, 0)


async def test_what_waits_is_bounded_in_memory_and_all_arrives(
    make_rig: Any, when_taken: list[Any]
) -> None:
    rig = await make_rig(ahead=10, window=3)
    await rig.up()
    most = 0

    def look(_: object) -> None:
        nonlocal most
        most = max(most, rig.lane.places)

    when_taken.append(look)
    ids = await rig.submit(*drafts(MANY))
    await all_delivered(rig, ids)
    assert 0 < most <= 10
    texts = [int(received.text.split()[1]) for received in rig.sim.received]
    assert texts == sorted(texts), "in the account's order, from memory and from disk"


async def test_a_deleted_message_does_not_go(make_rig: Any) -> None:
    rig = await make_rig(window=1)
    await rig.up()
    rig.sim.stall(True)
    first, second = await rig.submit(*drafts(2))
    await rig.sim.wait_for(1)
    assert rig.dispatcher.withdraw(second)
    assert not rig.dispatcher.withdraw(first)
    rig.sim.stall(False)
    await rig.ends(first, 102)
    assert rig.sim.counts.submitted == 1


async def test_an_operator_nobody_serves_has_no_room(rig: Any) -> None:
    assert not rig.dispatcher.reserve(99, 1, 1)
    rig.dispatcher.waiting(99, 1, 1, 0)


# --- Ways of operators ---------------------------------------------------------------------------
async def test_over_the_throughput_nothing_goes(make_rig: Any) -> None:
    rig = await make_rig(throughput=50, window=100)
    await rig.up()
    ids = await rig.submit(*drafts(20))
    await all_delivered(rig, ids)
    spent = rig.sim.received[-1].received_ms - rig.sim.received[0].received_ms
    assert spent >= 1000 * (20 - 6 - 1) / 50, "six at once, the others one each 20 ms"


async def test_a_subscriber_s_message_is_taken(rig: Any) -> None:
    rig.sim.deliver("77010000001", "1414", "Hi")
    await rig.sim.wait_for(lambda sim: sim.counts.delivered_acknowledged == 1)
    [message] = await rig.store.inbox.messages()
    assert (message.sender, message.short_code, message.text) == ("77010000001", "1414", "Hi")
    assert rig.receipts.receipts == 0


async def test_a_receiver_takes_receipts_and_sends_nothing(make_rig: Any) -> None:
    rig = await make_rig(bind=BindKind.RECEIVER)
    await rig.up()
    message_id = await rig.send("77010000001")
    rig.sim.deliver("77010000001", "1414", "Hi")
    await rig.sim.wait_for(lambda sim: sim.counts.delivered_acknowledged == 1)
    assert rig.sim.counts.submitted == 0
    assert (await rig.story(message_id)).submission.stage == Stage.WAITING


async def test_over_tls(tls_front: Callable[..., Any], make_rig: Any, sim: Simulator) -> None:
    port, context = await tls_front(sim)
    rig = await make_rig(host="localhost", port=port, tls=context)
    await rig.up()
    await rig.ends(await rig.send("77010000001"), 102)
    await rig.dispatcher.drain(2.0)
    await sim.wait_for(lambda _: not sim.sessions)


@pytest.fixture
async def tls_front() -> Any:
    """A TLS listener that passes everything on to the simulator, as an operator's front does."""
    async with AsyncExitStack() as closing:

        async def make(sim: Simulator) -> tuple[int, ssl.SSLContext]:
            authority = trustme.CA()
            server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("localhost").configure_cert(server_side)
            client_side = ssl.create_default_context()
            authority.configure_trust(client_side)

            async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                there, back = await asyncio.open_connection(sim.host, sim.port)
                await asyncio.gather(pump(reader, back), pump(there, writer))

            server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=server_side)
            closing.callback(server.close)
            return server.sockets[0].getsockname()[1], client_side

        yield make


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until its end, and then close the other side."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def test_hex_ids_in_responses_and_receipts(make_rig: Any) -> None:
    async with Simulator(Settings(port=0, receipt_delay=0.0, message_ids="hex")) as sim:
        quirks = Quirks(response_id=IdForm.HEX, receipt_id=IdForm.HEX)
        rig = await make_rig(port=sim.port, quirks=quirks)
        await rig.up()
        story = await rig.ends(await rig.send("77010000001"), 102)
        assert story.parts[0].operator_message_id == str(int(sim.received[0].message_id, 16))
