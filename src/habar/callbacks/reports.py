"""A message's state in the words of the protocols that tell it (spec/http.md, spec/rest.md).

Guarantees: every state has a status in each of them. With a failure goes a number that is never 0
and the operator's own words: the number that the operator gave (`err:027`, `0x00000400`, a
command_status by its name), or where it gave none, or there was no operator, the gateway's own
number of the state (spec/xml.md, "Codes"). No operator's name is told. Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from habar.model.status import MessageState
from habar.store.callbacks import StateReport
from habar.wire.http.form import FAILED, STATUSES
from habar.wire.smpp import CommandStatus

_STATES: dict[MessageState, tuple[str, str]] = {
    MessageState.SCHEDULED: ("send", "The message waits for its time"),
    MessageState.ACCEPTED: ("sending", "The message was accepted"),
    MessageState.ENROUTE: ("sent", "Delivered to the network"),
    MessageState.UNKNOWN: ("sent", "Delivered to the network, which tells nothing more"),
    MessageState.DELIVERED: ("delivered", "Delivered to the handset"),
    MessageState.EXPIRED: ("undelivered", "The message has expired"),
    MessageState.DELETED: ("undelivered", "The message was deleted"),
    MessageState.UNDELIVERABLE: ("undelivered", "The message is undeliverable"),
    MessageState.REJECTED: ("undelivered", "The message was rejected"),
    MessageState.DISCARDED: ("undelivered", "The message was discarded"),
}
"""The `status` of JSON, and words."""
_OPERATOR_ERROR = re.compile(
    r"(?:^|: )(?P<name>err:(?P<receipt>\w+)|(?P<hex>0x[0-9A-Fa-f]{8})|(?P<esme>ESME_\w+))"
    r"(?: \((?P<words>.*)\))?\Z",
    re.DOTALL,
)


class Told(NamedTuple):
    """How a state is told."""

    status: str
    """The HTTP protocol's word."""
    json_status: str
    """The JSON protocol's word."""
    code: int
    """0, or the number of the failure."""
    message: str


def told(report: StateReport) -> Told:
    """Put a report into the protocols' words."""
    state = MessageState(report.state)
    status, (json_status, words) = STATUSES[state], _STATES[state]
    if status != FAILED:
        return Told(status, json_status, 0, words)
    found = _OPERATOR_ERROR.search(report.error)
    if found is None:
        return Told(status, json_status, int(state), report.error or words)
    return Told(status, json_status, _number(found) or int(state), found["words"] or found["name"])


def _number(found: re.Match[str]) -> int:
    """Read the operator's number, 0 where there is none."""
    receipt, octets, esme = found["receipt"], found["hex"], found["esme"]
    if octets:
        return int(octets, 16)
    if esme:
        return int(CommandStatus[esme]) if esme in CommandStatus.__members__ else 0
    if len(receipt) > 9 or not receipt.isascii():  # no program would read it
        return 0
    if receipt.isdigit():
        return int(receipt)
    try:
        return int(receipt, 16)
    except ValueError:
        return 0
