"""What the HTTP protocol's parameters say and its answers tell, as values.

Guarantees: a fault's words name the parameter and never quote its value; passwords show in no repr.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, TypeAlias

from habar.model.status import MessageState


class FormFault(Exception):
    """Parameters that cannot be read; the text says which and why, for the program's developer."""

    @property
    def words(self) -> str:
        """The text."""
        return str(self)


class MessageIn(NamedTuple):
    """One message to send: the parameters as they came, "" where absent."""

    recipient: str
    originator: str
    messagetype: str
    messagedata: str
    sendondate: str
    reporturl: str


class ResponseFormat(Enum):
    """The parameter `responseformat`."""

    XML = "xml"
    HTML = "html"
    URLENCODED = "urlencoded"


Item: TypeAlias = Mapping[str, str]
"""What is told of one message: names and values in their order, `statuscode` first."""

ERROR = "error"
"""The action of an answer that refuses."""

FAILED = "deliveryfailed"
STATUSES: dict[MessageState, str] = {
    MessageState.SCHEDULED: "accepted",
    MessageState.ACCEPTED: "accepted",
    MessageState.ENROUTE: "deliveredtonetwork",
    MessageState.UNKNOWN: "deliveredtonetwork",
    MessageState.DELIVERED: "deliveredtohandset",
    MessageState.EXPIRED: FAILED,
    MessageState.DELETED: FAILED,
    MessageState.UNDELIVERABLE: FAILED,
    MessageState.REJECTED: FAILED,
    MessageState.DISCARDED: FAILED,
}
"""The protocol's `status` of every state, in answers and in call-backs. `accepted` is ours."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whatever its format. `items` is not empty.

    With the action ERROR the first item's statuscode and statusmessage are the error.
    """

    action: str
    element: str
    """What an item is called in XML: `acceptreport`, `statusreport`."""
    items: Sequence[Item] = field(repr=False)
    continueurl: str = field(default="", repr=False)
    """The link to be appended, complete; "" none."""

    @property
    def first(self) -> Item:
        """The item that the whole request is told by."""
        return self.items[0]
