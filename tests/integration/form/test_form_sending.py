"""What may be asked for, and what is refused (spec/http.md)."""

from __future__ import annotations

import asyncio

import pytest

from habar.errors import StoreUnavailable
from habar.model.account import RecipientForm
from habar.model.message_type import NAMES, MessageType
from habar.model.status import MessageState
from habar.store.inbox import OptOut

from .conftest import code, words

HOUR = 3_600_000


@pytest.mark.rule("http.accepted")
async def test_an_accepted_message_is_on_disk(gateway, caller):
    answer = await caller.get(messagedata="Ваш код 1234", originator="SHOP")
    message_id = int(answer.root.findtext("messageid"))
    story = await gateway.store.story(message_id)
    kept = story.submission
    assert (kept.text, kept.sender, kept.recipient, kept.protocol) == (
        "Ваш код 1234", "SHOP", 77771234567, 2
    )  # fmt: skip


@pytest.mark.rule("http.required")
@pytest.mark.parametrize("name", ["action", "username", "password", "recipient", "messagedata"])
@pytest.mark.parametrize("value", [None, ""])
async def test_what_is_missing_is_named(caller, name, value):
    answer = await caller.get(**{name: value})
    assert (code(answer), words(answer)) == ("400", f"{name} is missing")
    assert caller.texts() == []


@pytest.mark.rule("http.action-unknown")
@pytest.mark.parametrize("action", ["sendMessages", "delete", "receivemessage"])
async def test_an_unknown_action(caller, action):
    assert code(await caller.get(action=action)) == "404"
    assert caller.texts() == []


@pytest.mark.rule("http.credentials")
@pytest.mark.parametrize(
    ("username", "password"), [("shop", "wrong"), ("nobody", "shop"), ("SHOP", "shop")]
)
async def test_wrong_credentials(caller, username, password):
    answer = await caller.get(username=username, password=password)
    assert (answer.status, code(answer)) == (200, "401")
    assert caller.texts() == []


@pytest.mark.rule("http.credentials-first")
async def test_strangers_learn_nothing_but_that_they_are(caller):
    wrong = {"password": "wrong", "action": "x", "responseformat": "x", "messagecount": "x"}
    assert code(await caller.get(**wrong)) == "401"


@pytest.mark.rule("http.guessing", "http.retry-after")
async def test_guessing_is_slowed(caller):
    answers = [await caller.get(password=f"guess {number}") for number in range(40)]
    last = answers[-1]
    assert (answers[0].status, code(answers[0])) == (200, "401")
    assert (last.status, code(last)) == (200, "429")
    assert int(last.headers["retry-after"]) > 0


@pytest.mark.rule("http.overload", "http.retry-after")
async def test_a_store_that_is_away(gateway, caller, monkeypatch):
    await caller.get()  # the password is known now
    gateway.door.drain()
    answer = await caller.get()
    assert (answer.status, code(answer), answer.headers["retry-after"]) == (200, "503", "2")

    async def away(*_):
        raise StoreUnavailable("gone")

    monkeypatch.setattr(gateway.store, "statuses", away)
    assert code(await caller.get(action="getmessagestatus", messageid="1")) == "503"


