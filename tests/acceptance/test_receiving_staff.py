"""What staff do about subscribers' messages and call-backs, by commands beside the running gateway.

Short codes given away, a message that was nobody's, a web service that is dead for a while, a
subscriber who wants no messages; on both databases where there is something to tell them apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from habar.store.postgres.migrate import migrate

from ..examples.programs import python
from ..interop.ports import reserved_port
from ..postgres.server import Server
from .conftest import SHOP
from .customer import Customer, ask
from .gateway import Gateway
from .receiving import LOOPBACK, Desk, Form
from .smsc_process import SUBSCRIBER, SmscProcess
from .waiting import eventually

BOTH = pytest.mark.parametrize("gateway", ["sqlite", "postgresql"], indirect=True)
Make = Callable[..., Awaitable[Gateway]]
FAILURES = 5
"""So many in a row, and a host is left in peace for a while."""
STOP_WORDS = "\n[inbound]\nstop_words = true\n"


@pytest.fixture(params=["sqlite"])
async def gateway(
    request: pytest.FixtureRequest,
    produce: Make,
    smsc_process: SmscProcess,
) -> AsyncIterator[Gateway]:
    """A gateway that runs, bound to its operator; the parameter says on which database."""
    url = ""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.url(await server.create_database())
        connection = await asyncpg.connect(url)
        await migrate(connection)
        await connection.close()
    smsc = smsc_process
    made = await produce(smsc.port, more=LOOPBACK + STOP_WORDS, database=url)
    async with made:
        await eventually(lambda: "link up" in made.log())
        yield made


async def figure(gateway: Gateway, name: str) -> float:
    async with Customer(gateway.port) as customer:
        return await customer.figure(name)


@BOTH
@pytest.mark.rule("inbox.unrouted", "inbox.auto-reply")
async def test_a_message_that_is_nobodys_is_given_away(
    gateway: Gateway, smsc_process: SmscProcess
) -> None:
    smsc = smsc_process
    desk = Desk(gateway, "--config", "habar.toml")
    assert (await smsc.write("Hello", wait=0)).code == 0
    [[number, _, sender, to, login, state, text]] = await desk.table(
        "inbound", "list", "--unrouted"
    )
    assert (sender, to, login, state, text) == (SUBSCRIBER, "8785", "-", "unrouted", "Hello")
    assert await figure(gateway, "habar_subscribers_messages_unrouted_total") == 1
    await desk.route("add", "8785", "--account", "shop", "--reply", "Thank you")
    said = await desk("inbound", "assign", number, "--code", "8785")
    assert said == f"{number} is owed to 8785 now\n"
    await eventually(lambda: ("8785", SUBSCRIBER, "Thank you") in smsc.taken)
    assert await desk.table("inbound", "list", "--unrouted") == []
    assert "answered by message" in await desk("inbound", "show", number)
    assert await figure(gateway, "habar_replies_total") == 1


@pytest.mark.rule("inbox.tries-visible", "inbox.again", "inbox.sent-on-by-hand")
async def test_a_service_that_is_dead_and_then_there(
    gateway: Gateway, smsc_process: SmscProcess, tmp_path: Path
) -> None:
    smsc = smsc_process
    desk = Desk(gateway, "--config", "habar.toml")
    keeper, port = reserved_port()
    host = f"http://127.0.0.1:{port}"
    (tmp_path / "passwordin").write_text("s3cret\n")
    gateway.secrets = (*gateway.secrets, "s3cret")
    keys = ("--keyword", "pizza", "--userin", "gateway", "--passwordin-file", "passwordin")
    with keeper:
        await desk.route("add", "8785", "--account", "shop", "--url", f"{host}/", *keys)
        texts = [f"Pizza {n}" for n in range(FAILURES)]
        told = await asyncio.gather(*[smsc.write(text, wait=0) for text in texts])
        assert {one.code for one in told} == {0}

        async def is_paused() -> list[list[str]]:
            rows = await desk.table("callback", "hosts")
            return [row for row in rows if row[2] == str(FAILURES)]

        [[paused, *_, error]] = await eventually(is_paused)
        assert paused == host
        assert error.startswith("no connection: ")
        rows = await desk.table("callback", "list", "--state", "waiting")
        assert [row[3:] for row in rows] == [
            [f"subscriber's message {n}", host, "waiting", "1", error]
            for n in range(FAILURES, 0, -1)
        ]
        story = await desk("callback", "show", rows[0][0])
        assert f"called     GET {host}/" in story
        assert story.splitlines()[-1].strip().startswith("1  ")
        assert error in story.splitlines()[-1]
        assert await figure(gateway, 'habar_calls_total{outcome="failed"}') == FAILURES
        assert await figure(gateway, "habar_call_hosts_paused") == 1
    with python("service.py", tmp_path, port=port):
        again = ("callback", "replay", "--all", "--state", "waiting", "--host", host, "--yes")
        assert await desk(*again) == f"called again: {FAILURES}\n"
        wanted = {("8785", SUBSCRIBER, f"Thank you: {text}") for text in texts}
        await eventually(lambda: wanted <= set(smsc.taken))
        assert await desk.table("callback", "hosts") == []
        story = await desk("inbound", "show", "1")
        assert "try 1: no connection" in story
        assert "try 2: HTTP 200" in story
        # Once more by hand: the service is called, the subscriber is not answered again.
        assert "called again: 1 of 1" in await desk("inbound", "replay", "1")

        async def noted() -> bool:
            return "the subscriber was answered before" in await desk("inbound", "show", "1")

        await eventually(noted)
    assert len(smsc.taken) == FAILURES
    assert await figure(gateway, 'habar_calls_of_total{kind="inbound"}') == 2 * FAILURES + 1
    assert await figure(gateway, "habar_replies_total") == FAILURES


@BOTH
@pytest.mark.rule("inbox.stop-words")
async def test_a_subscriber_says_stop_and_start(
    gateway: Gateway, smsc_process: SmscProcess
) -> None:
    smsc = smsc_process
    desk = Desk(gateway, "--config", "habar.toml")
    form = Form(gateway.port, SHOP)
    await desk.route("add", "8785", "--account", "shop")
    told = await smsc.write("Стоп!")
    assert "Вы отписаны от наших сообщений. Вернуть их: СТАРТ." in told.out, told
    [[number, account, _, said_to]] = await desk.table("optout", "list")
    assert (number, account, said_to) == (SUBSCRIBER, "shop", "8785")

    async def by_xml() -> int:
        return (await ask(gateway.port, SHOP.message("x", SUBSCRIBER))).rows[0].code

    async def by_http() -> str:
        fields = {"recipient": SUBSCRIBER, "messagedata": "x"}
        return (await form.ask(action="sendmessage", **fields))["statuscode"]

    async def are(code: int, statuscode: str) -> bool:
        return await by_xml() == code and await by_http() == statuscode

    await eventually(lambda: are(203, "208"), 10)
    assert (await ask(gateway.port, SHOP.message("x", "77771234568"))).rows[0].code == 106
    assert "You will get our messages again" in (await smsc.write("START")).out
    await eventually(lambda: are(106, "0"), 10)
    assert await desk.table("optout", "list") == []
