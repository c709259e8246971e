"""Staff's commands beside a running gateway, which sees the change within about a second."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from habar.app import gateway as parts
from habar.app import watch
from habar.cli import app
from habar.config import Settings
from habar.simulator import Settings as SmscSettings
from habar.simulator import Simulator

from .conftest import PATIENCE, codes, configuration, eventually, message, post, running

Command = Callable[..., Awaitable[str]]


@pytest.fixture(autouse=True)
def _quick_and_quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command's output is caught for the whole process: the gateway must not write into it."""
    monkeypatch.setattr(parts, "REFRESH_SECONDS", 0.01)
    monkeypatch.setattr(watch, "REPORT_SECONDS", 0.05)
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def staff(settings: Settings) -> Command:
    """`habar ARGUMENTS` on the gateway's database; its output."""

    async def run(*arguments: str, stdin: str = "") -> str:
        words = [*arguments, "--data", settings.gateway.data]
        done = await asyncio.to_thread(CliRunner().invoke, app, words, input=stdin)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


async def until(gateway, document: bytes, wanted: object) -> None:
    """Ask by the customer's protocol until the answer is the wanted one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await post(gateway, document)
            if wanted in (codes(answer), answer):
                return
            await asyncio.sleep(0)


async def test_a_new_account_may_send(settings: Settings, staff: Command) -> None:
    async with running(settings) as gateway:
        hello = b'<package login="new" password="n3w pw"><message><msg recipient="77771234567">x'
        hello += b"</msg></message></package>"
        assert codes(await post(gateway, hello)) == [202]
        await staff("account", "add", "new", "--password-stdin", stdin="n3w pw\n")
        await until(gateway, hello, [106])


async def test_a_blocked_account_is_refused_and_let_in_again(
    settings: Settings, staff: Command
) -> None:
    async with running(settings) as gateway:
        assert codes(await post(gateway, message())) == [106]
        await staff("account", "block", "acme")
        await until(gateway, message(), [205])
        await staff("account", "unblock", "acme")
        await until(gateway, message(), [106])


async def test_a_password_and_settings_change_in_flight(settings: Settings, staff: Command) -> None:
    async with running(settings) as gateway:
        assert codes(await post(gateway, message())) == [106]
        await staff("account", "set", "acme", "compat.xml_accept_code=one")
        await until(gateway, message(), [1])
        await staff("account", "set", "acme", "--password-stdin", stdin="0ther pw\n")
        await until(gateway, message(), [202])


async def test_money_senders_and_keys(settings: Settings, staff: Command) -> None:
    async with running(settings) as gateway:
        await staff("account", "set", "acme", "part_price=12.00")
        await staff("account", "topup", "acme", "-9999.00")
        await until(gateway, message(), [206])
        await staff("account", "topup", "acme", "12.00", "--note", "invoice 7")
        await until(gateway, message(), [106])
        await staff("account", "set", "acme", "part_price=0")
        await staff("sender", "add", "acme", "ACME")
        key = (await staff("account", "key", "acme")).strip()
        by_key = f'<package key="{key}"><message><msg recipient="77771234567" sender="ACME">x</msg>'
        await until(gateway, f"{by_key}</message></package>".encode(), [106])


async def test_a_messages_story_is_told_while_it_happens(
    settings: Settings, staff: Command, smsc: Simulator
) -> None:
    async with running(settings) as gateway:
        await post(gateway, message())
        await smsc.wait_for(lambda simulator: simulator.counts.receipts_acknowledged, PATIENCE)
        told = await staff("message", "show", "1")
    assert "DELIVERED" in told
    assert "acme" in told
    assert "operator" in told


async def told_when(staff: Command, words: tuple[str, ...], is_so: Callable[[str], object]) -> str:
    """What a command tells, asked until it is what is waited for."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if is_so(told := await staff(*words)):
                return told


