"""Subscribers' messages on real links: kept, sent, acknowledged, sent again."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from habar.simulator import Faults, Handover, Settings, Simulator, SubscriberMessage, Times
from habar.wire.smpp import CommandId, CommandStatus

Connect = Callable[..., Awaitable[Any]]
MESSAGE = SubscriberMessage("77771234567", "8785", "Hello", transaction="12345")


async def test_a_data_sm_is_acknowledged_by_its_own_answer(smsc: Simulator, esme: Any) -> None:
    smsc.deliver("77771234567", "8785", "Hello", data_sm=True, transaction="12345")
    pdu = await esme.deliver()
    assert pdu.command_id == CommandId.DATA_SM
    assert (pdu.octets("destination_addr"), pdu.message) == (b"8785#12345", b"Hello")
    await smsc.wait_for(lambda sim: sim.counts.delivered_acknowledged == 1)
    assert smsc.waiting_deliveries == 0


@pytest.mark.parametrize("data_sm", [False, True])
async def test_what_becomes_of_a_message_is_told(smsc: Simulator, esme: Any, data_sm: bool) -> None:
    told: list[Handover] = []
    message = SubscriberMessage("77771234567", "8785", "x" * 161, data_sm=data_sm)
    assert smsc.hand_on(message, watcher=told.append) == 2
    await smsc.wait_for(lambda sim: sim.counts.delivered_acknowledged == 2)
    assert told == [Handover(1), Handover(2), Handover(1, 0), Handover(2, 0)]


@pytest.mark.parametrize("data_sm", [False, True])
async def test_a_passing_refusal_has_it_sent_again(connect: Connect, data_sm: bool) -> None:
    told: list[Handover] = []
    async with Simulator(Settings(port=0, retry_delay=0.0)) as smsc:
        esme = await (await connect(smsc)).bind()
        esme.answer = CommandStatus.ESME_RX_T_APPN
        message = SubscriberMessage("77771234567", "8785", "Hi", data_sm=data_sm)
        smsc.hand_on(message, watcher=told.append)
        await esme.deliver()
        esme.answer = CommandStatus.ESME_ROK
        await smsc.wait_for(lambda sim: sim.counts.delivered_acknowledged == 1)
        assert told[:2] == [Handover(1), Handover(1, CommandStatus.ESME_RX_T_APPN, again=True)]
        assert told[-1] == Handover(1, CommandStatus.ESME_ROK)


async def test_a_refusal_for_good_ends_it(smsc: Simulator, esme: Any) -> None:
    told: list[Handover] = []
    esme.answer = CommandStatus.ESME_RX_P_APPN
    smsc.hand_on(MESSAGE, watcher=told.append)
    await smsc.wait_for(lambda sim: sim.counts.deliveries_rejected == 1)
    assert told == [Handover(1), Handover(1, CommandStatus.ESME_RX_P_APPN)]
    assert smsc.waiting_deliveries == 0


async def test_it_waits_for_one_who_receives(smsc: Simulator, connect: Connect) -> None:
    sender = await (await connect(smsc)).bind(command_id=CommandId.BIND_TRANSMITTER)
    smsc.hand_on(MESSAGE)
    assert smsc.receivers == 0
    receiver = await (await connect(smsc)).bind(command_id=CommandId.BIND_RECEIVER)
    assert smsc.receivers == 1
    assert (await receiver.deliver()).message == b"Hello"
    assert sender.events.empty()


async def test_what_was_not_acknowledged_comes_again_by_the_next_link(
    smsc: Simulator, connect: Connect
) -> None:
    first = await (await connect(smsc)).bind()
    first.answer = None
    smsc.hand_on(MESSAGE)
    await first.deliver()
    smsc.drop_links()
    second = await (await connect(smsc)).bind()
    assert (await second.deliver()).message == b"Hello"
    await smsc.wait_for(lambda sim: sim.waiting_deliveries == 0)


async def test_a_link_of_3_3_cannot_have_what_is_in_tlvs(smsc: Simulator, connect: Connect) -> None:
    told: list[Handover] = []
    esme = await (await connect(smsc)).bind(interface_version=0x33)
    message = SubscriberMessage("77771234567", "8785", "lost", data_sm=True)
    smsc.hand_on(message, watcher=told.append)
    smsc.hand_on(MESSAGE)
    assert (await esme.deliver()).message == b"Hello"
    [given_up] = told
    assert "SMPP 3.3" in given_up.why
    assert smsc.counts.deliveries_given_up == 1


async def test_a_data_sm_may_come_twice_with_one_number(connect: Connect) -> None:
    faults = Faults(sequences_reused=Times(1))
    async with Simulator(Settings(port=0, faults=faults)) as smsc:
        esme = await (await connect(smsc)).bind()
        smsc.deliver("77771234567", "8785", "Hello", data_sm=True)
        first, second = await esme.deliver(), await esme.deliver()
        assert first == second


async def test_a_reply_with_a_transaction_id_is_taken(smsc: Simulator, esme: Any) -> None:
    seen = []
    with smsc.watching(seen.append):
        result = await esme.ask_submit(b"8785#12345", b"77771234567", b"Thank you")
        assert result.command_status == CommandStatus.ESME_ROK
    await esme.ask_submit(b"8785#12345", b"77771234567", b"once more")
    assert [(one.source, one.text) for one in seen] == [("8785#12345", "Thank you")]
