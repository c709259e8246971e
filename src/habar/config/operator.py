"""What can be set of a mobile operator: names, types, limits, defaults.

Guarantees: values, in the one form in which they are kept (`spelling`); no repr shows a password.
What a setting does on the wire stands in docs/reference/operator-profile.md. Which settings cannot
be together is `together`'s, and what a profile says `profiles`'.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from habar.config import spelling
from habar.config.fields import NO_SETTING, Spelling, Unfit, read_all
from habar.config.types import (
    AddressRange,
    CountOrNone,
    Name,
    Octet,
    PeerPort,
    PortOrNone,
    Seconds,
    ServiceType,
    SystemId,
    SystemIdOrNone,
    SystemPassword,
    SystemType,
    Tag,
    Text,
    Window,
    address,
)

STANDARD = "standard"
IdBase = Literal["as-is", "decimal", "hex"]
BindKind = Literal["transceiver", "transmitter", "receiver"]
Binds = Annotated[
    int | str,
    Meta(description="a number of transceivers, or numbers and kinds of binds"),
    Spelling(spelling.binds),
]
Numbering = Annotated[
    str,
    Meta(description='type of number and numbering plan, such as "1/1"'),
    Spelling(spelling.numbering),
]
Codes = Annotated[
    tuple[str, ...],
    Meta(description='a list of names such as "ESME_RTHROTTLED" or numbers such as "0x400"'),
    Spelling(spelling.codes),
]
Receipts = Annotated[Literal["parts", "message", "none"], Spelling(spelling.receipts)]
Version = Annotated[Literal["3.4", "3.3"], Spelling(spelling.version)]
Urgency = Annotated[int, Meta(ge=0, le=3, description="a whole number from 0 to 3")]
Pattern = Annotated[
    str,
    Meta(description="a regular expression in quotes with the groups id and stat"),
    Spelling(spelling.pattern),
]
States = Annotated[
    dict[str, str],
    Meta(description="a table of its words to names or numbers of message_state"),
    Spelling(spelling.states),
]
ErrorTexts = Annotated[
    dict[str, str],
    Meta(description="a table of codes to texts"),
    Spelling(spelling.texts),
]


class GroupSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """[[operators.groups]]: some binds of one kind. What is not said is the operator's own."""

    kind: BindKind = "transceiver"
    count: Annotated[
        int,
        Meta(ge=1, le=spelling.MOST_BINDS, description="a whole number from 1 to 100"),
    ] = 1
    host: str = ""
    port: PortOrNone = 0
    system_id: SystemIdOrNone = ""
    password: SystemPassword = ""
    password_file: str = ""
    system_type: SystemType = ""
    address_range: AddressRange = ""

    def __repr__(self) -> str:
        return f"GroupSettings(kind={self.kind!r}, count={self.count})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("kind", self.kind), ("count", self.count)]


def _groups(value: object) -> object:
    """Each group read by itself, so that a fault can say what it is. Raises Unfit."""
    if not isinstance(value, list | tuple):
        return value
    faults: list[str] = []
    groups = []
    for number, item in enumerate(value, 1):
        if isinstance(item, GroupSettings):
            groups.append(item)
        elif isinstance(item, dict):
            before = len(faults)
            made = read_all(GroupSettings, item, f"number {number}", faults)
            groups += [GroupSettings(**made)] if len(faults) == before else []
        else:
            faults.append(f"number {number}: a table is expected")
    if faults:
        raise Unfit("; ".join(faults))
    return groups


Groups = Annotated[
    tuple[GroupSettings, ...],
    Meta(description="tables with kind, count and what differs from the operator's own"),
    Spelling(_groups),
]


