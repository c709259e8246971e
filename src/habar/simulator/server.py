"""The simulated SMSC: a listener, its links, and the switches that tests turn.

Guarantees: one event loop, no polling; what is taken is in `received`, bounded. `wait_for` looks
after every event. Knows nothing of the gateway: it speaks SMPP 3.4 to whoever binds.
"""

import asyncio
import contextlib
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypedDict, Unpack

from habar.simulator.content import Reading
from habar.simulator.exchange import Exchange
from habar.simulator.faults import Faults
from habar.simulator.outbox import Handover
from habar.simulator.record import Bind, Counts, Message, Received, Told, joined
from habar.simulator.session import Manner, Session
from habar.simulator.settings import Settings
from habar.simulator.subscribers import PartWay, SentEncoding, SubscriberMessage
from habar.wire.smpp import MessageState
from habar.wire.smpp import Settings as ConnectionSettings

_FAREWELL = 1.0  # s for links to close in order before they are cut


class Ways(TypedDict, total=False):
    """How a subscriber's message is carried: the further fields of SubscriberMessage."""

    transaction: str
    part_way: PartWay
    encoding: SentEncoding
    data_sm: bool
    order: tuple[int, ...]


def _epoch_ms() -> int:
    return time.time_ns() // 1_000_000


class Simulator:
    """An SMSC speaking SMPP 3.4 on one port."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], int] = _epoch_ms,
        on_message: Callable[[Received], None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Make an SMSC; with `tls`, a server's context, it speaks TLS only."""
        self._tls = tls
        self._settings = settings or Settings()
        self._exchange = Exchange(self._settings, clock, on_message)
        self._manner = Manner(
            system_id=self._settings.system_id.encode("ascii"),
            connection=ConnectionSettings(
                window=self._settings.window,
                enquire_link=self._settings.enquire_link,
                inactivity=self._settings.inactivity,
            ),
            response_delay=self._settings.response_delay,
        )
        self._reading = Reading(self._settings.alphabet, self._settings.ucs2_little_endian)
        self.host = self._settings.host
        self.port = self._settings.port
        self._server: asyncio.Server | None = None
        self._links: dict[int, Session] = {}
        self._links_made = 0
        self._due_timer: asyncio.TimerHandle | None = None
        self._due_at = 0.0
        self._waiting: list[tuple[Callable[[Simulator], bool], asyncio.Future[None]]] = []

    # Life

    async def start(self) -> None:
        """Listen; raises OSError where the port is taken."""
        await self.listen_again()

    async def listen_again(self) -> None:
        """Listen after stop_listening, on the same port."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(
                self._make_session, self.host, self.port, ssl=self._tls
            )
            self.port = self._server.sockets[0].getsockname()[1]
            self._arm()

    def stop_listening(self) -> None:
        """Refuse new connections; links that stand go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def close(self) -> None:
        """Unbind and close every link, stop listening. May be called again."""
        self.stop_listening()
        for session in list(self._links.values()):
            session.unbind()
        try:
            await self.wait_for(lambda _: not self._links, _FAREWELL)
        except TimeoutError:
            self.drop_links()
            await self.wait_for(lambda _: not self._links, _FAREWELL)
        if self._due_timer is not None:
            self._due_timer.cancel()
            self._due_timer = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # What came in

    @property
    def received(self) -> deque[Received]:
        """submit_sm taken, the newest `record_limit` of them."""
        return self._exchange.record.received

    @property
    def told(self) -> Sequence[Told]:
        """Receipts of them, sent or waiting, the newest `record_limit`; cancelled ones too."""
        return self._exchange.record.told

    @property
    def counts(self) -> Counts:
        """Numbers since start."""
        return self._exchange.record.counts

    @property
    def sessions(self) -> Sequence[Session]:
        """Links that are bound."""
        return [session for session in self._links.values() if session.is_bound]

    @property
    def binds(self) -> Sequence[Bind]:
        """What the newest binds said and how they were answered, oldest first."""
        return self._exchange.record.binds

    @property
    def waiting_deliveries(self) -> int:
        """Receipts and subscribers' messages that are not acknowledged yet."""
        return self._exchange.outbox.kept

    def messages(self) -> list[Message]:
        """Whole texts out of `received`: single ones, and concatenated ones once complete."""
        return joined(self.received, self._reading)

    def times_seen(self, destination: str, short_message: bytes) -> int:
        """How often these octets (with UDH) were taken for this recipient."""
        return self._exchange.record.seen.count(destination.encode("ascii"), short_message)

    async def wait_for(
        self,
        what: int | Callable[["Simulator"], bool],
        timeout: float = 5.0,  # noqa: ASYNC109 (callers read it as the tests do)
    ) -> None:
        """Wait until so many submit_sm were taken, or the predicate holds.

        The predicate is looked at after every event. Raises TimeoutError after `timeout` seconds.
        """
        if isinstance(what, int):
            least = what
            predicate: Callable[[Simulator], bool] = lambda sim: sim.counts.submitted >= least  # noqa: E731
        else:
            predicate = what
        if predicate(self):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (predicate, future)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout):
                await future
        finally:
            self._waiting.remove(entry)

    # What the SMSC does

    @property
    def response_delay(self) -> float:
        """Seconds before submit_sm_resp."""
        return self._manner.response_delay

    @response_delay.setter
    def response_delay(self, seconds: float) -> None:
        self._manner.response_delay = seconds

    @property
    def receipt_delay(self) -> float:
        """Seconds from submit_sm to its receipt."""
        return self._exchange.receipt_delay

    @receipt_delay.setter
    def receipt_delay(self, seconds: float) -> None:
        self._exchange.receipt_delay = seconds

    def stall(self, on: bool) -> None:
        """Read and record, but send nothing; `False` sends what was held."""
        self._manner.stalled = on
        if not on:
            for session in list(self._links.values()):
                session.release()
            self._send_due()

    @property
    def faults(self) -> Faults:
        """What goes wrong. Setting it begins all counts and draws anew, from its seed."""
        return self._exchange.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._exchange.faults = faults

    def fall_silent(self) -> None:
        """Let every link that stands read and say nothing more; its TCP connection stays."""
        for session in list(self._links.values()):
            session.fall_silent()

    def tell(self, message_id: str, state: MessageState) -> None:
        """Send one more receipt of a message, by the id of its submit_sm_resp.

        Raises KeyError for an id that is not known (any more), OutboxFullError.
        """
        self._exchange.tell(message_id, state, asyncio.get_running_loop().time())
        self._send_due()

    def drop_links(self) -> None:
        """Cut every link; deliver_sm without acknowledgement go again after the next bind."""
        for session in list(self._links.values()):
            session.abort()

    def refuse_binds(self, status: int | None) -> None:
        """Answer binds by this command_status; None: by the passwords again."""
        self._exchange.bind_status = status

    def refuse_submits(self, status: int | None) -> None:
        """Answer every submit_sm by this command_status; None: normally again."""
        self._exchange.submit_status = status

    def deliver(
        self,
        source: str,
        destination: str,
        text: str,
        system_id: str | None = None,
        **ways: Unpack[Ways],
    ) -> int:
        """Send a subscriber's message to an account (the first one unless named).

        `ways`: the further fields of SubscriberMessage. Kept until a receiver is bound and until
        it is acknowledged. Returns how many PDUs it takes. Raises ValueError (Undeliverable,
        UnencodableText, TooManyParts), OutboxFullError.
        """
        return self.hand_on(SubscriberMessage(source, destination, text, **ways), system_id)

    def hand_on(
        self,
        message: SubscriberMessage,
        system_id: str | None = None,
        watcher: Callable[[Handover], None] | None = None,
    ) -> int:
        """Do the same, and tell `watcher` what becomes of each part."""
        now = asyncio.get_running_loop().time()
        parts = self._exchange.deliver(message, system_id, now, watcher)
        self._send_due()
        return parts

    @property
    def receivers(self) -> int:
        """Links by which a subscriber's message can go out."""
        return sum(session.receives for session in self._links.values())

    @contextlib.contextmanager
    def watching(self, watcher: Callable[[Received], None]) -> Iterator[None]:
        """Tell `watcher` each submit_sm that is taken meanwhile."""
        watchers = self._exchange.watchers
        watchers.append(watcher)
        try:
            yield
        finally:
            watchers.remove(watcher)

    # Inside

    def _make_session(self) -> asyncio.Protocol:
        if len(self._links) >= self._settings.link_limit:
            return _Refusal()
        self._links_made += 1
        return Session(self._links_made, self._exchange, self._manner, self._opened, self._changed)

    def _opened(self, session: Session) -> None:
        """Know a link from when it stands: one whose TLS handshake fails never does."""
        self._links[session.number] = session

    def _changed(self, changed: Session) -> None:
        """Do what follows from an event on a link; that link flushes itself."""
        if changed.gone:
            self._links.pop(changed.number, None)
        if self._exchange.outbox.kept:
            self._send_due(changed)
        if self._waiting:
            self._wake()

    def _send_due(self, unflushed: Session | None = None) -> None:
        now = asyncio.get_running_loop().time()
        for session in self._links.values():
            if session.fill(now) and session is not unflushed:
                session.flush()
        self._arm()

    def _arm(self) -> None:
        """Have the next receipt wake us; an earlier wake-up is left to stand."""
        due = self._exchange.outbox.next_due()
        if due is None or (self._due_timer is not None and self._due_at <= due):
            return
        if self._due_timer is not None:
            self._due_timer.cancel()
        self._due_at = due  # uvloop's handles do not tell it
        self._due_timer = asyncio.get_running_loop().call_at(due, self._on_due)

    def _on_due(self) -> None:
        self._due_timer = None
        self._send_due()

    def _wake(self) -> None:
        for predicate, future in self._waiting:
            if not future.done() and predicate(self):
                future.set_result(None)


class _Refusal(asyncio.Protocol):
    """A connection over the limit: closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
