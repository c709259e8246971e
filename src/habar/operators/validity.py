"""Until when the operator is to try, and until when we wait for its word.

Guarantees: no more is asked of an operator than its `max_validity`; where the message has no end,
nothing is said, and the operator's own most is taken to be that. Times are UTC milliseconds.
Knows no message; `now_ms` is an argument.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from habar.model.times import zone_info
from habar.operators.settings import OperatorSettings, Validity
from habar.wire.smpp import format_absolute, format_relative

_LONGEST_RELATIVE = 31 * 86_400
"""Seconds; a relative time says no more, and no operator keeps a message longer (7.1.1.2)."""
_NONE, _ABSOLUTE = Validity.NONE, Validity.ABSOLUTE
_MOST_OFFSET = 12 * 60
_QUARTER = 15


def validity_period(expires_at: int, now_ms: int, operator: OperatorSettings) -> bytes:
    """Write validity_period (4.4.1, 7.1.1) for a message that ends at `expires_at`.

    Raises ValueError for a year that SMPP cannot write.
    """
    form = operator.validity
    if form is _NONE:
        return b""
    if form is _ABSOLUTE:
        at = min(expires_at, now_ms + _milliseconds(operator.max_validity))
        return format_absolute(at, _offset(at, operator.zone))
    seconds = min((expires_at - now_ms) // 1000, int(operator.max_validity), _LONGEST_RELATIVE)
    return format_relative(max(1, seconds))


def awaited_until(expires_at: int | None, sent_at: int, operator: OperatorSettings) -> int:
    """Until when receipts are awaited for a message that the operator took at `sent_at`."""
    end = sent_at + _milliseconds(operator.max_validity)
    if expires_at is not None and expires_at < end:
        end = expires_at
    return end + _milliseconds(operator.receipt_grace)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _offset(at: int, zone: str) -> int:
    """The zone's offset then, in minutes, as SMPP can say it: in quarters, 12 hours at most.

    Where a zone is beyond that (Apia, +13), the same moment is told by another one's clock.
    """
    if zone == "UTC":
        return 0
    offset = datetime.fromtimestamp(at / 1000, zone_info(zone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60 // _QUARTER * _QUARTER
    return max(-_MOST_OFFSET, min(minutes, _MOST_OFFSET))
