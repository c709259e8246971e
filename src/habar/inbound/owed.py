"""Whose a subscriber's message is, what is owed for it, and whether it is STOP, START or HELP.

A stop word is the whole text, or all that stands behind the owner's keyword (`PIZZA STOP`), or it
stands before a keyword and nothing else does (`STOP PIZZA`: the keyword's owner is meant). A rule
that has a stop word for its keyword takes it as any other text: somebody wanted it so. A stop word
that nobody owns is unrouted like any other text.
Guarantees: pure. Who sends from no number cannot be answered: for him nothing is a stop word, and
where the gateway would answer by itself the message is in the inbox.
"""

from __future__ import annotations

from typing import NamedTuple

from habar.config import InboundSettings
from habar.inbound.rules import Owner
from habar.model import stop_words
from habar.model.address import is_number
from habar.model.shortcode import ShortCodes, behind
from habar.model.stop_words import Said, Word
from habar.store.inbox import CallMethod, Group, Opt, Received

_OPT = {Word.STOP: Opt.OUT, Word.START: Opt.IN, Word.HELP: Opt.NOTHING}


class Whole(NamedTuple):
    """A subscriber's message, read."""

    operator_id: int
    sender: str
    short_code: str
    transaction_id: str
    text: str
    data_coding: int
    parts: int
    missing: int
    sent_at: int | None
    group: Group | None = None


def received(
    whole: Whole, owners: ShortCodes[Owner], settings: InboundSettings, now_ms: int
) -> Received:
    """What is to be stored of it."""
    answerable = is_number(whole.sender)
    owner, said = owners.choose(whole.short_code, whole.text), None
    if settings.stop_words and answerable:
        owner, said = _stop_word(whole, owners, owner)
    event = Received(
        account_id=owner.rule.account_id if owner else 0,
        shortcode_id=owner.rule.id if owner else 0,
        method=owner.method if owner else CallMethod.NONE,
        host=owner.host if owner else "",
        reply=owner.rule.reply if owner and owner.method is CallMethod.AUTO else "",
        at=now_ms,
        **whole._asdict(),
    )
    if owner and said:
        answer = _answer(said, settings)
        return event._replace(method=CallMethod.AUTO, host="", reply=answer, opt=_OPT[said.word])
    if event.method is CallMethod.AUTO and not answerable:
        return event._replace(method=CallMethod.NONE, reply="")
    return event


def _stop_word(
    whole: Whole, owners: ShortCodes[Owner], owner: Owner | None
) -> tuple[Owner | None, Said | None]:
    """Whose it is, and the word that it is, if it is one."""
    said = stop_words.read(whole.text)
    if said is not None:
        return owner, None if owner is not None and owner.keyword else said
    if owner is not None and owner.keyword:
        return owner, stop_words.read(behind(owner.keyword, whole.text))
    before = stop_words.first_and_rest(whole.text)
    if before is not None:
        named = owners.exactly(whole.short_code, before[1])
        if named is not None:
            return named, before[0]
    return owner, None


def _answer(said: Said, settings: InboundSettings) -> str:
    own = {
        Word.STOP: settings.stop_reply,
        Word.START: settings.start_reply,
        Word.HELP: settings.help_reply,
    }
    return own[said.word] or stop_words.ANSWERS[said]
