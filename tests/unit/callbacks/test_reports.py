"""A message's state in the words of the protocols."""

from __future__ import annotations

import pytest

from habar.callbacks.reports import told
from habar.model.status import MessageState
from habar.wire.http.form import STATUSES

from .conftest import report

FAILED = "deliveryfailed"


@pytest.mark.rule("http.callback-status")
@pytest.mark.parametrize(
    ("state", "status", "json_status"),
    [
        (MessageState.ENROUTE, "deliveredtonetwork", "sent"),
        (MessageState.UNKNOWN, "deliveredtonetwork", "sent"),
        (MessageState.DELIVERED, "deliveredtohandset", "delivered"),
        (MessageState.EXPIRED, FAILED, "undelivered"),
        (MessageState.DELETED, FAILED, "undelivered"),
        (MessageState.UNDELIVERABLE, FAILED, "undelivered"),
        (MessageState.REJECTED, FAILED, "undelivered"),
        (MessageState.DISCARDED, FAILED, "undelivered"),
    ],
)
def test_every_state_that_is_told(state, status, json_status):
    words = told(report(state=state))
    assert (words.status, words.json_status) == (status, json_status)
    assert (words.code == 0) == (status != FAILED)
    assert words.message


@pytest.mark.parametrize("state", list(MessageState))
def test_a_state_is_told_as_the_http_protocol_answers_it(state):
    assert told(report(state=state)).status == STATUSES[state]


@pytest.mark.parametrize("state", list(MessageState))
def test_no_state_is_without_words(state):
    assert told(report(state=state)).message


@pytest.mark.rule("http.callback-error")
@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ("err:027", 27, "err:027"),
        ("err:001 (absent subscriber)", 1, "absent subscriber"),
        ("err:00B", 11, "err:00B"),
        ("err:xyz", 105, "err:xyz"),
        ("err:99999999999", 105, "err:99999999999"),
        ("ESME_RINVDSTADR", 0x0B, "ESME_RINVDSTADR"),
        ("kcell: ESME_RINVDSTADR", 0x0B, "ESME_RINVDSTADR"),
        ("kcell: ESME_RTHROTTLED (too fast (really))", 0x58, "too fast (really)"),
        ("0x00000400 (subscriber barred)", 0x400, "subscriber barred"),
        ("beeline: 0x00000400", 0x400, "0x00000400"),
        ("ESME_RUNHEARDOF", 105, "ESME_RUNHEARDOF"),
        ("date_end has passed", 105, "date_end has passed"),
        ("tried for too long", 105, "tried for too long"),
        ("", 105, "The message is undeliverable"),
    ],
)
def test_the_operators_number_and_words(error, code, message):
    words = told(report(state=MessageState.UNDELIVERABLE, error=error))
    assert (words.code, words.message) == (code, message)


def test_a_success_tells_no_error_of_an_earlier_try():
    assert told(report(error="ESME_RTHROTTLED")).code == 0
