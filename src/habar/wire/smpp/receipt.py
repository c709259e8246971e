"""Delivery receipts: the text of appendix B, as operators really write it, and its TLVs (5.3.2).

Guarantees: no octets raise; what is no receipt is None. TLVs win over the text. A receipt is only
what the SMSC has marked as one (receipt_of): a subscriber cannot forge it by writing its words;
save with a ReceiptForm that has a pattern, for an operator that marks nothing.
Does not know: the operator's time zone (dates stay as written), which message an id belongs to.

Read: keys in any case and order, missing ones, `submit date` or `submit_date`, text with colons,
the ten-, twelve- and fourteen-digit dates, separators within dates, zones behind them, states as
words, cut words, or numbers, all of it in UCS-2. What is like none of this, a ReceiptForm
describes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from habar.wire.smpp.constants import ESM_TYPE_MASK, EsmClass, MessageState, Tlv
from habar.wire.smpp.pdu import Pdu

_KEY = re.compile(
    r"(?<![A-Za-z])(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:", re.IGNORECASE
)
_PLAIN = re.compile(
    r"id:([\w.-]+) sub:\d+ dlvrd:\d+ submit date:(\d+) done date:(\d+) stat:([A-Z]+) err:(\w+)"
    r" [Tt]ext:(.*)",
    re.DOTALL | re.ASCII,
)
"""A receipt in the standard's own form: nine of ten, and read four times as fast."""

_REST_OF_DATE = (
    r"[-/.]?(\d\d)[-/.]?(\d\d)[T ]?(\d\d):?(\d\d)(?::?(\d\d))?(?!\d)"
    r"(?:\.\d+)?\s*(Z|[+-]\d\d(?::?\d\d)?)?"
)
_DATES = tuple(
    re.compile(year + _REST_OF_DATE, re.IGNORECASE | re.ASCII) for year in (r"(\d\d)", r"(\d{4})")
)
_PLAIN_KEYS = ("id", "submitdate", "donedate", "stat", "err", "text")
_OWN_KEYS = {"done": "donedate"}
_BLANK = " \t\r\n\0"
_EDGES = " \t\r\n\0,;"
_MARKS = (EsmClass.DELIVERY_RECEIPT, EsmClass.INTERMEDIATE_NOTIFICATION)
_TEXT_LENGTH = 20
_SHORT_DATE = 10
_ERROR_LENGTH = 3

_STATES = {
    "ENROUTE": MessageState.ENROUTE,
    "BUFFERE": MessageState.ENROUTE,
    "SCHEDUL": MessageState.ENROUTE,
    "DELIVRD": MessageState.DELIVERED,
    "DELIVER": MessageState.DELIVERED,
    "DELIVE": MessageState.DELIVERED,
    "EXPIRED": MessageState.EXPIRED,
    "EXPIRD": MessageState.EXPIRED,
    "DELETED": MessageState.DELETED,
    "DELETD": MessageState.DELETED,
    "UNDELIV": MessageState.UNDELIVERABLE,
    "UNDELVD": MessageState.UNDELIVERABLE,
    "FAILED": MessageState.UNDELIVERABLE,
    "FAIL": MessageState.UNDELIVERABLE,
    "FAILURE": MessageState.UNDELIVERABLE,
    "ACCEPTD": MessageState.ACCEPTED,
    "ACCEPTE": MessageState.ACCEPTED,
    "ACKED": MessageState.ACCEPTED,
    "UNKNOWN": MessageState.UNKNOWN,
    "REJECTD": MessageState.REJECTED,
    "REJECTE": MessageState.REJECTED,
}
"""Words for a state, by their first seven letters: half of the operators cut them there."""

_WORDS = {
    MessageState.ENROUTE: "ENROUTE",
    MessageState.DELIVERED: "DELIVRD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.DELETED: "DELETED",
    MessageState.UNDELIVERABLE: "UNDELIV",
    MessageState.ACCEPTED: "ACCEPTD",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.REJECTED: "REJECTD",
}
"""The standard's words (appendix B, table B-2)."""

