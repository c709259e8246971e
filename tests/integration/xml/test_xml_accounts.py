"""Who may do what (spec/xml.md, "Codes", "Accounts and senders"; spec/README.md, rule 3)."""

from __future__ import annotations

import pytest

from habar.admin.accounts import Accounts
from habar.model.status import MessageState
from habar.northbound.http.request import Request
from habar.store.events import Finished


@pytest.mark.rule("xml.package-error-202", "xml.package-error")
@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("shop", "wrong"),
        ("nobody", "shop"),
        ("SHOP", "shop"),
        ("shop", "shop "),
        ("shop", "ж" * 600),
    ],
)
async def test_wrong_credentials(gateway, package, msg, login, password):
    answer = await gateway.ask(package(f"<message>{msg()}</message>", login, password))
    assert answer.body == (
        b'<?xml version="1.0" encoding="utf-8" ?>\n<package><error>202</error></package>\n'
    )
    assert gateway.link.taken == []


@pytest.mark.rule("xml.package-error-202")
@pytest.mark.parametrize(
    "attributes",
    [
        *("", 'login="shop"', 'password="shop"', 'login="" password=""'),
        *('login="shop" password=""', 'login="shop" key=""', 'key="wrong"'),
    ],
)
async def test_missing_credentials(gateway, msg, attributes):
    answer = await gateway.ask(f"<package {attributes}><message>{msg()}</message></package>")
    assert answer.error == 202
    assert gateway.link.taken == []


@pytest.mark.rule("xml.key")
async def test_an_api_key_in_place_of_login_and_password(gateway, msg):
    accounts = Accounts(gateway.store.books, actor="test", now=lambda: gateway.now)
    key = await accounts.add_key("shop")
    await gateway.directory.load()
    answer = await gateway.ask(f'<package key="{key}"><message>{msg(id="7")}</message></package>')
    assert answer.codes == [106]
    assert (await gateway.status('id="7"')).codes == [106]


@pytest.mark.rule("xml.blocked-205")
async def test_a_blocked_account_may_only_ask_for_status(gateway, msg):
    await gateway.send(msg(id="7"))
    await gateway.change("shop", blocked=True)
    answer = await gateway.send(msg(id="8"), msg(id="9"))
    assert (answer.codes, answer.ids) == ([205, 205], [0, 0])
    assert (await gateway.status('id="7"', 'id="8"')).codes == [106, 201]
    await gateway.change("shop", blocked=False)
    assert (await gateway.send(msg(id="8"))).codes == [106]


@pytest.mark.rule("xml.balance-206")
async def test_a_balance_that_covers_two_parts(gateway, msg):
    await gateway.add("poor", balance=2400)
    answer = await gateway.send(msg("x" * 307, id="1"), msg(id="2"), msg(), msg(), login="poor")
    assert answer.codes == [206, 106, 106, 206]
    assert await gateway.balance("poor") == 0


@pytest.mark.rule("xml.daily-limit-207")
async def test_a_daily_limit_is_counted_in_parts_and_renewed_at_midnight(gateway, msg):
    await gateway.change("shop", daily_limit=3)
    assert (await gateway.send(msg("x" * 161), msg("x" * 161), msg())).codes == [106, 207, 106]
    assert (await gateway.send(msg())).codes == [207]
    gateway.now += 11 * 3_600_000  # past midnight in Almaty
    assert (await gateway.send(msg())).codes == [106]


@pytest.mark.rule("xml.rate-limit-207")
async def test_a_rate_limit(gateway, msg):
    await gateway.change("shop", rate_limit=3)
    assert (await gateway.send(*[msg()] * 5)).codes == [106, 106, 106, 207, 207]


@pytest.mark.rule("xml.test-allowance")
async def test_a_test_account_sends_twenty_parts(gateway, msg):
    first = await gateway.send(*[msg("ж" * 71)] * 9, login="demo")
    then = await gateway.send(msg("ж" * 141), msg(), msg(), msg(), login="demo")
    assert first.codes == [106] * 9
    assert then.codes == [207, 106, 106, 207]
    assert (await gateway.store.books.account("demo")).funds.allowance == 0


