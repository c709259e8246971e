"""Sending and its answer (spec/xml.md, "Sending")."""

from __future__ import annotations

import asyncio

import pytest

from habar.model.account import DuplicateId, RecipientForm, XmlAcceptCode
from habar.model.times import format_time
from habar.store.events import ExpireWaiting

DAY = 86_400_000


def at(gateway, offset: int, form: str = " ") -> str:
    """A wall-clock time in Almaty, so many milliseconds from now."""
    return format_time(gateway.now + offset, "Asia/Almaty").replace("T", form)


# --- default -------------------------------------------------------------------------------------
@pytest.mark.rule("xml.default-attributes")
async def test_default_gives_what_a_msg_lacks(gateway, msg):
    default = '<default recipient="77770000000" sender="SHOP" type="1"/>'
    answer = await gateway.send(
        msg(recipient=None), msg(sender="INFO_KAZ", type="0"), default=default
    )
    assert answer.codes == [106, 106]
    first, second = gateway.link.taken
    assert (first.recipient, first.sender, first.message_type) == (77770000000, "SHOP", 1)
    assert (second.recipient, second.sender, second.message_type) == (77771234567, "INFO_KAZ", 0)


@pytest.mark.rule("xml.default-not-id")
async def test_default_gives_no_id(gateway, msg):
    answer = await gateway.send(msg(), msg(), default='<default id="5"/>')
    assert answer.codes == [106, 106]
    assert all("id" not in row for row in answer.rows)
    assert (await gateway.status('id="5"')).codes == [201]


@pytest.mark.rule("xml.default-text")
async def test_default_gives_its_text(gateway, msg):
    answer = await gateway.send(msg(""), msg("own"), default="<default>common</default>")
    assert answer.codes == [106, 106]
    assert [message.text for message in gateway.link.taken] == ["common", "own"]


# --- recipient -----------------------------------------------------------------------------------
@pytest.mark.rule("xml.recipient-11-digits")
@pytest.mark.parametrize(
    "recipient",
    [
        *("", "7777123456", "777712345678", "17771234567", "78771234567", "7777123456a"),
        *("٧٧٧٧١٢٣٤٥٦٧", "７７７７１２３４５６７", " 77771234567", "77771234567 ", "abc"),
        None,
    ],
)
async def test_recipients_that_are_refused(gateway, msg, recipient):
    answer = await gateway.send(msg(recipient=recipient), msg())
    assert answer.codes == [203, 106]
    assert len(gateway.link.taken) == 1


@pytest.mark.rule("xml.recipient-8-or-plus7")
@pytest.mark.parametrize("recipient", ["87771234567", "+77771234567"])
async def test_numbers_that_begin_with_8_or_plus_7_never_reach_an_operator(gateway, msg, recipient):
    answer = await gateway.send(msg(recipient=recipient))
    assert answer.rows == [{"sms_id": "0", "sms_count": "1", "code": "203"}]
    assert gateway.link.taken == []


@pytest.mark.rule("xml.recipient-normalise", "xml.compat-per-account")
async def test_an_account_may_write_numbers_in_any_form(gateway, msg):
    await gateway.add("form", recipient=RecipientForm.NORMALISE)
    forms = ("87771234567", "+77771234567", "+7 (777) 123-45-67", "77771234567")
    answer = await gateway.send(*(msg(recipient=form) for form in forms), login="form")
    assert answer.codes == [106] * 4
    assert {message.recipient for message in gateway.link.taken} == {77771234567}
    assert (await gateway.send(msg(recipient="87771234567"))).codes == [203]


# --- sender --------------------------------------------------------------------------------------
@pytest.mark.rule("xml.sender-default", "xml.sender-empty", "xml.text-msg")
@pytest.mark.parametrize("attributes", [{}, {"sender": ""}])
async def test_without_a_sender_the_accounts_default_is_used(gateway, msg, attributes):
    assert (await gateway.send(msg(**attributes), login="demo")).codes == [106]
    await gateway.change("shop", default_sender="SHOP")
    assert (await gateway.send(msg(**attributes))).codes == [106]
    assert [message.sender for message in gateway.link.taken] == ["TEXT_MSG", "SHOP"]


