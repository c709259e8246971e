"""Reads and writes the kinds of mandatory parameters that table.py names.

Guarantees: reading takes any octets and either gives a value or raises FieldError with the status
that blames the parameter; writing gives exactly what the standard lays down or raises EncodeError.
Does not know: which parameters a PDU has, or what a value means.
"""

from collections.abc import Callable
from typing import TypeAlias

from habar.wire.smpp.constants import CommandStatus, DestFlag
from habar.wire.smpp.errors import EncodeError, FieldError
from habar.wire.smpp.pdu import DistributionList, FieldValue, Secret, SmeAddress, UnsuccessfulSme
from habar.wire.smpp.table import Field, Kind

Read: TypeAlias = tuple[FieldValue, int]
"""A value, and the offset of what follows it."""

DEFAULTS: dict[Kind, FieldValue] = {
    Kind.INT8: 0,
    Kind.CSTRING: b"",
    Kind.COUNTED: b"",
    Kind.DESTINATIONS: (),
    Kind.FAILURES: (),
}
"""What a parameter is where nobody says."""

_ADDR = Field("addr", Kind.CSTRING, 21, CommandStatus.ESME_RINVDSTADR)
_LIST_NAME = Field("dl_name", Kind.CSTRING, 21, CommandStatus.ESME_RINVDLNAME)


def read(field: Field, buffer: bytes, pos: int, end: int, *, last: bool = False) -> Read:
    """Read one parameter at `pos`; `last` forgives a string its missing terminator.

    Raises FieldError.
    """
    if field.kind is Kind.CSTRING:
        return read_cstring(field, buffer, pos, end, last=last)
    return _READERS[field.kind](field, buffer, pos, end)


def write(field: Field, value: FieldValue) -> bytes:
    """Write one parameter. Raises EncodeError where the value does not fit it."""
    return _WRITERS[field.kind](field, value)


def read_cstring(
    field: Field, buffer: bytes, pos: int, end: int, *, last: bool = False
) -> tuple[bytes, int]:
    """Read a C-octet string (3.1), without its NUL."""
    stop = buffer.find(0, pos, end)
    after = stop + 1
    if stop < 0:
        if not last:
            raise FieldError(CommandStatus.ESME_RINVCMDLEN, f"{field.name} does not end")
        stop = after = end
    if stop - pos >= field.limit:
        raise FieldError(field.fault, f"{field.name} is longer than {field.limit} octets")
    value = buffer[pos:stop]
    return (Secret(value) if field.secret else value), after


def _read_int8(field: Field, buffer: bytes, pos: int, end: int) -> Read:
    return _octet(field, buffer, pos, end), pos + 1


def _octet(field: Field, buffer: bytes, pos: int, end: int) -> int:
    if pos >= end:
        raise FieldError(CommandStatus.ESME_RINVCMDLEN, f"the body ends before {field.name}")
    return buffer[pos]


def _read_counted(field: Field, buffer: bytes, pos: int, end: int) -> Read:
    stop = pos + 1 + _octet(field, buffer, pos, end)
    if stop > end:
        raise FieldError(field.fault, f"{field.name} is shorter than its length says")
    return buffer[pos + 1 : stop], stop


def _read_destinations(field: Field, buffer: bytes, pos: int, end: int) -> Read:
    count = _octet(field, buffer, pos, end)
    pos += 1
    found: list[SmeAddress | DistributionList] = []
    for _ in range(count):
        flag = _octet(field, buffer, pos, end)
        if flag == DestFlag.SME_ADDRESS:
            address, pos = _read_address(buffer, pos + 1, end)
            found.append(address)
        elif flag == DestFlag.DISTRIBUTION_LIST:
            name, pos = read_cstring(_LIST_NAME, buffer, pos + 1, end)
            found.append(DistributionList(name))
        else:
            raise FieldError(CommandStatus.ESME_RINVDESTFLAG, f"dest_flag {flag}")
    return tuple(found), pos


