"""Every recipient of the table ends as promised, seen through a socket."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from habar.simulator import Simulator
from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    MessageState,
    SubmitResult,
    Tlv,
    parse_receipt,
    receipt_of,
)

Connect = Callable[[Simulator], Awaitable[Any]]


@pytest.mark.parametrize(
    ("destination", "state"),
    [
        ("77000000102", MessageState.DELIVERED),
        ("77000000103", MessageState.EXPIRED),
        ("77000000104", MessageState.DELETED),
        ("77000000105", MessageState.UNDELIVERABLE),
        ("77000000107", MessageState.UNKNOWN),
        ("77771234567", MessageState.DELIVERED),
    ],
)
async def test_the_receipt_tells_the_end(
    smsc: Simulator, esme: Any, destination: str, state: MessageState
) -> None:
    result = await esme.submit(destination)
    assert result.command_status == CommandStatus.ESME_ROK
    pdu = await esme.deliver()
    receipt = receipt_of(pdu)
    assert receipt is not None
    assert (receipt.message_id.encode(), receipt.state) == (result.message_id, state)
    assert pdu.tlv_octets(Tlv.RECEIPTED_MESSAGE_ID) == result.message_id
    assert pdu.tlv_number(Tlv.MESSAGE_STATE) == state
    by_text = parse_receipt(pdu.message)
    assert by_text is not None
    assert (by_text.message_id, by_text.state) == (receipt.message_id, state)
    await smsc.wait_for(lambda sim: sim.counts.receipts_acknowledged == 1)
    assert smsc.waiting_deliveries == 0


async def test_refused_at_submission(smsc: Simulator, esme: Any) -> None:
    result = await esme.submit("77000000108")
    assert result.command_status == CommandStatus.ESME_RINVDSTADR
    assert result.message_id == b""
    assert (smsc.counts.refused, smsc.counts.submitted) == (1, 0)


async def test_never_a_receipt(smsc: Simulator, esme: Any) -> None:
    silent = await esme.submit("77000000101")
    assert silent.command_status == CommandStatus.ESME_ROK
    told = await esme.submit("77000000102")
    receipt = receipt_of(await esme.deliver())
    assert receipt is not None
    assert receipt.message_id.encode() == told.message_id
    assert smsc.counts.receipts_sent == 1


async def test_throttled_twice_then_taken_and_anew_for_the_next(smsc: Simulator, esme: Any) -> None:
    statuses = [(await esme.submit("77000000088", b"one")).command_status for _ in range(2)]
    assert statuses == [CommandStatus.ESME_RTHROTTLED] * 2
    assert (await esme.submit("77000000088", b"one")).command_status == CommandStatus.ESME_ROK
    assert receipt_of(await esme.deliver()) is not None
    assert (await esme.submit("77000000088", b"two")).command_status == (
        CommandStatus.ESME_RTHROTTLED
    )
    assert [one.text for one in smsc.received] == ["one"]


async def test_accepted_and_then_the_link_drops(
    smsc: Simulator, esme: Any, connect: Connect
) -> None:
    result = await esme.submit("77000000500")
    assert result.command_status == CommandStatus.ESME_ROK
    await esme.until_lost()
    await smsc.wait_for(lambda sim: not sim.sessions)
    assert smsc.counts.receipts_sent == 0
    again = await (await connect(smsc)).bind()
    receipt = receipt_of(await again.deliver())
    assert receipt is not None
    assert receipt.message_id.encode() == result.message_id
    assert receipt.state == MessageState.DELIVERED


async def test_what_follows_the_drop_is_not_taken(smsc: Simulator, esme: Any) -> None:
    for destination in ("77000000102", "77000000500", "77000000103"):
        esme.send(destination, registered_delivery=0)
    results = [await esme.next(SubmitResult) for _ in range(2)]
    assert [result.token for result in results] == ["77000000102", "77000000500"]
    await esme.until_lost()
    assert [one.destination for one in smsc.received] == ["77000000102", "77000000500"]


async def test_each_part_has_a_receipt_and_the_text_is_read_whole(
    smsc: Simulator, esme: Any
) -> None:
    for number, piece in ((1, b"Hello, "), (2, b"world")):
        udh = bytes((5, 0, 3, 9, 2, number))
        esme.send("77771234567", udh + piece, esm_class=0x40)
    results = [await esme.next(SubmitResult)]
    # The receipt of the first may come before the answer to the second: count, do not order.
    receipts: list[bytes] = []
    while len(receipts) < 2 or len(results) < 2:
        event = await esme.next(tuple)
        if isinstance(event, SubmitResult):
            results.append(event)
        else:
            receipt = receipt_of(event.pdu)
            assert receipt is not None
            receipts.append(receipt.message_id.encode())
    assert sorted(receipts) == sorted(result.message_id for result in results)
    [message] = smsc.messages()
    assert (message.text, len(message.parts)) == ("Hello, world", 2)


async def test_no_receipt_is_sent_unasked(smsc: Simulator, esme: Any) -> None:
    await esme.submit("77000000102", b"quiet", registered_delivery=0)
    asked = await esme.submit("77000000102", b"told")
    receipt = receipt_of(await esme.deliver())
    assert receipt is not None
    assert receipt.message_id.encode() == asked.message_id


async def test_a_transmitters_receipts_go_to_the_receiver(
    smsc: Simulator, connect: Connect
) -> None:
    transmitter = await (await connect(smsc)).bind(command_id=CommandId.BIND_TRANSMITTER)
    result = await transmitter.submit("77000000102")
    assert smsc.counts.receipts_sent == 0
    receiver = await (await connect(smsc)).bind(command_id=CommandId.BIND_RECEIVER)
    receipt = receipt_of(await receiver.deliver())
    assert receipt is not None
    assert receipt.message_id.encode() == result.message_id
    assert transmitter.events.empty()
