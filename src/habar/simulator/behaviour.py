"""How the simulated SMSC treats a recipient: a table, so that a developer can try every end.

Guarantees: data only; a number that is not in the table is delivered to.
Knows nothing of sessions, timing or how a receipt is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from habar.wire.smpp import CommandStatus, MessageState


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What becomes of a message to one recipient."""

    state: MessageState | None = MessageState.DELIVERED
    """The receipt's message_state; None: never a receipt."""
    err: str = "000"
    """The receipt's `err`, three digits, the operator's own (appendix B)."""
    status: int = CommandStatus.ESME_ROK
    """Anything else: submit_sm is answered by it and the message is not taken."""
    throttles: int = 0
    """So many times `throttle_status` for each new message before it is taken."""
    throttle_status: int = CommandStatus.ESME_RTHROTTLED
    drop: bool = False
    """After the answer has been flushed, the link is closed."""
    again: MessageState | None = None
    """A second receipt, and what it tells."""
    early: bool = False
    """The receipt goes before the answer."""
    delay: float = 0.0
    """Seconds to the receipt beyond `receipt_delay`."""


DELIVERED = Behaviour()

BEHAVIOURS: Mapping[str, Behaviour] = MappingProxyType(
    {
        "77000000101": Behaviour(state=None),
        "77000000102": DELIVERED,
        "77000000103": Behaviour(state=MessageState.EXPIRED, err="027"),
        "77000000104": Behaviour(state=MessageState.DELETED, err="010"),
        "77000000105": Behaviour(state=MessageState.UNDELIVERABLE, err="001"),
        "77000000107": Behaviour(state=MessageState.UNKNOWN, err="255"),
        "77000000108": Behaviour(state=None, status=CommandStatus.ESME_RINVDSTADR),
        "77000000088": Behaviour(throttles=2),
        "77000000500": Behaviour(drop=True),
        "77000000008": Behaviour(throttles=2, throttle_status=CommandStatus.ESME_RSYSERR),
        "77000000020": Behaviour(throttles=2, throttle_status=CommandStatus.ESME_RMSGQFUL),
        "77000000201": Behaviour(early=True),
        "77000000202": Behaviour(again=MessageState.DELIVERED),
        "77000000203": Behaviour(
            state=MessageState.UNDELIVERABLE, err="001", again=MessageState.DELIVERED
        ),
        "77000000204": Behaviour(again=MessageState.UNDELIVERABLE),
        "77000000205": Behaviour(delay=30.0),
    }
)
