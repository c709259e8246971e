"""What is kept for how long, and what a round of tidying up did.

Values only, part of the store's port. Times are UTC milliseconds.
"""

from __future__ import annotations

from typing import NamedTuple


class Keep(NamedTuple):
    """How long things are kept: what ended before a moment may go. None: for ever."""

    messages_before: int | None
    texts_before: int | None


class Tidied(NamedTuple):
    """What a call of `Store.tidy` did."""

    messages: int
    """Deleted."""
    texts: int
    """Blanked; a text that went with its message is not among them."""
    more: bool
    """There is more to be looked at: come again soon."""
