"""What a call has come to."""

from __future__ import annotations

import pytest

from habar.callbacks.exchange import Answer
from habar.callbacks.verdict import by_itself, judge, refused, shown
from habar.errors import Refusal
from habar.store.callbacks import CallStage
from habar.store.inbox import CallMethod

from .conftest import call, subscriber

THANKS = b"{SMS:TEXT}{}{8785}{77771234567}{Thank you}"
DONE, WAITING, GIVEN_UP = CallStage.DONE, CallStage.WAITING, CallStage.GIVEN_UP


def judged(answer, event=None, *, now=0):
    return judge(call(event=event), answer, 100, now)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_state_is_told_whatever_the_answer_says(status):
    assert judged(Answer(status, body=b"<html>whatever")).stage is DONE
    assert judged(Answer(status, unreadable="larger")).stage is DONE


@pytest.mark.rule("inbox.again")
def test_a_no_is_tried_again_until_its_time_is_over():
    answer = Answer(500, "HTTP 500")
    assert judged(answer, now=99).stage is WAITING
    assert judged(answer, now=100).stage is GIVEN_UP


def test_where_nobody_is_to_be_called_any_more_it_is_given_up():
    nobody = Answer(0, "there is nobody", asked=False)
    assert judge(call(url=""), nobody, 100, 0).stage is GIVEN_UP
    assert judge(call(url="", method=CallMethod.AUTO), nobody, 100, 0).stage is WAITING


@pytest.mark.rule("inbox.answer")
def test_the_answer_goes_back():
    verdict = judged(Answer(200, body=THANKS), subscriber())
    assert verdict == (DONE, "Thank you", "")


@pytest.mark.rule("inbox.no-reply")
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_received_without_an_answer(body):
    assert judged(Answer(200, body=body), subscriber()) == (DONE, "", "")


@pytest.mark.rule("inbox.addressed", "inbox.says-why", "inbox.one-reply")
@pytest.mark.parametrize(
    ("answer", "changes", "why"),
    [
        (Answer(200, body=b"OK"), {}, "form"),
        (Answer(200, body=THANKS, unreadable="the answer is larger"), {}, "larger"),
        (Answer(200, body=THANKS), {"short_code": "8786"}, "short code"),
        (Answer(200, body=THANKS), {"sender": "77770000000"}, "subscriber"),
        (Answer(200, body=THANKS), {"replied": True}, "answered before"),
    ],
)
def test_an_answer_that_cannot_go_back_is_a_yes_with_a_note(answer, changes, why):
    verdict = judged(answer, subscriber(**changes))
    assert (verdict.stage, verdict.reply) == (DONE, "")
    assert why in verdict.note


@pytest.mark.parametrize(("length", "goes"), [(15, True), (16, False), (59, False)])
def test_a_transaction_id_goes_back_as_far_as_a_sender_is_long(length, goes):
    """By data_sm an operator may bring a longer one than submit_sm can take back."""
    transaction = "9" * length
    body = b"{SMS:TEXT}{}{8785#" + transaction.encode() + b"}{77771234567}{x}"
    verdict = judged(Answer(200, body=body), subscriber(transaction_id=transaction))
    assert (verdict.stage, bool(verdict.reply)) == (DONE, goes)
    assert ("too long" in verdict.note) is not goes


@pytest.mark.parametrize("sender", ["Kcell", "1234567890123456", "12345678901234567890"])
def test_a_sender_that_is_no_number_gets_nothing(sender):
    body = b"{SMS:TEXT}{}{8785}{" + sender.encode() + b"}{x}"
    verdict = judged(Answer(200, body=body), subscriber(sender=sender))
    assert (verdict.reply, verdict.note) == ("", "the sender is no subscriber's number")


@pytest.mark.rule("inbox.auto-reply")
def test_the_gateways_own_answer():
    auto = call(event=subscriber(reply="STOPPED"), method=CallMethod.AUTO)
    assert by_itself(auto) == (DONE, "STOPPED", "")
    assert by_itself(call(event=subscriber(), method=CallMethod.AUTO)) == (DONE, "", "")


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_words(refusal):
    assert refused(refusal)


@pytest.mark.rule("inbox.says-why")
def test_a_reply_that_is_too_long_is_told_as_such():
    assert refused(Refusal.LENGTH) == "the text is longer than one SMS"


def test_what_is_shown_of_an_answer():
    assert shown("Сәлем\x1b[31m\0".encode() + b"\xff" + b"x" * 900).startswith("Сәлем�[31m��x")
    assert len(shown(b"x" * 900)) == 200
    assert shown("ы".encode() * 900) == "ы" * 200
