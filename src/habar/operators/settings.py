"""What there is to know about an operator to link to it: address, bind, limits, ways.

Guarantees: frozen data; the password is in no repr. Times are seconds. Knows no sockets; which
messages go to which operator is `model.route`'s.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import Enum

from habar.operators.quirks import Quirks
from habar.wire.smpp import CommandId, Npi, Ton


class BindKind(Enum):
    """Which way messages pass (SMPP 3.4, 2.2)."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"

    @property
    def command_id(self) -> CommandId:
        """The bind request that opens such a session."""
        return _BINDS[self]

    @property
    def sends(self) -> bool:
        """Whether submit_sm may go that way."""
        return self is not BindKind.RECEIVER


_BINDS = {
    BindKind.TRANSCEIVER: CommandId.BIND_TRANSCEIVER,
    BindKind.TRANSMITTER: CommandId.BIND_TRANSMITTER,
    BindKind.RECEIVER: CommandId.BIND_RECEIVER,
}


class Validity(Enum):
    """How `expires_at` goes out as validity_period (7.1.1).

    Relative needs no agreement on what time it is, so it is the default.
    """

    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Numbering:
    """Type of number and numbering plan of an address (5.2.5, 5.2.6)."""

    ton: int
    npi: int


ALPHANUMERIC = Numbering(Ton.ALPHANUMERIC, Npi.UNKNOWN)
SHORT_CODE = Numbering(Ton.NETWORK_SPECIFIC, Npi.UNKNOWN)
INTERNATIONAL = Numbering(Ton.INTERNATIONAL, Npi.ISDN)


class LongText(Enum):
    """How a text of several parts goes out."""

    UDH_8 = "udh8"
    """A concatenation header with a reference of 8 bits in each part (TS 23.040, 9.2.3.24.1)."""
    UDH_16 = "udh16"
    """The same with 16 bits (9.2.3.24.8): a septet less in each part."""
    SAR = "sar"
    """sar_msg_ref_num, sar_total_segments, sar_segment_seqnum (5.3.2.22 to 24)."""
    PAYLOAD = "payload"
    """The whole in message_payload (5.3.2.32): one submit_sm, which the operator cuts itself."""


class Alphabet(Enum):
    """What octets the operator expects where data_coding says its default alphabet."""

    GSM7 = "gsm7"
    """One septet an octet (TS 23.038, 6.2.1): what most expect."""
    GSM7_PACKED = "gsm7-packed"
    """Eight septets in seven octets, as on the air (6.1.2)."""
    LATIN1 = "latin-1"
    ASCII = "ascii"


class Cyrillic(Enum):
    """How what is not in the default alphabet goes out: Russian and Kazakh above all."""

    UCS2 = "ucs2"
    UCS2_LE = "ucs2-le"
    """The octets of each unit swapped."""
    ISO_8859_5 = "iso-8859-5"
    """Russian in one octet a letter; what it lacks, such as Kazakh letters, goes as UCS-2."""


class ReceiptKind(Enum):
    """For what the operator gives receipts."""

    PARTS = "parts"
    """One for each part."""
    MESSAGE = "message"
    """One for the whole message, on any of its parts: it speaks for all of them."""
    NONE = "none"
    """None at all: a message ends at 101 ENROUTE when it is taken."""


class InDoubt(Enum):
    """What is done with a part of which the operator said nothing when a process or link died."""

    RESEND = "resend"
    """Send it again: it may arrive twice."""
    QUERY = "query"
    """Ask by query_sm first; send again what the operator does not know."""
    HOLD = "hold"
    """Keep it until a person decides."""


class WhenDown(Enum):
    """What becomes of an operator's traffic while no link to it is up."""

    WAIT = "wait"
    FAIL_OVER = "fail-over"
    """It goes to the next operator of its route."""


@dataclass(frozen=True, slots=True)
class DataCodings:
    """data_coding by what the text is written in (5.2.19)."""

    default: int = 0
    ucs2: int = 8
    cyrillic: int = 6
    """Where Cyrillic goes as ISO-8859-5."""
    flash_default: int = 0x10
    flash_ucs2: int = 0x18


@dataclass(frozen=True, slots=True)
class BindGroup:
    """Some binds of one kind; None and "" mean: as the operator's own."""

    kind: BindKind = BindKind.TRANSCEIVER
    count: int = 1
    host: str = ""
    port: int = 0
    system_id: str = ""
    password: str | None = field(default=None, repr=False)
    system_type: str | None = None
    address_range: str | None = None


@dataclass(frozen=True, slots=True)
class BindSettings:
    """What one bind is like, whichever group it is of."""

    kind: BindKind
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str
    address_range: str


