"""Messages of which the operator said nothing when a link or a process died, or in time.

Where the operator's data say `query`, each part is asked for by query_sm (4.8), by the reference
that its submit_sm carried: what the operator knows counts as taken, by the id that it answers; what
it does not know is sent again. Where they say `hold`, and where the operator cannot be asked, the
message stays until a person decides.
Guarantees: one question a part at a time, few messages in hand; nothing is sent again on a guess: a
question without an answer leaves the message as it was. Knows no windows: what is to be sent again
is the lane's to send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import structlog

from habar.errors import HabarError
from habar.model.message import Outgoing
from habar.operators import Bundle, Clock, OperatorSettings, Timer, query_sm, submit_count
from habar.store.events import ClaimHeld, Held, PartAccepted
from habar.store.port import Event, Store
from habar.wire.smpp import CommandStatus

log = structlog.get_logger(__name__)

AT_ONCE = 20
"""Messages asked for together."""
EVERY = 15.0
"""Seconds from one look at what is held to the next."""
_UNKNOWN = frozenset({CommandStatus.ESME_RQUERYFAIL, CommandStatus.ESME_RINVMSGID})


class Found(NamedTuple):
    """What the operator says of a message's parts."""

    known: dict[int, str]
    """Its ids of those it has, by part."""
    unknown: tuple[int, ...]
    silent: bool
    """A question found no answer, or one that says nothing."""


class Doubt:
    """One lane's. `resend` takes a message to be sent, without the parts in `sent_parts`."""

    def __init__(
        self,
        settings: OperatorSettings,
        store: Store,
        links: Bundle,
        clock: Clock,
        *,
        record: Callable[[Event], None],
        resend: Callable[[Outgoing], None],
        taken: Callable[..., PartAccepted],
    ) -> None:
        self.settings = settings
        self.asked = 0
        """Parts asked for since the process began."""
        self._store = store
        self._links = links
        self._clock = clock
        self._record = record
        self._resend = resend
        self._taken = taken
        self._round: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._open = False

    def open(self) -> None:
        """A link has come up: ask for what is held, and go on asking."""
        self._open = True
        self._cancel_timer()
        if self._round is None:
            self._begin()

    async def close(self) -> None:
        """Ask no more; what is in hand is held again."""
        self._open = False
        self._cancel_timer()
        if self._round is not None:
            self._round.cancel()
            await asyncio.wait([self._round])

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._timer = None
        if self._open and self._links.up:
            self._round = asyncio.get_running_loop().create_task(
                self._ask_all(), name=f"in doubt {self.settings.name}"
            )

    async def _ask_all(self) -> None:
        pause = EVERY
        try:
            messages = await self._claim()
            if messages:
                silent = await asyncio.gather(*(self._settle(message) for message in messages))
                if len(messages) >= AT_ONCE and not any(silent):
                    pause = 0.0
        finally:
            self._round = None
            if self._open:
                self._timer = self._clock.call_later(pause, self._begin)

    async def _claim(self) -> list[Outgoing]:
        answer: asyncio.Future[list[Outgoing] | HabarError] = (
            asyncio.get_running_loop().create_future()
        )

        def answered(value: list[Outgoing] | HabarError) -> None:
            if not answer.cancelled():
                answer.set_result(value)
            elif isinstance(value, list):  # nobody waits any more: as they were
                self._hold(value, "not asked")

        question = ClaimHeld(self.settings.id, AT_ONCE, self._clock.now_ms())
        self._store.journal.ask(question, answered)
        found = await answer
        return [] if isinstance(found, HabarError) else found

    async def _settle(self, message: Outgoing) -> bool:
        """Ask for all parts of one message; whether the operator left it in doubt."""
        try:
            found = await self._find(message)
        except asyncio.CancelledError:
            self._hold([message], "not asked")
            raise
        parts = sorted(found.known)
        for part in parts:
            last = not found.unknown and not found.silent and part == parts[-1]
            now = self._clock.now_ms()
            self._record(self._taken(message, part, found.known[part], now, last=last))
        if found.silent:
            self._hold([message], "the operator did not say whether it has it")
        elif found.unknown:
            sent = tuple(sorted({*message.sent_parts, *found.known}))
            self._resend(message._replace(sent_parts=sent))
        return found.silent

    async def _find(self, message: Outgoing) -> Found:
        pdus = submit_count(message, self.settings)
        todo = [n for n in range(1, pdus + 1) if n not in message.sent_parts]
        known: dict[int, str] = {}
        unknown: list[int] = []
        silent = False
        for part in todo:
            answer = await self._links.ask(
                query_sm(message.sender, message.message_id, part, self.settings)
            )
            self.asked += 1
            if answer is None:
                silent = True
            elif answer.command_status == CommandStatus.ESME_ROK:
                raw = answer.octets("message_id")
                known[part] = self.settings.quirks.submitted_id(raw)
            elif answer.command_status in _UNKNOWN:
                unknown.append(part)
            else:
                log.warning(
                    "the operator cannot be asked what it has",
                    operator=self.settings.name,
                    command_status=answer.command_status,
                )
                silent = True
        return Found(known, tuple(unknown), silent)

    def _hold(self, messages: list[Outgoing], why: str) -> None:
        if messages:
            ids = tuple(message.message_id for message in messages)
            self._record(Held(ids, why, self._clock.now_ms()))
