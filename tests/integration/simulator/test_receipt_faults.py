"""What can go wrong with receipts, seen through a socket."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from habar.simulator import Breakage, Faults, Settings, Simulator, Times, Told, Wait
from habar.wire.smpp import (
    CommandId,
    MessageState,
    Pdu,
    SubmitResult,
    Tlv,
    encode_tlvs,
    receipt_of,
)
from habar.wire.smpp import Received as Request

Connect = Callable[..., Awaitable[Any]]

DELIVERED, UNDELIVERABLE = MessageState.DELIVERED, MessageState.UNDELIVERABLE


def told(pdu: Pdu) -> tuple[bytes, MessageState]:
    receipt = receipt_of(pdu)
    assert receipt is not None
    return receipt.message_id.encode(), receipt.state


def commands(octets: bytes) -> list[int]:
    found = []
    while octets:
        found.append(int.from_bytes(octets[4:8], "big"))
        octets = octets[int.from_bytes(octets[:4], "big") :]
    return found


async def exchanged(esme: Any, submits: int, deliveries: int) -> tuple[list[bytes], list[Pdu]]:
    """Submit so many and wait for so many receipts, in whatever order the two come."""
    names: list[bytes] = []
    pdus: list[Pdu] = []
    for _ in range(submits):
        esme.send("77771234567")
    while len(names) < submits or len(pdus) < deliveries:
        event = await esme.next(SubmitResult | Request)
        if isinstance(event, SubmitResult):
            names.append(event.message_id)
        else:
            pdus.append(event.pdu)
    return names, pdus


async def test_before_the_response_on_one_link(smsc: Simulator, esme: Any) -> None:
    smsc.receipt_delay = 60.0
    smsc.faults = Faults(receipts_early=1)
    esme.send("77771234567")
    receipt = told((await esme.next(Request)).pdu)
    assert receipt == ((await esme.next(SubmitResult)).message_id, DELIVERED)
    assert commands(esme.octets)[1:] == [CommandId.DELIVER_SM, CommandId.SUBMIT_SM_RESP]


async def test_before_the_response_by_number_and_held_by_a_stall(
    smsc: Simulator, esme: Any
) -> None:
    smsc.stall(True)
    esme.send("77000000201")
    await smsc.wait_for(1)
    smsc.stall(False)
    await esme.next(Request)
    await esme.next(SubmitResult)


async def test_before_the_response_on_another_link(smsc: Simulator, connect: Connect) -> None:
    receiver = await (await connect(smsc)).bind(command_id=CommandId.BIND_RECEIVER)
    transmitter = await (await connect(smsc)).bind(command_id=CommandId.BIND_TRANSMITTER)
    smsc.faults = Faults(receipts_early=1)
    result = await transmitter.submit("77771234567")
    assert told(await receiver.deliver()) == (result.message_id, DELIVERED)


@pytest.mark.parametrize(
    ("answered", "receipted", "base"), [("hex", "decimal", 16), ("decimal", "hex", 10)]
)
async def test_ids_in_another_base(
    connect: Connect, answered: Any, receipted: Any, base: int
) -> None:
    settings = Settings(
        port=0, receipt_delay=0, message_ids=answered, receipt_ids=receipted, receipt_id_digits=20
    )
    async with Simulator(settings) as smsc:
        esme = await (await connect(smsc)).bind()
        [name], [pdu] = await exchanged(esme, 1, 1)
        receipt, _ = told(pdu)
        assert len(receipt) == 20
        assert int(name, base) == int(receipt, 26 - base)
        assert int(name, base) > 10**15


async def test_never(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(receipts_lost=Times(1))
    names, [pdu] = await exchanged(esme, 2, 1)
    assert told(pdu) == (names[1], DELIVERED)
    await smsc.wait_for(lambda sim: sim.waiting_deliveries == 0)


async def test_twice(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(receipts_repeated=1)
    [name], pdus = await exchanged(esme, 1, 2)
    assert [told(pdu) for pdu in pdus] == [(name, DELIVERED)] * 2


async def test_twice_with_one_sequence_number(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(sequences_reused=1)
    _, [first, second] = await exchanged(esme, 1, 2)
    assert first == second
    await smsc.wait_for(lambda sim: sim.waiting_deliveries == 0)
    assert smsc.counts.receipts_sent == 1


@pytest.mark.parametrize(
    ("delivered_last", "states"),
    [(True, [UNDELIVERABLE, DELIVERED]), (False, [DELIVERED, UNDELIVERABLE])],
)
async def test_contradictory(
    smsc: Simulator, esme: Any, delivered_last: bool, states: list[MessageState]
) -> None:
    smsc.faults = Faults(receipts_contradicted=1, delivered_last=delivered_last)
    [name], pdus = await exchanged(esme, 1, 2)
    assert [told(pdu) for pdu in pdus] == [(name, state) for state in states]


async def test_for_an_id_that_nobody_knows(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(receipts_orphaned=1)
    [name], pdus = await exchanged(esme, 1, 2)
    (own, _), (strange, _) = (told(pdu) for pdu in pdus)
    assert (own, own == strange) == (name, False)


async def test_out_of_order_and_the_same_again_with_the_same_seed(connect: Connect) -> None:
    async def order(seed: int) -> list[bytes]:
        faults = Faults(seed=seed, receipts_shuffled=True)
        async with Simulator(Settings(port=0, receipt_delay=0, first_id=1, faults=faults)) as smsc:
            transmitter = await (await connect(smsc)).bind(command_id=CommandId.BIND_TRANSMITTER)
            await exchanged(transmitter, 20, 0)
            receiver = await (await connect(smsc)).bind(command_id=CommandId.BIND_RECEIVER)
            return [told(await receiver.deliver())[0] for _ in range(20)]

    plain = [b"%d" % number for number in range(1, 21)]
    first = await order(1)
    assert first != plain
    assert sorted(first) == sorted(plain)
    assert await order(1) == first
    assert await order(2) != first


async def test_later_by_a_draw(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(receipt_wait=Wait(0.02, 0.03))
    started = esme.loop.time()
    await exchanged(esme, 1, 1)
    assert esme.loop.time() - started >= 0.019


async def test_broken(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(receipts_broken=1, breakages=(Breakage.NO_ID,))
    _, [pdu] = await exchanged(esme, 1, 1)
    assert (pdu.message[:4], pdu.tlvs) == (b"id: ", ())
    await smsc.wait_for(lambda sim: sim.counts.receipts_acknowledged == 1)


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_breaks_the_link_lives(smsc: Simulator, esme: Any, seed: int) -> None:
    smsc.faults = Faults(seed=seed, receipts_broken=1)
    _, pdus = await exchanged(esme, 10, 10)
    assert {pdu.number("esm_class") for pdu in pdus} == {0x04}


async def test_in_another_form(connect: Connect) -> None:
    settings = Settings(
        port=0, receipt_delay=0, receipt_template="ID={id} STATUS={stat}", receipt_form="text"
    )
    async with Simulator(settings) as smsc:
        esme = await (await connect(smsc)).bind()
        [name], [pdu] = await exchanged(esme, 1, 1)
        assert (pdu.message, pdu.tlvs) == (b"ID=" + name + b" STATUS=DELIVRD", ())


@pytest.mark.parametrize(("receipts_for", "speaks"), [("last-part", 1), ("whole", 0)])
async def test_one_receipt_for_a_message_of_two_parts(
    connect: Connect, receipts_for: Any, speaks: int
) -> None:
    async with Simulator(Settings(port=0, receipt_delay=0, receipts_for=receipts_for)) as smsc:
        esme = await (await connect(smsc)).bind()
        names = []
        for number in (1, 2):
            sar = {
                Tlv.SAR_MSG_REF_NUM: 7,
                Tlv.SAR_TOTAL_SEGMENTS: 2,
                Tlv.SAR_SEGMENT_SEQNUM: number,
            }
            esme.send("77771234567", b"%d" % number, tlvs=encode_tlvs(sar))
            names.append((await esme.next(SubmitResult)).message_id)
        assert told(await esme.deliver()) == (names[speaks], DELIVERED)
        await smsc.wait_for(lambda sim: sim.waiting_deliveries == 0)
        assert smsc.counts.receipts_sent == 1
        assert [message.text for message in smsc.messages()] == ["12"]


async def test_told_by_hand(smsc: Simulator, esme: Any) -> None:
    name = (await esme.submit("77000000101")).message_id.decode()
    smsc.tell(name, MessageState.EXPIRED)
    assert told(await esme.deliver()) == (name.encode(), MessageState.EXPIRED)
    with pytest.raises(KeyError):
        smsc.tell("nothing", DELIVERED)


async def test_no_faults_again(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(receipts_lost=1)
    smsc.faults = Faults()
    [name], [pdu] = await exchanged(esme, 1, 1)
    assert told(pdu) == (name, DELIVERED)


async def test_what_was_told_is_recorded(smsc: Simulator, esme: Any) -> None:
    faults = Faults(receipts_broken=Times(1), breakages=(Breakage.CUT,), receipts_orphaned=Times(1))
    smsc.faults = faults
    (first, second), _ = await exchanged(esme, 2, 3)
    assert list(smsc.told) == [
        Told("habar", first.decode(), DELIVERED, Breakage.CUT),
        Told("habar", first.decode(), DELIVERED, orphan=True),
        Told("habar", second.decode(), DELIVERED),
    ]
