"""The gateway's words in the HTTP protocol's."""

from __future__ import annotations

import pytest

from habar.errors import Refusal
from habar.model.account import Account, AccountKind, Compat
from habar.model.message import MessageStatus, Outcome, Ref
from habar.model.message_type import NAMES, MessageType
from habar.model.status import MessageState
from habar.northbound.http import form_rows as rows
from habar.northbound.http import xml_rows
from habar.northbound.http.form_rows import Refused, Wanted
from habar.wire.http.form import ERROR, STATUSES, FormFault, MessageIn

DEMO = Account(1, "demo", AccountKind.TEST)
ITEM = MessageIn("77771234567", "", "", "Test", "", "")
NOON = 1_735_714_800_000  # 2025-01-01T12:00:00 in Almaty


def test_every_refusal_has_a_code_and_words():
    assert set(rows.CODES) == set(rows.WORDS) == set(Refusal)
    assert 0 not in rows.CODES.values()
    assert set(rows.REQUEST_WORDS).isdisjoint(rows.CODES.values())
    assert all(rows.WORDS.values())


def test_what_xml_has_a_number_for_has_the_same():
    alone = [code for code in xml_rows.CODES.values() if 201 <= code <= 207]
    shared = {refusal: code for refusal, code in xml_rows.CODES.items() if alone.count(code) == 1}
    assert shared
    assert {refusal: rows.CODES[refusal] for refusal in shared} == shared


def test_every_state_has_its_status():
    assert set(STATUSES) == set(MessageState)
    finals = {state for state in MessageState if STATUSES[state] != "accepted"}
    assert finals == {state for state in MessageState if state.is_final}


@pytest.mark.rule("http.message-types")
@pytest.mark.parametrize("kind", MessageType)
def test_every_type_is_known_by_its_name(kind):
    for name in (NAMES[kind], NAMES[kind].lower()):
        found = rows.wanted(ITEM._replace(messagetype=name))
        assert isinstance(found, Wanted)
        assert found.draft[5] == kind


@pytest.mark.rule("http.message-type-absent")
@pytest.mark.parametrize("name", ["", "SMS", "sms"])
def test_no_type_is_a_text(name):
    found = rows.wanted(ITEM._replace(messagetype=name))
    assert isinstance(found, Wanted)
    assert found.draft[5] == MessageType.TEXT


@pytest.mark.rule("http.message-type-unknown")
@pytest.mark.parametrize("name", ["SMS:TEXT:UCS2", "MMS", "0", "SMS:BINARY:", "SMSTEXT"])
def test_another_type_is_refused(name):
    assert rows.wanted(ITEM._replace(messagetype=name)) == Refused(
        210, "messagetype is not one of the protocol's"
    )


def test_what_is_absent_is_left_to_the_door():
    assert rows.wanted(ITEM) == Wanted((None, "77771234567", None, None, None, 0, "Test"), "")
    full = ITEM._replace(originator="SHOP", sendondate="x", reporturl="http://a")
    assert rows.wanted(full) == Wanted(
        (None, "77771234567", "SHOP", "x", None, 0, "Test"), "http://a"
    )


def test_a_fault_and_a_bad_report_url_are_told_in_words():
    assert rows.wanted(FormFault("recipient is missing")) == Refused(400, "recipient is missing")
    for url in ("ftp://a", "shop.kz", "http://u:s3cret@a/", "http://"):
        refused = rows.wanted(ITEM._replace(reporturl=url))
        assert isinstance(refused, Refused)
        assert refused.code == 400
        assert refused.words.startswith("reporturl: the URL")
        assert "s3cret" not in refused.words


@pytest.mark.rule("http.content-words")
def test_content_that_is_wrong_is_told_what_is_wrong_with_it():
    code, words = rows.refused(
        ITEM._replace(messagetype="sms:binary", messagedata="0g"), Refusal.CONTENT
    )
    assert code == 209
    start = rows.WORDS[Refusal.CONTENT] + ": "
    assert words.startswith(start)
    assert len(words) > len(start)


def test_one_accepted():
    answer = rows.sent(DEMO, [ITEM], [Outcome(17, 1, MessageState.ACCEPTED)])
    assert (answer.action, answer.element) == ("sendmessage", "acceptreport")
    assert list(answer.first.items()) == [
        ("statuscode", "0"),
        ("statusmessage", "Message accepted for delivery"),
        ("messageid", "17"),
        ("originator", "TEXT_MSG"),
        ("recipient", "77771234567"),
        ("messagetype", "SMS:TEXT"),
        ("messagedata", "Test"),
    ]


@pytest.mark.parametrize("refusal", Refusal)
def test_one_refused(refusal):
    answer = rows.sent(DEMO, [ITEM], [Outcome(0, 1, 0, refusal)])
    assert answer.action == ERROR
    assert answer.first["statuscode"] == str(rows.CODES[refusal])
    assert set(answer.first) == {"statuscode", "statusmessage"}


def test_several_of_which_some_are_refused():
    results = [
        Refused(400, "recipient0 is missing"),
        Outcome(5, 1, 106),
        Outcome(0, 1, 0, Refusal.SENDER),
    ]
    answer = rows.sent(DEMO, [FormFault("recipient0 is missing"), ITEM, ITEM], results)
    assert answer.action == "sendmessage"
    assert [item["statuscode"] for item in answer.items] == ["400", "0", "202"]
    assert answer.items[2]["recipient"] == "77771234567"
    assert rows.sent(DEMO, [ITEM, ITEM], [results[2], results[2]]).action == ERROR


def test_the_result_for_links():
    accepted = rows.sent(DEMO, [ITEM], [Outcome(17, 1, MessageState.ACCEPTED)])
    result = rows.result_of(accepted, DEMO, NOON)
    assert (result["messageid"], result["status"]) == ("17", "accepted")
    assert result["submitdate"] == "2025-01-01 12:00:00"
    refused = rows.result_of(rows.error(400, "x"), DEMO, NOON)
    assert (refused["status"], refused.get("submitdate")) == ("deliveryfailed", None)


@pytest.mark.parametrize(
    ("state", "date"),
    [(MessageState.DELIVERED, "2025-01-01 12:00:00"), (MessageState.UNDELIVERABLE, "")],
)
def test_the_state_for_links(state, date):
    status = MessageStatus(17, None, 1, state, NOON, NOON)
    result = rows.result_of(rows.reported(DEMO, ["17"], [status]), DEMO, NOON)
    assert result.get("deliveredtohandsetdate", "") == date


def test_which_messages_are_asked_for():
    assert rows.asked(["17", "x", "-1", "9" * 30]) == [
        Ref(None, 17), Ref(None, 0), Ref(None, 0), Ref(None, 0)
    ]  # fmt: skip


@pytest.mark.parametrize("state", MessageState)
def test_a_state(state):
    zone = Account(1, "demo", AccountKind.TEST, compat=Compat(timezone="UTC"))
    status = MessageStatus(17, None, 1, state, NOON, NOON)
    item = rows.reported(zone, ["17"], [status]).first
    assert item == {
        "statuscode": "0",
        "statusmessage": state.name,
        "messageid": "17",
        "status": STATUSES[state],
        "state": str(int(state)),
        "donedate": "2025-01-01 07:00:00" if state.is_final else "",
    }


def test_a_message_that_is_not_the_accounts():
    answer = rows.reported(DEMO, ["18"], [None])
    assert answer.action == ERROR
    assert (answer.first["statuscode"], answer.first["messageid"]) == ("201", "18")