@pytest.mark.rule("xml.sender-empty")
async def test_an_empty_sender_leaves_the_section_default(gateway, msg):
    await gateway.send(msg(sender=""), default='<default sender="SHOP"/>')
    assert gateway.link.taken[0].sender == "SHOP"


@pytest.mark.rule("xml.sender-not-owned", "xml.own-senders")
async def test_a_sender_of_another_account_is_refused(gateway, msg):
    await gateway.add("other", senders=("OTHER",))
    own = await gateway.send(msg(sender="SHOP"), msg(sender="OTHER"), msg(sender="shop"))
    other = await gateway.send(msg(sender="SHOP"), msg(sender="OTHER"), login="other")
    assert own.codes == [106, 202, 202]
    assert other.codes == [202, 106]
    assert [message.sender for message in gateway.link.taken] == ["SHOP", "OTHER"]


# --- id ------------------------------------------------------------------------------------------
@pytest.mark.rule("xml.id-range")
@pytest.mark.parametrize(
    "number", ["abc", "0", "-1", "+1", str(2**63), "9" * 400, "1.0", " 1", "", "٣"]
)
async def test_ids_that_are_refused(gateway, msg, number):
    [row] = (await gateway.send(msg(id=number))).rows
    assert row == {"id": number, "sms_id": "0", "sms_count": "1", "code": "201"}
    assert gateway.link.taken == []


@pytest.mark.rule("xml.id-range", "xml.answer-id-echoed")
@pytest.mark.parametrize("number", ["1", str(2**63 - 1), "007"])
async def test_ids_that_are_taken(gateway, msg, number):
    [row] = (await gateway.send(msg(id=number))).rows
    assert (row["id"], row["code"]) == (number, "106")
    assert (await gateway.status(f'id="{int(number)}"')).ids == [int(row["sms_id"])]


@pytest.mark.rule("xml.id-optional", "xml.answer-id-echoed")
async def test_a_message_without_an_id(gateway, msg):
    answer = await gateway.send(msg(), msg(), msg(id="4"))
    assert answer.codes == [106] * 3
    assert [row.get("id") for row in answer.rows] == [None, None, "4"]


@pytest.mark.rule("xml.id-unique-in-account")
async def test_two_accounts_may_use_one_id(gateway, msg):
    one, other = await gateway.send(msg(id="7")), await gateway.send(msg(id="7"), login="demo")
    assert one.codes == other.codes == [106]
    assert one.ids != other.ids


@pytest.mark.rule("xml.duplicate-reject", "xml.refused-sms-id-0")
async def test_a_repeated_id_is_told_the_first_message(gateway, msg):
    first = (await gateway.send(msg("x" * 161, id="7"))).rows[0]
    again = (await gateway.send(msg("other", id="7"), msg(id="8"))).rows
    assert again[0] == {"id": "7", "sms_id": first["sms_id"], "sms_count": "2", "code": "201"}
    assert again[1]["code"] == "106"
    assert len(gateway.link.taken) == 2


@pytest.mark.rule("xml.duplicate-reject")
async def test_an_id_twice_in_one_package(gateway, msg):
    answer = await gateway.send(msg(id="7"), msg(id="7"))
    assert answer.codes == [106, 201]
    assert answer.ids[0] == answer.ids[1]


@pytest.mark.rule("xml.duplicate-reject")
async def test_a_repeated_id_speaks_before_every_other_check(gateway, msg):
    first = await gateway.send(msg(id="7"))
    again = await gateway.send(msg("", recipient="1", sender="NO", id="7"))
    assert (again.codes, again.ids) == ([201], first.ids)


@pytest.mark.rule("xml.duplicate-idempotent", "xml.compat-per-account")
async def test_an_idempotent_repeat_has_the_first_answer(gateway, msg):
    await gateway.add("idem", duplicate_id=DuplicateId.IDEMPOTENT)
    repeated = msg("x" * 161, id="7")
    first = await gateway.send(repeated, login="idem")
    again = await gateway.send(repeated, login="idem")
    assert again.body == first.body
    assert again.codes == [106]
    assert len(gateway.link.taken) == 1
    assert await gateway.balance("idem") == 1_000_000 - 2 * 1200


