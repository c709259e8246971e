"""A PDU as a value: header, mandatory parameters by name, optional parameters in wire order.

Guarantees: immutable by convention and by type; what it was decoded from encodes to an equal
value; no password in any repr, of the PDU or of its fields.
Does not know: layouts (table.py), bytes (codec.py), character sets: strings are octets here.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from habar.wire.smpp.constants import Tlv, command_name, status_name


class Secret(bytes):
    """Octets that show nothing of themselves in a repr or a log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"


class SmeAddress(NamedTuple):
    """One recipient of a submit_multi (4.5.1.1, dest_flag 1)."""

    ton: int
    npi: int
    addr: bytes


class DistributionList(NamedTuple):
    """A named list of recipients in a submit_multi (4.5.1.1, dest_flag 2)."""

    name: bytes


class UnsuccessfulSme(NamedTuple):
    """A recipient that a submit_multi did not reach, and why (4.5.2.1)."""

    ton: int
    npi: int
    addr: bytes
    error_status_code: int


FieldValue: TypeAlias = (
    int | bytes | tuple[SmeAddress | DistributionList, ...] | tuple[UnsuccessfulSme, ...]
)
TlvValue: TypeAlias = int | bytes
Tlvs: TypeAlias = Mapping[int, TlvValue] | Mapping[Tlv, TlvValue] | Sequence[tuple[int, TlvValue]]


class Pdu(NamedTuple):
    """One PDU. A tuple and not a dataclass: made twice as fast, and there are 100 000 a second."""

    command_id: int
    command_status: int
    sequence_number: int
    fields: Mapping[str, FieldValue]
    tlvs: tuple[tuple[int, TlvValue], ...] = ()

    def number(self, name: str) -> int:
        """Read an integer parameter. KeyError, TypeError: this PDU has no such integer."""
        value = self.fields[name]
        if not isinstance(value, int):
            raise TypeError(f"{name} is not an integer")
        return value

    def octets(self, name: str) -> bytes:
        """Read a string parameter. KeyError, TypeError: this PDU has no such string."""
        value = self.fields[name]
        if not isinstance(value, bytes):
            raise TypeError(f"{name} is not a string of octets")
        return value

    def tlv(self, tag: int) -> TlvValue | None:
        """Read the first optional parameter with this tag, None where there is none."""
        for found, value in self.tlvs:
            if found == tag:
                return value
        return None

    def tlv_number(self, tag: int) -> int | None:
        """Read an optional parameter as an integer (octets: big-endian, up to 8), or None."""
        value = self.tlv(tag)
        if isinstance(value, bytes):
            return int.from_bytes(value, "big") if 0 < len(value) <= 8 else None
        return value

    def tlv_octets(self, tag: int) -> bytes | None:
        """Read an optional parameter that is a string; None where there is none."""
        value = self.tlv(tag)
        return value if isinstance(value, bytes) else None

    @property
    def message(self) -> bytes:
        """The text: short_message, or message_payload where that is empty (5.3.2.32)."""
        short = self.fields.get("short_message")
        if isinstance(short, bytes) and short:
            return short
        return self.tlv_octets(Tlv.MESSAGE_PAYLOAD) or b""

    def numbered(self, sequence_number: int) -> "Pdu":
        """Copy with another sequence_number."""
        return self._replace(sequence_number=sequence_number)

    def __repr__(self) -> str:
        shown = "".join(f", {name}={value!r}" for name, value in self.fields.items())
        tlvs = f", tlvs={self.tlvs!r}" if self.tlvs else ""
        status = f", {status_name(self.command_status)}" if self.command_status else ""
        return f"<{command_name(self.command_id)} #{self.sequence_number}{status}{shown}{tlvs}>"