@pytest.mark.rule("xml.info-kaz")
async def test_info_kaz_is_free_for_every_account(gateway, msg):
    await gateway.add("poor", balance=0)
    assert (await gateway.send(msg(sender="INFO_KAZ"), login="poor")).codes == [106]
    assert (await gateway.send(msg(sender="TEXT_MSG"), login="poor")).codes == [206]
    answer = await gateway.send(*[msg(sender="INFO_KAZ")] * 21, login="demo")
    assert answer.codes == [106] * 20 + [207]


async def test_what_a_refused_message_cost_is_given_back(gateway, msg):
    [sms_id] = (await gateway.send(msg())).ids
    assert await gateway.balance("shop") == 1_000_000 - 1200
    await gateway.event(Finished(sms_id, MessageState.EXPIRED, "", gateway.now, True))
    assert await gateway.balance("shop") == 1_000_000
    assert await gateway.store.books.ledger_sum("shop") == 1_000_000


async def test_ten_thousand_wrong_passwords_lock_nobody_else_out(gateway, package, msg):
    """The customers sit at the guesser's own address."""
    await gateway.add("other")
    document = f"<message>{msg()}</message>"
    assert (await gateway.send(msg())).codes == [106]
    answers: list[tuple[int, bool]] = []

    def respond(status, headers, body):
        answers.append((status, b"retry-after" in dict(headers)))

    for number in range(10_000):
        guess = package(document, "shop", f"guess{number}").encode()
        client = ("127.0.0.1", 1)
        gateway.endpoint(Request(b"POST", b"/api", body=guess, client=client), respond)
    assert (await gateway.send(msg())).codes == [106]  # verified a moment ago
    assert (await gateway.send(msg(), login="other")).codes == [106]  # another login
    assert set(answers) <= {(200, False), (429, True)}
    assert answers.count((429, True)) > 9_900
    assert answers.count((200, False)) < 20
    assert len(gateway.link.taken) == 3


# --- compat.xml_lenient --------------------------------------------------------------------------
BROKEN = "Fish & chips < 500"


@pytest.mark.rule("xml.lenient-texts", "xml.compat-per-account")
async def test_texts_are_mended_for_who_has_that(gateway, msg):
    await gateway.add("lenient", xml_lenient=True)
    assert (await gateway.send(msg(BROKEN), login="lenient")).codes == [106]
    assert gateway.link.taken[0].text == BROKEN
    assert (await gateway.send(msg(BROKEN))).error == 201
    assert len(gateway.link.taken) == 1


@pytest.mark.rule("xml.lenient-texts")
async def test_a_readable_document_is_read_the_same_either_way(gateway, msg):
    await gateway.add("lenient", xml_lenient=True)
    await gateway.send(msg("a &amp;amp; b"), login="lenient")
    assert gateway.link.taken[0].text == "a &amp; b"


async def test_a_broken_document_with_a_wrong_password_is_only_broken(gateway, package, msg):
    await gateway.add("lenient", xml_lenient=True)
    for login in ("lenient", "nobody"):
        document = package(f"<message>{msg(BROKEN)}</message>", login, "wrong")
        assert (await gateway.ask(document)).error == 201


async def test_what_cannot_be_mended_is_refused(gateway):
    await gateway.add("lenient", xml_lenient=True)
    document = '<package login="lenient" password="lenient"><message><msg'
    assert (await gateway.ask(document)).error == 201


async def test_a_large_broken_document_is_mended(gateway, msg):
    await gateway.add("lenient", balance=10_000_000, xml_lenient=True)
    answer = await gateway.send(*[msg(BROKEN * 8)] * 2200, login="lenient")
    assert answer.codes == [106] * 2200