@pytest.mark.rule("xml.duplicate-idempotent-differs")
@pytest.mark.parametrize(
    "other", [{"text": "Other"}, {"recipient": "77770000000"}], ids=["text", "recipient"]
)
async def test_an_idempotent_repeat_that_differs_is_refused(gateway, msg, other):
    await gateway.add("idem", duplicate_id=DuplicateId.IDEMPOTENT)
    first = await gateway.send(msg(id="7"), login="idem")
    again = await gateway.send(msg(id="7", **other), login="idem")
    assert (again.codes, again.ids) == ([201], first.ids)


@pytest.mark.rule("xml.duplicate-allow")
async def test_an_account_may_repeat_its_ids(gateway, msg):
    await gateway.add("allow", duplicate_id=DuplicateId.ALLOW)
    answer = await gateway.send(msg(id="1"), msg(id="1"), login="allow")
    later = await gateway.send(msg(id="1"), login="allow")
    assert answer.codes + later.codes == [106] * 3
    assert len({*answer.ids, *later.ids}) == 3
    assert (await gateway.status('id="1"', login="allow")).ids == later.ids


@pytest.mark.rule("xml.id-used-by-accepted")
async def test_a_refused_message_leaves_its_id_free(gateway, msg):
    for refused in (msg("", id="7"), msg(id="7", sender="NO"), msg(id="7", recipient="1")):
        assert (await gateway.send(refused)).ids == [0]
    assert (await gateway.send(msg(id="7"))).codes == [106]


@pytest.mark.rule("xml.id-race")
async def test_of_many_that_race_with_one_id_one_wins(gateway, msg):
    answers = await asyncio.gather(*(gateway.send(msg(id="7")) for _ in range(20)))
    codes = [answer.codes[0] for answer in answers]
    assert sorted(codes) == [106] + [201] * 19
    assert len({answer.ids[0] for answer in answers}) == 1
    assert len(gateway.link.taken) == 1


# --- date_beg and date_end -----------------------------------------------------------------------
@pytest.mark.rule("xml.date-beg-empty")
async def test_an_empty_date_beg_means_now(gateway, msg):
    assert (await gateway.send(msg(date_beg="", date_end=""))).codes == [106]
    assert gateway.link.taken[0].due_at == gateway.now


@pytest.mark.rule("xml.date-beg-past")
async def test_a_past_date_beg_means_now(gateway, msg):
    assert (await gateway.send(msg(date_beg=at(gateway, -DAY)))).codes == [106]
    assert gateway.link.taken[0].due_at == gateway.now


@pytest.mark.rule("xml.date-beg-future", "xml.request-times", "xml.zone-almaty")
@pytest.mark.parametrize(
    "written",
    ["2025-10-10 13:53:20", "2025-10-10T13:53:20", "2025-10-10T13:53", "2025-10-10 13:53"],
)
async def test_a_message_may_be_scheduled(gateway, msg, written):
    answer = await gateway.send(msg(date_beg=written))
    assert answer.codes == [100]
    assert gateway.link.taken == []
    seconds = written.count(":") - 1
    assert gateway.link.scheduled == [gateway.now + DAY - (0 if seconds else 20_000)]
    assert (await gateway.status(f'sms_id="{answer.ids[0]}"')).codes == [100]
    gateway.now += DAY
    assert (await gateway.status(f'sms_id="{answer.ids[0]}"')).codes == [106]


@pytest.mark.rule("xml.request-time-offsets")
@pytest.mark.parametrize(
    "written",
    ["2025-10-10 11:53:20+0300", "2025-10-10T11:53:20+03:00", "2025-10-10T08:53:20Z"],
)
async def test_a_time_may_say_its_own_offset(gateway, msg, written):
    assert (await gateway.send(msg(date_beg=written))).codes == [100]
    assert gateway.link.scheduled == [gateway.now + DAY]


@pytest.mark.rule("xml.zone-almaty")
async def test_almaty_was_at_utc_plus_6_before_march_2024(gateway, msg):
    await gateway.send(msg(date_end="2024-02-29 23:59:59"), msg(date_end="2024-03-01 01:00:00"))
    ends = [(await gateway.store.story(number)).submission.expires_at / 1000 for number in (1, 2)]
    assert ends == [1709229599, 1709236800]  # 17:59:59 UTC of that day; 20:00:00 UTC of that day


