"""Joins the parts of subscribers' long messages: when all are there, or when the time is over.

A round asks the store for the groups that are due and gives back each as one message. It comes
every few seconds, and at once where this process has just kept a part that made a message whole.
Guarantees: the parts are put in order and joined before they are read, whatever cut them; a message
that is passed on without some is marked in its text where they are missing, and counted; where two
nodes join the same group, one does (store.inbox.Received). A store that cannot write is asked again
at the next round. Knows no PDU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from habar.errors import HabarError
from habar.inbound.decoding import Piece, text_of
from habar.inbound.owed import Whole
from habar.inbound.subscribers import Subscribers
from habar.operators import Clock, OperatorSettings, SystemClock, Timer
from habar.store.inbox import DueGroups, Group, Segment
from habar.store.port import Journal

_UNKNOWN_OPERATOR = OperatorSettings(0, "", "", 0, "", "")
"""Reads what came from an operator that was removed since."""


class Joiner:
    """A round every so many seconds; a full batch is followed by the next one at once."""

    def __init__(
        self,
        journal: Journal,
        subscribers: Subscribers,
        operator_of: Callable[[int], OperatorSettings | None],
        *,
        join_minutes: float = 60.0,
        clock: Clock | None = None,
        every: float = 5.0,
        batch: int = 100,
    ) -> None:
        self.failures = 0
        """Rounds that the store could not do."""
        self._journal = journal
        self._subscribers = subscribers
        self._operator_of = operator_of
        self._patience = int(join_minutes * 60_000)
        self._clock = clock or SystemClock()
        self._every = every
        self._batch = batch
        self._running = False
        self._busy = False
        self._again = False
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin, with a round at once."""
        self._running = True
        self._subscribers.completed = self.hint
        self._round()

    def stop(self) -> None:
        """End; what is not joined waits in the store."""
        self._running = False
        self._cancel()

    def hint(self) -> None:
        """Look now: a message may be whole."""
        if self._busy:
            self._again = True
        elif self._running:
            self._cancel()
            self._round()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _round(self) -> None:
        self._timer = None
        self._busy, self._again = True, False
        question = DueGroups(self._clock.now_ms() - self._patience, self._batch)
        self._journal.ask(question, self._due)

    def _due(self, answer: list[tuple[Group, list[Segment]]] | HabarError) -> None:
        if isinstance(answer, HabarError):
            self.failures += 1
            self._again = False
            self._ended(full=False)
            return
        left = len(answer)
        if not left:
            self._ended(full=False)
            return

        def committed() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._ended(full=len(answer) >= self._batch)

        for group, segments in answer:
            operator = self._operator_of(group.operator_id) or _UNKNOWN_OPERATOR
            self._subscribers.keep(joined(group, segments, operator), committed)

    def _ended(self, *, full: bool) -> None:
        self._busy = False
        if self._running:
            at_once = full or self._again
            self._timer = self._clock.call_later(0.0 if at_once else self._every, self._round)


def joined(group: Group, segments: Sequence[Segment], operator: OperatorSettings) -> Whole:
    """Make one message of the parts that there are.

    Its transaction id is that of the first part that has one, its time the earliest that any says.
    """
    ordered = sorted(segments, key=lambda segment: segment.part)
    pieces = [Piece(s.part, s.data_coding, s.header, s.octets) for s in ordered]
    times = [segment.sent_at for segment in ordered if segment.sent_at is not None]
    return Whole(
        group.operator_id,
        group.sender,
        group.short_code,
        next((s.transaction_id for s in ordered if s.transaction_id), ""),
        text_of(pieces, group.total, operator),
        ordered[0].data_coding if ordered else 0,
        parts=group.total,
        missing=group.total - len({segment.part for segment in ordered}),
        sent_at=min(times, default=None),
        group=group,
    )
