"""The client for programs without asyncio: conversations over urllib3.

Guarantees: may be shared by threads; connections are kept and used again; every attempt ends within
`timeout` seconds, however slowly an answer drips; redirects are not followed, as they would take
the password elsewhere. What is safe to repeat is decided in `exchange`, not here.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
    TimeoutError,  # noqa: A004 - urllib3's
)

from habar_client import conversations as core
from habar_client import lost
from habar_client.address import gateway_url
from habar_client.conversations import ALMATY, QUESTIONS, Conversations
from habar_client.exchange import HEADERS, MAX_ANSWER, Conversation, Lost, Patience, Post, Reply
from habar_client.poll import Poll
from habar_client.request import Credentials, Ref
from habar_client.tls import tls_context
from habar_client.values import Balance, Deleted, Message, Price, Sent, Status

T = TypeVar("T")

log = logging.getLogger("habar_client")


class Client:
    """A customer's connection to a gateway, for programs without asyncio.

        with Client("https://gateway.example", "demo", "demo") as client:
            sent = client.send("77771234567", "Salem!", id=1)

    `url`: `host`, `host:port` or a URL; without a scheme https, save on this machine (http);
    without a path /api. `zone`: the account's time zone. `timeout`: seconds for one attempt,
    `connect_timeout` of them for the connection. `retries` and `patience`: how many times a call
    is repeated where that is safe, and the longest sum of pauses in seconds. `retry_lost`: repeat
    a package whose answer was lost, if every message in it has an `id`; say False for an account
    that takes an `id` twice. `ca`: a PEM file whose certificates alone are trusted; `verify=False`
    trusts anybody. `connections`: how many are kept.

    All methods raise HabarClientError for what goes wrong with the gateway, ValueError for
    arguments that cannot be sent.
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
        self._pool = urllib3.PoolManager(
            num_pools=1, maxsize=connections, ssl_context=tls_context(ca, verify=verify)
        )

    def send(
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
        return self._hold(self._core.send([message]))[0]

    def send_many(self, messages: Iterable[Message], *, package_size: int = 500) -> Iterator[Sent]:
        """Send messages in packages; give each result, in order, as its package is answered.

        Reads `messages` a package at a time, so that it may be endless. An error ends the sending;
        its `messages` are the package it happened to.
        """
        core.check_package_size(package_size)
        return self._sending(messages, package_size)

    def status(
        self, sms_ids: int | Iterable[int] = (), *, ids: int | Iterable[int] = ()
    ) -> list[Status]:
        """Ask where messages are, by the gateway's numbers, then by your own; in that order."""
        return self._status(core.refs_of(sms_ids, ids))

    def wait(
        self,
        sms_id: int | None = None,
        *,
        id: int | None = None,  # noqa: A002
        timeout: float = 60.0,
    ) -> Status:
        """Wait until one message is final; `timeout` in seconds, then WaitTimeout."""
        refs = core.one_ref(sms_id, id)
        return next(self._waiting(refs, timeout))

    def wait_all(
        self,
        sms_ids: int | Iterable[int] = (),
        *,
        ids: int | Iterable[int] = (),
        timeout: float = 60.0,
    ) -> Iterator[Status]:
        """Give each message's status as it becomes final; WaitTimeout for those that do not."""
        return self._waiting(core.refs_of(sms_ids, ids), timeout)

    def delete(
        self, sms_ids: int | Iterable[int] = (), *, ids: int | Iterable[int] = ()
    ) -> list[Deleted]:
        """Delete messages that have not gone to the operator; they are refunded."""
        refs = core.refs_of(sms_ids, ids)
        return [
            row
            for package in core.packages(refs, QUESTIONS)
            for row in self._hold(self._core.delete(package))
        ]

    def balance(self) -> Balance:
        """Ask for the account's balance."""
        return self._hold(self._core.balance())

    def prices(self, recipients: Iterable[str]) -> list[Price]:
        """Ask what one SMS to each number costs."""
        return [
            price
            for package in core.packages(recipients, QUESTIONS)
            for price in self._hold(self._core.prices(package))
        ]

    def close(self) -> None:
        """Close the connections. The client can still be used: it opens new ones."""
        self._pool.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r}, login={self._core.who.login!r})"

    def _sending(self, messages: Iterable[Message], size: int) -> Iterator[Sent]:
        for package in core.packages(messages, size):
            yield from self._hold(self._core.send(package))

    def _status(self, refs: list[Ref]) -> list[Status]:
        return [
            status
            for package in core.packages(refs, QUESTIONS)
            for status in self._hold(self._core.status(package))
        ]

    def _waiting(self, refs: list[Ref], timeout: float) -> Iterator[Status]:
        poll = Poll(refs, timeout, time.monotonic())
        while poll.pending:
            yield from poll.take(self._status(poll.pending))
            if poll.pending:
                time.sleep(poll.pause(time.monotonic()))

    def _hold(self, conversation: Conversation[T]) -> T:
        """Drive a conversation to its end."""
        outcome: Reply | Lost | None = None
        while True:
            try:
                step = conversation.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            if isinstance(step, Post):
                outcome = self._post(step.body)
            else:
                log.info("%s; again in %g s", step.why, step.seconds)
                time.sleep(step.seconds)
                outcome = None

    def _post(self, body: bytes) -> Reply | Lost:
        deadline = time.monotonic() + self._timeout
        try:
            response = self._pool.request(
                "POST",
                self.url,
                body=body,
                headers=HEADERS,
                timeout=urllib3.Timeout(connect=self._connect_timeout, total=self._timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            return self._whole(response, deadline)
        except HTTPError as error:
            return _lost(error, self.url, self._timeout)

    def _whole(self, response: urllib3.BaseHTTPResponse, deadline: float) -> Reply | Lost:
        """Read the body, within the deadline and the limit of size."""
        body = bytearray()
        try:
            while chunk := response.read1(2**16):
                body += chunk
                if len(body) > MAX_ANSWER:
                    return lost.too_long(self.url)
                if time.monotonic() > deadline:
                    return lost.too_late(self.url, self._timeout)
        finally:
            response.close()  # of a connection that was read to its end, nothing is left to close
        headers = response.headers
        return Reply(
            response.status,
            bytes(body),
            headers.get("Retry-After"),
            headers.get("Date"),
            headers.get("Location"),
        )


def _lost(error: HTTPError, url: str, timeout: float) -> Lost:
    if isinstance(error, NameResolutionError):
        return lost.cannot_connect(url, "its name is not known")
    if isinstance(error, NewConnectionError):
        return lost.cannot_connect(url, lost.os_words(error))
    if isinstance(error, ConnectTimeoutError):
        return lost.cannot_connect(url, "no connection in time")
    if isinstance(error, SSLError):
        return lost.by_tls(url, error.args[0] if error.args else None)
    if isinstance(error, TimeoutError):
        return lost.too_late(url, timeout)
    return lost.went_away(url)
