"""What the simulated SMSC has taken: values to look at, numbers to count by, repetitions.

Guarantees: bounded memory; adding a submit_sm costs microseconds, and without values less.
Knows nothing of sockets, answers or receipts.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from habar.simulator.content import PLAIN, Reading, content_of, decoded, text_of, units_of
from habar.simulator.faults import Breakage
from habar.wire.smpp import MessageState, Pdu
from habar.wire.text import Concatenation

_BINDS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """One submit_sm that was taken (answered ESME_ROK)."""

    session: int
    sequence: int
    system_id: str
    message_id: str
    received_ms: int
    source: str
    destination: str
    esm_class: int
    data_coding: int
    registered_delivery: int
    priority: int
    schedule_delivery_time: str
    validity_period: str
    udh: bytes
    """With its length octet; empty where there is none."""
    short_message: bytes
    """Octets without the UDH; message_payload is taken likewise."""
    text: str
    concatenation: Concatenation | None
    """Of the UDH, or of the sar_* TLVs."""


@dataclass(frozen=True, slots=True)
class Bind:
    """One bind request, and how it was answered."""

    session: int
    kind: str
    """transmitter, receiver or transceiver."""
    system_id: str
    system_type: str
    interface_version: int
    addr_ton: int
    addr_npi: int
    address_range: str
    status: int
    """command_status of the answer."""
    secure: bool
    """Over TLS."""
    certificate: str = ""
    """The common name in the certificate of the client, where it showed one."""


@dataclass(frozen=True, slots=True)
class Told:
    """One receipt that is, or is to be, sent; one that goes again is told once."""

    system_id: str
    message_id: str
    """Of the message, as its submit_sm_resp said it."""
    state: MessageState
    breakage: Breakage | None = None
    orphan: bool = False
    """It has an id that no message had."""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole text, out of one submit_sm or of all parts of a concatenated one."""

    system_id: str
    source: str
    destination: str
    text: str
    parts: tuple[Received, ...]


@dataclass(slots=True)
class Counts:
    """Numbers since start; submit_sm unless another PDU is named."""

    submitted: int = 0
    """Taken: answered, or to be answered, ESME_ROK."""
    unique: int = 0
    """Of them, (destination, octets) not seen before."""
    repeated: int = 0
    refused: int = 0
    throttled: int = 0
    refusals: Counter[int] = field(default_factory=Counter)
    """Of both, by command_status."""
    ignored: int = 0
    """Neither taken nor answered, or answered by generic_nack."""
    fastest_second: int = 0
    """Most that came within a second, while there is a limit (Faults.limit)."""
    cancelled: int = 0
    """Messages that cancel_sm has ended."""
    binds: int = 0
    binds_refused: int = 0
    unbinds: int = 0
    links_lost: int = 0
    """Bound links that ended without unbind."""
    receipts_sent: int = 0
    receipts_acknowledged: int = 0
    delivered_sent: int = 0
    """deliver_sm and data_sm that are subscribers' messages."""
    delivered_acknowledged: int = 0
    deliveries_rejected: int = 0
    """deliver_sm_resp that was not ESME_ROK."""
    deliveries_given_up: int = 0
    """Subscribers' messages in TLVs, for a link that knows none."""
    first_ms: int = 0
    last_ms: int = 0

    @property
    def offered(self) -> int:
        """All that came, taken or not."""
        return self.submitted + self.refused + self.throttled + self.ignored

    def sent(self, *, is_receipt: bool) -> None:
        """Count a deliver_sm that goes out."""
        if is_receipt:
            self.receipts_sent += 1
        else:
            self.delivered_sent += 1

    def acknowledged(self, *, is_receipt: bool) -> None:
        """Count a deliver_sm_resp that is ESME_ROK."""
        if is_receipt:
            self.receipts_acknowledged += 1
        else:
            self.delivered_acknowledged += 1


