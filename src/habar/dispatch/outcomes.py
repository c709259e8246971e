"""What became of the messages of one operator, given to the journal.

Guarantees: what is recorded here is counted until it is on disk (`unsettled`), and told to the lane
then; what goes back to the queue is known to the plan. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from habar.dispatch.counters import LaneCounters
from habar.dispatch.plan import Plan
from habar.model.message import Outgoing
from habar.model.status import MessageState
from habar.operators import OperatorSettings, awaited_until
from habar.store.events import Finished, Held, PartAccepted, Released
from habar.store.port import Event, Journal


class Outcomes:
    """Of one lane. `settled` is called after each commit."""

    def __init__(
        self, journal: Journal, plan: Plan, counters: LaneCounters, settled: Callable[[], None]
    ) -> None:
        self.unsettled = 0
        """Results given to the journal and not yet on disk."""
        self._journal = journal
        self._plan = plan
        self._counters = counters
        self._settled = settled

    def record(self, event: Event) -> None:
        """Give it to the journal."""
        self.unsettled += 1
        self._journal.record(event, self._recorded)

    def _recorded(self, _message_id: int | None) -> None:
        self.unsettled -= 1
        self._settled()

    def hold(self, messages: Sequence[Outgoing], error: str, now: int) -> None:
        """Keep what the operator may have until it, or a person, has said."""
        if messages:
            self._counters.uncertain += len(messages)
            ids = tuple(message.message_id for message in messages)
            self.record(Held(ids, error, now))

    def expire(self, message: Outgoing, error: str, now: int) -> None:
        """It was not sent in time."""
        self._counters.expired += 1
        refund = not message.sent_parts
        self.record(Finished(message.message_id, MessageState.EXPIRED, error, now, refund))

    def reject(self, message: Outgoing, error: str, now: int, *, refund: bool) -> None:
        """It cannot be sent, now or later."""
        self._counters.rejected += 1
        self.record(Finished(message.message_id, MessageState.REJECTED, error, now, refund))

    def give_back(self, messages: Sequence[Outgoing], now: int) -> None:
        """Back to disk, and the plan knows."""
        if messages:
            self._released(messages, uncertain=False, now=now)

    def release(self, messages: Sequence[Outgoing], *, uncertain: bool, now: int) -> None:
        """Give back what the plan does not know of any more."""
        for message in messages:
            self._plan.waiting((message.priority, message.account_id), message.due_at, now)
        if messages:
            self._released(messages, uncertain=uncertain, now=now)

    def _released(self, messages: Sequence[Outgoing], *, uncertain: bool, now: int) -> None:
        if uncertain:
            self._counters.uncertain += len(messages)
        else:
            self._counters.released += len(messages)
        ids = tuple(message.message_id for message in messages)
        self.record(Released(ids, uncertain, now))


def taken(
    message: Outgoing,
    part: int,
    operator_message_id: str,
    now: int,
    settings: OperatorSettings,
    *,
    last: bool,
) -> PartAccepted:
    """The operator has a part; with `last` it has the whole message."""
    final = None if settings.gives_receipts else MessageState.ENROUTE
    return PartAccepted(
        message.message_id,
        part,
        settings.id,
        operator_message_id,
        now,
        last,
        final if last else None,
        awaited_until(message.expires_at, now, settings) if last else None,
    )