@pytest.mark.rule("xml.zone-configurable", "xml.compat-per-account")
async def test_an_account_may_have_another_zone(gateway, msg):
    await gateway.add("utc", timezone="UTC")
    assert (await gateway.send(msg(date_beg="2025-10-10 13:53:20"), login="utc")).codes == [100]
    assert gateway.link.scheduled == [gateway.now + DAY + 5 * 3_600_000]


NONSENSE = ["tomorrow", "2025-02-30 00:00:00", "10.10.2025 12:00", "2025-10-10", "0", "12:00"]


@pytest.mark.parametrize("written", [*NONSENSE, "2025-10-10 25:00:00", "٢٠٢٥-10-10 12:00:00"])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("date_beg", marks=pytest.mark.rule("xml.date-beg-unreadable")),
        pytest.param("date_end", marks=pytest.mark.rule("xml.date-end-unreadable")),
    ],
)
async def test_a_time_that_cannot_be_read(gateway, msg, name, written):
    answer = await gateway.send(msg(**{name: written}))
    assert (answer.codes, answer.ids) == ([200], [0])


@pytest.mark.rule("xml.date-end-validity")
async def test_date_end_goes_with_the_message(gateway, msg):
    await gateway.send(msg(date_end=at(gateway, DAY, "T")))
    assert gateway.link.taken[0].expires_at == gateway.now + DAY


@pytest.mark.rule("xml.date-end-past")
async def test_a_message_that_comes_too_late_is_expired_at_once_and_free(gateway, msg):
    answer = await gateway.send(msg(id="7", date_end=at(gateway, -1000)))
    assert answer.codes == [106]
    assert gateway.link.taken == []
    [row] = (await gateway.status('id="7"')).rows
    assert (row["code"], row["date_completed"]) == ("103", at(gateway, 0, "T"))
    assert await gateway.balance("shop") == 1_000_000


async def test_date_end_before_date_beg_waits_and_expires_unsent(gateway, msg):
    answer = await gateway.send(
        msg(id="7", date_beg=at(gateway, 2 * DAY), date_end=at(gateway, DAY))
    )
    assert answer.codes == [100]
    gateway.now += DAY
    expired = asyncio.get_running_loop().create_future()
    question = ExpireWaiting(gateway.now, gateway.now - 10 * DAY, 10)
    gateway.store.journal.ask(question, expired.set_result)
    assert await expired == answer.ids
    assert (await gateway.status('id="7"')).codes == [103]
    assert await gateway.balance("shop") == 1_000_000


# --- type and text -------------------------------------------------------------------------------
@pytest.mark.rule("xml.type-flash")
@pytest.mark.parametrize(("kind", "flash"), [("0", 0), ("1", 1), ("", 0)])
async def test_the_types(gateway, msg, kind, flash):
    assert (await gateway.send(msg(type=kind))).codes == [106]
    assert gateway.link.taken[0].message_type == flash


@pytest.mark.rule("xml.type-unknown")
@pytest.mark.parametrize("kind", ["2", "-1", "flash", "01", " 1", "١"])
async def test_an_unknown_type(gateway, msg, kind):
    answer = await gateway.send(msg(type=kind))
    assert (answer.codes, answer.ids) == ([200], [0])


@pytest.mark.rule("xml.text-white-space")
async def test_white_space_around_a_text_is_kept(gateway, msg):
    await gateway.send(msg("\n  two\n  lines \n"))
    assert gateway.link.taken[0].text == "\n  two\n  lines \n"


@pytest.mark.rule("xml.text-empty")
@pytest.mark.parametrize("text", ["", " ", "\n\t", "<![CDATA[]]>"])
async def test_an_empty_text(gateway, msg, text):
    [row] = (await gateway.send(msg(text))).rows
    assert row == {"sms_id": "0", "sms_count": "0", "code": "204"}


