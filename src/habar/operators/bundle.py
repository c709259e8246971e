"""All links of this process to one operator: as many as it holds of the binds that are permitted.

Each link stands in a slot, the number of its bind. To whoever sends they are one link with a window
as large as theirs together; a link with room is found by turns.

Guarantees: every token given to `send` comes back once, by `on_results` or by `on_down`; `room` is
never overstated; all links together keep this process's share of the operator's throughput; what a
link has counted is counted still when it is gone.
Does not know: who gives out the slots, messages, stores.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from habar.operators.clock import Clock
from habar.operators.link import Link, LinkCounters, LinkState
from habar.operators.pace import Pace
from habar.operators.session import Ack
from habar.operators.settings import OperatorSettings
from habar.wire.smpp import Pdu, SubmitResult

_LAST_WORDS = 2.0
"""Seconds for the answer to an unbind."""
_BEST_FIRST = (
    LinkState.UP,
    LinkState.BINDING,
    LinkState.CONNECTING,
    LinkState.DOWN,
    LinkState.CLOSED,
)


class Bundle:
    """See the module's docstring. All call-backs run in the event loop and must not raise.

    `on_up` tells that one more link may be used. `on_down` tells the tokens that a link has lost;
    it comes without any when a link is not to be used any more. `up` and `room` say what is left.
    """

    def __init__(
        self,
        settings: OperatorSettings,
        *,
        on_results: Callable[[Sequence[SubmitResult]], None],
        on_deliver: Callable[[Pdu, Ack], None],
        on_up: Callable[[], None],
        on_down: Callable[[tuple[object, ...]], None],
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.window = 0
        """Of all links that are up, together."""
        self._on_results = on_results
        self._on_deliver = on_deliver
        self._on_up = on_up
        self._on_down = on_down
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(settings.throughput, self._loop.time())
        self._links: dict[int, Link] = {}
        """By slot, with those that are being closed."""
        self._used: deque[Link] = deque()
        """Those that may be sent to, the one whose turn it is first."""
        self._only: Link | None = None
        """The one that may be sent to, where it is the only one: there is nothing to choose."""
        self._gone = LinkCounters()

    # --- Slots ---------------------------------------------------------------------------------
    def open(self, number: int) -> None:
        """Begin a link in this slot, which is free."""
        link = Link(
            self.settings,
            on_results=self._on_results,
            on_deliver=self._on_deliver,
            on_up=partial(self._up, number),
            on_down=self._down,
            pace=self._pace,
            clock=self._clock,
        )
        self._links[number] = link
        self._use([*self._used, link])
        link.start()

    async def close(self, number: int, timeout: float) -> None:  # noqa: ASYNC109 - of the window
        """Send nothing more there, wait for the answers, unbind, forget the link.

        What is not answered in `timeout` seconds comes back as lost.
        """
        link = self._links[number]
        self._retire(link)
        await link.drain(timeout)
        await link.close(min(timeout, _LAST_WORDS))
        self._forget(number, link)

    async def close_all(self, timeout: float) -> None:  # noqa: ASYNC109 - of the unbinds alone
        """Unbind all; what is in their windows comes back as lost."""
        links = list(self._links.items())
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

    def _use(self, links: Sequence[Link]) -> None:
        self._used = deque(links)
        self._only = links[0] if len(links) == 1 else None
        if links:
            self._pace.share(min(1.0, len(links) / self.settings.binds), self._loop.time())
        self._measure()

    def _measure(self) -> None:
        self.window = self.settings.window * sum(link.up for link in self._used)

    # --- Sending -------------------------------------------------------------------------------
    @property
    def up(self) -> bool:
        """Whether any link is bound and goes on."""
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
        """Whether every bind that the operator permits is here: nobody else sends to it."""
        return len(self._used) >= self.settings.binds

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
        """Of the link that is farthest on its way up; CLOSED where there is none."""
        return min(
            (link.state for link in self._links.values()),
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
