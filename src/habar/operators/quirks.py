"""An operator's ways, as data: what its command_status values mean, its message ids and receipts.

Guarantees: every number has a verdict; a status that nobody listed is the message's own fault, so
no message is tried for ever over an error that will not pass. Pure: knows no session, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from habar.wire.smpp import (
    CommandStatus,
    ReceiptForm,
    decimal_number,
    hexadecimal_number,
    message_id_variants,
    other_case,
    status_name,
)

NO_ANSWER = -1
"""In the place of a command_status: the operator never answered, and may have the message."""

THROTTLE = frozenset({CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL})
"""Slower, please (5.1.3): the link rests a little and the message is tried again later."""

ELSEWHERE = frozenset(
    {
        CommandStatus.ESME_RSYSERR,
        CommandStatus.ESME_RINVBNDSTS,
        CommandStatus.ESME_RALYBND,
        CommandStatus.ESME_RBINDFAIL,
        CommandStatus.ESME_RINVPASWD,
        CommandStatus.ESME_RINVSYSID,
        CommandStatus.ESME_RINVSYSTYP,
        CommandStatus.ESME_RSUBMITFAIL,
        CommandStatus.ESME_RX_T_APPN,
        CommandStatus.ESME_RUNKNOWNERR,
    }
)
"""The operator's trouble, or ours with it, and not the message's: it may pass, and another
operator may take the message at once."""


class Verdict(Enum):
    """What is to become of a part after its answer."""

    ACCEPTED = "accepted"
    THROTTLED = "throttled"
    """Slower: this operator again, after a pause."""
    PASSING = "passing"
    """This operator again, after a pause."""
    ELSEWHERE = "elsewhere"
    """Another route, after a pause; this one again where there is no other."""
    PERMANENT = "permanent"
    UNANSWERED = "unanswered"


class IdForm(Enum):
    """How an operator writes its message ids."""

    AS_IS = "as-is"
    DECIMAL = "decimal"
    HEX = "hex"


class ReceiptSource(Enum):
    """Where a receipt's id and state are read."""

    BOTH = "both"
    """In the TLVs, and in the text what these do not say."""
    TEXT = "text"
    TLV = "tlv"


_BOTH, _TEXT, _TLV = ReceiptSource.BOTH, ReceiptSource.TEXT, ReceiptSource.TLV
_AS_IS, _HEX = IdForm.AS_IS, IdForm.HEX
_USUAL_FORM = ReceiptForm()
_PLAIN_ID = re.compile(r"[1-9][0-9]*", re.ASCII)
"""An id that can be written in one way only."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """One operator's ways."""

    throttle: frozenset[int] = THROTTLE
    passing: frozenset[int] = frozenset()
    elsewhere: frozenset[int] = ELSEWHERE
    permanent: frozenset[int] = frozenset()
    """These end the message, whatever `unlisted` says."""
    unlisted: Verdict = Verdict.PERMANENT
    """What a status means that is in none of these: PERMANENT, PASSING or ELSEWHERE."""
    response_id: IdForm = IdForm.AS_IS
    """How message_id stands in submit_sm_resp."""
    receipt_id: IdForm = IdForm.AS_IS
    """How the same id stands in receipts."""
    guess_ids: bool = False
    """Try every reading of a receipt's id. Only for an operator whose ids are so sparse that
    another reading of one hits no other message: a receipt that comes before its
    submit_sm_resp would be taken for that one's."""
    receipt_zone: str = "UTC"
    """IANA zone of the dates in receipts that do not say their own."""
    receipt_source: ReceiptSource = ReceiptSource.BOTH
    receipt_pattern: re.Pattern[str] | None = None
    """Reads the text of its receipts where they are not like appendix B: groups named `id` and
    `stat`, and perhaps `err` and `done`."""
    receipt_states: Mapping[str, int] = field(default_factory=dict)
    """Its own words for states, in capitals, as message_state (5.2.28)."""
    error_texts: Mapping[str, str] = field(default_factory=dict)
    """What its own errors mean to people, by command_status (`0x00000400`) or by the receipt's
    `err` (`001`)."""

    def verdict(self, command_status: int) -> Verdict:
        """What an answer to submit_sm means."""
        if command_status == CommandStatus.ESME_ROK:
            return Verdict.ACCEPTED
        if command_status == NO_ANSWER:
            return Verdict.UNANSWERED
        if command_status in self.throttle:
            return Verdict.THROTTLED
        if command_status in self.passing:
            return Verdict.PASSING
        if command_status in self.permanent:
            return Verdict.PERMANENT
        return Verdict.ELSEWHERE if command_status in self.elsewhere else self.unlisted

    def submitted_id(self, message_id: bytes) -> str:
        """The operator's id of a part, from submit_sm_resp, as it is kept in the store."""
        text = message_id.decode("latin-1")
        number = _number(text, self.response_id)
        return text if number is None else str(number)

    def asked_id(self, kept: str) -> bytes:
        """A kept id as the operator's own, for query_sm and cancel_sm (4.8.1, 4.9.1).

        Where it answers in numbers, zeros before its ids and their case are not known any more;
        hexadecimal is written in capitals.
        """
        if self.response_id is _HEX and kept.isascii() and kept.isdigit():
            return b"%X" % int(kept)
        return kept.encode("latin-1")

    def receipted_ids(self, message_id: str) -> tuple[str, ...]:
        """The kept ids that a receipt's id may mean, best first.

        Few, as each is looked for. As it is: also without zeros before it, and in letters of the
        other case where it is hexadecimal.
        """
        if self.receipt_id is _AS_IS and not self.guess_ids and _PLAIN_ID.fullmatch(message_id):
            return (message_id,)
        number = _number(message_id, self.receipt_id)
        first = message_id if number is None else str(number)
        if self.guess_ids:
            return tuple(dict.fromkeys((first, *message_id_variants(message_id))))
        if number is not None:
            return (first,)
        plain = first.lstrip("0") or first[-1:]
        return tuple(dict.fromkeys((first, *other_case(first), plain, *other_case(plain))))

    @property
    def receipt_form(self) -> ReceiptForm:
        """How its receipts are read."""
        source, pattern, states = self.receipt_source, self.receipt_pattern, self.receipt_states
        if source is _BOTH and pattern is None and not states:
            return _USUAL_FORM
        return ReceiptForm(source is not _TEXT, source is not _TLV, pattern, states)

    def error_text(self, error: int | str) -> str:
        """An error as the story of a message tells it, with the operator's own words for it.

        `error` is a command_status (`ESME_RINVDSTADR`, `0x00000400 (subscriber barred)`), or the
        `err` of a receipt (`err:001 (absent subscriber)`), of which "" and zeros are none: "".
        """
        if isinstance(error, int):
            name = error_name(error)
            keys = (name, f"0x{error:08X}", f"0x{error:08x}")
        elif error.strip("0"):
            name, keys = f"err:{error}", (error, error.upper(), error.lower())
        else:
            return ""
        words = next((self.error_texts[key] for key in keys if key in self.error_texts), "")
        return f"{name} ({words})" if words else name


def error_name(command_status: int) -> str:
    """The error by the name that the standard gives it."""
    return "NO_ANSWER" if command_status == NO_ANSWER else status_name(command_status)


def _number(text: str, form: IdForm) -> int | None:
    """Read an id as the number it is; None for what is none of that form, or is not to be read."""
    if form is _AS_IS:
        return None
    return hexadecimal_number(text) if form is _HEX else decimal_number(text)
