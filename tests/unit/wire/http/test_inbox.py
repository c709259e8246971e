"""The formatted answer of a customer's web service, as spec/inbox.md has it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.wire.http.inbox import (
    InboxAnswer,
    UnreadableAnswer,
    addressed_wrongly,
    parse_answer,
)


def text_of(body):
    answer = parse_answer(body)
    assert answer is not None
    return answer.text


@pytest.mark.rule("inbox.answer")
def test_the_documentations_own_answer():
    body = b"{SMS:TEXT}{}{8785}{77771234567}{Thank you}"
    assert parse_answer(body) == InboxAnswer("8785", "77771234567", "Thank you")


@pytest.mark.rule("inbox.no-reply")
@pytest.mark.parametrize("body", [b"", b"{}", b" \r\n", b"\xef\xbb\xbf", b"\n{}\n", b"{ }"])
def test_received_and_nothing_goes_back(body):
    assert parse_answer(body) is None


@pytest.mark.rule("inbox.no-reply")
@pytest.mark.parametrize("inside", [b"", b" ", b"\r\n", rb"\0x0A", "\u00a0".encode()])
def test_an_empty_text_goes_nowhere(inside):
    assert parse_answer(b"{SMS:TEXT:FORMATTED}{}{8785}{77771234567}{" + inside + b"}") is None


@pytest.mark.rule("inbox.braces")
@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (b"a{b}c", "a{b}c"),
        (b"{}", "{}"),
        (b"}{", "}{"),
        (b"}", "}"),
        ("Рахмет, дос".encode(), "Рахмет, дос"),
        (b"two\nlines", "two\nlines"),
        (b" kept ", " kept "),
        (b"\\0x41 stays", "\\0x41 stays"),
    ],
)
def test_the_last_brace_ends_the_text(inside, text):
    assert text_of(b"{SMS:TEXT}{}{8785}{77771234567}{" + inside + b"}") == text


@pytest.mark.rule("inbox.formatted")
@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (rb"one\0x0Atwo\0x0D", "one\ntwo\r"),
        (rb"\0xd0\0x9f", "П"),  # U+041F in UTF-8
        (rb"\0x7D", "}"),
        (rb"\0x4", r"\0x4"),
        (rb"\0xZZ", r"\0xZZ"),
        (rb"\\0x0A", "\\\n"),
    ],
)
def test_escapes_of_octets(inside, text):
    assert text_of(b"{SMS:TEXT:FORMATTED}{}{8785}{77771234567}{" + inside + b"}") == text


@pytest.mark.rule("inbox.answer")
@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf{SMS:TEXT}{}{8785}{77771234567}{x}",
        b"\r\n\n  {SMS:TEXT}{}{8785}{77771234567}{x}\n\n",
        b"\n\xef\xbb\xbf\n{SMS:TEXT}{}{8785}{77771234567}{x}",
        b"{SMS:TEXT} {}\n{8785} {77771234567}\t{x}",
        b"{sms:text}{}{ 8785 }{+77771234567}{x}",
        b"{SMS:TEXT}{}{+8785}{77771234567}{x} <!-- cached -->",
        b"{SMS:TEXT}{17}{8785}{77771234567}{x}",
    ],
)
def test_what_php_programs_leave_beside_it(body):
    assert parse_answer(body) == InboxAnswer("8785", "77771234567", "x")


@pytest.mark.rule("inbox.answer-utf8", "inbox.says-why")
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"OK", "form"),
        (b"<html><body>{SMS:TEXT}{}{8785}{77771234567}{x}</body></html>", "form"),
        (b"{SMS:TEXT}{}{8785}{77771234567}", "form"),
        (b"{SMS:TEXT}{8785}{77771234567}{x}", "form"),
        (b"{SMS:WAPPUSH}{}{8785}{77771234567}{x}", "form"),
        (b"{SMS:TEXT}{}{8785}{77771234567}{x", "closing brace"),
        (b"{SMS:TEXT}{}{8785}{77771234567}{\xcf\xf0\xe8}", "UTF-8"),
        (rb"{SMS:TEXT:FORMATTED}{}{8785}{77771234567}{\0xFF}", "UTF-8"),
        (rb"{SMS:TEXT:FORMATTED}{}{8785}{77771234567}{\0x00}", "NUL"),
        (b"\xff\xfe{\x00}\x00", "form"),
    ],
)
def test_garbage_has_one_clear_reason(body, why):
    with pytest.raises(UnreadableAnswer, match=why):
        parse_answer(body)


@pytest.mark.rule("inbox.addressed", "inbox.plus")
@pytest.mark.parametrize("short", [b"8785", b"+8785", b"8785#12345", b"+8785#12345"])
def test_the_transaction_id_may_be_left_off(short):
    answer = parse_answer(b"{SMS:TEXT}{}{" + short + b"}{+77771234567}{x}")
    assert answer is not None
    asked = {"short_code": "8785", "transaction_id": "12345", "subscriber": "77771234567"}
    assert addressed_wrongly(answer, **asked) is None


@pytest.mark.rule("inbox.addressed", "inbox.transaction-back")
@pytest.mark.parametrize("transaction", ["1é\xff", " 12 3", "1#2"])
def test_any_transaction_id_may_come_back(transaction):
    body = f"{{SMS:TEXT}}{{}}{{8785#{transaction}}}{{77771234567}}{{x}}".encode()
    answer = parse_answer(body)
    assert answer is not None
    asked = {"short_code": "8785", "transaction_id": transaction, "subscriber": "77771234567"}
    assert addressed_wrongly(answer, **asked) is None


@pytest.mark.rule("inbox.addressed", "inbox.says-why")
@pytest.mark.parametrize(
    ("short", "subscriber", "why"),
    [
        ("8786", "77771234567", "short code"),
        ("", "77771234567", "short code"),
        ("8785#54321", "77771234567", "transaction"),
        ("8785#", "77771234567", "transaction"),
        ("8785", "77770000000", "subscriber"),
        ("77771234567", "8785", "short code"),
    ],
)
def test_an_answer_to_something_else(short, subscriber, why):
    answer = InboxAnswer(short, subscriber, "x")
    asked = {"short_code": "8785", "transaction_id": "12345", "subscriber": "77771234567"}
    assert why in (addressed_wrongly(answer, **asked) or "")


@pytest.mark.rule("inbox.answer-utf8", "inbox.braces")
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(str.strip))
def test_any_text_comes_through_whole(text):
    assert text_of(b"{SMS:TEXT}{}{8785}{77771234567}{" + text.encode() + b"}") == text


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(body):
    for whole in (body, b"{SMS:TEXT:FORMATTED}{}{1}{2}{" + body + b"}"):
        with suppress(UnreadableAnswer):
            answer = parse_answer(whole)
            assert answer is None or answer.text
