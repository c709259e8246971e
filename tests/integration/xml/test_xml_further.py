"""The family's further commands (spec/xml.md): delete, balance, prices."""

from __future__ import annotations

import pytest

from habar.errors import StoreUnavailable
from habar.model.account import RecipientForm
from habar.model.status import MessageState


def delete(*refs: str) -> str:
    return f"<delete>{''.join(f'<msg {ref}/>' for ref in refs)}</delete>"


@pytest.mark.rule("xml.delete")
async def test_a_message_that_waits_is_deleted_and_refunded(gateway, package, msg):
    schedule = "2030-01-01 00:00:00"
    ids = (await gateway.send(msg(id="7", date_beg=schedule), msg(date_beg=schedule))).ids
    assert await gateway.balance("shop") == 1_000_000 - 2400
    answer = await gateway.ask(package(delete('id="7"', f'sms_id="{ids[1]}"')))
    assert [child.tag for child in answer.root] == ["delete"]
    assert answer.rows == [
        {"id": "7", "sms_id": str(ids[0]), "sms_count": "1", "code": "104"},
        {"sms_id": str(ids[1]), "sms_count": "1", "code": "104"},
    ]
    assert await gateway.balance("shop") == 1_000_000
    statuses = await gateway.status('id="7"')
    assert statuses.codes == [104]
    assert "date_completed" in statuses.rows[0]


@pytest.mark.rule("xml.delete")
async def test_a_message_in_the_dispatchers_memory_is_taken_out_of_it(gateway, package, msg):
    await gateway.send(msg(id="7"))
    assert (await gateway.ask(package(delete('id="7"')))).codes == [104]
    assert gateway.link.taken == []
    assert await gateway.balance("shop") == 1_000_000


@pytest.mark.rule("xml.delete")
async def test_deleting_twice_refunds_once(gateway, package, msg):
    await gateway.send(msg(id="7"))
    assert (await gateway.ask(package(delete('id="7"', 'id="7"')))).codes == [104, 104]
    assert (await gateway.ask(package(delete('id="7"')))).codes == [104]
    assert await gateway.balance("shop") == 1_000_000
    assert await gateway.store.books.ledger_sum("shop") == 1_000_000


@pytest.mark.rule("xml.delete-too-late")
@pytest.mark.parametrize("state", [None, MessageState.DELIVERED])
async def test_a_message_that_has_gone_is_too_late(gateway, package, msg, state):
    [sms_id] = (await gateway.send(msg(id="7"))).ids
    gateway.link.taken.clear()
    await gateway.operator_took(sms_id)
    if state is not None:
        await gateway.operator_reported(sms_id, state)
    answer = await gateway.ask(package(delete('id="7"')))
    assert answer.rows == [{"id": "7", "sms_id": str(sms_id), "sms_count": "1", "code": "211"}]
    assert await gateway.balance("shop") == 1_000_000 - 1200


@pytest.mark.rule("xml.delete-too-late")
async def test_a_message_in_the_open_window_is_too_late(gateway, package, msg):
    await gateway.send(msg(id="7"))
    gateway.link.taken.clear()  # the link has it on the wire
    assert (await gateway.ask(package(delete('id="7"')))).codes == [211]
    assert (await gateway.status('id="7"')).codes == [106]


async def test_another_accounts_message_is_not_deleted(gateway, package, msg):
    [sms_id] = (await gateway.send(msg(id="7"))).ids
    answer = await gateway.ask(package(delete(f'sms_id="{sms_id}"', 'id="7"', 'id="x"'), "demo"))
    assert answer.codes == [201, 201, 201]
    assert len(gateway.link.taken) == 1


async def test_a_store_that_is_down_deletes_nothing(gateway, package, msg, monkeypatch):
    await gateway.send(msg(id="7"))

    def fail(question, done):
        done(StoreUnavailable("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(type(gateway.store.journal), "ask", lambda _, *call: fail(*call))
        answer = await gateway.ask(package(delete('id="7"')))
        mixed = await gateway.ask(package(f"<message>{msg(id='8')}</message>" + delete('id="8"')))
    assert (answer.status, answer.error) == (503, 200)
    assert mixed.codes == [106, 200]
    assert (await gateway.ask(package(delete('id="7"')))).codes == [104]


@pytest.mark.rule("xml.balance")
async def test_the_balance(gateway, package, msg):
    await gateway.add("rich", balance=1052)
    answer = await gateway.ask(package("<balance/>", "rich"))
    balance = answer.root.find("balance")
    assert (balance.findtext("amount"), balance.findtext("currency")) == ("10.52", "KZT")
    mixed = await gateway.ask(package(f"<message>{msg()}</message><balance/>"))
    assert mixed.root.findtext("balance/amount") == "9988.00"


@pytest.mark.rule("xml.prices")
async def test_the_prices(gateway, package):
    prices = "<prices><phone>77771234567</phone><phone>123</phone></prices>"
    known, unknown = (await gateway.ask(package(prices))).root.iter("phone")
    assert known.text == "77771234567"
    assert dict(known.attrib) == {"price": "12.00", "currency": "KZT"}
    assert (unknown.text, dict(unknown.attrib)) == ("123", {})


@pytest.mark.rule("xml.prices", "xml.recipient-normalise")
async def test_prices_in_the_accounts_own_form(gateway, package):
    await gateway.add("form", recipient=RecipientForm.NORMALISE)
    answer = await gateway.ask(package("<prices><phone>87771234567</phone></prices>", "form"))
    [phone] = answer.root.iter("phone")
    assert (phone.text, phone.get("price")) == ("87771234567", "12.00")


@pytest.mark.rule("xml.sections-in-order")
async def test_every_kind_of_section_in_one_package(gateway, package, msg):
    answer = await gateway.ask(
        package(
            "<balance/>"
            f"<message>{msg(id='1')}</message>"
            "<prices><phone>77771234567</phone></prices>"
            + delete('id="1"')
            + '<status><msg id="1"/></status><balance/>'
        )
    )
    tags = [section.tag for section in answer.root]
    assert tags == ["balance", "message", "prices", "delete", "status", "balance"]
    assert answer.codes == [106, 104, 104]
