"""Subscribers' messages: kept first, acknowledged then.

Guarantees:
- A message, or a part of one, is answered ESME_ROK after its commit and not before; while the
  journal is down it is not answered at all, so the operator keeps it.
- A whole message is stored with its owner and with what is owed for it. A part waits on disk for
  the others (joiner.py); one that comes twice is kept once.
- What cannot be read is kept as it came, marked. Nothing that an operator sends raises.
- No text and no number is logged.
Knows no tables, and not how customers are called.
"""

from __future__ import annotations

from collections.abc import Callable

from habar.config import InboundSettings
from habar.inbound.decoding import text_of
from habar.inbound.owed import Whole, received
from habar.inbound.reading import Incoming, Place, read
from habar.inbound.rules import Rules
from habar.operators import Ack, OperatorSettings
from habar.store.inbox import CallMethod, Received, Segment
from habar.store.port import Journal
from habar.wire.smpp import CommandStatus, Pdu

_OK = int(CommandStatus.ESME_ROK)


def _nobody() -> None:
    """Stands for whom nobody has to tell."""


class Subscribers:
    """Takes what subscribers write, of all operators; counts it."""

    def __init__(
        self,
        journal: Journal,
        rules: Rules,
        settings: InboundSettings,
        now_ms: Callable[[], int],
        *,
        owed: Callable[[], None] = _nobody,
    ) -> None:
        """Keep all in `journal`; call `owed` after the commit of what a customer is called for."""
        self.received = 0
        """Whole messages on disk, joined ones among them."""
        self.parts = 0
        """Parts of long messages on disk."""
        self.repeated = 0
        """Parts that had come before."""
        self.incomplete = 0
        """Of `received`: those passed on without some of their parts."""
        self.unrouted = 0
        """Of `received`: those that are nobody's."""
        self.unreadable = 0
        """Of `received`: those of which nothing could be read."""
        self.completed: Callable[[], None] = _nobody
        """Called after the commit of the part that makes a message whole."""
        self._journal = journal
        self._rules = rules
        self._settings = settings
        self._now_ms = now_ms
        self._owed = owed

    def deliver(self, operator: OperatorSettings, pdu: Pdu, ack: Ack) -> None:
        """Take one deliver_sm or data_sm that is no receipt; `ack` answers it."""
        now = self._now_ms()
        incoming = read(pdu, operator, now)
        if incoming.place is not None:
            self._keep_part(_segment(operator, incoming, incoming.place, now), ack)
            return

        def committed() -> None:
            ack(_OK)
            self.unreadable += bool(incoming.unreadable)

        self.keep(_whole(operator, incoming), committed)

    def keep(self, whole: Whole, done: Callable[[], None]) -> None:
        """Give a message to the journal; `done` is called after the commit."""
        event = received(whole, self._rules.owners, self._settings, self._now_ms())

        def committed(inbound_id: int | None) -> None:
            done()
            if inbound_id is not None:
                self._count(event)

        self._journal.record(event, committed)

    def _keep_part(self, segment: Segment, ack: Ack) -> None:
        def committed(complete: int | None) -> None:
            ack(_OK)
            if complete is None:
                self.repeated += 1
                return
            self.parts += 1
            if complete:
                self.completed()

        self._journal.record(segment, committed)

    def _count(self, event: Received) -> None:
        self.received += 1
        self.incomplete += bool(event.missing)
        if not event.account_id:
            self.unrouted += 1
        elif event.method is not CallMethod.NONE:
            self._owed()


def _whole(operator: OperatorSettings, incoming: Incoming) -> Whole:
    return Whole(
        operator.id,
        incoming.sender,
        incoming.short_code,
        incoming.transaction_id,
        incoming.unreadable or text_of([incoming.piece], 1, operator),
        incoming.piece.data_coding,
        parts=1,
        missing=0,
        sent_at=incoming.sent_at,
    )


def _segment(operator: OperatorSettings, incoming: Incoming, place: Place, now: int) -> Segment:
    piece = incoming.piece
    return Segment(
        operator.id,
        incoming.sender,
        incoming.short_code,
        place.reference,
        place.total,
        place.part,
        incoming.transaction_id,
        piece.data_coding,
        piece.octets,
        piece.header,
        now,
        incoming.sent_at,
    )
