"""One operator's sending: from its plan into its links' windows, what came of it to the journal.

Guarantees:
- A place in the window is free again only when the answer that freed it is on disk, so that a
  crash makes nothing go out twice that was not in the window; a journal that is down stops the
  sending and loses nothing.
- A message ends in the journal in exactly one way for each time it is taken here: all its parts
  accepted, Finished, Postponed, Released or Held.
- What met trouble that may pass goes to the next operator of its route, after a growing pause, save
  where the operator's data say that it waits for this one, or has a part of it already.
- Nothing is sent after its `expires_at`, nor `give_up_after` its due time.
- While no link is up nothing is kept in memory: what could not be sent goes back to the queue,
  marked uncertain where the operator may have it, or is held where the operator's data forbid to
  send it twice (doubt.py). Where one of several links drops, that holds for what was on its way
  there and nothing else.
- While the store does not know for certain that what we hold is ours (`Store.holds`), nothing is
  sent.
Knows no tables, no SMPP but a result's status; which message is next is plan.py's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from habar.dispatch.boarding import Boarding
from habar.dispatch.counters import LaneCounters
from habar.dispatch.doubt import Doubt
from habar.dispatch.flight import Flight
from habar.dispatch.outcomes import Outcomes, taken
from habar.dispatch.plan import Plan
from habar.dispatch.supply import Supply
from habar.dispatch.ways import Ways
from habar.model.message import Outgoing
from habar.model.retry import RetryPlan
from habar.model.status import MessageState
from habar.operators import (
    Ack,
    Bundle,
    Clock,
    InDoubt,
    OperatorSettings,
    Spread,
    Timer,
    Verdict,
    by_chance,
    cancel_sm,
    submit_bodies,
)
from habar.store.events import PartAccepted, Postponed
from habar.store.port import Store
from habar.store.readings import Sent
from habar.wire.smpp import CommandStatus, Pdu, SubmitResult

Deliver = Callable[[OperatorSettings, Pdu, Ack], MessageState | None]
"""Takes what an operator delivers and says what state a receipt told, None where it was none;
`inbound.Inbound.deliver` is one."""
_ELSEWHERE = frozenset({Verdict.ELSEWHERE, Verdict.UNANSWERED})
_FORGOTTEN = frozenset({None, MessageState.DELETED})
"""States of parts that can be forgotten, or are."""
_LOOK_AGAIN = 100
"""Milliseconds until a lane that may not send, or has a message half sent, looks again."""


class Lane:
    """See the module's docstring. Everything runs in the event loop."""

    def __init__(
        self,
        settings: OperatorSettings,
        store: Store,
        deliver: Deliver,
        *,
        ways: Ways,
        retry: RetryPlan,
        ahead: int,
        clock: Clock,
        spread: Spread = by_chance,
    ) -> None:
        self.counters = LaneCounters()
        self._store = store
        self._journal = store.journal
        self._retry = retry
        self._clock = clock
        self._deliver = deliver
        self._ways = ways
        self._spread = spread
        self._plan = Plan(ahead)
        self._outcomes = Outcomes(store.journal, self._plan, self.counters, self._settled)
        self._boarding = Boarding(self._plan, store.journal, self.pump_soon)
        self.supply = Supply(settings.id, self._plan, store, clock, self.pump_soon)
        self._open = False
        """Whether messages are taken in: a link is up and nobody drains us."""
        self._draining = False
        self._partial: Flight | None = None
        """The message of which some parts are sent and the next had no room yet."""
        self._pumping = False
        self._timer: Timer | None = None
        self._wake_at = 0
        self._idle = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.links = Bundle(
            settings,
            on_results=self._results,
            on_deliver=self._delivered,
            on_up=self._up,
            on_down=self._down,
            clock=clock,
            spread=spread,
        )
        self._doubt = Doubt(
            settings,
            store,
            self.links,
            clock,
            record=self._outcomes.record,
            resend=self._send_again,
            taken=self._taken,
        )
        self._obey(settings)

    def apply(self, settings: OperatorSettings) -> None:
        """Go on by other data; the binds stay as they are (`OperatorSettings.same_binds`)."""
        self.links.apply(settings)
        self._doubt.settings = settings
        self._obey(settings)
        self.pump_soon()

    def _obey(self, settings: OperatorSettings) -> None:
        self.settings = settings
        self._careful = settings.in_doubt is not InDoubt.RESEND
        self._asks = settings.in_doubt is InDoubt.QUERY

    # --- Life ----------------------------------------------------------------------------------
    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - bounds the wait, then goes on
        """Wait for the open windows and their commits, give the rest back, unbind."""
        self._draining, self._open = True, False
        self.pump_soon()
        # What is still in a window then is given back, uncertain, when its link closes.
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        await self._doubt.close()
        await self.links.close_all(timeout)
        now = self._clock.now_ms()
        self._outcomes.give_back(self._plan.turned_away() + self._plan.clear(now), now)
        self._outcomes.release(self._boarding.clear(), uncertain=False, now=now)
        self._cancel_timer()
        await self.supply.close()

    def let_go(self, reason: str) -> None:
        """Leave all links before this returns: nothing that is in hand here is ours any more."""
        self.links.abandon_all(reason)
        self._open = False
        self.pump_soon()

    @property
    def unsettled(self) -> int:
        """Results given to the journal and not yet on disk."""
        return self._outcomes.unsettled

    @property
    def draining(self) -> bool:
        """Whether it is being left: no link is to be opened any more."""
        return self._draining

    @property
    def open(self) -> bool:
        """Whether messages are taken in and sent."""
        return self._open

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

    def look_again(self) -> None:
        """What waits on disk must be asked anew."""
        self.supply.hurry()
        self.pump_soon()

    def withdraw(self, message_id: int) -> bool:
        """See `Handoff.withdraw`."""
        return self._plan.withdraw(message_id) is not None

    async def cancel(self, sent: Sent) -> bool:
        """Ask for every part to be forgotten; whether all of them are.

        Nothing is asked where a part has come to another end: half a text helps nobody.
        """
        if not (self.settings.cancel and self.links.up):
            return False
        if any(part.state not in _FORGOTTEN for part in sent.parts):
            return False
        questions = [
            cancel_sm(sent.sender, sent.recipient, part.operator_message_id, self.settings)
            for part in sent.parts
            if part.state is None
        ]
        answers = await asyncio.gather(*(self.links.ask(pdu) for pdu in questions))
        return all(a is not None and a.command_status == CommandStatus.ESME_ROK for a in answers)

    # --- The pump --------------------------------------------------------------------------------
    def pump_soon(self) -> None:
        """Look once, in the next turn of the loop, at all there is to do."""
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        now = self._clock.now_ms()
        self._outcomes.give_back(self._plan.turned_away(), now)
        if not self._open:
            self._outcomes.give_back(self._plan.clear(now), now)
            self._outcomes.release(self._boarding.clear(), uncertain=False, now=now)
        holds = self._store.holds
        if holds and self.links.up:
            self._fill(now)
        if self._open:
            self.supply.fetch(now)
            wake_at = self.supply.wake_at(now)
            self._arm(now, wake_at if holds else min(wake_at, now + _LOOK_AGAIN))
        elif self._is_idle():
            self._idle.set()
        elif self._partial is not None:
            self._arm(now, now + _LOOK_AGAIN)

    def _is_idle(self) -> bool:
        """Whether the journal has everything that was ever in hand here."""
        here = self._plan.taken or self._boarding.inside or self._partial
        return not (here or self.unsettled or self.supply.under_way or self.links.window_used)

    def _fill(self, now: int) -> None:
        """Send as much as there is room for, all the parts of a message before the next one."""
        links = self.links
        room = links.room_beside(self._outcomes.unsettled)
        if self._careful:
            self._boarding.mark(room, now)
        queue = self._boarding if self._careful or self._boarding.inside else self._plan
        while room > 0:
            flight = self._partial
            if flight is None:
                message = queue.next()
                if message is None:
                    break
                flight = self._board(message, now)
                if flight is None:
                    room -= 1
                    continue
            todo = flight.todo
            while todo and room > 0:
                part, body = todo.pop()
                links.send(body, (flight, part))
                flight.open += 1
                room -= 1
                self.counters.sent += 1
            self._partial = flight if todo else None
        links.flush()

    def _board(self, message: Outgoing, now: int) -> Flight | None:
        """Write the message for the window; None where it has ended without."""
        if message.expires_at is not None and message.expires_at <= now:
            self._outcomes.expire(message, "date_end has passed", now)
            return None
        if message.due_at + self._retry.give_up_after <= now:
            self._outcomes.expire(message, "tried for too long", now)
            return None
        try:
            flight = Flight(message, submit_bodies(message, self.settings, now))
        except ValueError as error:
            self._outcomes.reject(message, str(error), now, refund=not message.sent_parts)
            return None
        if not flight.todo:
            self._outcomes.reject(message, "every part was taken already", now, refund=False)
            return None
        return flight

    # --- What the links tell ---------------------------------------------------------------------
    def _up(self) -> None:
        if not self._open:
            self._open = self.links.up and not self._draining
            self.supply.hurry()
        if self._asks and self._open:
            self._doubt.open()
        self.pump_soon()

    def _delivered(self, pdu: Pdu, ack: Ack) -> MessageState | None:
        return self._deliver(self.settings, pdu, ack)

    def _results(self, results: Sequence[SubmitResult]) -> None:
        now = self._clock.now_ms()
        quirks, record = self.settings.quirks, self._outcomes.record
        for token, status, raw_id in results:
            flight, part = _unpack(token)
            flight.open -= 1
            if status:
                self._refused(flight, status)
            else:
                flight.taken = True
                self.counters.accepted += 1
                last = flight.trouble is None and flight.over
                operator_id = quirks.submitted_id(raw_id)
                record(self._taken(flight.message, part, operator_id, now, last=last))
            if flight.trouble is not None and flight.over:
                self._conclude(flight, now)
        if self._outcomes.unsettled * 2 >= self.links.window:
            self._journal.hurry()  # the windows stand half idle until they are on disk
        self.pump_soon()

    def _refused(self, flight: Flight, status: int) -> None:
        quirks = self.settings.quirks
        flight.refused(quirks.verdict(status), quirks.error_text(status))
        if flight is self._partial:
            self._partial = None

    def _conclude(self, flight: Flight, now: int) -> None:
        message = flight.message
        if flight.trouble is Verdict.PERMANENT:
            self._outcomes.reject(message, flight.error, now, refund=not flight.taken)
        elif flight.uncertain and self._careful:
            self._outcomes.hold([message], flight.error, now)
        elif flight.back:
            self._outcomes.release([message], uncertain=flight.uncertain, now=now)
        else:
            self._postpone(flight, now)

    def _postpone(self, flight: Flight, now: int) -> None:
        message, counters = flight.message, self.counters
        due_at = now + self._retry.pause(message.attempts + 1, self._spread())
        uncertain, own = flight.uncertain, self.settings.id
        operator_id = own
        if flight.trouble in _ELSEWHERE and not flight.taken:
            operator_id = self._ways.elsewhere(message, own)
        event = Postponed(message.message_id, due_at, flight.error, now, uncertain)
        if operator_id == own:
            self._outcomes.record(event)
            self._plan.waiting((message.priority, message.account_id), due_at, now)
        else:
            counters.moved += 1
            error = f"{self.settings.name}: {flight.error}"
            self._outcomes.record(event._replace(operator_id=operator_id, error=error))
            self._ways.waiting(operator_id, message.account_id, message.priority, due_at)
        counters.postponed += 1
        counters.throttled += flight.trouble is Verdict.THROTTLED
        counters.uncertain += uncertain

    def _down(self, tokens: tuple[object, ...]) -> None:
        """A link is gone, with these parts unanswered, or is not to be used any more."""
        now = self._clock.now_ms()
        self._open = self._open and self.links.up
        over = self._cut_off(tokens)
        unsure = [flight.message for flight in over if flight.uncertain]
        if self._careful:
            self._outcomes.hold(unsure, "the link is down", now)
        else:
            self._outcomes.release(unsure, uncertain=True, now=now)
        for flight in over:
            if not flight.uncertain:
                self._conclude(flight, now)
        self.pump_soon()

    def _cut_off(self, tokens: tuple[object, ...]) -> list[Flight]:
        """Give up those parts, and the next one where no link can take it; whose flight is over."""
        met: dict[int, Flight] = {}
        for token in tokens:
            flight, _ = _unpack(token)
            flight.open -= 1
            flight.cut_off(lost=True)
            met[flight.message.message_id] = flight
        waits = self._partial
        if waits is not None and (waits.back or not self.links.up):
            self._partial = None
            waits.cut_off(lost=False)
            met[waits.message.message_id] = waits
        return [flight for flight in met.values() if flight.over]

    def _taken(
        self, message: Outgoing, part: int, operator_message_id: str, now: int, *, last: bool
    ) -> PartAccepted:
        return taken(message, part, operator_message_id, now, self.settings, last=last)

    def _send_again(self, message: Outgoing) -> None:
        """The operator does not have it: it is in our hands and goes next."""
        self._boarding.put(message)
        self.pump_soon()

    def _settled(self) -> None:
        if not self._pumping:
            self.pump_soon()

    # --- The one timer ---------------------------------------------------------------------------
    def _arm(self, now: int, wake_at: int) -> None:
        """Wake at that time, or when the pace lets the next one go."""
        if not self._plan.empty or self._boarding.inside or self._partial is not None:
            rest = self.links.wait
            # Time has passed since `_fill` looked: the pace may have let one go meanwhile.
            if rest > 0 or self._could_send:
                wake_at = min(wake_at, now + int(rest * 1000) + 1)
        if self._timer is not None and now < self._wake_at <= wake_at:
            return
        self._cancel_timer()
        self._wake_at = wake_at
        self._timer = self._clock.call_later((wake_at - now) / 1000, self._wake)

    @property
    def _could_send(self) -> bool:
        """Whether there is room, but for messages that are being marked."""
        return self._store.holds and self.links.room - self.unsettled > self._boarding.marking

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
