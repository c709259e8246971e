"""The gateway's words in the XML protocol's."""

from __future__ import annotations

import pytest

from habar.errors import Refusal
from habar.model import message as model
from habar.model.account import Account, AccountKind, Compat, XmlAcceptCode
from habar.model.message import MessageStatus, Outcome
from habar.model.status import MessageState
from habar.northbound.http import xml_rows as rows
from habar.northbound.http.xml_answering import error_body
from habar.query import Deletion
from habar.wire.http.xml import MsgIn, Ref

DEMO = Account(1, "demo", AccountKind.TEST)
ITEM = MsgIn("5", "77771234567", None, None, None, None, "Test")
NOON = 1_735_714_800_000  # 2025-01-01T12:00:00 in Almaty


def test_every_refusal_has_a_code():
    assert set(rows.CODES) == set(Refusal)


@pytest.mark.rule("xml.message-errors")
def test_the_codes_are_the_documentations():
    named = {
        Refusal.TIME: 200,
        Refusal.ID: 201,
        Refusal.SENDER: 202,
        Refusal.RECIPIENT: 203,
        Refusal.LENGTH: 204,
        Refusal.ACCOUNT_BLOCKED: 205,
        Refusal.BALANCE: 206,
        Refusal.LIMIT: 207,
    }
    assert {refusal: rows.CODES[refusal] for refusal in named} == named


@pytest.mark.parametrize("state", [MessageState.ACCEPTED, MessageState.SCHEDULED])
@pytest.mark.parametrize(
    ("setting", "code"), [(XmlAcceptCode.DOCUMENTED, None), (XmlAcceptCode.ONE, 1)]
)
def test_the_code_of_an_accepted_message(state, setting, code):
    account = Account(1, "demo", AccountKind.TEST, compat=Compat(xml_accept_code=setting))
    row = rows.sent(account, [ITEM], [Outcome(9, 2, state)])
    assert f'<msg id="5" sms_id="9" sms_count="2">{code or int(state)}</msg>' in row


@pytest.mark.parametrize("setting", list(XmlAcceptCode))
def test_a_refused_message_has_its_code_whatever_the_setting(setting):
    account = Account(1, "demo", AccountKind.TEST, compat=Compat(xml_accept_code=setting))
    row = rows.sent(account, [ITEM], [Outcome(0, 1, 0, Refusal.RECIPIENT)])
    assert '<msg id="5" sms_id="0" sms_count="1">203</msg>' in row


def test_a_status_that_is_not_final_has_no_date():
    status = MessageStatus(9, 5, 1, MessageState.ACCEPTED, NOON, NOON)
    assert "date_completed" not in rows.reported(DEMO, [Ref("5", None)], [status])


def test_the_date_of_a_final_status_is_in_the_accounts_zone():
    status = MessageStatus(9, 5, 1, MessageState.DELIVERED, NOON, NOON)
    row = rows.reported(DEMO, [Ref("5", None)], [status])
    assert 'date_completed="2025-01-01T12:00:00">102<' in row
    utc = Account(1, "demo", AccountKind.TEST, compat=Compat(timezone="UTC"))
    assert "2025-01-01T07:00:00" in rows.reported(utc, [Ref("5", None)], [status])


@pytest.mark.parametrize(
    ("ref", "row"),
    [
        (Ref("5", None), '<msg id="5">201</msg>'),
        (Ref(None, "9"), '<msg sms_id="9">201</msg>'),
        (Ref("5", "9"), '<msg id="5" sms_id="9">201</msg>'),
        (Ref(None, "abc"), "<msg>201</msg>"),
        (Ref(None, None), "<msg>201</msg>"),
    ],
)
def test_an_unknown_message_says_only_what_was_asked(ref, row):
    assert row in rows.reported(DEMO, [ref], [None])
    assert row in rows.deleted([ref], [Deletion(None, Refusal.ID)])


@pytest.mark.parametrize(
    ("ref", "meant"),
    [
        (Ref("5", None), model.Ref(5, None)),
        (Ref(None, "9"), model.Ref(None, 9)),
        (Ref("5", "9"), model.Ref(None, 9)),
        (Ref("5", ""), model.Ref(5, None)),
        (Ref("5", "abc"), model.Ref(None, 0)),
        (Ref("abc", None), model.Ref(None, 0)),
        (Ref(None, None), model.Ref(None, 0)),
    ],
)
def test_which_message_a_row_means(ref, meant):
    assert rows.asked([ref]) == [meant]


@pytest.mark.parametrize(
    ("refusal", "code"), [(None, 104), (Refusal.TOO_LATE, 211), (Refusal.FAULT, 200)]
)
def test_the_codes_of_a_deletion(refusal, code):
    status = MessageStatus(9, 5, 2, MessageState.ACCEPTED, NOON, None)
    row = rows.deleted([Ref(None, "9")], [Deletion(status, refusal)])
    assert f'<msg sms_id="9" sms_count="2">{code}</msg>' in row


@pytest.mark.parametrize(
    ("status", "code"), [(405, 201), (413, 201), (400, 201), (429, 200), (503, 200), (500, 200)]
)
def test_refusals_by_http_status_carry_a_document(status, code):
    assert f"<package><error>{code}</error></package>".encode() in error_body(status)
