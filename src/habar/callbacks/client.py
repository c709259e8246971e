"""One HTTP call to a customer's web service, and what came of it, whatever came.

Guarantees:
- A URL is called as it is written; what no URL may have in it is percent-encoded.
- The address connected to is one that the guard permits; no proxy, no `.netrc`, no cookie and no
  redirect is followed, whatever the environment or the answer says.
- Names of one customer's that no name server tells keep no other customer's from being looked up.
- A call ends within its time, from the look-up of the name to the last octet of the answer; of an
  answer 64 kB are read at most, as they come (none is asked for compressed, none is inflated).
- A GET whose connection ends before an answer begins is sent once more at once, within the same
  call (RFC 9112, 9.3.1): the host may have closed a connection that was idle.
- Whatever the other side does becomes an Answer with plain words; these quote no URL and no answer.
Knows no customers and no store.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from habar import __version__
from habar.callbacks.exchange import LARGEST_ANSWER, Answer, Request
from habar.callbacks.guard import AddressRefused, Guard

USER_AGENT = f"Habar/{__version__}"
_LOOKUPS = 32
"""Names looked up at a time: threads of our own, so that a name server that is slow about one
customer's host holds up nobody else's work in the process."""
_LOOKUPS_OF_ONE = 8
"""Of one customer; a look-up that nobody waits for any more counts until its thread is free."""
_NAMES_KEPT = 30
"""Seconds."""
_IDLE_KEPT = 4.0
"""Seconds that a connection is kept for the next call: Apache and node close theirs after five."""
_TURN = 30.0
"""Seconds that a look-up waits for one of these."""
_CUSTOMER: ContextVar[int] = ContextVar("customer", default=0)
"""For whom aiohttp has a name looked up: it does so in a task of its own."""
_WRITTEN = "!#$%&'()*+,/:;=?@[]~"
"""Beside letters, digits and `-._`: what may stand in a path or a query (RFC 3986, 2)."""
_FORBIDDEN = "refused: the host has no public address, and its network is not allowed"


class Client:
    """Open connections to customers' hosts. To be made in a running loop, and closed."""

    def __init__(
        self,
        guard: Guard,
        *,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls`: whose certificates are trusted; None: the machine's authorities."""
        self._resolver = resolver or Resolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # the caller counts
                resolver=self._resolver,
                ttl_dns_cache=_NAMES_KEPT,
                keepalive_timeout=_IDLE_KEPT,
                socket_factory=guard.socket,
                ssl=True if tls is None else tls,
            ),
            timeout=aiohttp.ClientTimeout(total=None),  # `call` has the one clock
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept-Encoding", "User-Agent"),
            headers={"User-Agent": USER_AGENT},
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
        await self._resolver.close()

    async def call(self, request: Request, seconds: float) -> Answer:
        """Make the call; it takes so many seconds at most."""
        _CUSTOMER.set(request.customer)
        try:
            async with asyncio.timeout(seconds):
                return await self._call(request)
        except TimeoutError:
            return Answer(0, f"no whole answer within {seconds:g} seconds")
        except _TROUBLE as error:
            reason = getattr(error, "os_error", error)
            if isinstance(reason, AddressRefused):
                return Answer(0, _FORBIDDEN, forbidden=True)
            return Answer(0, _in_words(error))

    async def _call(self, request: Request) -> Answer:
        response = await self._session.request(
            request.method,
            verbatim(request.url),
            headers=request.headers,
            data=request.body,
            allow_redirects=False,
        )
        try:
            body, cut = await _read(response)
        finally:
            response.release()  # and closed, where the answer was not read to its end
        return Answer(response.status, _error(response.status), body, _unreadable(response, cut))


def verbatim(url: str) -> URL:
    """The URL with its escapes as they were written; what may not stand in one is escaped.

    yarl would write `%41` as `A` and take `..` out: its owner may have signed what he wrote. The
    host is yarl's to read, and to refuse: raises ValueError.
    """
    scheme, _, behind = url.partition("://")
    behind, _, _ = behind.partition("#")
    authority, _, _ = behind.partition("?")[0].partition("/")
    host = URL(f"{scheme}://{authority}")  # which yarl remembers
    path = behind[len(authority) :]
    slash = "" if path.startswith("/") else "/"
    return URL(f"{host.scheme}://{host.raw_authority}{slash}{quote(path, _WRITTEN)}", encoded=True)


async def _read(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    pieces = bytearray()
    async for piece in response.content.iter_any():
        pieces += piece
        if len(pieces) > LARGEST_ANSWER:
            return bytes(pieces[:LARGEST_ANSWER]), True
    return bytes(pieces), False


def _error(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"HTTP {status}: redirects are not followed"
    return f"HTTP {status}"


def _unreadable(response: aiohttp.ClientResponse, cut: bool) -> str:
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return "the answer is compressed, which was not asked for"
    return f"the answer is larger than {LARGEST_ANSWER} octets" if cut else ""


def _in_words(error: Exception) -> str:
    """Say what went wrong, quoting nothing that the other side or a URL says."""
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = error.os_error.strerror or "refused or unreachable"
        return f"no connection: {reason}"
    if isinstance(error, OSError | RuntimeError | aiohttp.ClientConnectionError):
        return "the connection broke before the answer was whole"
    return "the answer is not HTTP"


_TROUBLE = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, RuntimeError)
"""What calls end in; uvloop has RuntimeError for sockets that cannot be used."""
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.InvalidURL, "the URL cannot be called"),
    (aiohttp.ClientConnectorDNSError, "the host's name is not known"),
    (aiohttp.ClientConnectorCertificateError, "the host's certificate is not valid"),
    (aiohttp.ClientSSLError, "no TLS connection could be made"),
    (aiohttp.ServerDisconnectedError, "the connection was closed without an answer"),
    (aiohttp.ClientPayloadError, "the connection broke before the answer was whole"),
    (UnicodeError, "the host's name is not known"),
)


class Resolver(AbstractResolver):
    """Looks names up as the machine does, in threads of its own, a few at a time of a customer."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="habar-names")
        self._turns: dict[int, asyncio.Semaphore] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Find the addresses of a host. Raises OSError, TimeoutError among them."""
        turn = self._turns.setdefault(_CUSTOMER.get(), asyncio.Semaphore(_LOOKUPS_OF_ONE))
        async with asyncio.timeout(_TURN):  # aiohttp itself waits for ever
            await turn.acquire()
        found = await self._in_thread(turn, host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in found
        ]

    def _in_thread(
        self, turn: asyncio.Semaphore, *place: Any
    ) -> asyncio.Future[list[tuple[Any, ...]]]:
        """Look up; the turn is over when the thread is free, whoever waits for it then."""
        loop = asyncio.get_running_loop()

        def over(_: object) -> None:
            with suppress(RuntimeError):  # the loop has ended before
                loop.call_soon_threadsafe(turn.release)

        work = self._threads.submit(_look_up, *place)
        work.add_done_callback(over)
        return asyncio.wrap_future(work)

    async def close(self) -> None:
        """Wait for nobody: a look-up that hangs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: int) -> list[tuple[Any, ...]]:
    return socket.getaddrinfo(
        host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
