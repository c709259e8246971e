"""query_sm, cancel_sm, replace_sm: what they find and what they end."""

from collections.abc import Callable
from typing import Any

import pytest

from habar.simulator import Settings
from habar.simulator.exchange import Exchange
from habar.simulator.operations import Outcome, operate
from habar.wire.smpp import CommandId, CommandStatus, MessageState, Pdu, make_pdu

Submit = Callable[..., Pdu]

NOW = 1_760_000_000_000
SOURCE = b"INFO_KAZ"
RECIPIENT = b"77771234567"
ROK, FAILED = CommandStatus.ESME_ROK, CommandStatus.ESME_RCANCELFAIL


def exchange(**settings: Any) -> Exchange:
    return Exchange(Settings(**settings), lambda: NOW)


def query(smsc: Exchange, name: bytes, now: float, source: bytes = SOURCE) -> Outcome:
    pdu = make_pdu(CommandId.QUERY_SM, message_id=name, source_addr=source)
    return operate(smsc, "habar", pdu, now)


def cancel(smsc: Exchange, name: bytes, now: float, **fields: bytes) -> int:
    given = {"source_addr": SOURCE, "destination_addr": RECIPIENT} | fields
    pdu = make_pdu(CommandId.CANCEL_SM, message_id=name, tlvs=(), **given)  # type: ignore[arg-type]
    return operate(smsc, "habar", pdu, now).status


def due(smsc: Exchange, now: float) -> list[bytes]:
    return [one.body for one in smsc.outbox.ready("habar", now) or () if one.goes()]


def test_a_message_is_on_its_way_and_then_it_has_ended(submit: Submit) -> None:
    smsc = exchange(receipt_delay=2.0)
    pdu = submit(destination_addr=b"77000000103", registered_delivery=0)
    name = smsc.submit(1, "habar", pdu, 0.0).message_id
    assert query(smsc, name, 1.9) == (ROK, (name, b"", MessageState.ENROUTE, 0))
    assert query(smsc, name, 2.0) == (ROK, (name, b"251009085322000+", MessageState.EXPIRED, 27))


def test_our_reference_names_the_message_and_the_smscs_id_is_told(submit: Submit) -> None:
    smsc = exchange(reference_tlv=0x1401)
    name = smsc.submit(1, "habar", submit({0x1401: b"4711-1"}), 0.0).message_id
    found = query(smsc, b"4711-1", 0.0).found
    assert found is not None
    assert found.message_id == name
    assert cancel(smsc, b"4711-1", 0.0) == ROK


@pytest.mark.parametrize("status", [CommandStatus.ESME_RINVMSGID, CommandStatus.ESME_RQUERYFAIL])
def test_what_is_not_known(submit: Submit, status: int) -> None:
    smsc = exchange(unknown_status=status)
    name = smsc.submit(1, "habar", submit(), 0.0).message_id
    assert query(smsc, b"nothing", 0.0) == (status, None)
    assert query(smsc, name, 0.0, source=b"OTHER").status == status
    assert cancel(smsc, b"nothing", 0.0) == CommandStatus.ESME_RINVMSGID


def test_what_is_cancelled_has_no_receipt_but_deleted(submit: Submit) -> None:
    smsc = exchange(receipt_delay=1.0)
    name = smsc.submit(1, "habar", submit(), 0.0).message_id
    assert cancel(smsc, name, 0.5) == ROK
    [receipt] = due(smsc, 10.0)
    assert b" stat:DELETED " in receipt
    assert query(smsc, name, 10.0).found == (name, b"251009085320000+", MessageState.DELETED, 0)
    assert cancel(smsc, name, 10.0) == FAILED
    assert (smsc.record.counts.cancelled, smsc.outbox.kept) == (1, 1)


@pytest.mark.parametrize(
    ("settings", "registered"),
    [({"deleted_receipts": False}, 1), ({}, 0), ({"receipts": False}, 1)],
)
def test_no_deleted_receipt_unasked(
    submit: Submit, settings: dict[str, Any], registered: int
) -> None:
    smsc = exchange(**settings)
    name = smsc.submit(1, "habar", submit(registered_delivery=registered), 0.0).message_id
    assert cancel(smsc, name, 0.5) == ROK
    assert (due(smsc, 10.0), smsc.outbox.kept) == ([], 0)


def test_what_was_told_cannot_be_cancelled(submit: Submit) -> None:
    smsc = exchange(receipt_delay=1.0)
    name = smsc.submit(1, "habar", submit(), 0.0).message_id
    assert len(due(smsc, 1.0)) == 1
    assert cancel(smsc, name, 1.0) == FAILED


def test_a_receipt_that_waits_for_a_bind_can_still_be_cancelled(submit: Submit) -> None:
    smsc = exchange(receipt_delay=1.0)
    name = smsc.submit(1, "habar", submit(), 0.0).message_id
    assert cancel(smsc, name, 5.0) == ROK


def test_without_an_id_the_addresses_name_all_that_are_open(submit: Submit) -> None:
    smsc = exchange(receipt_delay=1.0)
    for pdu in (
        submit(),
        submit(),
        submit(destination_addr=b"77000000102"),
        submit(source_addr=b"X"),
    ):
        smsc.submit(1, "habar", pdu, 0.0)
    smsc.submit(1, "habar", submit(service_type=b"WAP"), 0.0)
    assert cancel(smsc, b"", 0.5, service_type=b"WAP") == ROK
    assert smsc.record.counts.cancelled == 1
    assert cancel(smsc, b"", 0.5) == ROK
    assert smsc.record.counts.cancelled == 3
    assert cancel(smsc, b"", 0.5) == FAILED


def test_replacing_always_fails(submit: Submit) -> None:
    smsc = exchange()
    name = smsc.submit(1, "habar", submit(), 0.0).message_id
    statuses = [
        operate(smsc, "habar", make_pdu(CommandId.REPLACE_SM, message_id=one), 0.0).status
        for one in (name, b"nothing")
    ]
    assert statuses == [CommandStatus.ESME_RREPLACEFAIL, CommandStatus.ESME_RINVMSGID]


@pytest.mark.parametrize("settings", [{"operations": frozenset({"query_sm"})}, {"record": False}])
def test_operations_may_be_unknown(submit: Submit, settings: dict[str, Any]) -> None:
    smsc = exchange(**settings)
    name = smsc.submit(1, "habar", submit(), 0.0).message_id
    assert cancel(smsc, name, 0.0) == CommandStatus.ESME_RINVCMDID


def test_another_accounts_messages_are_not_seen(submit: Submit) -> None:
    smsc = exchange(passwords={"habar": "1", "shop": "2"})
    name = smsc.submit(1, "shop", submit(), 0.0).message_id
    assert query(smsc, name, 0.0).status == CommandStatus.ESME_RINVMSGID
