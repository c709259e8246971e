"""The sandbox and its accounts, which a gateway with a configuration has never heard of."""

import asyncio
from pathlib import Path

import pytest

from habar.admin.accounts import Accounts
from habar.admin.senders import Senders
from habar.app.gateway import Gateway, open_gateway
from habar.app.sandbox import Sandbox
from habar.app.told import StartError
from habar.config import Settings
from habar.model.account import AccountKind
from habar.model.status import MessageState
from habar.simulator import Deliver, ask
from habar.simulator.control_lines import End, Kept, Replied
from habar.store.books import AccountRow

from .conftest import NOW, codes, configuration, eventually, message, post, serving, story_of


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "habar-data", port=0, simulator_port=0)


@pytest.fixture
def production(tmp_path: Path) -> Settings:
    """A gateway with a configuration, whose operator does not answer."""
    return configuration(tmp_path / "habar-data", 1)


def staff(gateway: Gateway) -> Accounts:
    return Accounts(gateway.store.books, actor="test", now=lambda: NOW)


async def row(gateway: Gateway, login: str) -> AccountRow:
    return await gateway.store.books.account(login)


async def change(settings: Settings, work) -> None:
    """What staff do while the gateway is down."""
    gateway = await open_gateway(settings, None)
    try:
        await work(staff(gateway))
    finally:
        await gateway.store.close()


class TestAccounts:
    @pytest.mark.rule("xml.demo-sandbox-only")
    async def test_the_sandbox_has_the_demo_account(self, sandbox: Sandbox) -> None:
        async with serving(None, sandbox) as gateway:
            assert codes(await post(gateway, message(login="demo"))) == [106]

    @pytest.mark.rule("xml.demo-sandbox-only")
    async def test_a_configured_gateway_has_no_demo_account(self, production: Settings) -> None:
        async with serving(production, None) as gateway:
            assert b"<error>202</error>" in await post(gateway, message(login="demo"))
            assert await gateway.store.books.accounts() == []

    async def test_shop_is_a_full_account_with_its_own_sender(self, sandbox: Sandbox) -> None:
        async with serving(None, sandbox) as gateway:
            shop = await row(gateway, "shop")
            account = shop.credentials.account
            assert (account.kind, shop.funds.balance) == (AccountKind.FULL, 1_000_000)
            assert "SHOP" in account.senders

    @pytest.mark.rule("xml.test-allowance")
    async def test_each_start_renews_the_demo_allowance(self, sandbox: Sandbox) -> None:
        for _ in range(2):
            async with serving(None, sandbox) as gateway:
                assert (await row(gateway, "demo")).funds.allowance == 20
                assert codes(await post(gateway, message(login="demo"))) == [106]
                assert (await row(gateway, "demo")).funds.allowance == 19

    async def test_what_somebody_changed_stays_as_it_is(self, sandbox: Sandbox) -> None:
        async with serving(None, sandbox) as gateway:
            await staff(gateway).set("shop", {"part_price": "1.50"})
            await staff(gateway).top_up("shop", "-9000")
            await Senders(gateway.store.books, actor="test", now=lambda: NOW).remove("shop", "SHOP")
            await staff(gateway).set("demo", {"kind": "full"})
            changed = await row(gateway, "shop"), await row(gateway, "demo")
        async with serving(None, sandbox) as gateway:
            assert (await row(gateway, "shop"), await row(gateway, "demo")) == changed


class TestApart:
    """The sandbox's accounts and a production gateway never meet."""

    @pytest.mark.rule("xml.demo-sandbox-only")
    async def test_production_refuses_a_sandboxs_database(
        self, sandbox: Sandbox, production: Settings
    ) -> None:
        async with serving(None, sandbox):
            pass
        with pytest.raises(StartError) as caught:
            async with serving(production, None):
                pass
        assert str(caught.value) == (
            "the account demo has the password that every sandbox gives it: change it first"
            " (habar account set demo --password), or use another data folder than"
            f" {sandbox.data}"
        )

    async def test_passwords_of_ones_own_make_it_a_production_database(
        self, sandbox: Sandbox, production: Settings
    ) -> None:
        async with serving(None, sandbox):
            pass
        await change(production, lambda accounts: accounts.set_password("demo", "longer-words"))
        with pytest.raises(StartError, match="the account shop has the password"):
            async with serving(production, None):
                pass
        await change(production, lambda accounts: accounts.set_password("shop", "longer-words"))
        async with serving(production, None) as gateway:
            assert b"<error>202</error>" in await post(gateway, message(login="demo"))

    async def test_blocking_such_an_account_is_not_enough(
        self, sandbox: Sandbox, production: Settings
    ) -> None:
        """It could still be asked what others sent by it."""
        async with serving(None, sandbox):
            pass
        await change(production, lambda accounts: accounts.block("demo"))
        with pytest.raises(StartError, match="the account demo has the password"):
            async with serving(production, None):
                pass

    async def test_the_sandbox_refuses_a_production_database(
        self, sandbox: Sandbox, production: Settings
    ) -> None:
        await change(production, lambda accounts: accounts.add("acme", "acme-pw"))
        with pytest.raises(StartError, match="not a sandbox's"):
            async with serving(None, sandbox):
                pass
        async with serving(production, None) as gateway:
            rows = await gateway.store.books.accounts()
            assert [row.credentials.account.login for row in rows] == ["acme"]


async def test_a_message_is_delivered_by_the_operator_inside(sandbox: Sandbox) -> None:
    async with serving(None, sandbox) as gateway:
        (lane,) = gateway.dispatcher.lanes.values()
        assert lane.settings.name == "simulator"
        assert [address.host for address in gateway.addresses] == ["127.0.0.1"]
        assert lane.settings.host == "127.0.0.1"
        assert codes(await post(gateway, message("one", login="shop"))) == [106]
        await eventually(lambda: gateway.receiving.receipts.receipts)
    story = await story_of(sandbox.data)
    assert story.submission.state == MessageState.DELIVERED
    assert (sandbox.data / "tls-certificate.pem").exists()
    assert (sandbox.data / "tls.pem").stat().st_mode & 0o777 == 0o600


async def test_a_subscriber_writes_to_it_and_is_answered(sandbox: Sandbox) -> None:
    async with serving(None, sandbox):
        request = Deliver(sender="77771234567", recipient="8785", text="Hello", wait=30)
        told = ask(sandbox.data / "simulator.sock", request)
        kept, *_, replied, end = await asyncio.to_thread(list, told)
    assert isinstance(kept, Kept)
    assert kept.parts == 1
    assert isinstance(replied, Replied)
    assert (replied.sender, replied.text) == ("8785", "Thank you: Hello")
    assert end == End(acknowledged=True, replied=True)


async def test_its_settings_let_a_web_service_on_this_machine_be_called(sandbox: Sandbox) -> None:
    assert sandbox.settings(1).callbacks.allowed_networks == ("127.0.0.0/8", "::1/128")


async def test_a_folder_too_deep_for_a_socket_is_no_obstacle(tmp_path: Path) -> None:
    deep = Sandbox(tmp_path / ("x" * 100), port=0, simulator_port=0)
    async with serving(None, deep) as gateway:
        assert codes(await post(gateway, message(login="demo"))) == [106]