_UCS2 = 8
_LONGEST_OWN = 1024
"""Octets of a text in which a pattern of the operator's own is looked for: no receipt is longer,
and what a subscriber writes may be."""

_NUMBERS = {0: MessageState.ENROUTE} | {int(state): state for state in MessageState}


class ReceiptDate(NamedTuple):
    """A date as the receipt writes it; `utc_offset` in minutes, where it writes a zone too."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int = 0
    utc_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message; network_error_code is (network type, code) (5.3.2.31)."""

    message_id: str
    state: MessageState
    err: str = ""
    submit_date: ReceiptDate | None = None
    done_date: ReceiptDate | None = None
    text: str = ""
    network_error_code: tuple[int, int] | None = None


class ReceiptForm(NamedTuple):
    """How one operator's receipts are; the defaults are the standard's."""

    reads_tlvs: bool = True
    """Whether the id and the state may stand in TLVs; where both do, these win."""
    reads_text: bool = True
    """Whether they may stand in the text."""
    pattern: re.Pattern[str] | None = None
    """Finds the groups `id` and `stat`, and perhaps `err` and `done`, in the text, read as
    latin-1. A marked text in which it finds nothing is read as appendix B has it."""
    states: Mapping[str, int] = {}
    """Its own words, in capitals, as message_state; all others mean what they usually do."""


STANDARD = ReceiptForm()


def receipt_of(pdu: Pdu, form: ReceiptForm = STANDARD) -> Receipt | None:
    """Read a deliver_sm or data_sm that is a receipt; None where it is not one.

    The mark is esm_class (receipt, intermediate notification) or the TLV receipted_message_id.
    What is marked as nothing at all is one only where the form's pattern fits the whole text.
    """
    receipted = pdu.tlv_octets(Tlv.RECEIPTED_MESSAGE_ID)
    esm_class = pdu.fields.get("esm_class", 0)
    kind = esm_class & ESM_TYPE_MASK if isinstance(esm_class, int) else 0
    marked = kind in _MARKS or receipted
    text = _text_of(pdu)
    if not marked and (kind or not _fits_whole(form.pattern, text)):
        return None
    return parse_receipt(
        text,
        form=form,
        receipted_message_id=receipted,
        message_state=pdu.tlv_number(Tlv.MESSAGE_STATE),
        network_error_code=pdu.tlv_octets(Tlv.NETWORK_ERROR_CODE),
    )


def parse_receipt(
    text: bytes,
    *,
    receipted_message_id: bytes | None = None,
    message_state: int | None = None,
    network_error_code: bytes | None = None,
    form: ReceiptForm = STANDARD,
) -> Receipt | None:
    """Read a receipt's text and TLVs; None where neither has the id or the state. Never raises."""
    found = (_own_keys(form.pattern, text) if form.pattern else None) or _keys(
        text.decode("latin-1")
    )
    message_id, state = "", None
    if form.reads_tlvs:
        message_id = (receipted_message_id or b"").decode("latin-1").strip(_EDGES)
        state = _state_number(message_state)
    if form.reads_text:
        message_id = message_id or found.get("id", "")
        state = state or _state_word(found.get("stat", ""), form.states)
    if not message_id or state is None:
        return None
    return Receipt(
        message_id=message_id,
        state=state,
        err=found.get("err", ""),
        submit_date=_date(found.get("submitdate", "")),
        done_date=_date(found.get("donedate", "")),
        text=found.get("text", "").strip(_EDGES),
        network_error_code=_network_error(network_error_code),
    )


def _text_of(pdu: Pdu) -> bytes:
    """Bring a text in UCS-2 (5.2.19) to one octet a character.

    Many say UCS-2 of a receipt only because the message was: there the first octet is no zero.
    """
    text = pdu.message
    if text[:1] == b"\0" and pdu.fields.get("data_coding") == _UCS2:
        return text.decode("utf-16-be", "replace").encode("latin-1", "replace")
    return text


def _fits_whole(pattern: re.Pattern[str] | None, text: bytes) -> bool:
    if pattern is None or len(text) > _LONGEST_OWN:
        return False
    return pattern.fullmatch(text.decode("latin-1").strip(_BLANK)) is not None


