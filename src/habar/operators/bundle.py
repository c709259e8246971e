"""All links of this process to one operator: as many as it holds of the binds that are permitted.

Each link stands in a slot, the number of its bind. To whoever sends, those that send are one link
with a window as large as theirs together; a link with room is found by turns. Receivers stand
beside them: nothing is sent there, and they alone make nobody "up".

Guarantees: every token given to `send` comes back once, by `on_results` or by `on_down`; `room` is
never overstated; all links together keep this process's share of the operator's throughput, which
is its share of the sending binds; what a link has counted is counted still when it is gone; each
question asked is answered once.
Does not know: who gives out the slots, messages, stores.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from habar.model.status import MessageState
from habar.operators.clock import Clock, Spread, by_chance
from habar.operators.link import Link, LinkState
from habar.operators.pace import Pace
from habar.operators.report import LinkCounters, LinkReport
from habar.operators.session import Ack
from habar.operators.settings import OperatorSettings
from habar.wire.smpp import EncodeError, Pdu, SubmitResult

_LAST_WORDS = 2.0
"""Seconds for the answer to an unbind."""
MOST_QUESTIONS = 1_000
"""So many wait for a place beside the windows; a further one is not asked."""
_BEST_FIRST = (
    LinkState.UP,
    LinkState.BINDING,
    LinkState.CONNECTING,
    LinkState.DOWN,
    LinkState.CLOSED,
)


class Bundle:
    """See the module's docstring. All call-backs run in the event loop and must not raise.

    `on_deliver` answers what state a receipt told, None where it was none: the links count it.
    `on_up` tells that one more link may be used. `on_down` tells the tokens that a link has lost;
    it comes without any when a link is not to be used any more. `up` and `room` say what is left.
    """

    def __init__(
        self,
        settings: OperatorSettings,
        *,
        on_results: Callable[[Sequence[SubmitResult]], None],
        on_deliver: Callable[[Pdu, Ack], MessageState | None],
        on_up: Callable[[], None],
        on_down: Callable[[tuple[object, ...]], None],
        clock: Clock,
        spread: Spread = by_chance,
    ) -> None:
        self.settings = settings
        self.window = 0
        """Of all links that are up and send, together."""
        self._on_results = on_results
        self._on_deliver = on_deliver
        self._on_up = on_up
        self._on_down = on_down
        self._clock = clock
        self._spread = spread
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(settings.throughput, self._loop.time())
        self._links: dict[int, Link] = {}
        """By slot, with those that are being closed."""
        self._used: deque[Link] = deque()
        """Those that may be sent to, the one whose turn it is first."""
        self._only: Link | None = None
        """The one that may be sent to, where it is the only one: there is nothing to choose."""
        self._gone = LinkCounters()
        self._senders = _senders(settings)
        """Binds that send, over all processes."""
        self._to_start: list[int] = []
        """Slots whose links have not begun yet: those before them are being tried."""
        self._trying: set[int] = set()
        """Slots whose links have neither stood nor failed yet."""
        self._questions: deque[tuple[Pdu, asyncio.Future[Pdu | None]]] = deque()
        """Those that wait for a place on a link."""

    # --- Slots ---------------------------------------------------------------------------------
    def open(self, number: int) -> None:
        """Begin a link in this slot, which is free."""
        link = Link(
            self.settings,
            number=number,
            on_results=self._on_results,
            on_deliver=self._on_deliver,
            on_up=partial(self._up, number),
            on_down=self._down,
            on_tried=partial(self._tried, number),
            pace=self._pace,
            clock=self._clock,
            spread=self._spread,
        )
        self._links[number] = link
        if self.settings.bind_of(number).kind.sends:
            self._use([*self._used, link])
        insort(self._to_start, number)
        self._start()

    def _start(self) -> None:
        """Begin the links whose turn it is: all of them, where they need no order."""
        while self._to_start and not (self.settings.in_order and self._trying):
            number = self._to_start.pop(0)
            self._trying.add(number)
            self._links[number].start()

    def _tried(self, number: int) -> None:
        self._trying.discard(number)
        self._start()

    async def close(self, number: int, timeout: float) -> None:  # noqa: ASYNC109 - of the window
        """Send nothing more there, wait for the answers, unbind, forget the link.

        What is not answered in `timeout` seconds comes back as lost. A slot that is free stays so.
        """
        link = self._links.get(number)
        if link is None:
            return
        self._retire(link)
        await link.drain(timeout)
        await link.close(min(timeout, _LAST_WORDS))
        self._forget(number, link)

    async def close_all(self, timeout: float) -> None:  # noqa: ASYNC109 - of the unbinds alone
        """Unbind all; what is in their windows comes back as lost."""
        links = list(self._links.items())
        self._to_start.clear()
        self._use([])
        await asyncio.gather(*(link.close(min(timeout, _LAST_WORDS)) for _, link in links))
        for number, link in links:
            self._forget(number, link)

    def abandon(self, number: int, reason: str) -> None:
        """End and forget a link, at once: nothing is sent, recorded or acknowledged there.

        A slot that is free stays so.
        """
        link = self._links.get(number)
        if link is not None:
            self._retire(link)
            link.abandon(reason)
            self._forget(number, link)

    def abandon_all(self, reason: str) -> None:
        """End and forget all of them. None can be sent to while their losses are told."""
        links = list(self._links.items())
        self._to_start.clear()
        self._use([])
        for number, link in links:
            link.abandon(reason)
            self._forget(number, link)

    def _retire(self, link: Link) -> None:
        if link in self._used:
            self._use([one for one in self._used if one is not link])
            self._on_down(())

    def _forget(self, number: int, link: Link) -> None:
        if self._links.get(number) is link:
            del self._links[number]
            self._gone.add(link.counters)
            if number in self._to_start:
                self._to_start.remove(number)
            self._tried(number)

    def _use(self, links: Sequence[Link]) -> None:
        self._used = deque(links)
        self._only = links[0] if len(links) == 1 else None
        if links:
            self._pace.share(min(1.0, len(links) / self._senders), self._loop.time())
        self._measure()

    def _measure(self) -> None:
        self.window = self.settings.window * sum(link.up for link in self._used)

    # --- Settings ------------------------------------------------------------------------------
    def apply(self, settings: OperatorSettings) -> None:
        """Go on by other settings for the same binds; there may be room then where none was.

        Raises ValueError where the binds are others (`OperatorSettings.same_binds`).
        """
        if not self.settings.same_binds(settings):
            raise ValueError(f"the binds of operator {settings.name} are others")
        self.settings = settings
        self._pace.permit(settings.throughput, self._loop.time())
        for link in self._links.values():
            link.adjust(settings)
        self._measure()

    # --- Sending -------------------------------------------------------------------------------
    @property
    def up(self) -> bool:
        """Whether any link that sends is bound and goes on."""
        if self._only is not None:
            return self._only.up
        return any(link.up for link in self._used)

    @property
    def room(self) -> int:
        """How many submit_sm may be sent now, by the windows and by the pace."""
        if self._only is not None:
            return self._only.room
        room = sum(link.room for link in self._used)
        return min(room, self._pace.room(self._loop.time())) if room else 0

    def room_beside(self, held: int) -> int:
        """How many may be sent now where so many places of the windows are held for another end.

        The pace is not asked to wait for these, too: they have gone already. What a link has over
        a window that was made smaller takes nothing from the others.
        """
        most = self.settings.window
        used = sum(min(link.window_used, most) for link in self._used if link.up)
        return min(self.room, self.window - used - held)

    @property
    def wait(self) -> float:
        """Seconds until the pace lets the next one go; 0.0 where it does now."""
        return min((link.wait for link in self._used if link.up), default=0.0)

    @property
    def window_used(self) -> int:
        """submit_sm on their way, unanswered, on links that are being closed too."""
        return sum(link.window_used for link in self._links.values())

    def send(self, body: bytes, token: object) -> None:
        """Queue one submit_sm, `room` permitting; `flush` writes all that is queued."""
        link = self._only or self._next()
        link.send(body, token)

    def _next(self) -> Link:
        used = self._used
        for _ in range(len(used)):
            link = used[0]
            used.rotate(-1)
            if link.room > 0:
                return link
        raise RuntimeError("no link has room: it was not asked for")

    def flush(self) -> None:
        """Write what is queued, at once: for the end of a turn that has sent something."""
        for link in self._used:
            link.flush()

    # --- Asking --------------------------------------------------------------------------------
    def ask(self, pdu: Pdu) -> asyncio.Future[Pdu | None]:
        """Ask the operator something beside the window: query_sm, cancel_sm.

        The answer may be a generic_nack; it is None where none came in `response_timeout` seconds,
        where the link fell, and at once where no link is up or too many questions wait. The future
        raises EncodeError where the PDU cannot be written. It may be cancelled.
        """
        answer: asyncio.Future[Pdu | None] = self._loop.create_future()
        if not self.up or len(self._questions) >= MOST_QUESTIONS:
            answer.set_result(None)
            return answer
        timer = self._loop.call_later(self.settings.response_timeout, _give_up, answer)

        def answered(_: object) -> None:
            timer.cancel()
            self._ask_next()

        answer.add_done_callback(answered)
        self._questions.append((pdu, answer))
        self._ask_next()
        return answer

    def _ask_next(self) -> None:
        """Ask what there is a place for; give up what no link is there for any more."""
        while self._questions:
            link = next((one for one in self._used if one.ask_room > 0), None)
            if link is None and self.up:
                return  # an answer that is awaited will make room
            pdu, answer = self._questions.popleft()
            if answer.done():
                continue
            if link is None:
                answer.set_result(None)
                continue
            try:
                link.ask(pdu, answer)
            except EncodeError as error:
                answer.set_exception(error)

    # --- What is told of the links ---------------------------------------------------------------
    @property
    def held(self) -> int:
        """Slots in use, those that are being closed too."""
        return len(self._links)

    @property
    def bound(self) -> int:
        """Links that are up, those that are being closed too."""
        return sum(link.up for link in self._links.values())

    @property
    def whole(self) -> bool:
        """Whether every bind by which the operator is sent to is here: nobody else sends to it."""
        return len(self._used) >= self._senders

    def reports(self) -> dict[int, LinkReport]:
        """How each link is and what it has done, by slot."""
        return {number: link.report() for number, link in sorted(self._links.items())}

    @property
    def counters(self) -> LinkCounters:
        """Sums over all links there ever were."""
        counters = LinkCounters()
        counters.add(self._gone)
        for link in self._links.values():
            counters.add(link.counters)
        return counters

    @property
    def state(self) -> LinkState:
        """Of the link that is farthest on its way up; CLOSED where there is none.

        Receivers count where nothing else is there.
        """
        return min(
            (link.state for link in self._used or self._links.values()),
            key=_BEST_FIRST.index,
            default=LinkState.CLOSED,
        )

    @property
    def last_error(self) -> str:
        """What the link that changed last has met; "" where no link has met anything."""
        failed = [link for link in self._links.values() if link.last_error]
        return max(failed, key=lambda link: link.since_ms).last_error if failed else ""

    # --- What the links tell ---------------------------------------------------------------------
    def _up(self, number: int) -> None:
        self._measure()
        if self._links[number] in self._used:
            self._on_up()

    def _down(self, tokens: tuple[object, ...]) -> None:
        self._measure()
        self._on_down(tokens)


def _senders(settings: OperatorSettings) -> int:
    return sum(settings.bind_of(number).kind.sends for number in settings.slots())


def _give_up(answer: asyncio.Future[Pdu | None]) -> None:
    if not answer.done():
        answer.set_result(None)
