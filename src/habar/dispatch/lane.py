"""One operator's sending: from its plan into its link's window, and what came of it to the journal.

Guarantees:
- A place in the window is free again only when the answer that freed it is on disk, so that a
  crash makes nothing go out twice that was not in the window; a journal that is down stops the
  sending and loses nothing.
- A message ends in the journal in exactly one way for each time it is taken here: all its parts
  accepted, Finished, Postponed or Released.
- Nothing is sent after its `expires_at`, nor `give_up_after` its due time.
- While the link is down nothing is kept in memory: what could not be sent goes back to the queue,
  marked uncertain where the operator may have it.
Knows no tables, no SMPP but a result's status; which message is next is plan.py's to say.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from habar.dispatch.flight import Flight
from habar.dispatch.plan import Plan
from habar.dispatch.supply import Supply
from habar.model.message import Outgoing
from habar.model.retry import RetryPlan
from habar.model.status import MessageState
from habar.operators import (
    Ack,
    BindKind,
    Clock,
    Link,
    OperatorSettings,
    Timer,
    Verdict,
    error_name,
    submit_bodies,
)
from habar.store.port import Event, Finished, PartAccepted, Postponed, Released, Store
from habar.wire.smpp import Pdu, SubmitResult

_spread = random.SystemRandom().random


@dataclass(slots=True)
class LaneCounters:
    """What has become of messages since the process began, in messages unless said."""

    sent: int = 0
    """Parts given to the link."""
    accepted: int = 0
    """Parts taken by the operator."""
    throttled: int = 0
    """Postponed because the operator said "slower"; counted in `postponed` too."""
    postponed: int = 0
    rejected: int = 0
    expired: int = 0
    uncertain: int = 0
    """Given back, or put off, while the operator may have them."""
    released: int = 0
    """Given back for certain unsent."""


class Lane:
    """See the module's docstring. Everything runs in the event loop."""

    def __init__(
        self,
        settings: OperatorSettings,
        store: Store,
        deliver: Callable[[Pdu, Ack], None],
        *,
        retry: RetryPlan,
        ahead: int,
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.counters = LaneCounters()
        self.unsettled = 0
        """Results given to the journal and not yet on disk."""
        self._journal = store.journal
        self._retry = retry
        self._clock = clock
        self._plan = Plan(ahead)
        self.supply = Supply(settings.id, self._plan, store, clock, self.pump_soon)
        self._sends = settings.bind is not BindKind.RECEIVER
        self._final = None if settings.receipts else MessageState.ENROUTE
        self._open = False
        """Whether messages are taken in: the link is up and nobody drains us."""
        self._draining = False
        self._half = (settings.window + 1) // 2
        self._partial: Flight | None = None
        """The message of which some parts are sent and the next had no room yet."""
        self._pumping = False
        self._timer: Timer | None = None
        self._wake_at = 0
        self._idle = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.link = Link(
            settings,
            on_results=self._results,
            on_deliver=deliver,
            on_up=self._up,
            on_down=self._down,
            clock=clock,
        )

    # --- Life ----------------------------------------------------------------------------------
    def start(self) -> None:
        """Let the link connect."""
        self.link.start()

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - bounds the wait, then goes on
        """Wait for the open window and its commits, give the rest back, unbind."""
        self._draining, self._open = True, False
        self.pump_soon()
        # What is still in the window then is given back, uncertain, when the link closes.
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        await self.link.close(min(timeout, 2.0))
        now = self._clock.now_ms()
        self._give_back(self._plan.turned_away() + self._plan.clear(now), now)
        self._cancel_timer()
        await self.supply.close()

    @property
    def ready(self) -> int:
        """Messages in memory that wait for the window."""
        return self._plan.ready

    @property
    def places(self) -> int:
        """Places in memory in use: ready messages, reserved places, claims on their way."""
        return self._plan.taken

    # --- Handoff, for this operator --------------------------------------------------------------
    def reserve(self, account_id: int, priority: int) -> bool:
        """See `Handoff.reserve`."""
        if self._open:
            return self._plan.reserve((priority, account_id), self._clock.now_ms())
        self._plan.refuse((priority, account_id))
        return False

    def release(self, account_id: int, priority: int) -> None:
        """See `Handoff.release`."""
        self._plan.release((priority, account_id))
        self.pump_soon()

    def take(self, message: Outgoing) -> None:
        """See `Handoff.take`."""
        self._plan.take(message)
        if not self._pumping:
            self.pump_soon()

    def waiting(self, account_id: int, priority: int, due_at: int) -> None:
        """See `Handoff.waiting`."""
        self._plan.waiting((priority, account_id), due_at, self._clock.now_ms())
        self.pump_soon()

    def withdraw(self, message_id: int) -> bool:
        """See `Handoff.withdraw`."""
        return self._plan.withdraw(message_id) is not None

    # --- The pump --------------------------------------------------------------------------------
    def pump_soon(self) -> None:
        """Look once, in the next turn of the loop, at all there is to do."""
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        now = self._clock.now_ms()
        self._give_back(self._plan.turned_away(), now)
        if not self._open:
            self._give_back(self._plan.clear(now), now)
        if self.link.up:
            self._fill(now)
        if self._open:
            self.supply.fetch(now)
            self._arm(now)
        elif self._is_idle():
            self._idle.set()

    def _is_idle(self) -> bool:
        """Whether the journal has everything that was ever in hand here."""
        inside = self.unsettled or self.supply.under_way or self._plan.taken
        return not (inside or self._partial or self.link.window_used)

    def _fill(self, now: int) -> None:
        """Send as much as there is room for, all the parts of a message before the next one."""
        link = self.link
        room = link.room - self.unsettled
        while room > 0:
            flight = self._partial
            if flight is None:
                message = self._plan.next()
                if message is None:
                    break
                flight = self._board(message, now)
                if flight is None:
                    room -= 1
                    continue
            todo = flight.todo
            while todo and room > 0:
                part, body = todo.pop()
                link.send(body, (flight, part))
                flight.open += 1
                room -= 1
                self.counters.sent += 1
            self._partial = flight if todo else None
        link.flush()

    def _board(self, message: Outgoing, now: int) -> Flight | None:
        """Write the message for the window; None where it has ended without."""
        if message.expires_at is not None and message.expires_at <= now:
            self._expire(message, "date_end has passed", now)
            return None
        if message.due_at + self._retry.give_up_after <= now:
            self._expire(message, "tried for too long", now)
            return None
        try:
            flight = Flight(message, submit_bodies(message, self.settings, now))
        except ValueError as error:
            self._reject(message, str(error), now, refund=not message.sent_parts)
            return None
        if not flight.todo:
            self._reject(message, "every part was taken already", now, refund=False)
            return None
        return flight

    # --- What the link tells ---------------------------------------------------------------------
    def _up(self) -> None:
        self._open = self._sends and not self._draining
        self.supply.hurry()
        self.pump_soon()

    def _results(self, results: Sequence[SubmitResult]) -> None:
        now = self._clock.now_ms()
        operator, quirks = self.settings.id, self.settings.quirks
        for token, status, raw_id in results:
            flight, part = _unpack(token)
            flight.open -= 1
            if status:
                self._refused(flight, status)
            else:
                flight.taken = True
                self.counters.accepted += 1
                last = flight.trouble is None and flight.over
                event = PartAccepted(
                    flight.message.message_id,
                    part,
                    operator,
                    quirks.submitted_id(raw_id),
                    now,
                    last,
                    self._final if last else None,
                )
                self._record(event)
            if flight.trouble is not None and flight.over:
                self._conclude(flight, now)
        if self.unsettled >= self._half:
            self._journal.hurry()  # the window stands half idle until they are on disk
        self.pump_soon()

    def _refused(self, flight: Flight, status: int) -> None:
        flight.refused(self.settings.quirks.verdict(status), error_name(status))
        if flight is self._partial:
            self._partial = None

    def _conclude(self, flight: Flight, now: int) -> None:
        message, counters = flight.message, self.counters
        if flight.trouble is Verdict.PERMANENT:
            self._reject(message, flight.error, now, refund=not flight.taken)
            return
        due_at = now + self._retry.pause(message.attempts + 1, _spread())
        uncertain = flight.trouble is Verdict.UNANSWERED
        self._record(Postponed(message.message_id, due_at, flight.error, now, uncertain))
        self._plan.waiting((message.priority, message.account_id), due_at, now)
        counters.postponed += 1
        counters.throttled += flight.trouble is Verdict.THROTTLED
        counters.uncertain += uncertain

    def _down(self, tokens: tuple[object, ...]) -> None:
        """The link is gone, with these parts unanswered."""
        now = self._clock.now_ms()
        self._open = False
        lost: dict[int, Flight] = {}
        for token in tokens:
            flight, _ = _unpack(token)
            lost[flight.message.message_id] = flight
        certain = self._partial
        self._partial = None
        refused = [f for f in lost.values() if f.trouble is Verdict.PERMANENT]
        for flight in refused:
            self._conclude(flight, now)
        unsure = [f.message for f in lost.values() if f.trouble is not Verdict.PERMANENT]
        self._release(unsure, uncertain=True, now=now)
        if certain is not None and certain.message.message_id not in lost:
            self._release([certain.message], uncertain=False, now=now)
        self.pump_soon()

    # --- To the journal --------------------------------------------------------------------------
    def _record(self, event: Event) -> None:
        self.unsettled += 1
        self._journal.record(event, self._recorded)

    def _recorded(self, _message_id: int | None) -> None:
        self.unsettled -= 1
        if not self._pumping:
            self.pump_soon()

    def _expire(self, message: Outgoing, error: str, now: int) -> None:
        self.counters.expired += 1
        refund = not message.sent_parts
        self._record(Finished(message.message_id, MessageState.EXPIRED, error, now, refund))

    def _reject(self, message: Outgoing, error: str, now: int, *, refund: bool) -> None:
        self.counters.rejected += 1
        self._record(Finished(message.message_id, MessageState.REJECTED, error, now, refund))

    def _give_back(self, messages: Sequence[Outgoing], now: int) -> None:
        """Back to disk, and the plan knows."""
        if messages:
            self._released(messages, uncertain=False, now=now)

    def _release(self, messages: Sequence[Outgoing], *, uncertain: bool, now: int) -> None:
        """Give back what the plan does not know of any more."""
        for message in messages:
            self._plan.waiting((message.priority, message.account_id), message.due_at, now)
        if messages:
            self._released(messages, uncertain=uncertain, now=now)

    def _released(self, messages: Sequence[Outgoing], *, uncertain: bool, now: int) -> None:
        if uncertain:
            self.counters.uncertain += len(messages)
        else:
            self.counters.released += len(messages)
        ids = tuple(message.message_id for message in messages)
        self._record(Released(ids, uncertain, now))

    # --- The one timer ---------------------------------------------------------------------------
    def _arm(self, now: int) -> None:
        """Wake when something comes due, or the pace lets the next one go."""
        wake_at = self.supply.wake_at(now)
        if not self._plan.empty or self._partial is not None:
            rest = self.link.wait
            if rest > 0:
                wake_at = min(wake_at, now + int(rest * 1000) + 1)
        if self._timer is not None and now < self._wake_at <= wake_at:
            return
        self._cancel_timer()
        self._wake_at = wake_at
        self._timer = self._clock.call_later((wake_at - now) / 1000, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._plan.wake()
        self.pump_soon()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _unpack(token: object) -> tuple[Flight, int]:
    """Give a token its type back: what `_fill` gave to the link, and nothing else, comes back."""
    return token  # type: ignore[return-value]