async def test_an_operators_life(settings: Settings, staff: Command, smsc: Simulator) -> None:
    """Added, bound, routed to, looked at, changed, disabled, enabled and removed in one run."""
    show = ("operator", "show", "second", "--json")
    shown: list[dict[str, Any]] = []

    def binds_up(number: int) -> Callable[[str], bool]:
        def are(told: str) -> bool:
            shown.append(json.loads(told))
            return bool(shown[-1]["binds_up"] == number)

        return are

    async with (
        Simulator(SmscSettings(port=0, receipt_delay=0.0)) as second,
        running(settings) as gateway,
    ):
        await staff(
            *("operator", "add", "second", "host=127.0.0.1", f"port={second.port}"),
            *("system_id=habar", "reconnect_seconds=0.05", "--password-stdin"),
            stdin="habar\n",
        )
        await second.wait_for(lambda simulator: len(simulator.sessions) == 1, PATIENCE)
        await staff("route", "add", "second; operator:step=2", "--network", "beeline")
        await eventually(lambda: gateway.door.routes.routes)
        assert codes(await post(gateway, message())) == [106]
        await second.wait_for(1, PATIENCE)
        await told_when(staff, show, binds_up(1))
        assert shown[-1]["state"] == "up"

        await staff("operator", "set", "second", "binds=2")
        await second.wait_for(lambda simulator: len(simulator.sessions) == 2, PATIENCE)
        await told_when(staff, show, binds_up(2))

        await staff("operator", "disable", "second")
        await second.wait_for(lambda simulator: not simulator.sessions, PATIENCE)
        assert codes(await post(gateway, message())) == [106]
        await smsc.wait_for(1, PATIENCE)
        await told_when(staff, show, binds_up(0))
        assert shown[-1]["state"] == "disabled"

        await staff("operator", "enable", "second")
        await second.wait_for(lambda simulator: len(simulator.sessions) == 2, PATIENCE)
        await staff("route", "remove", "1")
        await staff("operator", "remove", "second")
        await second.wait_for(lambda simulator: not simulator.sessions, PATIENCE)
    assert (len(second.messages()), len(smsc.messages())) == (1, 1)


async def test_messages_wait_for_the_only_operator_of_their_route(
    settings: Settings, staff: Command, smsc: Simulator
) -> None:
    """It is disabled, so it is out; another operator must not have them all the same."""
    async with running(settings) as gateway:
        await staff(
            *("operator", "add", "second", "host=127.0.0.1", f"port={smsc.port}"),
            *("system_id=habar", "--password-stdin"),
            stdin="habar\n",
        )
        await staff("route", "add", "second")
        await staff("operator", "disable", "second")
        await eventually(lambda: gateway.door.routes.out and gateway.door.routes.routes)
        assert codes(await post(gateway, message())) == [106]
        assert "routed to second by route 1" in await staff("message", "show", "1")
        await staff("operator", "enable", "second")
        await smsc.wait_for(1, PATIENCE)


async def test_ported_numbers_are_imported_beside_it(settings: Settings, staff: Command) -> None:
    file = Path(settings.gateway.data).parent / "ported.csv"
    file.write_text("77771234567,kcell\n")
    async with running(settings) as gateway:
        await staff("ported", "import", str(file))
        await eventually(lambda: gateway.door.routes.networks.of(77771234567) == "kcell")


async def test_the_backup_of_the_how_to_is_a_whole_gateway(smsc: Simulator, tmp_path: Path) -> None:
    """VACUUM INTO beside the running gateway; the copy starts, knows and sends what waited."""
    page = (Path(__file__).parents[3] / "docs/how-to/production.md").read_text("utf-8")
    assert page.count("VACUUM INTO") >= 2
    away = configuration(tmp_path / "away", 1)
    copy = tmp_path / "copy"
    copy.mkdir()
    async with running(away) as gateway:
        assert codes(await post(gateway, message("before"))) == [106]
        connection = sqlite3.connect(Path(away.gateway.data) / "habar.db")
        connection.execute("VACUUM INTO ?", (str(copy / "habar.db"),))
        connection.close()
        assert codes(await post(gateway, message("after"))) == [106]
    async with running(configuration(copy, smsc.port)) as gateway:
        await smsc.wait_for(1, PATIENCE)
        assert codes(await post(gateway, message("later"))) == [106]
        await smsc.wait_for(2, PATIENCE)
    assert [m.text for m in smsc.messages()] == ["before", "later"]
