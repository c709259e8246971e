"""Receipts as one SMSC writes them: text, TLVs, ids, dates; whole or broken.

Guarantees: what is written is well-formed SMPP whatever the breakage; what is not broken is what
the settings say. Knows nothing of when a receipt is due or whether it is wanted.
"""

from collections import OrderedDict
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from habar.simulator.content import Reading, content_of, text_of
from habar.simulator.dice import Tale
from habar.simulator.faults import Breakage
from habar.simulator.ids import Ids
from habar.simulator.ledger import Entry
from habar.simulator.outbox import Delivery
from habar.simulator.settings import Settings
from habar.wire.smpp import (
    MessageState,
    Pdu,
    Receipt,
    Tlv,
    encode_submit_body,
    encode_tlvs,
    format_receipt,
)

_TEXT = 20  # characters of the message in its receipt, appendix B
_PROBE = 2 * _TEXT
_LONGEST = 254
_LONGEST_GARBAGE = 140
_UCS2 = 8
_NO_ERROR = "000"
_SOME_ERROR = "001"
_NO_WORD = "FROBNIC"
_NO_DATE = "99-99-99 99:99"
_GATHERED_MOST = 10_000


def _word(state: MessageState) -> str:
    """Return the standard's word for a state (appendix B, table B-2)."""
    written = format_receipt(Receipt("0", state)).decode("ascii")
    return written.partition(" stat:")[2].partition(" ")[0]


_WORDS = {state: _word(state) for state in MessageState}


class ReceiptWriter:
    """Writes the deliver_sm that tell the ends of messages."""

    def __init__(self, settings: Settings, ids: Ids) -> None:
        self._ids = ids
        self._reading = Reading(settings.alphabet, settings.ucs2_little_endian)
        self._has_text = settings.receipt_form != "tlv"
        self._has_tlvs = settings.receipt_form != "text"
        self._template = settings.receipt_template
        self._esm_class = settings.receipt_esm_class
        self._ucs2 = settings.receipt_ucs2
        zone, form = ZoneInfo(settings.receipt_zone), settings.receipt_dates

        @lru_cache(maxsize=64)
        def date(epoch_s: int) -> str:
            return datetime.fromtimestamp(epoch_s, UTC).astimezone(zone).strftime(form)

        self._date = date

    def write(
        self,
        entry: Entry,
        tale: Tale,
        done_ms: int,
        draws: Random | None,
        *,
        broken_tlvs: bool = False,
    ) -> Delivery:
        """Write one receipt; `draws` is for what a breakage leaves to chance."""
        number, pdu = entry.number, entry.pdu
        name = self._ids.nobodys(number) if tale.orphan else self._ids.receipted(number)
        octets = b""
        if self._has_text:
            text = self._text(entry, tale, name.decode("ascii"), done_ms)
            octets = self._encoded(text)
            if tale.breakage is not None and draws is not None:
                octets = self._broken(text, octets, tale.breakage, draws)
        tlvs = b""
        if self._has_tlvs and (tale.breakage is None or broken_tlvs):
            tlvs = encode_tlvs(
                ((Tlv.RECEIPTED_MESSAGE_ID, name), (Tlv.MESSAGE_STATE, int(tale.state)))
            )
        body = encode_submit_body(
            pdu.octets("destination_addr"),
            pdu.octets("source_addr"),
            octets[:_LONGEST],
            source_addr_ton=pdu.number("dest_addr_ton"),
            source_addr_npi=pdu.number("dest_addr_npi"),
            dest_addr_ton=pdu.number("source_addr_ton"),
            dest_addr_npi=pdu.number("source_addr_npi"),
            esm_class=self._esm_class,
            data_coding=_UCS2 if self._ucs2 else 0,
        )
        return Delivery(entry.account, body, is_receipt=True, tlvs=tlvs, entry=entry)

    def _text(self, entry: Entry, tale: Tale, name: str, done_ms: int) -> str:
        broken = tale.breakage
        delivered = tale.state == MessageState.DELIVERED
        dated = broken is not Breakage.DATES
        return self._template.format_map(
            {
                "id": "" if broken is Breakage.NO_ID else name,
                "sub": "001",
                "dlvrd": "001" if delivered else "000",
                "submit": self._date(entry.submitted_ms // 1000) if dated else _NO_DATE,
                "done": self._date(done_ms // 1000) if dated else _NO_DATE,
                "stat": _NO_WORD if broken is Breakage.UNKNOWN_STATE else _WORDS[tale.state],
                "err": _err(entry, tale.state),
                "text": _beginning(entry.pdu, self._reading),
            }
        )

    def _encoded(self, text: str) -> bytes:
        return text.encode("utf-16-be") if self._ucs2 else text.encode("latin-1", "replace")

    def _broken(self, text: str, octets: bytes, breakage: Breakage, draws: Random) -> bytes:
        if breakage is Breakage.EMPTY:
            return b""
        if breakage is Breakage.CUT:
            return octets[: draws.randrange(1, max(2, len(octets)))]
        if breakage is Breakage.GARBAGE:
            return draws.randbytes(draws.randrange(1, _LONGEST_GARBAGE))
        if breakage is Breakage.ENCODING:
            return text.encode("latin-1" if self._ucs2 else "utf-16-be", "replace")
        return octets


def _err(entry: Entry, state: MessageState) -> str:
    """Return the error of the end that the message came to, and a likely one of another end."""
    if state == entry.state:
        return entry.err
    return _SOME_ERROR if state == MessageState.UNDELIVERABLE else _NO_ERROR


def _beginning(pdu: Pdu, reading: Reading) -> str:
    """First characters of the message's text, for its receipt."""
    content = content_of(pdu)
    octets = content.octets[:_PROBE]
    return text_of(pdu.number("data_coding"), octets, reading, header=len(content.udh))[:_TEXT]


class Spokesmen:
    """Says which part's receipt speaks where not every part has one of its own."""

    def __init__(self, receipts_for: Literal["parts", "last-part", "whole"]) -> None:
        self._rule = receipts_for
        self._open: OrderedDict[tuple[object, ...], dict[int, Entry]] = OrderedDict()

    def of(self, entry: Entry) -> Entry | None:
        """Return the part that has a receipt now that this one has come; None: none has."""
        if self._rule == "parts":
            return entry
        place = content_of(entry.pdu).concatenation
        if place is None or place.total == 1:
            return entry
        if self._rule == "last-part":
            return entry if place.sequence == place.total else None
        pdu = entry.pdu
        addresses = (pdu.octets("source_addr"), pdu.octets("destination_addr"))
        key = (entry.account, *addresses, place.reference, place.total, place.bits)
        parts = self._open.setdefault(key, {})
        parts[place.sequence] = entry
        if len(parts) < place.total:
            if len(self._open) > _GATHERED_MOST:
                self._open.popitem(last=False)
            return None
        del self._open[key]
        return parts[min(parts)]