async def test_a_fault_is_answered_and_logged(gateway, caller, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(gateway.door, "submit", broken)
    answer = await caller.get()
    assert (answer.status, code(answer)) == (200, "200")


@pytest.mark.rule("http.message-type-unknown")
async def test_an_unknown_type(caller):
    assert code(await caller.get(messagetype="SMS:PIGEON")) == "210"
    assert caller.texts() == []


DATA = {
    MessageType.BINARY: "48656C6C6F",
    MessageType.BINARY_XML: "<sms><dcs>F5</dcs><ud>48656C</ud></sms>",
    MessageType.WAPPUSH: '<si><indication href="http://shop.kz/">New</indication></si>',
    MessageType.BOOKMARK: '<CHARACTERISTIC-LIST><CHARACTERISTIC TYPE="BOOKMARK">'
    '<PARM NAME="URL" VALUE="http://shop.kz"/></CHARACTERISTIC></CHARACTERISTIC-LIST>',
    MessageType.VCARD: "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Smith\r\nEND:VCARD",
    MessageType.VCALENDAR: "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nEND:VCALENDAR",
    MessageType.VOICEMAIL: '<Indication action="SET"/>',
    MessageType.EMAIL: '<Indication action="SET"/>',
    MessageType.FAX: '<Indication action="CLEAR"/>',
    MessageType.VIDEO: '<Indication action="SET"/>',
    MessageType.PICTURE: "00080201FF81",
}


@pytest.mark.rule("http.message-types")
@pytest.mark.parametrize("kind", MessageType)
async def test_every_type_of_message(gateway, caller, kind):
    data = DATA.get(kind, "Salem")
    for answer in (
        await caller.get(messagetype=NAMES[kind], messagedata=data),
        await caller.post(messagetype=NAMES[kind].lower(), messagedata=data),
    ):
        assert code(answer) == "0", words(answer)
        assert answer.root.findtext("data/acceptreport/messagetype") == NAMES[kind]
        assert answer.root.findtext("data/acceptreport/messagedata") == data.replace("\r\n", "\r\n")
    assert [message.message_type for message in gateway.link.taken] == [kind, kind]
    assert caller.texts() == [data, data]


@pytest.mark.rule("http.content-words")
async def test_data_that_its_type_does_not_ask_for(caller):
    answer = await caller.get(messagetype="SMS:WAPPUSH", messagedata="http://shop.kz")
    assert code(answer) == "209"
    assert words(answer).startswith("messagedata is not what its messagetype asks for: ")


@pytest.mark.rule("http.originator")
async def test_the_originator(gateway, caller):
    await gateway.change("shop", default_sender="SHOP")
    default = await caller.get()
    assert default.root.findtext("data/acceptreport/originator") == "SHOP"
    await caller.get(originator="INFO_KAZ")
    assert [message.sender for message in gateway.link.taken] == ["SHOP", "INFO_KAZ"]
    assert code(await caller.get(originator="BANK")) == "202"


@pytest.mark.rule("http.recipient")
@pytest.mark.parametrize("recipient", ["87771234567", "+77771234567", "7777123456", "x"])
async def test_the_recipients_form(gateway, caller, recipient):
    assert code(await caller.get(recipient=recipient)) == "203"
    await gateway.change("shop", recipient=RecipientForm.NORMALISE)
    normal = await caller.get(recipient=recipient)
    assert code(normal) == ("0" if "77123456" in recipient and len(recipient) > 10 else "203")


@pytest.mark.rule("http.refusals")
async def test_what_the_account_may_not(gateway, caller):
    assert code(await caller.get(messagedata=" ")) == "204"
    assert code(await caller.get(messagedata="x" * 2000)) == "204"
    await gateway.add("poor", balance=1000)
    assert code(await caller.get(username="poor", password="poor")) == "206"
    await gateway.change("shop", daily_limit=0)
    assert code(await caller.get()) == "207"
    await gateway.change("shop", blocked=True)
    assert code(await caller.get()) == "205"


@pytest.mark.rule("http.opted-out")
async def test_a_subscriber_who_wants_no_messages(gateway, caller):
    await caller.get()
    account_id = gateway.link.taken[0].account_id
    gateway.door._around.opt_outs.take([OptOut(account_id, 77771234567, "8785", True, 0, 1)])
    assert code(await caller.get()) == "208"
    assert code(await caller.get(recipient="77771234568")) == "0"


@pytest.mark.rule("http.sendondate", "http.timezone")
@pytest.mark.parametrize(("zone", "hours"), [("Asia/Almaty", 2), ("UTC", 7), ("Europe/Berlin", 5)])
async def test_when_to_send(gateway, caller, zone, hours):
    await gateway.change("shop", timezone=zone)
    answer = await caller.get(sendondate="2025-10-09 15:53:20")  # NOW is 13:53:20 in Almaty
    story = await gateway.store.story(int(answer.root.findtext("messageid")))
    assert story.submission.due_at == gateway.now + hours * HOUR
    assert story.submission.state == MessageState.SCHEDULED
    assert caller.texts() == []


@pytest.mark.rule("http.sendondate-past")
async def test_a_time_that_is_past_means_now(caller):
    assert code(await caller.get(sendondate="2020-01-01 00:00:00")) == "0"
    assert caller.texts() == ["Test"]


@pytest.mark.rule("http.sendondate-unreadable")
@pytest.mark.parametrize("moment", ["tomorrow", "2025-13-01 00:00:00", "31.12.2025", "1760000000"])
async def test_a_time_that_cannot_be_read(caller, moment):
    answer = await caller.get(sendondate=moment)
    assert code(answer) == "212"
    assert words(answer).startswith("sendondate is not")


@pytest.mark.rule("http.reporturl")
async def test_whom_to_tell(caller):
    url = "http://shop.kz/report?order=5&x=%D0%A1"
    answer = await caller.get(reporturl=url)
    assert caller.reports() == [(int(answer.root.findtext("messageid")), url)]


@pytest.mark.rule("http.reporturl-unusable")
@pytest.mark.parametrize(
    "url", ["ftp://shop.kz/", "shop.kz", "http://u:p@shop.kz/", "http:///x", "http://a/\r\nX: y"]
)
async def test_a_report_url_that_cannot_be_called(caller, url):
    answer = await caller.get(reporturl=url)
    assert code(answer) == "400"
    assert words(answer).startswith("reporturl: ")
    assert caller.texts() == []


@pytest.mark.rule("http.messagecount", "http.messagecount-default")
async def test_many_messages_in_one_request(gateway, caller):
    answer = await caller.post(
        messagecount="3",
        recipient=None,
        recipient0="77770000001",
        recipient1="77770000002",
        recipient2="77770000003",
        messagedata1="own",
        originator2="SHOP",
        messagetype1="SMS:TEXT:GSM7BIT:CLASS0",
        reporturl0="http://a.kz/",
    )
    reports = list(answer.root.iter("acceptreport"))
    assert [each.findtext("statuscode") for each in reports] == ["0"] * 3
    ids = [int(each.findtext("messageid")) for each in reports]
    assert len(set(ids)) == 3
    assert answer.root.findtext("messageid") == str(ids[0])
    taken = gateway.link.taken
    assert [(m.recipient, m.text, m.sender, m.message_type) for m in taken] == [
        (77770000001, "Test", "TEXT_MSG", 0),
        (77770000002, "own", "TEXT_MSG", 1),
        (77770000003, "Test", "SHOP", 0),
    ]
    assert caller.reports() == [(ids[0], "http://a.kz/")]


@pytest.mark.rule("http.messagecount-neighbours")
async def test_one_that_is_refused_stops_no_neighbour(caller):
    more = {"recipient0": "x", "recipient2": "77770000002", "recipient3": "77770000003"}
    more |= {"messagetype3": "MMS", "reporturl4": "ftp://a", "recipient4": "77770000004"}
    answer = await caller.post(messagecount="5", recipient=None, **more)
    reports = list(answer.root.iter("acceptreport"))
    assert [each.findtext("statuscode") for each in reports] == ["203", "400", "0", "210", "400"]
    assert reports[1].findtext("statusmessage") == "recipient1 is missing"
    assert answer.root.findtext("action") == "sendmessage"
    assert code(answer) == "203"
    assert caller.texts() == ["Test"]


@pytest.mark.rule("http.messagecount-neighbours")
async def test_an_answer_for_messages_of_which_none_was_accepted(caller):
    answer = await caller.post(messagecount="2", recipient="x")
    assert answer.root.findtext("action") == "error"
    assert [each.text for each in answer.root.iter("statuscode")] == ["203"] * 3


@pytest.mark.rule("http.messagecount-bounds")
@pytest.mark.parametrize("count", ["0", "-1", "1001", "99999999999", "x", "1.5"])
async def test_counts_that_are_none(caller, count):
    answer = await caller.post(messagecount=count)
    assert code(answer) == "400"
    assert "messagecount" in words(answer)
    assert caller.texts() == []


@pytest.mark.rule("http.messagecount-bounds")
async def test_the_largest_count(gateway, caller):
    await gateway.add("rich", balance=10_000_000)
    answer = await caller.post(username="rich", password="rich", messagecount="1000")
    assert [each.findtext("statuscode") for each in answer.root.iter("acceptreport")] == [
        "0"
    ] * 1000


async def test_requests_at_once_are_answered_each_with_its_own(caller):
    answers = await asyncio.gather(*(caller.get(messagedata=f"text {n}") for n in range(50)))
    for number, answer in enumerate(answers):
        assert answer.root.findtext("data/acceptreport/messagedata") == f"text {number}"
    assert len({answer.root.findtext("messageid") for answer in answers}) == 50
