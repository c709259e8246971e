"""The link to one operator: connects, binds, and after every end does so again, for ever.

Guarantees: pauses between attempts grow from `reconnect_first` to `reconnect_last`, spread by a
quarter, and begin anew after a bind that lasted; `on_up` and `on_down` alternate; every token
given to `send` comes back once, by `on_results` or by `on_down`; `room` is never overstated; a
link that is abandoned sends, records and acknowledges nothing from that call on.
Does not know: messages, stores, what a result means but for "slower".
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from enum import Enum

import structlog

from habar.operators.clock import Clock
from habar.operators.pace import Pace
from habar.operators.quirks import NO_ANSWER
from habar.operators.session import Ack, Session
from habar.operators.settings import OperatorSettings
from habar.wire.smpp import Pdu, SubmitResult

log = structlog.get_logger(__name__)
_spread = random.SystemRandom().random


class LinkState(Enum):
    """Where a link is."""

    DOWN = "down"
    CONNECTING = "connecting"
    BINDING = "binding"
    UP = "up"
    CLOSED = "closed"


@dataclass(slots=True)
class LinkCounters:
    """What has passed since the process began, for /metrics."""

    connects: int = 0
    binds: int = 0
    drops: int = 0
    submitted: int = 0
    answered: int = 0
    timed_out: int = 0
    throttled: int = 0
    delivered: int = 0
    """deliver_sm and data_sm that came."""
    late: int = 0
    """Answers to nothing of ours."""
    faults: int = 0
    """PDUs that could not be read, or had no business to come."""

    def add(self, other: LinkCounters) -> None:
        """Count what another link has counted, too."""
        for counter in fields(self):
            name = counter.name
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Link:
    """See the module's docstring. All call-backs run in the event loop and must not raise."""

    def __init__(
        self,
        settings: OperatorSettings,
        *,
        on_results: Callable[[Sequence[SubmitResult]], None],
        on_deliver: Callable[[Pdu, Ack], None],
        on_up: Callable[[], None],
        on_down: Callable[[tuple[object, ...]], None],
        pace: Pace,
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.counters = LinkCounters()
        self.state = LinkState.DOWN
        self.since_ms = clock.now_ms()
        self.last_error = ""
        self._on_results = on_results
        self._on_deliver = on_deliver
        self._on_up = on_up
        self._on_down = on_down
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._pace = pace
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._bound_at = 0.0
        self._emptied: asyncio.Future[None] | None = None

    # --- Life ----------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to connect, in the background."""
        self._task = self._loop.create_task(self._run(), name=f"link {self.settings.name}")

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - bounds the wait, no error
        """Wait until nothing is unanswered, `timeout` seconds at most; send nothing meanwhile."""
        if self.window_used:
            self._emptied = self._loop.create_future()
            await asyncio.wait([self._emptied], timeout=timeout)
            self._emptied = None

    def abandon(self, reason: str) -> None:
        """End it for good before this returns: `on_down` has told what was on its way by then."""
        if self.state is LinkState.CLOSED and self._session is None:
            return
        self._fail(reason)
        self._enter(LinkState.CLOSED)
        if self._session is not None:
            self._session.abandon(reason)
        if self._task is not None:
            self._task.cancel()

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - of the unbind alone
        """Unbind, waiting `timeout` seconds for the answer, and connect no more."""
        session = self._session
        self._enter(LinkState.CLOSED)
        if session is not None:
            session.unbind("closed by us")
            done, _ = await asyncio.wait([session.ended], timeout=timeout)
            if not done:
                session.abort("closed by us")
                await asyncio.wait([session.ended], timeout=timeout)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _run(self) -> None:
        failures = 0
        while self.state is not LinkState.CLOSED:
            self._bound_at, answered = 0.0, self.counters.answered
            await self._connect()
            lasted = self._loop.time() - self._bound_at if self._bound_at else 0.0
            # A link over which messages went was good, however soon it fell: no growing pause.
            worked = self.counters.answered > answered or lasted >= self.settings.stable_after
            failures = 1 if worked else failures + 1
            await asyncio.sleep(self._pause(failures))

    async def _connect(self) -> None:
        """One attempt and, where it succeeds, the whole life of the session."""
        settings = self.settings
        self._enter(LinkState.CONNECTING)
        try:
            async with asyncio.timeout(settings.connect_timeout):
                _, session = await self._loop.create_connection(
                    self._new_session, settings.host, settings.port, ssl=settings.tls
                )
        except (OSError, TimeoutError) as error:
            self._session = None
            self._fail(f"{type(error).__name__}: {error}")
            self._enter(LinkState.DOWN)
            return
        await session.ended

    def _new_session(self) -> Session:
        self._session = Session(self.settings, self)
        self.counters.connects += 1
        self._enter(LinkState.BINDING)
        return self._session

    def _pause(self, failures: int) -> float:
        grown = self.settings.reconnect_first * 2.0 ** min(failures - 1, 32)
        return min(self.settings.reconnect_last, grown) * (0.75 + _spread() / 2)

    # --- Sending -------------------------------------------------------------------------------
    @property
    def up(self) -> bool:
        """Whether the session is bound and goes on."""
        session = self._session
        return self.state is LinkState.UP and session is not None and session.smpp.is_bound

    @property
    def room(self) -> int:
        """How many submit_sm may be sent now, by the window and by the pace."""
        session = self._session
        if session is None or not self.up:
            return 0
        return min(session.smpp.window_free, self._pace.room(self._loop.time()))

    @property
    def wait(self) -> float:
        """Seconds until the pace lets the next one go; 0.0 where it does now."""
        return self._pace.wait(self._loop.time())

    @property
    def window_used(self) -> int:
        """submit_sm on their way, unanswered."""
        session = self._session
        return self.settings.window - session.smpp.window_free if session is not None else 0

    def send(self, body: bytes, token: object) -> None:
        """Queue one submit_sm, `room` permitting; `flush` writes all that is queued.

        Raises StateError, WindowFullError where there is no room.
        """
        if self._session is None:
            raise RuntimeError("the link is down: room was not asked for")
        self._session.send(body, token)
        self._pace.sent()
        self.counters.submitted += 1

    def flush(self) -> None:
        """Write what is queued, at once: for the end of a turn that has sent something."""
        if self._session is not None:
            self._session.flush()

    # --- What the session tells ----------------------------------------------------------------
    def session_bound(self) -> None:
        """Pass it on."""
        if self.state is LinkState.CLOSED:
            return
        self._bound_at = self._loop.time()
        self.counters.binds += 1
        self._enter(LinkState.UP)
        log.info("link up", operator=self.settings.name)
        self._on_up()

    def session_results(self, results: Sequence[SubmitResult]) -> None:
        """Mind what tells about the pace, pass them on."""
        now = self._loop.time()
        throttle = self.settings.quirks.throttle
        counters = self.counters
        for result in results:
            status = result.command_status
            if not status:
                continue
            if status in throttle:
                counters.throttled += 1
                self._pace.throttled(now)
            elif status == NO_ANSWER:
                counters.timed_out += 1
                counters.answered -= 1
        counters.answered += len(results)
        if not results[-1].command_status:
            self._pace.taken(now)
        self._on_results(results)
        if self._emptied is not None:
            self._tell_emptied()

    def session_delivered(self, pdu: Pdu, ack: Ack) -> None:
        """Pass it on."""
        self.counters.delivered += 1
        self._on_deliver(pdu, ack)

    def session_oddity(self, what: str, *, late: bool) -> None:
        """Count it; an operator that is odd once is odd always, so the log has it at debug."""
        if late:
            self.counters.late += 1
        else:
            self.counters.faults += 1
        log.debug("odd PDU", operator=self.settings.name, what=what)

    def session_ended(self, tokens: tuple[object, ...], reason: str) -> None:
        """Tell who lost what."""
        was_up = self.state is LinkState.UP or bool(self._bound_at)
        self._session = None
        if self.state is not LinkState.CLOSED:
            self._fail(reason)
            self._enter(LinkState.DOWN)
        if was_up:
            self.counters.drops += 1
            self._on_down(tokens)
        self._tell_emptied()

    def _tell_emptied(self) -> None:
        emptied = self._emptied
        if emptied is not None and not self.window_used and not emptied.done():
            emptied.set_result(None)

    def _enter(self, state: LinkState) -> None:
        if state is not self.state and self.state is not LinkState.CLOSED:
            self.state = state
            self.since_ms = self._clock.now_ms()

    def _fail(self, reason: str) -> None:
        """Say it once: an operator that is away for a day fails the same way each minute."""
        level = log.debug if reason == self.last_error and not self._bound_at else log.warning
        level("link down", operator=self.settings.name, reason=reason)
        self.last_error = reason
