"""What can go wrong with links and binds, seen through a socket."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop

from habar.simulator import Burst, Faults, Settings, Simulator, Times
from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    PeerUnbound,
    SubmitResult,
    encode,
    make_pdu,
    receipt_of,
)
from habar.wire.smpp import Received as Request

Connect = Callable[..., Awaitable[Any]]


async def until(smsc: Simulator, esme: Any) -> None:
    """Wait until the SMSC has read all that was sent: another link's bind is read later."""
    other = await asyncio.open_connection(smsc.host, smsc.port)
    other[1].write(encode(make_pdu(CommandId.ENQUIRE_LINK, sequence_number=1)))
    await other[0].readexactly(16)
    other[1].close()
    await other[1].wait_closed()


async def test_a_connection_is_taken_and_nothing_is_ever_answered(
    smsc: Simulator, connect: Connect
) -> None:
    smsc.faults = Faults(links_silent=Times(1))
    esme = await connect(smsc)
    esme.ask_bind(b"habar", b"habar", CommandId.BIND_TRANSCEIVER)
    await until(smsc, esme)
    assert (esme.octets, smsc.counts.binds, len(smsc.binds)) == (b"", 0, 0)
    assert not esme.lost.done()
    await (await connect(smsc)).bind()


async def test_a_link_falls_silent_after_so_many_requests(
    smsc: Simulator, connect: Connect
) -> None:
    smsc.faults = Faults(links_silent=Times(1), silent_after=2)
    esme = await (await connect(smsc)).bind()
    await esme.submit("77771234567", registered_delivery=0)
    esme.send("77771234567")
    esme.raw(encode(make_pdu(CommandId.ENQUIRE_LINK, sequence_number=99)))
    await until(smsc, esme)
    assert (esme.events.empty(), smsc.counts.submitted, esme.lost.done()) == (True, 1, False)


async def test_links_that_stand_fall_silent_and_their_receipts_go_elsewhere(
    smsc: Simulator, esme: Any, connect: Connect
) -> None:
    smsc.receipt_delay = 0.01
    result = await esme.submit("77771234567")
    smsc.fall_silent()
    esme.send("77771234567")
    again = await (await connect(smsc)).bind()
    receipt = receipt_of(await again.deliver())
    assert receipt is not None
    assert receipt.message_id.encode() == result.message_id
    assert (smsc.counts.submitted, esme.lost.done()) == (1, False)


async def test_a_silent_link_ends_when_the_peer_ends_it(smsc: Simulator, esme: Any) -> None:
    smsc.fall_silent()
    esme.close()
    await smsc.wait_for(lambda sim: sim.counts.links_lost == 1)


async def test_enquire_link_is_never_answered(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(enquire_links_ignored=True)
    esme.raw(encode(make_pdu(CommandId.ENQUIRE_LINK, sequence_number=99)))
    assert (await esme.submit("77771234567", registered_delivery=0)).command_status == 0
    assert CommandId.ENQUIRE_LINK_RESP.to_bytes(4, "big") not in esme.octets


async def test_unbind_in_the_middle_of_traffic(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(unbinds=Times(1, after=1))
    for number in (1, 2, 3):
        esme.send(f"7777000000{number}", registered_delivery=0)
    results = [await esme.next(SubmitResult) for _ in range(2)]
    assert [result.token for result in results] == ["77770000001", "77770000002"]
    await esme.next(PeerUnbound)
    assert (await esme.next(SubmitResult)).token == "77770000003"
    esme.flush()
    await esme.until_lost()
    await smsc.wait_for(lambda sim: not sim.sessions)
    assert (smsc.counts.submitted, smsc.counts.links_lost) == (3, 0)


async def test_a_reset_in_the_middle_of_an_answer(
    smsc: Simulator, esme: Any, connect: Connect
) -> None:
    smsc.faults = Faults(resets=Times(1))
    before = len(esme.octets)
    esme.send("77771234567")
    esme.send("77771234568")
    await esme.until_lost()
    assert isinstance(esme.lost_by, ConnectionResetError)
    half = esme.octets[before:]
    assert 0 < len(half) < int.from_bytes(half[:4], "big")
    assert (smsc.counts.submitted, smsc.counts.links_lost) == (1, 1)
    again = await (await connect(smsc)).bind()
    assert receipt_of(await again.deliver()) is not None


def test_a_reset_on_uvloop(esme_class: Any) -> None:
    async def scenario() -> tuple[Exception | None, bytes]:
        loop = asyncio.get_running_loop()
        async with Simulator(Settings(port=0, faults=Faults(resets=1))) as smsc:
            _, esme = await loop.create_connection(esme_class, smsc.host, smsc.port)
            await esme.bind()
            esme.octets = b""
            esme.send("77771234567")
            await esme.until_lost()
            return esme.lost_by, esme.octets

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        lost_by, half = runner.run(scenario())
    assert isinstance(lost_by, ConnectionResetError)
    assert half


async def test_an_outbind_comes_first(smsc: Simulator, connect: Connect) -> None:
    smsc.faults = Faults(outbinds=Times(1))
    esme = await connect(smsc)
    assert (await esme.next(Request)).pdu.command_id == CommandId.OUTBIND
    await esme.bind()


async def test_binds_are_refused_so_many_times(smsc: Simulator, connect: Connect) -> None:
    smsc.faults = Faults(binds_refused=Times(2), bind_status=CommandStatus.ESME_RSYSERR)
    esme = await connect(smsc)
    for _ in range(2):
        assert await esme.refused(b"habar", b"habar") == CommandStatus.ESME_RSYSERR
    await esme.bind()
    assert [bind.status for bind in smsc.binds] == [CommandStatus.ESME_RSYSERR] * 2 + [0]


async def test_binds_are_refused_for_a_while(smsc: Simulator, connect: Connect) -> None:
    smsc.faults = Faults(bind_bursts=(Burst(3600, 7200, CommandStatus.ESME_RBINDFAIL),))
    esme = await connect(smsc)
    assert await esme.refused(b"habar", b"habar") == CommandStatus.ESME_RBINDFAIL
    smsc.faults = Faults()
    await esme.bind()


@pytest.mark.parametrize("end", ["close", "unbind"])
async def test_a_limit_of_binds_frees_its_place(connect: Connect, end: str) -> None:
    async with Simulator(Settings(port=0, bind_limit=2)) as smsc:
        first, _ = [await (await connect(smsc)).bind() for _ in range(2)]
        third = await connect(smsc)
        assert await third.refused(b"habar", b"habar") == CommandStatus.ESME_RALYBND
        if end == "close":
            first.close()
        else:
            first.connection.unbind(first.loop.time())
            first.flush()
        await first.until_lost()
        await smsc.wait_for(lambda sim: len(sim.sessions) == 1)
        await third.bind()