class OperatorSettings(Struct, frozen=True, kw_only=True):
    """[[operators]]: a mobile operator's SMSC and how to speak with it.

    These are the values that hold: the operator's own, its profile's, the defaults; `effective`
    puts them together. One that is made without it has the defaults, whatever its profile.
    """

    name: Name
    host: Text
    port: PeerPort
    system_id: SystemId
    password: SystemPassword = ""
    password_file: str = ""
    """A file that holds the password and nothing else, in place of `password`."""
    profile: str = STANDARD
    """Whose values hold where the operator has none of its own."""
    system_type: SystemType = ""
    tls: bool = False
    tls_ca: str = ""
    """PEM file: trust these authorities with `tls` in place of the system's."""
    tls_certificate: str = ""
    """PEM file: who we are, for an operator that asks; with its chain."""
    tls_key: str = ""
    """PEM file: the private key of `tls_certificate`, not encrypted."""
    interface_version: Version = "3.4"
    address_range: AddressRange = ""
    address_numbering: Numbering = "0/0"
    """TON and NPI of `address_range`."""
    binds: Binds = 1
    """Binds that the operator permits, over all nodes together."""
    groups: Groups = ()
    """The binds where they differ in more than their kind, in the order in which they are made."""
    in_order: bool = False
    """A bind is made when those before it in the list stand or have been tried."""

    service_type: ServiceType = ""
    alphanumeric: Numbering = "5/0"
    """TON and NPI of a sender that is a name."""
    short_code: Numbering = "3/0"
    """Of a sender of at most 6 digits."""
    number: Numbering = "1/1"
    """Of a longer one."""
    destination: Numbering = "1/1"
    """Of the recipient."""
    window: Window = 10
    """submit_sm sent and not yet answered, of each bind."""
    throughput: CountOrNone = 0
    """PDUs a second over all binds together; 0: as many as the operator takes."""
    enquire_link_seconds: Seconds = 30.0
    response_seconds: Seconds = 60.0
    """How long an answer to a submit_sm is awaited."""
    connect_seconds: Seconds = 10.0
    reconnect_seconds: Seconds = 60.0
    """The longest pause between attempts to bind; the first is 1 s."""

    long_text: Literal["udh8", "udh16", "sar", "payload"] = "udh8"
    alphabet: Literal["gsm7", "gsm7-packed", "latin-1", "ascii"] = "gsm7"
    """What octets the operator expects where data_coding says its default alphabet."""
    cyrillic: Literal["ucs2", "ucs2-le", "iso-8859-5"] = "ucs2"
    """How what is not in the alphabet goes out."""
    data_coding_default: Octet = 0
    data_coding_ucs2: Octet = 8
    data_coding_cyrillic: Octet = 6
    data_coding_flash: Octet = 0x10
    data_coding_flash_ucs2: Octet = 0x18
    priority_flag: Urgency = 1
    """Of a message of priority 0; all others have 0."""
    validity: Literal["relative", "absolute", "none"] = "relative"
    """How a message's end goes out as validity_period."""
    max_validity_seconds: Seconds = 259_200.0
    """How long the operator tries to deliver, and the most that is asked of it."""
    timezone: Text = "UTC"
    """IANA zone in which absolute times are written to it."""

    receipts: Receipts = "parts"
    """For what it gives them; none: messages end at 101 ENROUTE when it has taken them."""
    registered_delivery: Octet = 1
    receipt_grace_seconds: Seconds = 3_600.0
    """So long after its validity a message without a receipt ends at 107 UNKNOWN."""
    receipt_timezone: Text = "UTC"
    """IANA zone of the dates in receipts that do not say their own."""
    receipt_source: Literal["both", "text", "tlv"] = "both"
    """Where a receipt's id and state are read."""
    receipt_pattern: Pattern = ""
    """Reads receipts that are not like appendix B: groups id and stat, perhaps err and done."""
    receipt_states: States = {}
    """Its own words for states, and which of the standard's each means."""
    response_id_base: IdBase = "as-is"
    """How it writes message ids in answers to submit_sm."""
    receipt_id_base: IdBase = "as-is"
    """How it writes them in receipts."""
    guess_ids: bool = False
    """Whether a receipt's id is tried in every base."""

    slow_codes: Codes = ()
    """Errors that mean: slower."""
    wait_codes: Codes = ()
    """Errors that mean: here again, later."""
    reroute_codes: Codes = ()
    """Errors that mean: try another operator."""
    give_up_codes: Codes = ()
    """Errors that end the message."""
    unlisted_codes: Literal["give-up", "wait", "reroute"] = "give-up"
    """What an error means that is in no list."""
    error_texts: ErrorTexts = {}
    """What its own errors mean to people."""
    in_doubt: Literal["resend", "query", "hold"] = "resend"
    """What is done with a part of which it said nothing when a process or link died."""
    reference_tlv: Tag = 0
    """A TLV of its own for our reference, by which query_sm may ask; 0: it has none."""
    cancel: bool = False
    """Whether it takes cancel_sm."""
    when_down: Literal["wait", "fail-over"] = "wait"
    """What becomes of its traffic while no link is up."""
    fail_over_seconds: Seconds = 10.0
    """So long without a link before its traffic goes elsewhere."""

    said: Annotated[frozenset[str], NO_SETTING] = frozenset()
    """The names that the operator's own settings say, whatever its profile says."""

    @property
    def address(self) -> str:
        """As people write it."""
        return address(self.host, self.port)

    def __repr__(self) -> str:
        return f"OperatorSettings(name={self.name!r}, host={self.host!r}, port={self.port})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("name", self.name), ("host", self.host), ("port", self.port)]


Credentials = OperatorSettings | GroupSettings
"""What has a password or a file that holds it."""


def parts_of(operator: OperatorSettings) -> list[Credentials]:
    """The operator itself and each group of its binds."""
    return [operator, *operator.groups]


CODE_LISTS = ("slow_codes", "wait_codes", "reroute_codes", "give_up_codes")
SECRETS = frozenset({"password"})
"""Settings, of operators and of groups, whose values nobody is shown."""
PATHS = ("password_file", "tls_ca", "tls_certificate", "tls_key")
"""Settings that name files."""
