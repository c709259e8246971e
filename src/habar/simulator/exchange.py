"""The mind of the simulated SMSC: who may bind, what is taken, which receipt follows.

Guarantees: no I/O; a submit_sm that is answered ESME_ROK is recorded, and if it asked for a
receipt and its recipient gives one, the receipt is in the outbox. Memory is bounded.
Knows nothing of connections: the answer and the drop are for the session to carry out.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from habar.simulator.behaviour import DELIVERED, Behaviour
from habar.simulator.content import content_of, refusal, text_of
from habar.simulator.outbox import Delivery, Outbox
from habar.simulator.record import Received, Record, received_of
from habar.simulator.settings import Settings
from habar.wire.smpp import (
    CommandStatus,
    EsmClass,
    MessageState,
    Pdu,
    Receipt,
    ReceiptDate,
    Tlv,
    encode_submit_body,
    encode_tlvs,
    format_receipt,
)
from habar.wire.text import split

_THROTTLES_KEPT = 10_000
_RECEIPT_TEXT = 20  # characters of the message in its receipt, appendix B
_PROBE = 2 * _RECEIPT_TEXT


class Answer(NamedTuple):
    """What to answer to a submit_sm."""

    status: int
    message_id: bytes = b""
    drop: bool = False
    """Close the link once the answer has been flushed."""


def wants_receipt(registered_delivery: int, state: MessageState) -> bool:
    """Whether the final state is to be told (5.2.17; the value 3 as SMPP 5.0 has it)."""
    asked = registered_delivery & 3
    if asked == 1:
        return True
    failed = state != MessageState.DELIVERED
    return failed if asked == 2 else asked == 3 and not failed


class Exchange:
    """Decisions and memory of one SMSC."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], int],
        on_message: Callable[[Received], None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_message = on_message
        self._behaviours = {
            number.encode("ascii"): behaviour for number, behaviour in settings.behaviours.items()
        }
        self._throttled: OrderedDict[int, int] = OrderedDict()
        # Ids go on from the clock, so that a restarted SMSC does not use an id again.
        self._next_id = clock() * 1000
        self._id_form = b"%x" if settings.message_ids == "hex" else b"%d"
        self._reference = 0
        self.record = Record(settings.record_limit, settings.seen_limit)
        self.outbox = Outbox(settings.outbox_limit)
        self.receipt_delay = settings.receipt_delay
        self.bind_status: int | None = None
        """Every bind is answered by it, where set."""
        self.submit_status: int | None = None
        """Every submit_sm is answered by it, where set."""

    def authenticate(self, system_id: str, password: bytes) -> int:
        """Return the command_status for a bind."""
        if self.bind_status is not None:
            return self.bind_status
        known = self._settings.passwords.get(system_id)
        if known is None:
            return CommandStatus.ESME_RINVSYSID
        if not hmac.compare_digest(known.encode(), password):
            return CommandStatus.ESME_RINVPASWD
        return CommandStatus.ESME_ROK

    def submit(self, session: int, account: str, pdu: Pdu, now: float) -> Answer:
        """Take or refuse a submit_sm; `now` is monotonic seconds."""
        now_ms = self._clock()
        behaviour = self._behaviours.get(pdu.octets("destination_addr"), DELIVERED)
        status = self._refusal(account, pdu, behaviour, now_ms)
        state = behaviour.state
        wants = (
            state is not None
            and self._settings.receipts
            and wants_receipt(pdu.number("registered_delivery"), state)
        )
        if status == CommandStatus.ESME_ROK and wants and self.outbox.full:
            status = CommandStatus.ESME_RMSGQFUL
        if status != CommandStatus.ESME_ROK:
            self._count_refusal(status)
            return Answer(status)
        message_id = self._id_form % self._next_id
        self._next_id += 1
        self._keep(session, account, pdu, message_id, now_ms)
        if wants and state is not None:
            body = self._receipt(pdu, message_id, state, behaviour.err, now_ms)
            self.outbox.put(Delivery(account, body, is_receipt=True), now + self.receipt_delay)
        return Answer(CommandStatus.ESME_ROK, message_id, behaviour.drop)

    def _refusal(self, account: str, pdu: Pdu, behaviour: Behaviour, now_ms: int) -> int:
        if self.submit_status is not None:
            return self.submit_status
        status = refusal(pdu, now_ms) or behaviour.status
        if status == CommandStatus.ESME_ROK and behaviour.throttles:
            return self._throttle(account, pdu, behaviour.throttles)
        return status

    def _throttle(self, account: str, pdu: Pdu, times: int) -> int:
        """Throttle each new message so many times; one that was taken may come anew."""
        parts = (account, pdu.octets("source_addr"), pdu.octets("destination_addr"), pdu.message)
        key = hash((parts, content_of(pdu).concatenation))
        count = self._throttled.pop(key, 0)
        if count >= times:
            return CommandStatus.ESME_ROK
        self._throttled[key] = count + 1
        if len(self._throttled) > _THROTTLES_KEPT:
            self._throttled.popitem(last=False)
        return CommandStatus.ESME_RTHROTTLED

    def _count_refusal(self, status: int) -> None:
        if status == CommandStatus.ESME_RTHROTTLED:
            self.record.counts.throttled += 1
        else:
            self.record.counts.refused += 1

    def _keep(self, session: int, account: str, pdu: Pdu, message_id: bytes, now_ms: int) -> None:
        self.record.count(pdu, now_ms)
        if self._settings.record or self._on_message is not None:
            received = received_of(pdu, session, account, message_id, now_ms)
            if self._settings.record:
                self.record.received.append(received)
            if self._on_message is not None:
                self._on_message(received)

    def _receipt(
        self, pdu: Pdu, message_id: bytes, state: MessageState, err: str, now_ms: int
    ) -> bytes:
        """Build the body of the deliver_sm that tells the end of a message."""
        receipt = Receipt(
            message_id=message_id.decode("ascii"),
            state=state,
            err=err,
            submit_date=_date(now_ms // 1000),
            done_date=_date(int(now_ms / 1000 + self.receipt_delay)),
            text=_beginning(pdu),
        )
        return encode_submit_body(
            pdu.octets("destination_addr"),
            pdu.octets("source_addr"),
            format_receipt(receipt),
            source_addr_ton=pdu.number("dest_addr_ton"),
            source_addr_npi=pdu.number("dest_addr_npi"),
            dest_addr_ton=pdu.number("source_addr_ton"),
            dest_addr_npi=pdu.number("source_addr_npi"),
            esm_class=EsmClass.DELIVERY_RECEIPT,
            tlvs=encode_tlvs(
                ((Tlv.RECEIPTED_MESSAGE_ID, message_id), (Tlv.MESSAGE_STATE, int(state)))
            ),
        )

    def deliver(
        self, source: str, destination: str, text: str, account: str | None, now: float
    ) -> int:
        """Put a subscriber's message into the outbox, and return the number of its parts.

        Raises ValueError for an unknown account, UnencodableText, TooManyParts (ValueErrors too);
        OutboxFullError, and then some parts may be kept.
        """
        name = next(iter(self._settings.passwords)) if account is None else account
        if name not in self._settings.passwords:
            raise ValueError(f"nobody has the system_id {name!r}")
        self._reference += 1
        segments = split(text, reference=self._reference)
        for part in segments.parts:
            body = encode_submit_body(
                source.encode("ascii"),
                destination.encode("ascii"),
                part.udh + part.payload,
                source_addr_ton=1,
                source_addr_npi=1,
                dest_addr_ton=0,
                dest_addr_npi=1,
                esm_class=EsmClass.UDHI if part.udh else 0,
                data_coding=int(segments.encoding),
            )
            self.outbox.put(Delivery(name, body, is_receipt=False), now)
        return len(segments.parts)


def _beginning(pdu: Pdu) -> str:
    """First characters of the message's text, for its receipt."""
    octets = content_of(pdu).octets[:_PROBE]
    return text_of(pdu.number("data_coding"), octets)[:_RECEIPT_TEXT]


@lru_cache(maxsize=64)
def _date(epoch_s: int) -> ReceiptDate:
    moment = datetime.fromtimestamp(epoch_s, UTC)
    return ReceiptDate(*moment.timetuple()[:6])
