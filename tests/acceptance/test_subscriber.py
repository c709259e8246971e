"""A subscriber writes, a web service answers, the reply arrives: the documentation's own scenario.

As a stranger would see it: the gateway, its operators and the customers' programs of examples/ are
processes, and what is done is done by commands.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from ..examples.programs import NO_PHP, Program, php, python
from .gateway import Ended, Gateway
from .receiving import LOOPBACK, Desk
from .smsc_process import SUBSCRIBER, SmscProcess
from .waiting import eventually

ROOT = Path(__file__).parents[2]
REPLY = re.compile(r"^reply (\S+) -> (\S+)  id \d+  '(.*)'$", re.MULTILINE)
ID = re.compile(r"id \d+")
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
SHOWN = """\
77771234567 -> 8785#12345  'Сәлем'
  call    GET http://127.0.0.1:PORT/thank-you
          userin=sandbox passwordin=*** sender=77771234567 short=8785#12345
          msgdata='Сәлем' senttime='' receivedtime='TIME'
          messageid=1
  answer  200 '{SMS:TEXT}{}{8785#12345}{77771234567}{Thank you: Сәлем}'
  reply   8785#12345 -> 77771234567  'Thank you: Сәлем'
"""
SERVICES = [
    pytest.param((php, "index.php"), id="php", marks=NO_PHP),
    pytest.param((python, "service.py"), id="python"),
]
Service = tuple[Callable[..., AbstractContextManager[Program]], str]


def fences(page: str) -> list[tuple[str, str]]:
    """The blocks of a page in its order: language, and text."""
    pieces = re.split(r"^```(.*)\n", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE)
    return list(zip(pieces[1::4], pieces[2::4], strict=True))


@pytest.mark.parametrize("page", ["first-message.md", "first-message.ru.md"])
async def test_the_tutorials_subscriber_does_what_it_says(sandbox: Gateway, page: str) -> None:
    blocks = fences(f"docs/tutorial/{page}")
    at = next(n for n, (_, text) in enumerate(blocks) if "simulate inbound" in text)
    (_, command), (_, printed), (_, shown) = blocks[at : at + 3]
    program, *words = shlex.split(command)
    assert program == ".venv/bin/habar"
    async with sandbox:
        told = await sandbox.command(*words)
    assert ID.sub("id", told.out) == ID.sub("id", printed)
    assert masked(sandbox.said.partition("Stop with Ctrl-C.\n\n")[2]) == masked(shown)


def masked(shown: str) -> str:
    return TIME.sub("TIME", re.sub(r":\d+/", ":PORT/", shown))


async def write(sandbox: Gateway, text: str) -> Ended:
    """A subscriber writes to the sandbox's short code."""
    words = ("--from", SUBSCRIBER, "--to", "8785", "--transaction", "12345", "--wait", "30")
    data = ("--data", str(sandbox.data))
    return await sandbox.command("simulate", "inbound", *words, "--text", text, *data)


@pytest.mark.rule("inbox.answer", "inbox.transaction-id", "inbox.transaction-back")
async def test_the_sandbox_answers_and_shows_it(sandbox: Gateway) -> None:
    async with sandbox:
        told = await write(sandbox, "Сәлем")
        assert (told.code, told.err) == (0, "")
        assert REPLY.findall(told.out) == [("8785#12345", SUBSCRIBER, "Thank you: Сәлем")]
    shown = sandbox.said.partition("Stop with Ctrl-C.\n\n")[2]
    assert masked(shown) == SHOWN


@pytest.mark.rule("inbox.get", "inbox.post", "inbox.json", "inbox.credentials", "inbox.braces")
@pytest.mark.parametrize("service", SERVICES)
async def test_the_examples_answer_by_get_by_post_and_by_signed_json(
    sandbox: Gateway, tmp_path: Path, service: Service
) -> None:
    run, name = service
    folder = tmp_path / "service"
    folder.mkdir()
    desk = Desk(sandbox, "--data", str(sandbox.data))
    async with sandbox:
        said = await desk.account("set", "demo", "--callback-secret")
        found = re.search(r"^callback secret +(\S+)", said, re.MULTILINE)
        assert found, said
        secret = found[1]
        sandbox.secrets = (*sandbox.secrets, secret)
        settings = {"USERIN": "sandbox", "PASSWORDIN": "sandbox", "CALLBACK_SECRET": secret}
        with run(name, folder, **settings) as program:
            url = f"http://127.0.0.1:{program.port}/"
            for method in ("get", "post", "json"):
                await desk.route("set", "8785", "--url", url, "--method", method)
                told = await write(sandbox, f"{{{method}}} Сәлем")
                reply = ("8785#12345", SUBSCRIBER, f"Thank you: {{{method}}} Сәлем")
                assert REPLY.findall(told.out) == [reply], (told, program.said)
    shown = sandbox.said.partition("Stop with Ctrl-C.\n\n")[2]
    asked = [line for line in shown.splitlines() if line.startswith("  call")]
    assert asked == [f"  call    {word} {url}" for word in ("GET", "POST", "POST")]
    assert shown.count("userin=sandbox passwordin=*** ") == 3
    for method in ("get", "post", "json"):
        text = f"Thank you: {{{method}}} Сәлем"
        assert f"  answer  200 '{{SMS:TEXT}}{{}}{{8785#12345}}{{77771234567}}{{{text}}}'" in shown
        assert f"  reply   8785#12345 -> 77771234567  '{text}'" in shown