GROUP = 1000
"""Slots are numbered `group * GROUP + i`, the groups from 0, the binds of each from 1."""


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """An operator, and what each bind with it is like."""

    id: int
    name: str
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    bind: BindKind = BindKind.TRANSCEIVER
    address_range: str = ""

    alphanumeric: Numbering = ALPHANUMERIC
    """For a source address that is a name."""
    short_code: Numbering = SHORT_CODE
    """For one of at most 6 digits."""
    number: Numbering = INTERNATIONAL
    """For a longer one."""
    destination: Numbering = INTERNATIONAL

    binds: int = 1
    """How many binds it permits, over all processes together."""
    window: int = 10
    """Most submit_sm of one bind unanswered, or answered with the answer not yet on disk."""
    throughput: int = 0
    """Most submit_sm PDUs in a second over all binds together; 0: no limit."""
    enquire_link: float = 30.0
    response_timeout: float = 60.0
    connect_timeout: float = 10.0
    reconnect_first: float = 1.0
    """The pause after the first failure; it doubles from one failure to the next."""
    reconnect_last: float = 60.0
    stable_after: float = 5.0
    """A bind that lasted so long, or over which messages went, was a good one: the pauses begin
    anew."""

    groups: tuple[BindGroup, ...] = ()
    """The binds where they are not all alike, in the order in which they are made; empty: `binds`
    of the kind `bind`."""
    in_order: bool = False
    """A bind is made when those before it in the list stand or have been tried."""
    address_ton: int = 0
    address_npi: int = 0
    """Of `address_range`, in the bind (5.2.7, 5.2.8)."""
    interface_version: int = 0x34
    """As the bind says it (5.2.4): 0x33 or 0x34. With 0x33 no TLV is sent."""
    service_type: str = ""
    """Of every submit_sm (5.2.11)."""

    long_text: LongText = LongText.UDH_8
    alphabet: Alphabet = Alphabet.GSM7
    cyrillic: Cyrillic = Cyrillic.UCS2
    data_codings: DataCodings = field(default_factory=DataCodings)

    receipts: ReceiptKind = ReceiptKind.PARTS
    registered_delivery: int = 1
    """What is asked for with each part where the operator gives receipts (5.2.17)."""
    receipt_grace: float = 3_600.0
    """So long after its validity a message without a receipt is given up: 107 UNKNOWN."""
    max_validity: float = 259_200.0
    """How long the operator tries to deliver, and the most that is asked of it."""
    urgent_priority_flag: int = 1
    """priority_flag of a message of priority 0; all others have 0 (5.2.14)."""
    validity: Validity = Validity.RELATIVE
    zone: str = "UTC"
    """IANA zone in which absolute times are written to it; in receipts, see `quirks`."""

    in_doubt: InDoubt = InDoubt.RESEND
    reference_tlv: int = 0
    """Tag of a TLV of the operator's own in which submit_sm names our reference
    (`message id`-`part`, ASCII), by which query_sm may ask; 0: it has none."""
    cancel: bool = False
    """Whether it takes cancel_sm."""
    when_down: WhenDown = WhenDown.WAIT
    fail_over_after: float = 10.0
    """So long without a link before its traffic goes elsewhere."""
    sends: bool = True
    """False: disabled by staff; nothing goes to it."""
    tls: ssl.SSLContext | None = field(default=None, compare=False)
    quirks: Quirks = field(default_factory=Quirks)

    @property
    def gives_receipts(self) -> bool:
        """Whether an end is heard of what it has taken."""
        return self.receipts is not ReceiptKind.NONE

    @property
    def receipts_speak_for_all(self) -> bool:
        """Whether one receipt tells of the whole message."""
        return self.receipts is ReceiptKind.MESSAGE or self.long_text is LongText.PAYLOAD

    def slots(self) -> list[int]:
        """The numbers of all its binds, over all processes, in the order in which they are made."""
        return [
            place * GROUP + n
            for place, group in enumerate(self._groups())
            for n in range(1, group.count + 1)
        ]

    def bind_of(self, number: int) -> BindSettings:
        """What the bind with this number is like. Raises IndexError where its group is none."""
        group = self._groups()[number // GROUP]
        return BindSettings(
            group.kind,
            group.host or self.host,
            group.port or self.port,
            group.system_id or self.system_id,
            self.password if group.password is None else group.password,
            self.system_type if group.system_type is None else group.system_type,
            self.address_range if group.address_range is None else group.address_range,
        )

    def same_binds(self, other: OperatorSettings) -> bool:
        """Whether links made by the one serve the other, too: the rest can change while they stand.

        Of TLS only whether there is any: another certificate is used from the next connection on.
        """
        return self._binds() == other._binds()

    def _groups(self) -> tuple[BindGroup, ...]:
        return self.groups or (BindGroup(self.bind, self.binds),)

    def _binds(self) -> tuple[object, ...]:
        return (
            self.id,
            self.name,
            [(number, self.bind_of(number)) for number in self.slots()],
            self.in_order,
            (self.address_ton, self.address_npi, self.interface_version),
            self.tls is not None,
        )
