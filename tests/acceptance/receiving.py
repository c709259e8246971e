"""What is asked and told beside a gateway that receives: its commands, its short codes, its calls.

Guarantees: a change is waited for until the running gateway has seen it, so that nobody sleeps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..examples.programs import Program
from .customer import Customer, Login
from .gateway import Gateway
from .waiting import eventually

LOOPBACK = '\n[callbacks]\nallowed_networks = ["127.0.0.0/8"]\n'
"""For habar.toml: customers' programs on this machine may be called."""
_CALLED = re.compile(r"\[200\]: GET (\S+)")
_FIELD = re.compile(r"<(statuscode|messageid|status|state)>([^<]*)<")


class Desk:
    """Staff at a gateway that runs."""

    def __init__(self, gateway: Gateway, *where: str) -> None:
        """`where`: what tells a command which installation."""
        self._gateway = gateway
        self._where = where

    async def __call__(self, *words: str) -> str:
        """`habar WORDS`, which must succeed: what it prints."""
        done = await self._gateway.command(*words, *self._where)
        assert (done.code, done.err) == (0, ""), done
        return done.out

    async def route(self, *words: str) -> str:
        """`habar shortcode WORDS`; when the gateway obeys it."""
        return await self._seen("short codes read again", "shortcode", *words)

    async def account(self, *words: str) -> str:
        """`habar account WORDS`; when the gateway obeys it."""
        return await self._seen("accounts read again", "account", *words)

    async def _seen(self, line: str, *words: str) -> str:
        before = self._gateway.log().count(line)
        said = await self(*words)
        await eventually(lambda: self._gateway.log().count(line) > before, 10)
        return said

    async def table(self, *words: str) -> list[list[str]]:
        """The rows of a list, each split where its columns are."""
        return [re.split(r"\s{2,}", line.strip()) for line in (await self(*words)).splitlines()[1:]]


@dataclass(frozen=True)
class Form:
    """A customer's program that speaks the HTTP protocol."""

    port: int
    login: Login

    async def ask(self, **fields: str) -> dict[str, str]:
        """POST these fields; the first of each field of the answer."""
        own = {"username": self.login.name, "password": self.login.password}
        async with Customer(self.port) as customer:
            answer = await customer.post(urlencode(own | fields).encode())
        assert answer.status == 200, answer
        return dict(reversed(_FIELD.findall(answer.body.decode())))

    async def send(self, text: str, recipient: str, **fields: str) -> int:
        """Send a message, which must be accepted: its messageid."""
        given = {"recipient": recipient, "messagedata": text, **fields}
        answer = await self.ask(action="sendmessage", **given)
        assert answer["statuscode"] == "0", answer
        return int(answer["messageid"])


def calls(page: Program) -> list[dict[str, str]]:
    """The parameters of every GET that a PHP page has answered with 200, from its server's log."""
    targets = _CALLED.findall("".join(list(page.said)))
    return [dict(parse_qsl(urlsplit(target).query, keep_blank_values=True)) for target in targets]


async def told(page: Program, message_id: int, count: int) -> Sequence[dict[str, str]]:
    """So many calls about a message, as soon as they are there."""

    def about() -> list[dict[str, str]]:
        return [one for one in calls(page) if one.get("messageid") == str(message_id)]

    await eventually(lambda: len(about()) >= count)
    return about()
