"""What one operator's lane counts, for /metrics: plain integers, no reader slows the lane."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LaneCounters:
    """What has become of messages since the process began, in messages unless said."""

    sent: int = 0
    """Parts given to a link."""
    accepted: int = 0
    """Parts taken by the operator."""
    throttled: int = 0
    """Postponed because the operator said "slower"; counted in `postponed` too."""
    postponed: int = 0
    moved: int = 0
    """Put off to another operator; counted in `postponed` too."""
    rejected: int = 0
    expired: int = 0
    uncertain: int = 0
    """Given back, or put off, while the operator may have them."""
    released: int = 0
    """Given back for certain unsent."""
