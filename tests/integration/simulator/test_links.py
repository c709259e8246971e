"""Binds, windows, order, lost links: what holds of a session whatever the recipient."""

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from habar.simulator import Settings, Simulator
from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    Pdu,
    ProtocolFault,
    SubmitResult,
    Unbound,
    Unmatched,
    encode,
    make_pdu,
    receipt_of,
)

Connect = Callable[[Simulator], Awaitable[Any]]


@pytest.mark.parametrize(
    ("command_id", "bind"),
    [
        (CommandId.BIND_TRANSMITTER, "transmitter"),
        (CommandId.BIND_RECEIVER, "receiver"),
        (CommandId.BIND_TRANSCEIVER, "transceiver"),
    ],
)
async def test_the_three_binds(
    smsc: Simulator, connect: Connect, command_id: int, bind: str
) -> None:
    await (await connect(smsc)).bind(command_id=command_id)
    [session] = smsc.sessions
    assert (session.system_id, session.bind) == ("habar", bind)


async def test_wrong_credentials_then_right_ones_on_the_same_link(
    smsc: Simulator, connect: Connect
) -> None:
    esme = await connect(smsc)
    assert await esme.refused(b"nobody", b"habar") == CommandStatus.ESME_RINVSYSID
    assert await esme.refused(b"habar", b"wrong") == CommandStatus.ESME_RINVPASWD
    assert not smsc.sessions
    await esme.bind()
    assert (smsc.counts.binds, smsc.counts.binds_refused) == (1, 2)


async def test_nothing_is_taken_without_a_bind(smsc: Simulator, connect: Connect) -> None:
    esme = await connect(smsc)
    pdu = make_pdu(CommandId.SUBMIT_SM, sequence_number=9, destination_addr=b"77771234567")
    esme.raw(encode(pdu))
    answer = (await esme.next(Unmatched)).pdu
    assert answer.command_status == CommandStatus.ESME_RINVBNDSTS
    assert smsc.counts.submitted == 0


async def test_nodelay_is_set(smsc: Simulator, esme: Any) -> None:
    [session] = smsc.sessions
    transport = session._transport
    assert transport is not None
    assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_answers_come_in_order(smsc: Simulator, esme: Any) -> None:
    numbers = [f"7777{number:07d}" for number in range(300)]
    for number in numbers:
        esme.send(number, registered_delivery=0)
    results = [await esme.next(SubmitResult) for _ in numbers]
    assert [result.token for result in results] == numbers
    ids = [int(result.message_id) for result in results]
    assert ids == list(range(ids[0], ids[0] + 300))
    assert [one.destination for one in smsc.received] == numbers


async def test_unbind_is_answered_and_the_link_closed(smsc: Simulator, esme: Any) -> None:
    esme.connection.unbind(esme.loop.time())
    esme.flush()
    await esme.next(Unbound)
    await esme.until_lost()
    await smsc.wait_for(lambda sim: sim.counts.unbinds == 1)
    assert (smsc.counts.links_lost, len(smsc.sessions)) == (0, 0)


async def test_what_the_smsc_cannot_do_is_answered_so(smsc: Simulator, esme: Any) -> None:
    answer = await esme.ask(CommandId.DATA_SM, destination_addr=b"77771234567")
    assert answer.command_status == CommandStatus.ESME_RINVCMDID


async def test_a_stream_that_is_no_smpp_is_dropped_and_others_live(
    smsc: Simulator, esme: Any, connect: Connect
) -> None:
    stranger = await connect(smsc)
    stranger.raw(b"GET / HTTP/1.1\r\nHost: smsc\r\n\r\n")
    await stranger.until_lost()
    assert (await esme.submit("77000000102")).command_status == CommandStatus.ESME_ROK


async def test_a_broken_body_is_answered_and_the_link_lives(smsc: Simulator, esme: Any) -> None:
    esme.raw((20).to_bytes(4, "big") + bytes.fromhex("00000004 00000000 000003e7 ffffffff"))
    event = await esme.next(tuple)
    assert isinstance(event, Unmatched | ProtocolFault)
    assert (await esme.submit("77000000102")).command_status == CommandStatus.ESME_ROK


async def test_receipts_wait_for_a_bind(smsc: Simulator, connect: Connect) -> None:
    first = await (await connect(smsc)).bind(command_id=CommandId.BIND_TRANSMITTER)
    results = [await first.submit("77000000102", b"%d" % number) for number in range(3)]
    first.close()
    second = await (await connect(smsc)).bind()
    receipts = [receipt_of(await second.deliver()) for _ in range(3)]
    assert [receipt.message_id.encode() for receipt in receipts if receipt] == [
        result.message_id for result in results
    ]


async def test_an_unacknowledged_receipt_goes_again_after_the_link_fell(
    smsc: Simulator, esme: Any, connect: Connect
) -> None:
    esme.answer = None
    result = await esme.submit("77000000102")
    first = await esme.deliver()
    esme.close()
    again = await (await connect(smsc)).bind()
    second = await again.deliver()
    assert second.message == first.message
    assert result.message_id in second.message
    await smsc.wait_for(lambda sim: sim.waiting_deliveries == 0)
    assert (smsc.counts.receipts_sent, smsc.counts.receipts_acknowledged) == (2, 1)


