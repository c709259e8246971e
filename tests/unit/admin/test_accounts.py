"""What staff do with accounts."""

from __future__ import annotations

import pytest

from habar.admin.accounts import Accounts
from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.account import TEST_ALLOWANCE, AccountKind, ReportFormat
from habar.model.secret import key_digest, password_matches


@pytest.fixture
def accounts(books):
    return Accounts(books, actor="aliya", now=lambda: 1_760_000_000_000)


async def test_a_new_account_is_a_test_account_with_its_allowance(accounts, books):
    view = await accounts.add("demo", "demo")
    assert view.account.kind is AccountKind.TEST
    assert view.funds.allowance == TEST_ALLOWANCE == 20
    assert view.account.default_sender == "TEXT_MSG"
    assert password_matches(books.rows["demo"].credentials.password_hash, "demo")


async def test_a_full_account_lives_on_its_balance(accounts):
    view = await accounts.add(
        "shop",
        "shop",
        kind=AccountKind.FULL,
        balance=500_000,
        settings={"part_price": "12", "priority": "0", "compat.xml_lenient": "on"},
    )
    assert (view.funds.balance, view.funds.allowance) == (500_000, None)
    assert (view.account.part_price, view.account.priority) == (1200, 0)
    assert view.account.compat.xml_lenient
    assert view.settings["part_price"] == "12.00"


@pytest.mark.rule("xml.zone-configurable")
async def test_a_new_account_has_the_gateways_zone_unless_it_says_another(books):
    accounts = Accounts(books, actor="aliya", now=lambda: 1_760_000_000_000, timezone="UTC")
    assert (await accounts.add("a", "a")).account.compat.timezone == "UTC"
    other = await accounts.add("b", "b", settings={"compat.timezone": "Asia/Almaty"})
    assert other.account.compat.timezone == "Asia/Almaty"


@pytest.mark.parametrize("login", ["", " demo", "de mo", "демо", "x" * 65, "-demo", "a:b"])
async def test_logins_that_are_none(accounts, books, login):
    with pytest.raises(InvalidValue, match="login"):
        await accounts.add(login, "demo")
    assert books.writes == []


@pytest.mark.parametrize("password", ["", "x" * 1025])
async def test_passwords_that_are_none(accounts, books, password):
    with pytest.raises(InvalidValue, match="password"):
        await accounts.add("demo", password)
    assert books.writes == []


async def test_a_wrong_setting_makes_no_account(accounts, books):
    with pytest.raises(InvalidValue):
        await accounts.add("demo", "demo", settings={"compat.timezone": "Mars"})
    assert books.rows == {}


async def test_a_login_is_taken_once(accounts):
    await accounts.add("demo", "demo")
    with pytest.raises(Conflict):
        await accounts.add("demo", "other")


async def test_list_is_by_login_and_show_is_one(accounts):
    await accounts.add("b", "b")
    await accounts.add("a", "a")
    assert [view.account.login for view in await accounts.list()] == ["a", "b"]
    assert (await accounts.show("b")).account.login == "b"
    with pytest.raises(NotFound):
        await accounts.show("c")


async def test_settings_are_changed_by_name(accounts):
    await accounts.add("demo", "demo")
    view = await accounts.set("demo", {"max_parts": "3", "compat.duplicate_id": "allow"})
    assert view.settings["max_parts"] == "3"
    assert view.settings["compat.duplicate_id"] == "allow"
    with pytest.raises(InvalidValue):
        await accounts.set("demo", {"max_parts": "2", "priority": "9"})
    assert (await accounts.show("demo")).account.max_parts == 3


async def test_an_account_that_becomes_full_loses_its_allowance_and_back(accounts):
    await accounts.add("demo", "demo")
    assert (await accounts.set("demo", {"kind": "full"})).funds.allowance is None
    assert (await accounts.set("demo", {"kind": "test"})).funds.allowance == TEST_ALLOWANCE