# --- A configured gateway with two operators ------------------------------------------------------
Make = Callable[..., Awaitable[Gateway]]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Program]:
    """PHP's own web server with the examples."""
    folder = tmp_path / "php"
    folder.mkdir()
    with php("index.php", folder) as program:
        yield program


@NO_PHP
@pytest.mark.rule(
    "inbox.answer", "inbox.same-way-back", "inbox.transaction-id", "inbox.transaction-back"
)
async def test_the_documentations_own_scenario(
    produce: Make, smsc_process: SmscProcess, second_smsc_process: SmscProcess, service: Program
) -> None:
    """By the operator that brought the question, whichever it was; php -S serves examples/."""
    first, second = smsc_process, second_smsc_process
    gateway = await produce(first.port, more=second.section + LOOPBACK)
    desk = Desk(gateway, "--config", "habar.toml")
    password = gateway.folder / "passwordin"
    password.write_text("s3cret\n")
    gateway.secrets = (*gateway.secrets, "s3cret")
    async with gateway:
        await eventually(lambda: gateway.log().count("link up") == 2)
        url = f"http://127.0.0.1:{service.port}/"
        who = ("--userin", "gateway", "--passwordin-file", str(password))
        await desk.route("add", "8785", "--account", "shop", "--url", url, *who)
        for operator, other in ((second, first), (first, second)):
            before = list(other.taken)
            told = await operator.write("Hello", "--transaction", "12345")
            reply = ("8785#12345", SUBSCRIBER, "Thank you: Hello")
            assert REPLY.findall(told.out) == [reply], (told, gateway.log())
            assert operator.taken == [reply]
            assert other.taken == before, "it went out by the operator that brought the question"
    answered = [line for line in service.said if "short=8785%2312345" in line]
    assert len(answered) == 2


@dataclass
class Odd:
    """A customer's program that answers each text in another way."""

    answers: dict[str, str]
    asked: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ", 2)[1]
        self.asked.append(dict(parse_qsl(urlsplit(target).query, keep_blank_values=True)))
        body = self.answers[self.asked[-1]["msgdata"]].encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def odd() -> AsyncIterator[Odd]:
    made = Odd({})
    async with await asyncio.start_server(made, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


@pytest.mark.rule("inbox.says-why", "inbox.one-sms", "inbox.addressed", "inbox.joined")
async def test_an_answer_that_cannot_go_back_is_received_and_staff_see_why(
    produce: Make, smsc_process: SmscProcess, odd: Odd
) -> None:
    long = "Ұзын мәтін, " * 20
    to = "{SMS:TEXT}{}{8785}{77771234567}"
    odd.answers = {
        "long": f"{to}{{{'x' * 161}}}",
        "other": "{SMS:TEXT}{}{8785}{77770000000}{Thank you}",
        "garbage": "<html>It works!</html>",
        "nothing": "{}",
        long: f"{to}{{{'x' * 160}}}",
    }
    gateway = await produce(smsc_process.port, more=LOOPBACK)
    desk = Desk(gateway, "--config", "habar.toml")
    async with gateway:
        await eventually(lambda: "link up" in gateway.log())
        url = f"http://127.0.0.1:{odd.port}/in?own=1"
        await desk.route("add", "8785", "--account", "shop", "--url", url)
        for text in odd.answers:
            told = await smsc_process.write(text, wait=0)
            assert told.code == 0, told

        async def all_delivered() -> bool:
            rows = await desk.table("inbound", "list", "--state", "delivered")
            return len(rows) == len(odd.answers)

        await eventually(all_delivered)
        await eventually(lambda: smsc_process.taken)
        assert smsc_process.taken == [("8785", SUBSCRIBER, "x" * 160)]
        assert sorted(asked["msgdata"] for asked in odd.asked) == sorted(odd.answers)
        assert {asked["own"] for asked in odd.asked} == {"1"}
        stories = [await desk("inbound", "show", str(n)) for n in range(1, 5)]
        notes = [re.findall(r"note: (.*)", story) for story in stories]
    assert notes[0] == ["no reply: the text is longer than one SMS"]
    assert "subscriber" in notes[1][0]
    assert "form" in notes[2][0]
    assert notes[3] == []
