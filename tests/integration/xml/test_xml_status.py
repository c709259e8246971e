"""Status and its answer (spec/xml.md, "Status")."""

from __future__ import annotations

import pytest

from habar.model.status import MessageState
from habar.store.events import Finished

FINAL = [
    MessageState.DELIVERED,
    MessageState.EXPIRED,
    MessageState.DELETED,
    MessageState.UNDELIVERABLE,
    MessageState.UNKNOWN,
    MessageState.REJECTED,
    MessageState.DISCARDED,
]


@pytest.mark.rule("xml.status-by-id", "xml.status-by-sms-id", "xml.106-until-final")
async def test_status_by_either_id(gateway, msg):
    sms_id = (await gateway.send(msg("x" * 161, id="7"))).ids[0]
    answer = await gateway.status('id="7"', f'sms_id="{sms_id}"')
    assert answer.rows == [
        {"id": "7", "sms_id": str(sms_id), "sms_count": "2", "code": "106"},
        {"sms_id": str(sms_id), "sms_count": "2", "code": "106"},
    ]


@pytest.mark.rule("xml.106-until-final", "xml.date-completed")
async def test_a_message_on_its_way_reads_106_until_its_receipt(gateway, msg):
    [sms_id] = (await gateway.send(msg(id="7"))).ids
    await gateway.operator_took(sms_id)
    [row] = (await gateway.status('id="7"')).rows
    assert row["code"] == "106"
    assert "date_completed" not in row
    await gateway.operator_reported(sms_id, MessageState.ENROUTE)
    assert (await gateway.status('id="7"')).codes == [106]
    gateway.now += 1000
    await gateway.operator_reported(sms_id, MessageState.DELIVERED)
    [row] = (await gateway.status('id="7"')).rows
    assert row["code"] == "102"
    assert row["date_completed"] == "2025-10-09T13:53:21"


@pytest.mark.rule("xml.state-codes", "xml.final-states", "xml.date-completed", "xml.answer-times")
@pytest.mark.parametrize("state", FINAL)
async def test_every_final_state_has_its_date(gateway, msg, state):
    [sms_id] = (await gateway.send(msg())).ids
    await gateway.operator_took(sms_id)
    await gateway.operator_reported(sms_id, state)
    [row] = (await gateway.status(f'sms_id="{sms_id}"')).rows
    assert row["code"] == str(int(state))
    assert row["date_completed"] == "2025-10-09T13:53:20"


@pytest.mark.rule("xml.101-no-receipts", "xml.final-states")
async def test_101_is_said_where_the_operator_gives_no_receipts(gateway, msg):
    [sms_id] = (await gateway.send(msg())).ids
    await gateway.operator_took(sms_id, final=MessageState.ENROUTE)
    [row] = (await gateway.status(f'sms_id="{sms_id}"')).rows
    assert row["code"] == "101"
    assert "date_completed" in row


@pytest.mark.rule("xml.state-codes")
async def test_a_message_that_the_operator_refused(gateway, msg):
    [sms_id] = (await gateway.send(msg())).ids
    await gateway.event(
        Finished(sms_id, MessageState.REJECTED, "ESME_RINVDSTADR", gateway.now, True)
    )
    assert (await gateway.status(f'sms_id="{sms_id}"')).codes == [108]
    assert await gateway.balance("shop") == 1_000_000


@pytest.mark.rule("xml.zone-configurable")
async def test_dates_are_in_the_accounts_zone(gateway, msg):
    await gateway.add("utc", timezone="UTC")
    [sms_id] = (await gateway.send(msg(), login="utc")).ids
    await gateway.operator_took(sms_id, final=MessageState.ENROUTE)
    [row] = (await gateway.status(f'sms_id="{sms_id}"', login="utc")).rows
    assert row["date_completed"] == "2025-10-09T08:53:20"


@pytest.mark.rule("xml.status-unknown")
@pytest.mark.parametrize("ref", ['id="9"', 'sms_id="9"', 'id="abc"', 'sms_id="abc"', "", 'id="-1"'])
async def test_an_id_that_there_is_not(gateway, msg, ref):
    await gateway.send(msg(id="1"))
    answer = await gateway.status(ref, 'id="1"')
    assert answer.codes == [201, 106]
    assert "sms_count" not in answer.rows[0]


@pytest.mark.rule("xml.status-foreign")
async def test_another_accounts_message_reads_as_none(gateway, msg):
    [sms_id] = (await gateway.send(msg(id="7"))).ids
    foreign = await gateway.status(f'sms_id="{sms_id}"', 'id="7"', login="demo")
    none = await gateway.status(f'sms_id="{sms_id + 1}"', 'id="8"', login="demo")
    assert foreign.codes == [201, 201]
    theirs = foreign.body.decode().replace(f'sms_id="{sms_id}"', 'sms_id="N"')
    nobodys = none.body.decode().replace(f'sms_id="{sms_id + 1}"', 'sms_id="N"')
    assert theirs == nobodys.replace('id="8"', 'id="7"')


@pytest.mark.rule("xml.status-both-ids")
async def test_sms_id_decides_where_both_are_given(gateway, msg):
    first, second = (await gateway.send(msg(id="7"), msg(id="8"))).ids
    answer = await gateway.status(f'id="7" sms_id="{second}"', 'id="7" sms_id="99"')
    assert answer.codes == [106, 201]
    assert answer.rows[0]["sms_id"] == str(second) != str(first)


@pytest.mark.rule("xml.sections-in-order")
async def test_sections_are_answered_in_their_order(gateway, package, msg):
    answer = await gateway.ask(
        package(
            '<status><msg id="1"/></status>'
            f"<message>{msg(id='1')}</message>"
            '<status><msg id="1"/><msg id="2"/></status>'
            f"<message>{msg(id='2')}{msg(id='1')}</message>"
            "<status/>"
        )
    )
    assert [section.tag for section in answer.root] == [
        "status",
        "message",
        "status",
        "message",
        "status",
    ]
    assert answer.codes == [201, 106, 106, 201, 106, 201]


@pytest.mark.rule("xml.answer-layout")
async def test_the_answers_layout(gateway, msg):
    await gateway.send(msg(id="1"))
    assert (await gateway.status('id="1"')).body == (
        b'<?xml version="1.0" encoding="utf-8" ?>\n'
        b"<package>\n"
        b"    <status>\n"
        b'        <msg id="1" sms_id="1" sms_count="1">106</msg>\n'
        b"    </status>\n"
        b"</package>\n"
    )


async def test_thousands_of_statuses_in_one_package(gateway, msg):
    await gateway.send(msg(id="1"))
    answer = await gateway.status(*('id="1"', 'id="2"') * 1500)
    assert answer.codes == [106, 201] * 1500