async def test_block_and_unblock(accounts):
    await accounts.add("demo", "demo")
    await accounts.block("demo")
    assert (await accounts.show("demo")).account.blocked
    await accounts.unblock("demo")
    assert not (await accounts.show("demo")).account.blocked


async def test_another_password(accounts, books):
    await accounts.add("demo", "demo")
    await accounts.set_password("demo", "better")
    kept = books.rows["demo"].credentials.password_hash
    assert password_matches(kept, "better")
    assert not password_matches(kept, "demo")
    with pytest.raises(InvalidValue):
        await accounts.set_password("demo", "")


async def test_the_allowance_is_renewed(accounts):
    await accounts.add("demo", "demo")
    await accounts.set_allowance("demo", 7)
    assert (await accounts.show("demo")).funds.allowance == 7
    with pytest.raises(InvalidValue):
        await accounts.set_allowance("demo", -1)


async def test_top_up_answers_the_new_balance(accounts, books):
    await accounts.add("shop", "shop", kind=AccountKind.FULL, balance=100)
    assert await accounts.top_up("shop", "10.52", "invoice 7") == 1152
    assert await accounts.top_up("shop", "-1.52") == 1000
    assert ("top_up", "shop", 1052, "invoice 7") in books.writes


@pytest.mark.parametrize(
    ("amount", "note"), [("0", ""), ("much", ""), ("1", "a\nb"), ("1", "x" * 201)]
)
async def test_top_ups_that_are_none(accounts, books, amount, note):
    await accounts.add("shop", "shop", kind=AccountKind.FULL)
    with pytest.raises(InvalidValue):
        await accounts.top_up("shop", amount, note)
    assert (await accounts.show("shop")).funds.balance == 0


async def test_an_api_key_is_shown_once_and_kept_as_its_digest(accounts, books):
    await accounts.add("shop", "shop")
    key = await accounts.add_key("shop", "the web shop")
    assert len(key) >= 40
    assert books.rows["shop"].key_digests == (key_digest(key),)
    assert key not in repr(books.writes)
    assert key != await accounts.add_key("shop")
    assert (await accounts.show("shop")).keys == 2


async def test_no_secret_in_what_staff_see(accounts, books):
    view = await accounts.add("shop", "hunter2")
    assert "hunter2" not in repr(view)
    assert books.rows["shop"].credentials.password_hash not in repr(view)


class TestCallBacks:
    async def test_calls_in_json_need_a_secret(self, accounts, books):
        await accounts.add("demo", "demo")
        with pytest.raises(InvalidValue, match="habar account set demo --callback-secret"):
            await accounts.set("demo", {"report_format": "json"})
        with pytest.raises(InvalidValue, match="report_format"):
            await accounts.add("other", "other", settings={"report_format": "json"})
        assert "other" not in books.rows
        await accounts.set_callback_secret("demo")
        view = await accounts.set("demo", {"report_format": "json"})
        assert view.account.report_format is ReportFormat.JSON

    async def test_a_secret_is_made_and_never_shown_again(self, accounts, books):
        await accounts.add("demo", "demo")
        first = await accounts.set_callback_secret("demo")
        second = await accounts.set_callback_secret("demo")
        assert first != second
        assert len(second) > 40
        assert books.rows["demo"].credentials.account.callback_secret == second
        assert second not in repr(await accounts.show("demo"))
        assert second not in (await accounts.show("demo")).settings.values()

    async def test_a_secret_that_is_given(self, accounts, books):
        await accounts.add("demo", "demo")
        await accounts.set_callback_secret("demo", "0123456789abcdef")
        assert books.rows["demo"].credentials.account.callback_secret == "0123456789abcdef"

    @pytest.mark.parametrize("secret", ["", "0123456789abcde", "x" * 1025, "ключ" * 5, "a\n" * 10])
    async def test_a_secret_that_is_none(self, accounts, secret):
        await accounts.add("demo", "demo")
        with pytest.raises(InvalidValue, match="callback secret"):
            await accounts.set_callback_secret("demo", secret)
