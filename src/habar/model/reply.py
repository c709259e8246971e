"""An answer to a subscriber's message, as it is handed to the submit door."""

from __future__ import annotations

from typing import NamedTuple


class Reply(NamedTuple):
    """What goes back to a subscriber, by the operator and from the short code of the question."""

    inbound_id: int
    """The subscriber's message that it answers."""
    operator_id: int
    sender: str
    """The short code, with the operator's transaction id where there was one: `8785#12345`."""
    recipient: int
    """The subscriber's MSISDN."""
    text: str
