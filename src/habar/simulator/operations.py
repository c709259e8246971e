"""query_sm, cancel_sm and replace_sm (SMPP 3.4, 4.8 to 4.10), answered out of the ledger.

Guarantees: no I/O; an account sees its own messages only. What is not over can be cancelled, and
then its receipts are not sent. Knows nothing of connections: the answer is for the session.
"""

from collections.abc import Callable
from typing import NamedTuple

from habar.simulator.exchange import Exchange
from habar.simulator.ledger import Entry, Ledger
from habar.wire.smpp import CommandId, CommandStatus, MessageState, Pdu, format_absolute
from habar.wire.smpp import command_name as name_of


class Outcome(NamedTuple):
    """What to answer to an operation."""

    status: int
    found: "Found | None" = None
    """What query_sm has found."""


class Found(NamedTuple):
    """The parameters of query_sm_resp (4.8.2)."""

    message_id: bytes
    final_date: bytes
    message_state: int
    error_code: int


def operate(exchange: Exchange, account: str, pdu: Pdu, now: float) -> Outcome:
    """Carry out an operation of an account; `now` is monotonic seconds."""
    ledger = exchange.ledger
    operation = _OPERATIONS.get(pdu.command_id)
    known = name_of(pdu.command_id) in exchange.settings.operations
    if operation is None or ledger is None or not known:
        return Outcome(CommandStatus.ESME_RINVCMDID)
    return operation(exchange, ledger, account, pdu, now)


def _query(exchange: Exchange, ledger: Ledger, account: str, pdu: Pdu, now: float) -> Outcome:
    entry = ledger.find(account, pdu.octets("message_id"))
    if entry is None or not _same_source(entry, pdu):
        return Outcome(exchange.settings.unknown_status)
    state = entry.state_at(now)
    over = state is not MessageState.ENROUTE
    error = int(entry.err) & 0xFF if over and state is entry.state else 0
    date = format_absolute(entry.final_ms) if over else b""
    found = Found(entry.message_id, date, int(state), error)
    return Outcome(CommandStatus.ESME_ROK, found)


def _cancel(exchange: Exchange, ledger: Ledger, account: str, pdu: Pdu, now: float) -> Outcome:
    name = pdu.octets("message_id")
    if name:
        entry = ledger.find(account, name)
        found = [entry] if entry is not None and _same_source(entry, pdu) else []
        if not found:
            return Outcome(CommandStatus.ESME_RINVMSGID)
    else:
        found = [entry for entry in ledger.of(account) if _same_addresses(entry, pdu)]
    open_ones = [entry for entry in found if not entry.is_over(now)]
    for entry in open_ones:
        exchange.withdraw(entry, now)
    return Outcome(CommandStatus.ESME_ROK if open_ones else CommandStatus.ESME_RCANCELFAIL)


def _replace(
    exchange: Exchange,  # noqa: ARG001 (as the others are called)
    ledger: Ledger,
    account: str,
    pdu: Pdu,
    now: float,  # noqa: ARG001
) -> Outcome:
    known = ledger.find(account, pdu.octets("message_id")) is not None
    return Outcome(CommandStatus.ESME_RREPLACEFAIL if known else CommandStatus.ESME_RINVMSGID)


_OPERATIONS: dict[int, Callable[[Exchange, Ledger, str, Pdu, float], Outcome]] = {
    int(CommandId.QUERY_SM): _query,
    int(CommandId.CANCEL_SM): _cancel,
    int(CommandId.REPLACE_SM): _replace,
}


def _same_source(entry: Entry, pdu: Pdu) -> bool:
    """Compare the source address: it must be that of the message (4.8.1, 4.9.1)."""
    return entry.pdu.octets("source_addr") == pdu.octets("source_addr")


def _same_addresses(entry: Entry, pdu: Pdu) -> bool:
    """Compare what names messages where there is no id: addresses, and service_type if said."""
    service = pdu.octets("service_type")
    return (
        _same_source(entry, pdu)
        and entry.pdu.octets("destination_addr") == pdu.octets("destination_addr")
        and (not service or entry.pdu.octets("service_type") == service)
    )
