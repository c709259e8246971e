"""What a connection tells its owner.

Guarantees: events come in the order of the PDUs that caused them. They are named tuples and not
dataclasses because a busy link makes 100 000 a second. Tell them apart by class, not by equality.
Does not know: what the owner does about them.
"""

from typing import NamedTuple, TypeAlias

from habar.wire.smpp.constants import CommandId, CommandStatus
from habar.wire.smpp.pdu import Pdu


class Bound(NamedTuple):
    """Our bind was answered ESME_ROK; `pdu` is the answer."""

    pdu: Pdu


class BindRefused(NamedTuple):
    """Our bind was refused; the session is OPEN again, and another bind may be tried."""

    command_status: int
    pdu: Pdu


class Received(NamedTuple):
    """A request of the peer, allowed here and now; answer it by send_response.

    outbind and alert_notification come so too; they have no answer.
    """

    pdu: Pdu


class SubmitResult(NamedTuple):
    """The answer to our submit_sm. After a generic_nack: its status, and no message_id."""

    token: object
    command_status: int
    message_id: bytes


class Response(NamedTuple):
    """The answer to any other request of ours; it may be a generic_nack."""

    token: object
    pdu: Pdu


class RequestTimedOut(NamedTuple):
    """A request of ours found no answer in time. Its slot is free; what became of it is unknown."""

    token: object


class Unmatched(NamedTuple):
    """A response that answers nothing of ours: too late, or invented."""

    pdu: Pdu


class ProtocolFault(NamedTuple):
    """The peer broke the protocol with one PDU. It is answered already; the session lives on."""

    command_id: int
    sequence_number: int
    command_status: int
    reason: str


class PeerUnbound(NamedTuple):
    """The peer ends the session. Its unbind is answered when all its requests are."""


class Unbound(NamedTuple):
    """Our unbind was answered: close the transport."""


class Drop(NamedTuple):
    """The session cannot go on: write what is queued, close the transport, call closed()."""

    reason: str


class Closed(NamedTuple):
    """The session is over; `tokens` are our requests that never found an answer, oldest first."""

    tokens: tuple[object, ...]


Event: TypeAlias = (
    Bound
    | BindRefused
    | Received
    | SubmitResult
    | Response
    | RequestTimedOut
    | Unmatched
    | ProtocolFault
    | PeerUnbound
    | Unbound
    | Drop
    | Closed
)


def answer_event(token: object, command_id: int, pdu: Pdu) -> Event:
    """What the answer to our request of that kind is told as.

    A submit_sm's is always a SubmitResult; a generic_nack that says ESME_ROK is no success.
    """
    if command_id != CommandId.SUBMIT_SM:
        return Response(token, pdu)
    status = pdu.command_status or int(CommandStatus.ESME_RUNKNOWNERR)
    return SubmitResult(token, status, b"")
