"""Both clients against a gateway of a few lines: every call, over real connections."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from habar_client import Balance, Message, Price, State, WaitTimeout

ACCEPTED = '<message><msg sms_id="17" sms_count="1">106</msg></message>'


def test_a_message_goes_out_as_the_documentation_has_it(gateway: Any, shell: Any) -> None:
    gateway.answers(
        gateway.package('<message><msg id="1" sms_id="1" sms_count="1">106</msg></message>')
    )
    sent = shell.call("send", "77771234567", "Test", sender="TEXT_MSG", id=1)
    assert (sent.accepted, sent.sms_id, sent.sms_count, sent.id) == (True, 1, 1, 1)
    head, body = gateway.requests[0]
    assert head.startswith("POST /api HTTP/1.1\r\n")
    assert "content-type: text/xml; charset=utf-8" in head.lower()
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8" ?>\n<package login="demo" ')
    assert b'<msg id="1" recipient="77771234567" sender="TEXT_MSG">Test</msg>' in body


def test_times_and_flash_and_a_key(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.package(ACCEPTED))
    at, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    shell.call(
        "send",
        "77771234567",
        "x",
        at=at,
        until=until,
        flash=True,
        settings={"login": None, "password": None, "key": "k3y", "zone": "Asia/Tokyo"},
    )
    body = gateway.requests[0][1]
    assert b'<package key="k3y">' in body
    assert b'date_beg="2026-01-01 09:00:00" date_end="2026-01-02 09:00:00" type="1"' in body


def test_many_go_in_packages_over_one_connection(gateway: Any, shell: Any) -> None:
    gateway.answers(
        gateway.package('<message><msg sms_id="1">106</msg><msg sms_id="0">203</msg></message>'),
        gateway.package('<message><msg sms_id="2">100</msg></message>'),
    )
    messages = [Message("77771234567", "a"), Message("8777", "b"), Message("77011234567", "c")]
    rows = shell.call("send_many", iter(messages), package_size=2)
    assert [(row.sms_id, row.accepted, row.recipient) for row in rows] == [
        (1, True, "77771234567"),
        (0, False, "8777"),
        (2, True, "77011234567"),
    ]
    assert (len(gateway.requests), gateway.connections) == (2, 1)


def test_nothing_to_send_asks_nothing(gateway: Any, shell: Any) -> None:
    assert shell.call("send_many", []) == []
    assert gateway.requests == []


def test_the_documentations_status(gateway: Any, shell: Any) -> None:
    gateway.answers(
        gateway.package(
            '<status><msg id="1" sms_id="1" sms_count="1" '
            'date_completed="2001-01-01T12:00:00">102</msg>'
            '<msg sms_id="2" sms_count="1">106</msg></status>'
        )
    )
    asked, passing = shell.call("status", 2, ids=1)[::-1]
    # Asked for 2 first: the answer's order is another, and its numbers decide.
    assert (passing.sms_id, passing.state) == (2, State.ACCEPTED)
    assert (asked.id, asked.state, asked.final) == (1, State.DELIVERED, True)
    assert asked.completed_at is not None
    assert asked.completed_at.isoformat() == "2001-01-01T12:00:00+06:00"


def test_questions_are_cut_into_packages(gateway: Any, shell: Any) -> None:
    def rows(numbers: range) -> str:
        return "".join(f'<msg sms_id="{number}">106</msg>' for number in numbers)

    gateway.answers(
        gateway.package(f"<status>{rows(range(1, 1001))}</status>"),
        gateway.package(f"<status>{rows(range(1001, 1003))}</status>"),
    )
    assert [row.sms_id for row in shell.call("status", range(1, 1003))] == list(range(1, 1003))


def test_waiting_asks_until_the_end_is_known(gateway: Any, shell: Any) -> None:
    gateway.answers(
        gateway.package('<status><msg sms_id="7">106</msg></status>'),
        gateway.package('<status><msg sms_id="7">105</msg></status>'),
    )
    assert shell.call("wait", 7).state is State.UNDELIVERABLE


def test_waiting_for_several_gives_each_as_it_ends(gateway: Any, shell: Any) -> None:
    gateway.answers(
        gateway.package('<status><msg sms_id="7">106</msg><msg id="8">102</msg></status>'),
        gateway.package('<status><msg sms_id="7">102</msg></status>'),
    )
    rows = shell.call("wait_all", [7], ids=[8])
    assert [(row.sms_id, row.id) for row in rows] == [(0, 8), (7, None)]
    assert gateway.requests[1][1].count(b"<msg ") == 1


def test_waiting_ends_with_what_is_still_under_way(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.package('<status><msg sms_id="7">106</msg></status>'))
    with pytest.raises(WaitTimeout) as caught:
        shell.call("wait", 7, timeout=0)
    assert caught.value.pending[0].sms_id == 7


def test_delete_balance_and_prices(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.package('<delete><msg sms_id="7" sms_count="1">104</msg></delete>'))
    assert shell.call("delete", 7)[0].deleted
    gateway.answers(
        gateway.package("<balance><amount>10.52</amount><currency>KZT</currency></balance>")
    )
    assert shell.call("balance") == Balance(Decimal("10.52"), "KZT")
    gateway.answers(
        gateway.package('<prices><phone price="12.00" currency="KZT">77771234567</phone></prices>')
    )
    assert shell.call("prices", ["77771234567"]) == [Price("77771234567", Decimal("12.00"), "KZT")]
    assert [b"<delete>" in gateway.requests[0][1], b"<balance/>" in gateway.requests[1][1]] == [
        True,
        True,
    ]


def test_a_client_can_be_used_after_it_was_closed(gateway: Any) -> None:
    from habar_client import Client

    gateway.answers(*[gateway.package(ACCEPTED)] * 2)
    client = Client(gateway.url, "demo", "demo")
    for _ in range(2):
        assert client.send("77771234567", "x").accepted
        client.close()
    assert gateway.connections == 2
