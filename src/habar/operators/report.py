"""What a link has counted and measured, and how it is told to staff and to /metrics.

Guarantees: counting makes nothing new for a PDU: sums are looked at once a second at most, when
something passes or somebody asks, and one submit_sm at a time is timed. Pure: `now` is monotonic
seconds, an argument. Does not know: links, sockets, tables.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import msgspec

from habar.model.status import MessageState

ENDS = frozenset(MessageState) - {
    MessageState.SCHEDULED,
    MessageState.ENROUTE,
    MessageState.ACCEPTED,
    MessageState.UNKNOWN,
}
"""What a receipt may tell as the end of a part: the others are the last that could be said."""

_MOST_KINDS = 100
"""So many different command_status are told apart: an operator may invent them without end."""
_RATE_OVER, _RECEIPTS_OVER = 10.0, 60.0
_NEW_WEIGHT = 0.125
"""Of a round trip in the moving mean, as TCP has it (RFC 6298, 2.3)."""


@dataclass(slots=True)
class LinkCounters:
    """What has passed since the process began, for /metrics."""

    connects: int = 0
    binds: int = 0
    drops: int = 0
    submitted: int = 0
    answered: int = 0
    timed_out: int = 0
    throttled: int = 0
    delivered: int = 0
    """deliver_sm and data_sm that came."""
    receipts: int = 0
    """Of them: receipts."""
    ends: int = 0
    """Of these: those that told an end."""
    ends_delivered: int = 0
    """Of these: delivered."""
    late: int = 0
    """Answers to nothing of ours."""
    faults: int = 0
    """PDUs that could not be read, or had no business to come."""
    errors: Counter[int] = field(default_factory=Counter)
    """By command_status: refused submit_sm and binds; NO_ANSWER for what was not answered."""

    def error(self, command_status: int) -> None:
        """Count one. What is one kind too many counts as the generic one, ESME_RUNKNOWNERR."""
        errors = self.errors
        known = command_status in errors or len(errors) < _MOST_KINDS
        errors[command_status if known else 0xFF] += 1

    def receipt(self, state: MessageState) -> None:
        """Count a receipt that told this."""
        self.receipts += 1
        if state in ENDS:
            self.ends += 1
            self.ends_delivered += state is MessageState.DELIVERED

    def add(self, other: LinkCounters) -> None:
        """Count what another link has counted, too."""
        for counter in fields(self):
            name = counter.name
            if name == "errors":
                self.errors.update(other.errors)
            else:
                setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class LinkReport:
    """One bind, now. Times are UTC milliseconds."""

    kind: str
    """transceiver, transmitter or receiver."""
    address: str
    """host:port"""
    state: str
    """down, connecting, binding, up or closed."""
    since_ms: int
    """Since when it is in that state."""
    window: int
    window_used: int
    """submit_sm without an answer."""
    pdus_per_second: float
    """submit_sm over the last 10 seconds."""
    errors: Mapping[str, int]
    """By the name of the command_status, since the link began."""
    last_error: str
    """Why it fell or could not be made the last time; "" for never."""
    last_error_at: int | None
    round_trip_ms: float | None
    """From submit_sm to its answer, a moving mean; None: nothing was answered yet."""
    receipts_per_minute: float
    delivered_share: float | None
    """Of the receipts that told an end since the link began, those that said delivered."""

    @property
    def may_send(self) -> bool:
        """Whether messages can go out there."""
        return self.state == "up" and self.kind != "receiver"

    def as_json(self) -> str:
        """Write it as a JSON object with these names."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, text: str) -> LinkReport | None:
        """Read it back; None for what another version of Habar wrote and this one does not know."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError:
            return None


class Meter:
    """Rates from two sums, and the round trip."""

    __slots__ = ("_samples", "next_at", "round_trip")

    def __init__(self, now: float) -> None:
        self._samples: deque[tuple[float, int, int]] = deque([(now, 0, 0)])
        """When, how many submit_sm by then, how many receipts; the first ones may be old."""
        self.next_at = now + 1.0
        """When it is worth the while to look again."""
        self.round_trip = 0.0
        """Seconds, a moving mean; 0.0: not known."""

    def sample(self, now: float, submitted: int, receipts: int) -> None:
        """Note the sums."""
        self.next_at = now + 1.0
        samples = self._samples
        samples.append((now, submitted, receipts))
        while len(samples) > 2 and samples[1][0] <= now - _RECEIPTS_OVER:
            samples.popleft()

    def timed(self, seconds: float) -> None:
        """One round trip was so long."""
        mean = self.round_trip
        self.round_trip = mean + _NEW_WEIGHT * (seconds - mean) if mean else seconds

    def rates(self, now: float, submitted: int, receipts: int) -> tuple[float, float]:
        """submit_sm a second, and receipts a minute."""
        then, sums, _ = self._before(now - _RATE_OVER)
        since, _, told = self._before(now - _RECEIPTS_OVER)
        per_second = (submitted - sums) / max(1.0, now - then)
        return per_second, (receipts - told) / max(1.0, now - since) * 60.0

    def _before(self, then: float) -> tuple[float, int, int]:
        """Give the newest sample that is not younger, else the oldest."""
        for sample in reversed(self._samples):
            if sample[0] <= then:
                return sample
        return self._samples[0]