def _read_address(buffer: bytes, pos: int, end: int) -> tuple[SmeAddress, int]:
    ton = _octet(_ADDR, buffer, pos, end)
    npi = _octet(_ADDR, buffer, pos + 1, end)
    addr, pos = read_cstring(_ADDR, buffer, pos + 2, end)
    return SmeAddress(ton, npi, addr), pos


def _read_failures(field: Field, buffer: bytes, pos: int, end: int) -> Read:
    count = _octet(field, buffer, pos, end)
    pos += 1
    found: list[UnsuccessfulSme] = []
    for _ in range(count):
        address, pos = _read_address(buffer, pos, end)
        if pos + 4 > end:
            raise FieldError(CommandStatus.ESME_RINVCMDLEN, f"{field.name} is cut off")
        status = int.from_bytes(buffer[pos : pos + 4], "big")
        found.append(UnsuccessfulSme(*address, status))
        pos += 4
    return tuple(found), pos


def _write_int8(field: Field, value: FieldValue) -> bytes:
    if not isinstance(value, int) or not 0 <= value <= 255:
        raise EncodeError(field.fault, f"{field.name} is not an integer of one octet")
    return bytes((value,))


def _write_cstring(field: Field, value: FieldValue) -> bytes:
    if not isinstance(value, bytes):
        raise EncodeError(field.fault, f"{field.name} is not octets")
    if len(value) >= field.size or 0 in value:
        raise EncodeError(field.fault, f"{field.name} has a NUL or over {field.size - 1} octets")
    return value + b"\0"


def _write_counted(field: Field, value: FieldValue) -> bytes:
    if not isinstance(value, bytes) or len(value) > field.size:
        raise EncodeError(field.fault, f"{field.name} is not octets, {field.size} at most")
    return bytes((len(value),)) + value


def _items(field: Field, value: FieldValue) -> tuple[object, ...]:
    if not isinstance(value, tuple) or len(value) > field.size:
        raise EncodeError(field.fault, f"{field.name} is not a tuple, {field.size} items at most")
    return value


def _write_destinations(field: Field, value: FieldValue) -> bytes:
    items = _items(field, value)
    parts = [bytes((len(items),))]
    for item in items:
        if isinstance(item, SmeAddress):
            parts.append(b"\x01" + _write_address(*item))
        elif isinstance(item, DistributionList):
            parts.append(b"\x02" + _write_cstring(_LIST_NAME, item.name))
        else:
            raise EncodeError(CommandStatus.ESME_RINVDESTFLAG, f"{field.name} holds a stranger")
    return b"".join(parts)


def _write_address(ton: int, npi: int, addr: bytes) -> bytes:
    return _write_int8(_ADDR, ton) + _write_int8(_ADDR, npi) + _write_cstring(_ADDR, addr)


def _write_failures(field: Field, value: FieldValue) -> bytes:
    items = _items(field, value)
    parts = [bytes((len(items),))]
    for item in items:
        if not isinstance(item, UnsuccessfulSme) or not 0 <= item.error_status_code < 1 << 32:
            raise EncodeError(field.fault, f"{field.name} holds a stranger")
        parts.append(_write_address(item.ton, item.npi, item.addr))
        parts.append(item.error_status_code.to_bytes(4, "big"))
    return b"".join(parts)


_READERS: dict[Kind, Callable[[Field, bytes, int, int], Read]] = {
    Kind.INT8: _read_int8,
    Kind.COUNTED: _read_counted,
    Kind.DESTINATIONS: _read_destinations,
    Kind.FAILURES: _read_failures,
}
_WRITERS: dict[Kind, Callable[[Field, FieldValue], bytes]] = {
    Kind.INT8: _write_int8,
    Kind.CSTRING: _write_cstring,
    Kind.COUNTED: _write_counted,
    Kind.DESTINATIONS: _write_destinations,
    Kind.FAILURES: _write_failures,
}
