"""Everything that operators deliver: a receipt goes one way, a subscriber's message the other.

Guarantees: whichever it is, it is answered after its commit, and nothing that an operator sends
raises. Knows no tables.
"""

from __future__ import annotations

from habar.inbound.receipts import Receipts
from habar.inbound.subscribers import Subscribers
from habar.model.status import MessageState
from habar.operators import Ack, OperatorSettings
from habar.wire.smpp import Pdu


class Inbound:
    """Takes what all operators deliver (dispatch.lane.Deliver)."""

    def __init__(self, receipts: Receipts, subscribers: Subscribers) -> None:
        self.receipts = receipts
        self.subscribers = subscribers

    def deliver(self, operator: OperatorSettings, pdu: Pdu, ack: Ack) -> MessageState | None:
        """Take one deliver_sm or data_sm; `ack` answers it. Gives what state a receipt told."""
        seen = self.receipts.read(operator, pdu)
        if seen is None:
            self.subscribers.deliver(operator, pdu, ack)
            return None
        return self.receipts.keep(seen, ack)
