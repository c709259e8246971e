"""smpplib, an SMPP client that we did not write, against the simulated SMSC."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import smpplib.client  # type: ignore[import-untyped]
import smpplib.consts  # type: ignore[import-untyped]
import smpplib.exceptions  # type: ignore[import-untyped]
import smpplib.gsm  # type: ignore[import-untyped]

from habar.simulator import Settings, Simulator
from habar.wire.smpp import MessageState

TEXT = ("Сәлеметсіз бе! Тапсырысыңыз дайын, келіп алып кетуіңізге болады. " * 4)[:200]


@contextmanager
def bound(port: int, password: str = "habar") -> Iterator[Any]:
    client = smpplib.client.Client("127.0.0.1", port, timeout=5, allow_unknown_opt_params=True)
    client.connect()
    try:
        client.bind_transceiver(system_id="habar", password=password)
        yield client
        client.unbind()
    finally:
        client.disconnect()


def submit(client: Any, destination: str, text: str, received: list[Any]) -> list[bytes]:
    """Send all parts, read until each has its answer; what else comes goes to `received`."""
    answers: dict[int, bytes] = {}
    client.set_message_sent_handler(lambda pdu: answers.__setitem__(pdu.sequence, pdu.message_id))
    client.set_message_received_handler(lambda pdu: received.append(pdu))
    parts, encoding, esm_class = smpplib.gsm.make_parts(text)
    sequences = [
        client.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
            source_addr="INFO_KAZ",
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            destination_addr=destination,
            short_message=part,
            data_coding=encoding,
            esm_class=esm_class,
            registered_delivery=True,
        ).sequence
        for part in parts
    ]
    while len(answers) < len(sequences):
        client.read_once()
    return [answers[sequence] for sequence in sequences]


async def against_simulator(work: Callable[[int], None]) -> Simulator:
    """Run blocking client code in a thread beside a simulator."""
    async with Simulator(Settings(port=0, receipt_delay=0.0)) as simulator:
        await asyncio.wait_for(asyncio.to_thread(work, simulator.port), 20)
        return simulator


async def test_a_long_cyrillic_text_with_receipts() -> None:
    ids: list[bytes] = []
    receipts: list[Any] = []

    def work(port: int) -> None:
        with bound(port) as client:
            ids.extend(submit(client, "77771234567", TEXT, receipts))
            while len(receipts) < len(ids):
                client.read_once()

    simulator = await against_simulator(work)
    assert len(ids) == 3
    assert [one.concatenation and one.concatenation.sequence for one in simulator.received] == [
        1,
        2,
        3,
    ]
    [message] = simulator.messages()
    assert message.text == TEXT
    assert [part.message_id.encode() for part in message.parts] == ids
    assert {pdu.receipted_message_id for pdu in receipts} == set(ids)
    assert {pdu.message_state for pdu in receipts} == {MessageState.DELIVERED}
    assert all(b"stat:DELIVRD" in pdu.short_message for pdu in receipts)
    assert (simulator.counts.unbinds, simulator.counts.links_lost) == (1, 0)


@pytest.mark.parametrize(
    ("destination", "state"),
    [
        ("77000000103", MessageState.EXPIRED),
        ("77000000104", MessageState.DELETED),
        ("77000000105", MessageState.UNDELIVERABLE),
        ("77000000107", MessageState.UNKNOWN),
    ],
)
async def test_states_in_receipts(destination: str, state: MessageState) -> None:
    receipts: list[Any] = []

    def work(port: int) -> None:
        with bound(port) as client:
            submit(client, destination, "Hello", receipts)
            while not receipts:
                client.read_once()

    await against_simulator(work)
    assert [pdu.message_state for pdu in receipts] == [state]


async def test_a_wrong_password_is_refused() -> None:
    def work(port: int) -> None:
        with pytest.raises(smpplib.exceptions.PDUError) as raised, bound(port, "wrong"):
            pass
        assert raised.value.args[1] == smpplib.consts.SMPP_ESME_RINVPASWD

    simulator = await against_simulator(work)
    assert (simulator.counts.binds, simulator.counts.binds_refused) == (0, 1)


async def test_a_refused_message_reads_as_an_error() -> None:
    def work(port: int) -> None:
        with bound(port) as client:
            with pytest.raises(smpplib.exceptions.PDUError) as raised:
                submit(client, "77000000108", "Hello", [])
            assert raised.value.args[1] == smpplib.consts.SMPP_ESME_RINVDSTADR

    await against_simulator(work)
