"""The client for programs with asyncio: conversations over aiohttp.

Guarantees: the same as of `Client`; belongs to one event loop. aiohttp is an extra and imported
when the first client is made: `pip install 'habar-client[async]'`.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from habar_client import conversations as core
from habar_client import lost
from habar_client.address import gateway_url
from habar_client.conversations import ALMATY, QUESTIONS, Conversations
from habar_client.exchange import (
    HEADERS,
    MAX_ANSWER,
    Conversation,
    Lost,
    Patience,
    Post,
    Reply,
)
from habar_client.poll import Poll
from habar_client.request import Credentials, Ref
from habar_client.stream import cut, windowed
from habar_client.tls import tls_context
from habar_client.values import Balance, Deleted, Message, Price, Sent, Status

if TYPE_CHECKING:
    import aiohttp

T = TypeVar("T")

log = logging.getLogger("habar_client")


class AsyncClient:
    """A customer's connection to a gateway, for programs with asyncio.

        async with AsyncClient("https://gateway.example", "demo", "demo") as client:
            sent = await client.send("77771234567", "Salem!", id=1)

    The arguments and errors are those of `Client`. Raises ImportError where aiohttp is missing.
    """

    def __init__(
        self,
        url: str,
        login: str | None = None,
        password: str | None = None,
        *,
        key: str | None = None,
        zone: str = ALMATY,
        timeout: float = 30.0,
        connect_timeout: float = 10.0,
        retries: int = 4,
        patience: float = 60.0,
        retry_lost: bool = True,
        ca: str | os.PathLike[str] | None = None,
        verify: bool = True,
        connections: int = 10,
    ) -> None:
        self.url = gateway_url(url)
        self._core = Conversations(
            Credentials(login, password, key),
            core.zone_named(zone),
            Patience(retries, patience),
            retry_lost,
        )
        self._timeout = timeout
        self._connect_timeout = min(connect_timeout, timeout)
        self._tls = tls_context(ca, verify=verify)
        self._connections = connections
        self._aiohttp = _aiohttp()
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        recipient: str,
        text: str,
        *,
        sender: str | None = None,
        id: int | None = None,  # noqa: A002 - the protocol's own word
        at: datetime | None = None,
        until: datetime | None = None,
        flash: bool = False,
    ) -> Sent:
        """Send one message; see Message for the arguments. Look at `accepted` of the result."""
        message = Message(recipient, text, sender, id, at, until, flash)
        return (await self._hold(self._core.send([message])))[0]

    def send_many(
        self,
        messages: Iterable[Message] | AsyncIterable[Message],
        *,
        package_size: int = 500,
        window: int = 1,
    ) -> AsyncIterator[Sent]:
        """Send messages in packages; give each result, in order, as its package is answered.

        Reads `messages` as far as `window` packages, which are on their way together. An error ends
        the sending: the results of packages that were under way beside it are given first, then it
        is raised; its `messages` are the package it happened to, `also` the errors of others.
        """
        core.check_package_size(package_size)
        if window < 1:
            raise ValueError("window must be at least 1")
        return windowed(cut(messages, package_size), self._send, window)

    async def status(
        self, sms_ids: int | Iterable[int] = (), *, ids: int | Iterable[int] = ()
    ) -> list[Status]:
        """Ask where messages are, by the gateway's numbers, then by your own; in that order."""
        return await self._status(core.refs_of(sms_ids, ids))

    async def wait(
        self,
        sms_id: int | None = None,
        *,
        id: int | None = None,  # noqa: A002
        timeout: float = 60.0,  # noqa: ASYNC109 - WaitTimeout knows what is pending
    ) -> Status:
        """Wait until one message is final; `timeout` in seconds, then WaitTimeout."""
        return await anext(self._waiting(core.one_ref(sms_id, id), timeout))

    def wait_all(
        self,
        sms_ids: int | Iterable[int] = (),
        *,
        ids: int | Iterable[int] = (),
        timeout: float = 60.0,
    ) -> AsyncIterator[Status]:
        """Give each message's status as it becomes final; WaitTimeout for those that do not."""
        return self._waiting(core.refs_of(sms_ids, ids), timeout)

    async def delete(
        self, sms_ids: int | Iterable[int] = (), *, ids: int | Iterable[int] = ()
    ) -> list[Deleted]:
        """Delete messages that have not gone to the operator; they are refunded."""
        refs = core.refs_of(sms_ids, ids)
        return [
            row
            for package in core.packages(refs, QUESTIONS)
            for row in await self._hold(self._core.delete(package))
        ]

    async def balance(self) -> Balance:
        """Ask for the account's balance."""
        return await self._hold(self._core.balance())

    async def prices(self, recipients: Iterable[str]) -> list[Price]:
        """Ask what one SMS to each number costs."""
        return [
            price
            for package in core.packages(recipients, QUESTIONS)
            for price in await self._hold(self._core.prices(package))
        ]

    async def close(self) -> None:
        """Close the connections. The client can still be used: it opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r}, login={self._core.who.login!r})"

    async def _send(self, package: list[Message]) -> list[Sent]:
        return await self._hold(self._core.send(package))

    async def _status(self, refs: list[Ref]) -> list[Status]:
        return [
            status
            for package in core.packages(refs, QUESTIONS)
            for status in await self._hold(self._core.status(package))
        ]

    async def _waiting(self, refs: list[Ref], timeout: float) -> AsyncIterator[Status]:  # noqa: ASYNC109
        clock = asyncio.get_running_loop().time
        poll = Poll(refs, timeout, clock())
        while poll.pending:
            for status in poll.take(await self._status(poll.pending)):
                yield status
            if poll.pending:
                await asyncio.sleep(poll.pause(clock()))

    async def _hold(self, conversation: Conversation[T]) -> T:
        """Drive a conversation to its end."""
        outcome: Reply | Lost | None = None
        while True:
            try:
                step = conversation.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            if isinstance(step, Post):
                outcome = await self._post(step.body)
            else:
                log.info("%s; again in %g s", step.why, step.seconds)
                await asyncio.sleep(step.seconds)
                outcome = None

    async def _post(self, body: bytes) -> Reply | Lost:
        try:
            async with self._open().post(
                self.url, data=body, headers=HEADERS, allow_redirects=False
            ) as response:
                return await self._whole(response)
        except self._aiohttp.ClientSSLError as error:
            return lost.by_tls(self.url, error.__cause__ or error.__context__)
        except self._aiohttp.ClientConnectorDNSError:
            return lost.cannot_connect(self.url, "its name is not known")
        except self._aiohttp.ClientConnectorError as error:
            return lost.cannot_connect(self.url, lost.os_words(error.os_error))
        except self._aiohttp.ConnectionTimeoutError:
            return lost.cannot_connect(self.url, "no connection in time")
        except TimeoutError:
            return lost.too_late(self.url, self._timeout)
        except self._aiohttp.ClientError:
            return lost.went_away(self.url)

    async def _whole(self, response: aiohttp.ClientResponse) -> Reply | Lost:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_ANSWER:
                response.close()
                return lost.too_long(self.url)
        headers = response.headers
        return Reply(
            response.status,
            bytes(body),
            headers.get("Retry-After"),
            headers.get("Date"),
            headers.get("Location"),
        )

    def _open(self) -> aiohttp.ClientSession:
        """The session; made here because it must be made inside the loop."""
        if self._session is None:
            http = self._aiohttp
            self._session = http.ClientSession(
                connector=http.TCPConnector(limit=self._connections, ssl=self._tls),
                timeout=http.ClientTimeout(total=self._timeout, sock_connect=self._connect_timeout),
                cookie_jar=http.DummyCookieJar(),
            )
        return self._session


def _aiohttp() -> Any:
    try:
        return importlib.import_module("aiohttp")
    except ImportError:
        raise ImportError(
            "AsyncClient needs aiohttp: pip install 'habar-client[async]'", name="aiohttp"
        ) from None
