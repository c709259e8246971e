"""Operators' receipts: they go to the journal, and only then are they acknowledged.

Guarantees:
- A receipt is answered ESME_ROK after its commit and not before; while the journal is down it is
  not answered at all, so the operator keeps it.
- A PDU marked as a receipt in which no id or state can be read is kept with the receipts that
  match nothing, where staff can see it.
- An operator that marks nothing as a receipt may have a pattern for them: what fits it wholly is
  one. A subscriber who writes just so can then forge one, if he knows an id.
- Nothing that an operator sends raises.
Knows no tables; which message a receipt belongs to is the store's to find.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from habar.model.status import MessageState
from habar.model.times import zone_info
from habar.operators import Ack, OperatorSettings, Quirks
from habar.store.events import ReceiptSeen
from habar.store.port import Journal
from habar.wire.smpp import CommandStatus, Pdu, Receipt, ReceiptDate, Tlv, receipt_of
from habar.wire.smpp import EsmClass as Esm
from habar.wire.smpp import MessageState as Said

STATES = {
    Said.ENROUTE: MessageState.ENROUTE,
    Said.DELIVERED: MessageState.DELIVERED,
    Said.EXPIRED: MessageState.EXPIRED,
    Said.DELETED: MessageState.DELETED,
    Said.UNDELIVERABLE: MessageState.UNDELIVERABLE,
    Said.ACCEPTED: MessageState.ACCEPTED,
    Said.UNKNOWN: MessageState.UNKNOWN,
    Said.REJECTED: MessageState.REJECTED,
}
"""message_state (5.2.28) as the gateway's states. ENROUTE and ACCEPTED are notes on the way: what
the standard means by the second (read by a person for the subscriber) no operator does."""

NOTES = frozenset({MessageState.ENROUTE, MessageState.ACCEPTED})
UNREADABLE = "unreadable"
"""Stands for the operator's id of a receipt in which none could be read."""
_UNREADABLE_IDS = (UNREADABLE,)

_OK = int(CommandStatus.ESME_ROK)
_RAW = 255
_MINUTE = 60_000
_TYPE_BITS = 0x3C
_MARKS = (Esm.DELIVERY_RECEIPT, Esm.INTERMEDIATE_NOTIFICATION)


class Receipts:
    """Takes the receipts of all operators; counts them."""

    def __init__(self, journal: Journal, now_ms: Callable[[], int]) -> None:
        self.receipts = 0
        """Receipts on disk, all kinds."""
        self.notes = 0
        """Of them: notes on the way, after which the part stays open."""
        self.unmatched = 0
        """Of them: those that matched no message when they came."""
        self.unreadable = 0
        """Marked as receipts, but without an id or a state."""
        self._journal = journal
        self._now_ms = now_ms

    def read(self, operator: OperatorSettings, pdu: Pdu) -> ReceiptSeen | None:
        """Read a deliver_sm or data_sm; None where it is no receipt."""
        now = self._now_ms()
        receipt = receipt_of(pdu, operator.quirks.receipt_form)
        if receipt is not None:
            return _seen(operator, receipt, pdu, now)
        if not _is_marked(pdu):
            return None
        unknown = MessageState.UNKNOWN
        return ReceiptSeen(operator.id, _UNREADABLE_IDS, unknown, "", None, now, _raw(pdu))

    def keep(self, seen: ReceiptSeen, ack: Ack) -> MessageState | None:
        """Give it to the journal; `ack` answers it after the commit.

        Gives the state that it tells, None where nothing in it could be read.
        """

        def done(message_id: int | None) -> None:
            self.receipts += 1
            if message_id is None:
                self.unmatched += 1
            if seen.state in NOTES:
                self.notes += 1
            ack(_OK)

        self._journal.record(seen, done)
        if seen.candidates == _UNREADABLE_IDS:
            self.unreadable += 1
            return None
        return seen.state


def _seen(operator: OperatorSettings, receipt: Receipt, pdu: Pdu, now: int) -> ReceiptSeen:
    quirks = operator.quirks
    return ReceiptSeen(
        operator.id,
        quirks.receipted_ids(receipt.message_id),
        STATES[receipt.state],
        _error(receipt, quirks),
        _done_at(receipt.done_date, quirks.receipt_zone, now),
        now,
        _raw(pdu),
        operator.receipts_speak_for_all,
    )


def _is_marked(pdu: Pdu) -> bool:
    """Whether the SMSC says that this is a receipt (5.2.12, 5.3.2.12)."""
    esm_class = pdu.fields.get("esm_class", 0)
    marked = isinstance(esm_class, int) and esm_class & _TYPE_BITS in _MARKS
    return marked or pdu.tlv(Tlv.RECEIPTED_MESSAGE_ID) is not None


def _raw(pdu: Pdu) -> str:
    return pdu.message[:_RAW].decode("latin-1")


def _error(receipt: Receipt, quirks: Quirks) -> str:
    """The operator's own error; zeros mean none."""
    error = quirks.error_text(receipt.err)
    if error:
        return error
    if receipt.network_error_code is not None and receipt.network_error_code[1]:
        return "network {}/{}".format(*receipt.network_error_code)
    return ""


def _done_at(date: ReceiptDate | None, zone: str, now: int) -> int | None:
    """The operator's time in UTC milliseconds; None where it gives none that can be true.

    Most write minutes only: one that is the present minute is finer told by our own clock.
    """
    if date is None:
        return None
    at = _epoch_ms(date, zone)
    if at is None or at > now + _MINUTE:
        return None
    return now if now - at < _MINUTE else at


@lru_cache(maxsize=1024)
def _epoch_ms(date: ReceiptDate, zone: str) -> int | None:
    year, month, day, hour, minute, second, offset = date
    try:
        tz: tzinfo = zone_info(zone) if offset is None else timezone(timedelta(minutes=offset))
        moment = datetime(year, month, day, hour, minute, second, tzinfo=tz)
    except ValueError:  # the 31st of February, an offset of a day and more
        return None
    return int(moment.timestamp()) * 1000
