"""What a call has come to, decided from its answer.

| the web service | a message's state | a subscriber's message |
|---|---|---|
| says yes (2xx) | told | delivered; its answer goes back, if it is one, else staff see why not |
| says anything else, or nothing | again later | again later |
| has not said yes for too long | given up | given up: it waits in the inbox |

A 2xx with an answer that cannot be sent is a yes nevertheless: the web service has the message, and
asked again would say the same. Pure.
"""

from __future__ import annotations

from typing import NamedTuple

from habar.callbacks.exchange import Answer
from habar.callbacks.requests import short_of
from habar.errors import Refusal
from habar.model.address import is_number
from habar.store.callbacks import Call, CallStage, InboundCall
from habar.store.inbox import CallMethod
from habar.wire.http.inbox import UnreadableAnswer, addressed_wrongly, parse_answer

SHOWN = 200
"""Characters of an answer that are kept."""
_LONGEST_SOURCE = 20
"""Octets of source_addr (SMPP 3.4, 5.2.8); a data_sm may bring more (5.2.9)."""
_ANSWERED_BEFORE = "the subscriber was answered before"


class Verdict(NamedTuple):
    """Where an obligation stands after a try."""

    stage: CallStage
    """DONE, WAITING or GIVEN_UP."""
    reply: str = ""
    """What goes back to the subscriber."""
    note: str = ""
    """Why nothing does, where something was to."""


def judge(call: Call, answer: Answer, deadline: int, now: int) -> Verdict:
    """Decide. `deadline`: until when it is tried."""
    if answer.error:
        over = now >= deadline or not (call.url or call.method is CallMethod.AUTO)
        return Verdict(CallStage.GIVEN_UP if over else CallStage.WAITING)
    if not isinstance(call.event, InboundCall):
        return Verdict(CallStage.DONE)
    return _answered(call.event, answer)


def by_itself(call: Call) -> Verdict:
    """What the gateway answers where no web service is asked (CallMethod.AUTO)."""
    if isinstance(call.event, InboundCall):
        return _back(call.event, call.event.reply)
    return Verdict(CallStage.DONE)


def refused(refusal: Refusal) -> str:
    """Why the submit door took no reply, in words for staff."""
    if refusal is Refusal.LENGTH:
        return "the text is longer than one SMS"
    return refusal.text


def shown(body: bytes) -> str:
    """The first characters of an answer, fit for a table and a terminal."""
    text = body[: 4 * SHOWN].decode("utf-8", "replace")
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)[:SHOWN]


def _answered(event: InboundCall, answer: Answer) -> Verdict:
    if answer.unreadable:
        return Verdict(CallStage.DONE, note=answer.unreadable)
    try:
        told = parse_answer(answer.body)
    except UnreadableAnswer as error:
        return Verdict(CallStage.DONE, note=str(error))
    if told is None:
        return Verdict(CallStage.DONE)
    wrong = addressed_wrongly(
        told,
        short_code=event.short_code,
        transaction_id=event.transaction_id,
        subscriber=event.sender,
    )
    if wrong:
        return Verdict(CallStage.DONE, note=wrong)
    return _back(event, told.text)


def _back(event: InboundCall, text: str) -> Verdict:
    if not text:
        return Verdict(CallStage.DONE)
    if event.replied:
        return Verdict(CallStage.DONE, note=_ANSWERED_BEFORE)
    if not is_number(event.sender):
        return Verdict(CallStage.DONE, note="the sender is no subscriber's number")
    if len(short_of(event)) > _LONGEST_SOURCE:
        return Verdict(CallStage.DONE, note="the transaction id is too long to go back in an SMS")
    return Verdict(CallStage.DONE, reply=text)