@pytest.mark.rule("xml.text-too-long", "xml.sms-count-parts")
async def test_a_text_of_eleven_parts(gateway, msg):
    answer = await gateway.send(msg("x" * 1530), msg("x" * 1531), msg("ж" * 670), msg("ж" * 671))
    assert answer.codes == [106, 204, 106, 204]
    assert [row["sms_count"] for row in answer.rows] == ["10", "11", "10", "11"]


@pytest.mark.rule("xml.text-too-long")
async def test_the_longest_text_is_the_accounts(gateway, msg):
    await gateway.change("shop", max_parts=1)
    assert (await gateway.send(msg("x" * 160), msg("x" * 161))).codes == [106, 204]


# --- Answer --------------------------------------------------------------------------------------
@pytest.mark.rule("xml.answer-layout")
async def test_the_answer_is_the_documentations(gateway, msg):
    answer = await gateway.send(msg(id="1"))
    assert answer.body == (
        b'<?xml version="1.0" encoding="utf-8" ?>\n'
        b"<package>\n"
        b"    <message>\n"
        b'        <msg id="1" sms_id="1" sms_count="1">106</msg>\n'
        b"    </message>\n"
        b"</package>\n"
    )


@pytest.mark.rule("xml.answer-order", "xml.refusal-alone", "xml.sms-id-and-count")
@pytest.mark.rule("xml.refused-sms-id-0", "xml.accepted-106", "xml.message-errors")
async def test_a_refused_message_stops_no_neighbour(gateway, msg):
    answer = await gateway.send(
        msg(id="1"),
        msg(id="abc"),
        msg(id="2", recipient="1"),
        msg(id="3", sender="NO"),
        msg("", id="4"),
        msg(id="5", type="9"),
        msg(id="6"),
    )
    assert answer.codes == [106, 201, 203, 202, 204, 200, 106]
    assert [number > 0 for number in answer.ids] == [True, *[False] * 5, True]
    assert all({"sms_id", "sms_count"} <= set(row) for row in answer.rows)
    assert [row["id"] for row in answer.rows] == ["1", "abc", "2", "3", "4", "5", "6"]


@pytest.mark.rule("xml.sms-count-parts")
@pytest.mark.parametrize(
    ("text", "parts"),
    [("x" * 160, 1), ("x" * 161, 2), ("ж" * 70, 1), ("ж" * 200, 3), ("€" * 80, 1), ("😀" * 36, 2)],
)
async def test_sms_count_is_the_real_number(gateway, msg, text, parts):
    answer = await gateway.send(msg(text))
    assert answer.rows[0]["sms_count"] == str(parts)
    assert gateway.link.taken[0].parts == parts


@pytest.mark.rule("xml.one-numeric-id")
async def test_ids_are_small_numbers_in_a_row(gateway, msg):
    first, second = await gateway.send(msg()), await gateway.send(msg())
    assert 0 < first.ids[0] < second.ids[0] < 100_000


@pytest.mark.rule("xml.accept-code-one", "xml.compat-per-account")
async def test_an_account_may_be_answered_1(gateway, msg):
    await gateway.add("one", xml_accept_code=XmlAcceptCode.ONE)
    answer = await gateway.send(
        msg(id="1"), msg(date_beg=at(gateway, DAY)), msg(recipient="1"), login="one"
    )
    assert answer.codes == [1, 1, 203]
    assert (await gateway.status('id="1"', login="one")).codes == [106]
    assert (await gateway.send(msg())).codes == [106]


@pytest.mark.rule("xml.check-order")
async def test_the_first_failed_check_speaks(gateway, msg):
    await gateway.add("poor", balance=0, blocked=True, rate_limit=1)
    wrong = {"id": "abc", "recipient": "1", "sender": "NO", "text": ""}
    right = {"id": "5", "recipient": "77771234567", "sender": "TEXT_MSG", "text": "Test"}
    codes = []
    for name in wrong:
        codes += (await gateway.send(msg(**wrong), login="poor")).codes
        wrong[name] = right[name]
    codes += (await gateway.send(msg(**wrong), login="poor")).codes
    await gateway.change("poor", blocked=False, daily_limit=1)
    codes += (await gateway.send(msg("x" * 161, id="6"), login="poor")).codes
    codes += (await gateway.send(msg(id="7"), login="poor")).codes
    assert codes == [201, 203, 202, 204, 205, 207, 206]
