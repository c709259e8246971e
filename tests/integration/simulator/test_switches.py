"""The switches that tests turn: stall, drop, refuse, delay, deliver, listen, wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop

from habar.simulator import OutboxFullError, Received, Settings, Simulator
from habar.wire.smpp import CommandId, CommandStatus, SubmitResult, receipt_of
from habar.wire.smpp import Received as Request
from habar.wire.text import decode_ucs2, parse_udh

Connect = Callable[[Simulator], Awaitable[Any]]


async def test_a_stalled_smsc_takes_but_does_not_answer_until_released(
    smsc: Simulator, esme: Any
) -> None:
    smsc.stall(True)
    for number in range(3):
        esme.send(f"7777000000{number}", registered_delivery=0)
    await smsc.wait_for(3)
    assert esme.events.empty()
    smsc.stall(False)
    results = [await esme.next(SubmitResult) for _ in range(3)]
    assert [result.token for result in results] == [f"7777000000{n}" for n in range(3)]


async def test_answers_held_by_a_stall_die_with_the_link_but_receipts_do_not(
    smsc: Simulator, esme: Any, connect: Connect
) -> None:
    smsc.stall(True)
    esme.send("77000000102")
    await smsc.wait_for(1)
    smsc.drop_links()
    await esme.until_lost()
    assert esme.events.empty()
    smsc.stall(False)
    again = await (await connect(smsc)).bind()
    assert receipt_of(await again.deliver()) is not None


async def test_dropped_links_can_bind_again(smsc: Simulator, esme: Any, connect: Connect) -> None:
    smsc.drop_links()
    await esme.until_lost()
    await smsc.wait_for(lambda sim: sim.counts.links_lost == 1)
    await (await connect(smsc)).bind()


async def test_binds_are_refused_while_told_to(smsc: Simulator, connect: Connect) -> None:
    smsc.refuse_binds(CommandStatus.ESME_RBINDFAIL)
    esme = await connect(smsc)
    assert await esme.refused(b"habar", b"habar") == CommandStatus.ESME_RBINDFAIL
    smsc.refuse_binds(None)
    await esme.bind()


async def test_submits_are_refused_while_told_to(smsc: Simulator, esme: Any) -> None:
    smsc.refuse_submits(CommandStatus.ESME_RSYSERR)
    assert (await esme.submit("77000000102")).command_status == CommandStatus.ESME_RSYSERR
    smsc.refuse_submits(None)
    assert (await esme.submit("77000000102")).command_status == CommandStatus.ESME_ROK


async def test_a_receipt_may_overtake_its_answer(smsc: Simulator, esme: Any) -> None:
    smsc.response_delay = 0.05
    esme.send("77000000102")
    receipt = receipt_of((await esme.next(Request)).pdu)
    result = await esme.next(SubmitResult)
    assert receipt is not None
    assert receipt.message_id.encode() == result.message_id


async def test_delayed_answers_keep_their_order_when_the_delay_ends(
    smsc: Simulator, esme: Any
) -> None:
    smsc.response_delay = 0.05
    esme.send("77770000001", registered_delivery=0)
    await smsc.wait_for(1)
    smsc.response_delay = 0.0
    esme.send("77770000002", registered_delivery=0)
    results = [await esme.next(SubmitResult) for _ in range(2)]
    assert [result.token for result in results] == ["77770000001", "77770000002"]


async def test_the_drop_waits_for_a_delayed_answer(smsc: Simulator, esme: Any) -> None:
    smsc.response_delay = 0.02
    assert (await esme.submit("77000000500")).command_status == CommandStatus.ESME_ROK
    await esme.until_lost()
    assert smsc.counts.receipts_sent == 0


async def test_a_receipt_comes_after_its_delay(connect: Connect) -> None:
    async with Simulator(Settings(port=0, receipt_delay=0.02)) as smsc:
        esme = await (await connect(smsc)).bind()
        started = esme.loop.time()
        await esme.submit("77000000102")
        await esme.deliver()
        assert esme.loop.time() - started >= 0.019


async def test_a_subscribers_message_arrives(smsc: Simulator, esme: Any) -> None:
    assert smsc.deliver("77771234567", "1234", "Да") == 1
    pdu = await esme.deliver()
    assert (pdu.octets("source_addr"), pdu.octets("destination_addr")) == (b"77771234567", b"1234")
    assert decode_ucs2(pdu.message) == "Да"
    assert receipt_of(pdu) is None
    await smsc.wait_for(lambda sim: sim.counts.delivered_acknowledged == 1)


async def test_a_long_subscribers_message_comes_in_parts(smsc: Simulator, esme: Any) -> None:
    text = "Қазақстан " * 15
    parts = smsc.deliver("77771234567", "1234", text)
    pdus = [await esme.deliver() for _ in range(parts)]
    assert parts == 3
    assert all(pdu.number("esm_class") == 0x40 for pdu in pdus)
    headers = [parse_udh(pdu.message) for pdu in pdus]
    assert [header.concatenation and header.concatenation.sequence for header in headers] == [
        1,
        2,
        3,
    ]
    octets = b"".join(p.message[h.size :] for p, h in zip(pdus, headers, strict=True))
    assert decode_ucs2(octets) == text


async def test_subscribers_messages_wait_for_a_bind_and_are_bounded(connect: Connect) -> None:
    async with Simulator(Settings(port=0, outbox_limit=1)) as smsc:
        smsc.deliver("77771234567", "1234", "first")
        with pytest.raises(OutboxFullError):
            smsc.deliver("77771234567", "1234", "second")
        esme = await (await connect(smsc)).bind()
        assert (await esme.deliver()).message == b"first"


async def test_an_smsc_that_went_away_comes_back_on_its_port(
    smsc: Simulator, esme: Any, connect: Connect
) -> None:
    port = smsc.port
    smsc.stop_listening()
    smsc.drop_links()
    await esme.until_lost()
    with pytest.raises(OSError, match="onnect"):
        await connect(smsc)
    await smsc.listen_again()
    assert smsc.port == port
    await (await connect(smsc)).bind()


async def test_waiting_for_what_does_not_come_ends(smsc: Simulator) -> None:
    with pytest.raises(TimeoutError):
        await smsc.wait_for(1, timeout=0.01)


async def test_times_seen(smsc: Simulator, esme: Any) -> None:
    for _ in range(2):
        await esme.submit("77000000101", b"same")
    assert smsc.times_seen("77000000101", b"same") == 2
    assert (smsc.counts.unique, smsc.counts.repeated) == (1, 1)


async def test_closing_says_unbind_and_may_be_repeated(smsc: Simulator, esme: Any) -> None:
    await smsc.close()
    await esme.until_lost()
    await smsc.close()
    assert smsc.counts.links_lost == 0


async def test_closing_a_stalled_smsc_ends_its_links(smsc: Simulator, esme: Any) -> None:
    smsc.stall(True)
    esme.send("77000000102")
    await smsc.wait_for(1)
    await smsc.close()
    await esme.until_lost()
    assert esme.events.empty()


def test_all_of_it_on_uvloop(esme_class: Any) -> None:
    async def scenario() -> list[bool]:
        loop = asyncio.get_running_loop()
        async with Simulator(Settings(port=0, receipt_delay=0.0)) as smsc:

            async def bind(command_id: int) -> Any:
                _, esme = await loop.create_connection(esme_class, smsc.host, smsc.port)
                return await esme.bind(command_id=command_id)

            transmitter = await bind(CommandId.BIND_TRANSMITTER)
            results = [await transmitter.submit("77000000102") for _ in range(3)]
            receiver = await bind(CommandId.BIND_RECEIVER)
            receipts = [await receiver.deliver() for _ in results]
            dropped = await transmitter.submit("77000000500")
            await transmitter.until_lost()
            receipts.append(await receiver.deliver())
            results.append(dropped)
            smsc.stop_listening()
            await smsc.listen_again()
            await bind(CommandId.BIND_TRANSCEIVER)
            await smsc.wait_for(lambda sim: sim.waiting_deliveries == 0)
        return [
            result.message_id in receipt.message
            for result, receipt in zip(results, receipts, strict=True)
        ]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(scenario()) == [True] * 4


async def test_it_tells_each_message_and_closes_the_links_at_the_end(connect: Connect) -> None:
    told: asyncio.Queue[Received] = asyncio.Queue()
    async with Simulator(Settings(port=0), on_message=told.put_nowait) as smsc:
        esme = await (await connect(smsc)).bind()
        await esme.submit("77000000101", b"Hello")
        assert (await told.get()).text == "Hello"
    await esme.until_lost()
