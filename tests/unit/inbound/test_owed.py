"""inbound/owed.py: whose a message is, what is owed for it, and what becomes of stop words."""

from typing import Any

import pytest

from habar.config import InboundSettings
from habar.inbound.owed import Whole, received
from habar.inbound.rules import Rules
from habar.model.stop_words import ANSWERS, Language, Said, Word
from habar.store.inbox import CallMethod, Opt, Received, Rule

NOW = 1_790_000_030_000
ON = InboundSettings(stop_words=True)
OFF = InboundSettings()
DEFAULT = Rule("8785", 1, method=CallMethod.GET, url="http://example.org/sms?x=1", id=11)
PIZZA = Rule("8785", 2, "pizza", CallMethod.POST, "https://pizza.example:8443/in", id=12)
TAXI = Rule("8785", 3, "taxi", CallMethod.AUTO, reply="A car is on its way", id=13)
INBOX = Rule("1414", 4, "poll", CallMethod.NONE, id=14)
RULES = (DEFAULT, PIZZA, TAXI, INBOX)


def said(
    text: str,
    *rules: Rule,
    code: str = "8785",
    sender: str = "77771234567",
    settings: InboundSettings = ON,
    **more: Any,
) -> Received:
    plain: dict[str, Any] = {"data_coding": 0, "parts": 1, "missing": 0, "sent_at": None}
    whole = Whole(7, sender, code, "12345", text, **(plain | more))
    return received(whole, Rules(rules or RULES).owners, settings, NOW)


def test_all_that_was_read_is_stored() -> None:
    event = said("hello", data_coding=8, parts=3, missing=1, sent_at=5)
    assert event == Received(
        account_id=1,
        shortcode_id=11,
        operator_id=7,
        sender="77771234567",
        short_code="8785",
        transaction_id="12345",
        text="hello",
        data_coding=8,
        parts=3,
        missing=1,
        sent_at=5,
        at=NOW,
        method=CallMethod.GET,
        host="http://example.org:80",
        reply="",
    )


@pytest.mark.rule("inbox.get", "inbox.post", "inbox.json", "inbox.auto-reply")
@pytest.mark.parametrize(
    ("text", "code", "account", "method", "host", "reply"),
    [
        ("Pizza please", "8785", 2, CallMethod.POST, "https://pizza.example:8443", ""),
        ("taxi", "8785", 3, CallMethod.AUTO, "", "A car is on its way"),
        ("poll 1", "1414", 4, CallMethod.NONE, "", ""),
        ("hello", "1414", 0, CallMethod.NONE, "", ""),
        ("hello", "9999", 0, CallMethod.NONE, "", ""),
    ],
)
def test_what_is_owed_goes_by_the_rule(
    text: str, code: str, account: int, method: CallMethod, host: str, reply: str
) -> None:
    event = said(text, code=code)
    assert (event.account_id, event.method, event.host, event.reply) == (
        account,
        method,
        host,
        reply,
    )


def test_a_rule_without_a_url_that_can_be_called_leaves_it_in_the_inbox() -> None:
    event = said("hello", Rule("8785", 1, method=CallMethod.GET, url="ftp://example.org"))
    assert (event.account_id, event.method, event.host) == (1, CallMethod.NONE, "")


@pytest.mark.parametrize("sender", ["Kaspi", "", "1234567890123456", "١٢٣"])
def test_who_has_no_number_is_not_answered(sender: str) -> None:
    assert said("taxi", sender=sender).method is CallMethod.NONE
    assert said("taxi", sender=sender).reply == ""
    assert said("hello", sender=sender).method is CallMethod.GET, "the service may want to know"
    assert said("stop", sender=sender).opt is Opt.NOTHING


# --- STOP, START, HELP ----------------------------------------------------------------------------
@pytest.mark.rule("inbox.stop-words")
@pytest.mark.parametrize(
    ("text", "word", "language", "opt"),
    [
        ("STOP", Word.STOP, Language.ENGLISH, Opt.OUT),
        ("стоп", Word.STOP, Language.RUSSIAN, Opt.OUT),
        ("Тоқтат.", Word.STOP, Language.KAZAKH, Opt.OUT),
        ("Start", Word.START, Language.ENGLISH, Opt.IN),
        ("баста", Word.START, Language.KAZAKH, Opt.IN),
        ("ПОМОЩЬ", Word.HELP, Language.RUSSIAN, Opt.NOTHING),
    ],
)
def test_a_stop_word_is_answered_by_the_gateway_in_its_language(
    text: str, word: Word, language: Language, opt: Opt
) -> None:
    event = said(text)
    assert (event.account_id, event.method, event.host) == (1, CallMethod.AUTO, "")
    assert event.reply == ANSWERS[Said(word, language)]
    assert event.opt is opt


def test_the_gateway_s_operator_may_word_the_answers() -> None:
    own = InboundSettings(stop_words=True, stop_reply="Bye", start_reply="Hi", help_reply="?")
    assert [said(text, settings=own).reply for text in ("стоп", "start", "көмек")] == [
        "Bye",
        "Hi",
        "?",
    ]


@pytest.mark.rule("inbox.stop-words", "inbox.whole-text")
def test_without_the_setting_a_stop_word_is_passed_on_like_any_other() -> None:
    event = said("STOP", settings=OFF)
    assert (event.method, event.opt, event.reply) == (CallMethod.GET, Opt.NOTHING, "")


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("stop", 1),
        ("pizza stop", 2),
        ("PIZZA СТОП!", 2),
        ("stop pizza", 2),
        ("стоп  ПИЦЦА", None),  # nobody's keyword: a text
        ("stop pizza now", None),
        ("pizza stop now", None),
        ("stop it", None),
        ("taxi stop", 3),
    ],
)
def test_the_word_alone_or_beside_a_keyword(text: str, account: int | None) -> None:
    event = said(text)
    assert (event.opt is Opt.OUT) == (account is not None)
    if account is not None:
        assert event.account_id == account


@pytest.mark.rule("inbox.unrouted")
def test_a_stop_word_that_is_nobody_s_is_unrouted() -> None:
    event = said("STOP", PIZZA)
    assert (event.account_id, event.method, event.opt) == (0, CallMethod.NONE, Opt.NOTHING)


def test_a_rule_with_a_stop_word_for_its_keyword_takes_it() -> None:
    own = Rule("8785", 5, "stop", CallMethod.GET, "http://example.org/stop")
    event = said("STOP", DEFAULT, own)
    assert (event.account_id, event.method, event.opt) == (5, CallMethod.GET, Opt.NOTHING)