def received_of(
    pdu: Pdu,
    session: int,
    system_id: str,
    message_id: bytes,
    now_ms: int,
    reading: Reading = PLAIN,
) -> Received:
    """Make the value of a submit_sm that was taken."""
    content = content_of(pdu)
    data_coding = pdu.number("data_coding")
    return Received(
        session=session,
        sequence=pdu.sequence_number,
        system_id=system_id,
        message_id=message_id.decode("ascii"),
        received_ms=now_ms,
        source=pdu.octets("source_addr").decode("latin-1"),
        destination=pdu.octets("destination_addr").decode("latin-1"),
        esm_class=pdu.number("esm_class"),
        data_coding=data_coding,
        registered_delivery=pdu.number("registered_delivery"),
        priority=pdu.number("priority_flag"),
        schedule_delivery_time=pdu.octets("schedule_delivery_time").decode("latin-1"),
        validity_period=pdu.octets("validity_period").decode("latin-1"),
        udh=content.udh,
        short_message=content.octets,
        text=text_of(data_coding, content.octets, reading, header=len(content.udh)),
        concatenation=content.concatenation,
    )


class Seen:
    """How often each (destination, octets with UDH) came, as 64-bit hashes.

    Two generations bound the memory: when the younger is full, the older is forgotten.
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._younger: dict[int, int] = {}
        self._older: dict[int, int] = {}

    def add(self, destination: bytes, octets: bytes) -> int:
        """Count one more, and return how often it has come by now."""
        key = hash((destination, octets))
        count = self._younger.pop(key, 0) or self._older.pop(key, 0)
        if len(self._younger) >= self._half:
            self._older, self._younger = self._younger, {}
        self._younger[key] = count + 1
        return count + 1

    def count(self, destination: bytes, octets: bytes) -> int:
        """Return how often it has come."""
        key = hash((destination, octets))
        return self._younger.get(key, 0) or self._older.get(key, 0)


def joined(received: Iterable[Received], reading: Reading = PLAIN) -> list[Message]:
    """Put concatenated parts together: whole texts only, in the order they became whole.

    A part that comes again before the text is whole replaces the first. A part that comes again
    after it (a resend) opens a new text, which stays unfinished and is not returned.
    """
    whole: list[Message] = []
    open_texts: dict[tuple[object, ...], dict[int, Received]] = {}
    for one in received:
        concatenation = one.concatenation
        if concatenation is None or concatenation.total == 1:
            whole.append(_message((one,), reading))
            continue
        reference, total, sequence, bits = concatenation
        key = (one.system_id, one.source, one.destination, reference, total, bits)
        parts = open_texts.setdefault(key, {})
        parts[sequence] = one
        if len(parts) == total:
            del open_texts[key]
            whole.append(_message(tuple(parts[number] for number in sorted(parts)), reading))
    return whole


def _message(parts: tuple[Received, ...], reading: Reading) -> Message:
    first = parts[0]
    coding = first.data_coding
    # Units are joined before decoding: a peer may have cut through a character.
    units = b"".join(
        units_of(coding, part.short_message, reading, header=len(part.udh)) for part in parts
    )
    return Message(
        first.system_id, first.source, first.destination, decoded(coding, units, reading), parts
    )


class Record:
    """Everything kept of what was taken."""

    def __init__(self, limit: int, seen_limit: int) -> None:
        self.received: deque[Received] = deque(maxlen=limit)
        self.told: deque[Told] = deque(maxlen=limit)
        self.binds: deque[Bind] = deque(maxlen=_BINDS_KEPT)
        self.counts = Counts()
        self.seen = Seen(seen_limit)

    def count(self, pdu: Pdu, now_ms: int) -> None:
        """Count a submit_sm that was taken."""
        counts = self.counts
        if not counts.submitted:
            counts.first_ms = now_ms
        counts.last_ms = now_ms
        counts.submitted += 1
        if self.seen.add(pdu.octets("destination_addr"), pdu.message) == 1:
            counts.unique += 1
        else:
            counts.repeated += 1