def _own_keys(pattern: re.Pattern[str], text: bytes) -> dict[str, str] | None:
    """Read what the operator's own pattern finds, under the names of appendix B."""
    match = pattern.search(text[:_LONGEST_OWN].decode("latin-1"))
    if match is None:
        return None
    groups = match.groupdict(default="")
    return {_OWN_KEYS.get(name, name): value.strip(_EDGES) for name, value in groups.items()}


def _keys(text: str) -> dict[str, str]:
    """Cut the text at its keys, the first of each kind.

    Behind `text:` a key counts only while the state is not known: after that all the rest is the
    message's own words.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        return dict(zip(_PLAIN_KEYS, plain.groups(), strict=True))
    return _found_keys(text)


def _found_keys(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    key, start = "", 0
    for match in _KEY.finditer(text):
        name = match[1].lower().replace(" ", "").replace("_", "")
        if name in found or name == key or (key == "text" and "stat" in found):
            continue
        if key:
            found[key] = text[start : match.start()].strip(_EDGES)
        key, start = name, match.end()
    if key:
        found[key] = text[start:].strip(_EDGES)
    return found


def _state_number(number: int | None) -> MessageState | None:
    """Read message_state (5.2.28); SMPP 5.0's SCHEDULED is on its way for us."""
    return None if number is None else _NUMBERS.get(number)


def _state_word(word: str, own: Mapping[str, int]) -> MessageState | None:
    if not word:
        return None
    if own:
        number = own.get(word.upper(), own.get(word.split()[0].upper()))
        if number is not None:
            return _state_number(number) or MessageState.UNKNOWN
    if word.isascii() and word.isdigit() and len(word) == 1:
        return _state_number(int(word)) or MessageState.UNKNOWN
    return _STATES.get(word.split()[0].upper()[:7], MessageState.UNKNOWN)


@lru_cache(maxsize=4096)  # receipts come by the thousand in one minute
def _date(written: str) -> ReceiptDate | None:
    """Read a date with two digits of the year, or else, where that is no date, with four."""
    if len(written) == _SHORT_DATE and written.isascii() and written.isdigit():
        return _checked([int(written[i : i + 2]) for i in range(0, _SHORT_DATE, 2)] + [0])
    for pattern in _DATES:
        match = pattern.match(written)
        if match is not None:
            *numbers, zone = match.groups()
            date = _checked([int(number or 0) for number in numbers])
            if date is not None:
                return date._replace(utc_offset=_zone(zone))
    return None


def _checked(numbers: list[int]) -> ReceiptDate | None:
    year, month, day, hour, minute, second = numbers
    if year < 100:
        year += 2000
    if not 2000 <= year <= 2099 or not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    return ReceiptDate(year, month, day, hour, minute, min(second, 59))


def _zone(zone: str | None) -> int | None:
    if not zone:
        return None
    if zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -minutes if zone[0] == "-" else minutes


def _network_error(octets: bytes | None) -> tuple[int, int] | None:
    if octets is None or len(octets) != _ERROR_LENGTH:
        return None
    return octets[0], int.from_bytes(octets[1:], "big")


def format_receipt(receipt: Receipt, *, submitted: int = 1, delivered: int | None = None) -> bytes:
    """Write a receipt's text (appendix B): dates as YYMMDDhhmm, the message's first 20 characters.

    `delivered` is 1 for a delivered message and 0 for another unless given.
    """
    if delivered is None:
        delivered = int(receipt.state is MessageState.DELIVERED)
    written = (
        f"id:{receipt.message_id} sub:{submitted:03d} dlvrd:{delivered:03d} "
        f"submit date:{_short(receipt.submit_date)} done date:{_short(receipt.done_date)} "
        f"stat:{_WORDS[receipt.state]} err:{receipt.err or '000'} "
        f"text:{receipt.text[:_TEXT_LENGTH]}"
    )
    return written.encode("latin-1", "replace")


def _short(date: ReceiptDate | None) -> str:
    return "" if date is None else f"{date.year % 100:02d}" + "".join(f"{n:02d}" for n in date[1:5])
