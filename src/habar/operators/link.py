"""The link to one operator: connects, binds, and after every end does so again, for ever.

Guarantees: pauses between attempts grow from `reconnect_first` to `reconnect_last`, spread by a
quarter, and begin anew after a bind that lasted; one that the operator refuses for good, as over a
wrong password, is tried again after the longest of them only; `on_up` and `on_down` alternate;
every token given to `send` comes back once, by `on_results` or by `on_down`; `room` is never
overstated; a link that is abandoned sends, records and acknowledges nothing from that call on.
Does not know: messages, stores, what a result means but for "slower".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum

import structlog

from habar.model.status import MessageState
from habar.operators.clock import Clock, Spread, by_chance
from habar.operators.pace import Pace
from habar.operators.quirks import NO_ANSWER, error_name
from habar.operators.report import LinkCounters, LinkReport, Meter
from habar.operators.session import MOST_ASKED, REFUSED_FOR_GOOD, Ack, Session, in_words
from habar.operators.settings import OperatorSettings
from habar.wire.smpp import Pdu, SubmitResult

log = structlog.get_logger(__name__)
_MANY = 33
"""Failures, after which the pause is the longest whatever it began with."""
_NOTHING = object()
_RECEIPTS_A_SAMPLE = 64


class LinkState(Enum):
    """Where a link is."""

    DOWN = "down"
    CONNECTING = "connecting"
    BINDING = "binding"
    UP = "up"
    CLOSED = "closed"


class Link:
    """See the module's docstring. All call-backs run in the event loop and must not raise."""

    def __init__(
        self,
        settings: OperatorSettings,
        *,
        number: int,
        on_results: Callable[[Sequence[SubmitResult]], None],
        on_deliver: Callable[[Pdu, Ack], MessageState | None],
        on_up: Callable[[], None],
        on_down: Callable[[tuple[object, ...]], None],
        on_tried: Callable[[], None],
        pace: Pace,
        clock: Clock,
        spread: Spread = by_chance,
    ) -> None:
        self.settings = settings
        self.number = number
        self.bind = settings.bind_of(number)
        self.counters = LinkCounters()
        self.state = LinkState.DOWN
        self.since_ms = clock.now_ms()
        self.last_error = ""
        self.last_error_at: int | None = None
        self._on_results = on_results
        self._on_deliver = on_deliver
        self._on_up = on_up
        self._on_down = on_down
        self._on_tried: Callable[[], None] | None = on_tried
        self._clock = clock
        self._spread = spread
        self._loop = asyncio.get_running_loop()
        self._pace = pace
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._bound_at = 0.0
        self._refused_for_good = False
        self._emptied: asyncio.Future[None] | None = None
        self._meter = Meter(self._loop.time())
        self._timed: object = _NOTHING
        """Token of the submit_sm whose answer is timed, one after the other."""
        self._timed_at = 0.0

    # --- Life ----------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to connect, in the background."""
        name = f"link {self.settings.name} {self.number}"
        self._task = self._loop.create_task(self._run(), name=name)

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
            if self._refused_for_good:
                failures = _MANY
            self._tell_tried()
            await asyncio.sleep(self._pause(failures))

    async def _connect(self) -> None:
        """One attempt and, where it succeeds, the whole life of the session."""
        settings, bind = self.settings, self.bind
        self._refused_for_good = False
        self._enter(LinkState.CONNECTING)
        try:
            async with asyncio.timeout(settings.connect_timeout):
                _, session = await self._loop.create_connection(
                    self._new_session, bind.host, bind.port, ssl=settings.tls
                )
        except (OSError, TimeoutError) as error:
            self._session = None
            # The system's own time-outs have words; ours, which bounds them, has none.
            late = f"no connection in {settings.connect_timeout:g} seconds"
            self._fail(in_words(error) if str(error) else late)
            self._enter(LinkState.DOWN)
            return
        await session.ended

    def _new_session(self) -> Session:
        self._session = Session(self.settings, self.bind, self)
        self.counters.connects += 1
        self._enter(LinkState.BINDING)
        return self._session

    def _pause(self, failures: int) -> float:
        grown = self.settings.reconnect_first * 2.0 ** (min(failures, _MANY) - 1)
        return min(self.settings.reconnect_last, grown) * (0.75 + self._spread() / 2)

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
        return session.smpp.window_used if session is not None else 0

    def send(self, body: bytes, token: object) -> None:
        """Queue one submit_sm, `room` permitting; `flush` writes all that is queued.

        Raises StateError, WindowFullError where there is no room.
        """
        if self._session is None:
            raise RuntimeError("the link is down: room was not asked for")
        self._session.send(body, token)
        self._pace.sent()
        self.counters.submitted += 1
        if self._timed is _NOTHING:
            self._timed, self._timed_at = token, self._loop.time()

    def flush(self) -> None:
        """Write what is queued, at once: for the end of a turn that has sent something."""
        if self._session is not None:
            self._session.flush()

    @property
    def ask_room(self) -> int:
        """How many questions beside the window may be asked now."""
        session = self._session
        return MOST_ASKED - session.smpp.aside if session is not None and self.up else 0

    def ask(self, pdu: Pdu, answer: asyncio.Future[Pdu | None]) -> None:
        """Send query_sm or cancel_sm, `ask_room` permitting; `answer` is set to None without one.

        It counts as a PDU: submit_sm wait for it, it waits for nothing. Raises EncodeError.
        """
        if self._session is None:
            raise RuntimeError("the link is down: ask_room was not asked for")
        self._session.ask(pdu, answer)
        self._pace.sent()

    # --- Settings and report -------------------------------------------------------------------
    def adjust(self, settings: OperatorSettings) -> None:
        """Go on by other settings for the same bind (`OperatorSettings.same_binds`)."""
        self.settings = settings
        if self._session is not None:
            self._session.adjust(settings)

    def report(self) -> LinkReport:
        """How it is and what it has done."""
        now, counters, meter = self._loop.time(), self.counters, self._meter
        per_second, per_minute = meter.rates(now, counters.submitted, counters.receipts)
        if now >= meter.next_at:
            meter.sample(now, counters.submitted, counters.receipts)
        return LinkReport(
            kind=self.bind.kind.value,
            address=f"{self.bind.host}:{self.bind.port}",
            state=self.state.value,
            since_ms=self.since_ms,
            window=self.settings.window,
            window_used=self.window_used,
            pdus_per_second=round(per_second, 2),
            errors={error_name(status): n for status, n in sorted(counters.errors.items())},
            last_error=self.last_error,
            last_error_at=self.last_error_at,
            round_trip_ms=round(meter.round_trip * 1000, 1) if meter.round_trip else None,
            receipts_per_minute=round(per_minute, 1),
            delivered_share=counters.ends_delivered / counters.ends if counters.ends else None,
        )

    # --- What the session tells ----------------------------------------------------------------
    def session_bound(self) -> None:
        """Pass it on."""
        if self.state is LinkState.CLOSED:
            return
        self._bound_at = self._loop.time()
        self.counters.binds += 1
        self._enter(LinkState.UP)
        log.info("link up", operator=self.settings.name, bind=self.number)
        self._on_up()
        self._tell_tried()

    def session_refused(self, command_status: int) -> None:
        """Count it, and take one's time where it will be refused again."""
        self.counters.error(command_status)
        self._refused_for_good = command_status in REFUSED_FOR_GOOD

    def session_results(self, results: Sequence[SubmitResult]) -> None:
        """Mind what tells about the pace, pass them on."""
        now = self._loop.time()
        throttle, counters, timed = self.settings.quirks.throttle, self.counters, self._timed
        refused = 0
        for result in results:
            status = result.command_status
            if result.token is timed:
                self._time(now, answered=status != NO_ANSWER)
            if status:
                refused += 1
                counters.error(status)
                if status in throttle:
                    counters.throttled += 1
                    self._pace.throttled(now)
                elif status == NO_ANSWER:
                    counters.timed_out += 1
                    counters.answered -= 1
        counters.answered += len(results)
        if refused < len(results):
            self._pace.taken(len(results) - refused, now)
        if now >= self._meter.next_at:
            self._meter.sample(now, counters.submitted, counters.receipts)
        self._on_results(results)
        if self._emptied is not None:
            self._tell_emptied()

    def session_delivered(self, pdu: Pdu, ack: Ack) -> None:
        """Pass it on, and count what it told."""
        counters = self.counters
        counters.delivered += 1
        state = self._on_deliver(pdu, ack)
        if state is not None:
            counters.receipt(state)
            if not counters.receipts % _RECEIPTS_A_SAMPLE:
                now = self._loop.time()
                if now >= self._meter.next_at:
                    self._meter.sample(now, counters.submitted, counters.receipts)

    def session_oddity(self, what: str, *, late: bool) -> None:
        """Count it; an operator that is odd once is odd always, so the log has it at debug."""
        if late:
            self.counters.late += 1
        else:
            self.counters.faults += 1
        log.debug("odd PDU", operator=self.settings.name, bind=self.number, what=what)

    def session_ended(self, tokens: tuple[object, ...], reason: str) -> None:
        """Tell who lost what."""
        was_up = self.state is LinkState.UP or bool(self._bound_at)
        self._session = None
        self._timed = _NOTHING
        if self.state is not LinkState.CLOSED:
            self._fail(reason)
            self._enter(LinkState.DOWN)
        if was_up:
            self.counters.drops += 1
            self._on_down(tokens)
        self._tell_emptied()

    def _time(self, now: float, *, answered: bool) -> None:
        """Note how long the answer took that was waited for; time the next one."""
        self._timed = _NOTHING
        if answered:
            self._meter.timed(now - self._timed_at)
            self._pace.round_trip = self._meter.round_trip

    def _tell_tried(self) -> None:
        """Once: it stands, or the first attempt has failed."""
        told, self._on_tried = self._on_tried, None
        if told is not None:
            told()

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
        level("link down", operator=self.settings.name, bind=self.number, reason=reason)
        self.last_error = reason
        self.last_error_at = self._clock.now_ms()
