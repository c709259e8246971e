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

    receipts: bool = True
    """False: the operator gives none; a message ends at 101 ENROUTE when it is taken."""
    registered_delivery: int = 1
    """What is asked for with each part where the operator gives receipts (5.2.17)."""
    urgent_priority_flag: int = 1
    """priority_flag of a message of priority 0; all others have 0 (5.2.14)."""
    validity: Validity = Validity.RELATIVE
    tls: ssl.SSLContext | None = field(default=None, compare=False)
    quirks: Quirks = field(default_factory=Quirks)