async def test_an_acknowledged_receipt_does_not_go_again(
    smsc: Simulator, esme: Any, connect: Connect
) -> None:
    await esme.submit("77000000102", b"first")
    await esme.deliver()
    await smsc.wait_for(lambda sim: sim.counts.receipts_acknowledged == 1)
    esme.close()
    again = await (await connect(smsc)).bind()
    result = await again.submit("77000000102", b"second")
    receipt = receipt_of(await again.deliver())
    assert receipt is not None
    assert receipt.message_id.encode() == result.message_id


async def test_the_window_of_deliveries_is_kept(connect: Connect) -> None:
    async with Simulator(Settings(port=0, receipt_delay=0.0, window=2)) as smsc:
        esme = await (await connect(smsc)).bind()
        esme.answer = None
        for number in range(5):
            esme.send("77000000102", b"%d" % number)
        await smsc.wait_for(5)
        pdus: list[Pdu] = []
        while len(pdus) < 2:
            event = await esme.next(tuple)
            if not isinstance(event, SubmitResult):
                pdus.append(event.pdu)
        assert smsc.counts.receipts_sent == 2
        esme.connection.send_response(pdus[0])
        esme.flush()
        await smsc.wait_for(lambda sim: sim.counts.receipts_sent == 3)
        assert smsc.counts.receipts_acknowledged == 1


async def test_a_permanent_refusal_of_a_receipt_ends_it(smsc: Simulator, esme: Any) -> None:
    esme.answer = CommandStatus.ESME_RX_R_APPN
    await esme.submit("77000000102")
    await esme.deliver()
    await smsc.wait_for(lambda sim: sim.counts.deliveries_rejected == 1)
    assert smsc.waiting_deliveries == 0


async def test_a_passing_refusal_of_a_receipt_keeps_it(connect: Connect) -> None:
    async with Simulator(Settings(port=0, receipt_delay=0.0, retry_delay=0.0)) as smsc:
        esme = await (await connect(smsc)).bind()
        esme.answer = CommandStatus.ESME_RX_T_APPN
        await esme.submit("77000000102")
        first = await esme.deliver()
        esme.answer = 0
        assert smsc.waiting_deliveries == 1
        again = await esme.deliver()
        await smsc.wait_for(lambda sim: sim.counts.receipts_acknowledged == 1)
        assert again.message == first.message
        assert smsc.waiting_deliveries == 0
        assert smsc.counts.deliveries_rejected >= 1


async def test_accounts_get_their_own_receipts(connect: Connect) -> None:
    passwords = {"one": "1", "two": "2"}
    async with Simulator(Settings(port=0, receipt_delay=0.0, passwords=passwords)) as smsc:
        one = await (await connect(smsc)).bind(b"one", b"1")
        two = await (await connect(smsc)).bind(b"two", b"2")
        of_one = await one.submit("77000000102")
        of_two = await two.submit("77000000102")
        for esme, result in ((one, of_one), (two, of_two)):
            assert result.message_id in (await esme.deliver()).message


async def test_a_silent_peer_is_asked_and_then_dropped(connect: Connect) -> None:
    settings = Settings(port=0, enquire_link=0.01, inactivity=0.05)
    async with Simulator(settings) as smsc:
        esme = await (await connect(smsc)).bind()
        await esme.until_lost()
        assert smsc.counts.links_lost == 1


async def test_connections_over_the_limit_are_closed(connect: Connect) -> None:
    async with Simulator(Settings(port=0, link_limit=1)) as smsc:
        esme = await (await connect(smsc)).bind()
        await (await connect(smsc)).until_lost()
        assert (await esme.submit("77000000101")).command_status == CommandStatus.ESME_ROK


async def test_a_peer_that_does_not_read_is_not_read_either(smsc: Simulator, esme: Any) -> None:
    [session] = smsc.sessions
    transport = session._transport
    assert transport is not None
    session.pause_writing()
    assert not transport.is_reading()
    esme.send("77000000101")
    session.resume_writing()
    assert (await esme.next(SubmitResult)).command_status == CommandStatus.ESME_ROK


async def test_many_held_answers_stop_the_reading(
    smsc: Simulator, esme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("habar.simulator.session._HELD_MOST", 2)
    smsc.stall(True)
    for number in range(2):
        esme.send(f"7777000000{number}", registered_delivery=0)
    await smsc.wait_for(2)
    [session] = smsc.sessions
    transport = session._transport
    assert transport is not None
    await smsc.wait_for(lambda _: not transport.is_reading())
    esme.send("77770000003", registered_delivery=0)
    smsc.stall(False)
    tokens = [(await esme.next(SubmitResult)).token for _ in range(3)]
    assert tokens[-1] == "77770000003"


async def test_a_taken_port_is_told(smsc: Simulator) -> None:
    with pytest.raises(OSError, match="address"):
        await Simulator(Settings(port=smsc.port)).start()


async def test_an_answer_read_with_what_ends_the_link_counts(connect: Connect) -> None:
    """Both are in one buffer: the receipt is acknowledged, and is not kept for ever."""
    async with Simulator(Settings(port=0, receipt_delay=0)) as smsc:
        esme = await (await connect(smsc)).bind()
        esme.answer = None
        await esme.submit("77010000001")
        receipt = await esme.deliver()
        esme.flush, write = lambda: None, esme.flush
        esme.send("77000000500", registered_delivery=0)
        esme.connection.send_response(receipt, 0)
        write()
        await esme.until_lost()
        await smsc.wait_for(lambda sim: not sim.sessions)
        assert smsc.waiting_deliveries == 0
        assert smsc.counts.receipts_acknowledged == 1
