"""What the faults mean for the occasion at hand: draws, limits and bursts.

Guarantees: no I/O; each fault draws from a generator of its own, seeded by its name, so that one
fault more changes nothing for the others. Times are monotonic seconds, arguments.
Knows nothing of how a fault is carried out.
"""

import math
from collections.abc import Sequence
from enum import Enum
from random import Random
from typing import NamedTuple

from habar.simulator.faults import Breakage, Burst, Chance, Faults, Limit, Times, Wait
from habar.wire.smpp import CommandStatus, MessageState


class Twist(Enum):
    """What goes wrong with an answer."""

    UNANSWERED = "unanswered"
    NACK = "nack"
    NACK_UNNUMBERED = "nack-unnumbered"
    REPEATED = "repeated"
    STRAY = "stray"
    UNBIND = "unbind"
    RESET = "reset"
    LATE = "late"


_UNTAKEN = (
    ("submits_ignored", Twist.UNANSWERED),
    ("nacks", Twist.NACK),
    ("nacks_unnumbered", Twist.NACK_UNNUMBERED),
)
_TAKEN = (
    ("responses_lost", Twist.UNANSWERED),
    ("resets", Twist.RESET),
    ("unbinds", Twist.UNBIND),
    ("responses_late", Twist.LATE),
    ("responses_repeated", Twist.REPEATED),
    ("responses_stray", Twist.STRAY),
)


class Tale(NamedTuple):
    """One receipt that is to be sent."""

    state: MessageState
    breakage: Breakage | None = None
    orphan: bool = False
    """For an id that nobody knows."""


class Dice:
    """The draws of one set of faults."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._streams: dict[str, Random] = {}
        self._passed: dict[str, int] = {}
        self._began: float | None = None
        self._limiter = Limiter(faults.limit) if faults.limit is not None else None

    def stream(self, name: str) -> Random:
        """Return the generator of a fault."""
        found = self._streams.get(name)
        if found is None:
            # Not for secrets: the same seed must give the same faults.
            found = self._streams[name] = Random(f"{self.faults.seed}:{name}")  # noqa: S311
        return found

    def hit(self, name: str) -> bool:
        """Say whether this occasion of the fault of that name is one."""
        chance: Chance = getattr(self.faults, name)
        return self._hit(name, chance)

    def _hit(self, name: str, chance: Chance) -> bool:
        if isinstance(chance, Times):
            passed = self._passed[name] = self._passed.get(name, 0) + 1
            return chance.after < passed <= chance.after + chance.count
        return chance > 0 and self.stream(name).random() < chance

    def wait(self, name: str, wait: Wait) -> float:
        """Draw a number of seconds."""
        stream = self.stream(name)
        if wait.mean is None:
            return stream.uniform(wait.least, wait.most)
        beyond = stream.expovariate(1 / wait.mean) if wait.mean else 0.0
        return min(wait.least + beyond, wait.most)

    # submit_sm

    @property
    def fastest_second(self) -> int:
        """Most submit_sm that came within a second; 0 where there is no limit."""
        return self._limiter.fastest if self._limiter is not None else 0

    def refusal(self, now: float) -> int:
        """Return the command_status for a submit_sm by limit, bursts and errors."""
        status = self._limiter.status(now) if self._limiter is not None else 0
        return status or self._burst(self.faults.bursts, now) or self._error()

    def _burst(self, bursts: Sequence[Burst], now: float) -> int:
        if self._began is None:
            self._began = now
        for burst in bursts:
            if (now - self._began) % burst.every < burst.seconds:
                return burst.status
        return CommandStatus.ESME_ROK

    def _error(self) -> int:
        errors = self.faults.errors
        if not errors:
            return CommandStatus.ESME_ROK
        left = self.stream("errors").random()
        for status, chance in errors.items():
            if isinstance(chance, Times):
                if self._hit(f"errors[{status}]", chance):
                    return status
            elif left < chance:
                return status
            else:
                left -= chance
        return CommandStatus.ESME_ROK

    def untaken(self) -> Twist | None:
        """Say what happens to a submit_sm instead of being taken."""
        return self._first(_UNTAKEN)

    def taken(self) -> Twist | None:
        """Say what goes wrong with the answer to a submit_sm that is taken."""
        return self._first(_TAKEN)

    def _first(self, twists: Sequence[tuple[str, Twist]]) -> Twist | None:
        # All are drawn, so that one that hits does not shift the occasions of the others.
        hits = [twist for name, twist in twists if self.hit(name)]
        return hits[0] if hits else None

    # Receipts

    def tales(self, told: Sequence[MessageState]) -> list[Tale]:
        """Say which receipts go out in the place of those for these states."""
        states = list(told)
        if self.hit("receipts_contradicted"):
            states = [MessageState.UNDELIVERABLE, MessageState.DELIVERED]
            if not self.faults.delivered_last:
                states.reverse()
        if self.hit("receipts_repeated"):
            states = [state for state in states for _ in range(2)]
        breakage = None
        if self.hit("receipts_broken"):
            breakage = self.stream("breakages").choice(self.faults.breakages)
        tales = [Tale(state, breakage) for state in states]
        if self.hit("receipts_lost"):
            tales = []
        if self.hit("receipts_orphaned"):
            tales.append(Tale(states[-1], orphan=True))
        return tales

    def receipt_due(self, due: float) -> float:
        """Say when a receipt is due that would have been due at `due`."""
        if self.faults.receipt_wait is not None:
            due += self.wait("receipt_wait", self.faults.receipt_wait)
        batch = self.faults.receipt_batch
        return math.ceil(due / batch) * batch if batch else due

    # Binds

    def bind_refusal(self, now: float) -> int:
        """Return the command_status for a bind."""
        status = self._burst(self.faults.bind_bursts, now)
        if status == CommandStatus.ESME_ROK and self.hit("binds_refused"):
            return self.faults.bind_status
        return status


def dice_of(faults: Faults) -> Dice | None:
    """Make the dice of these faults; None where they are none, so that nothing need be asked."""
    return None if faults == Faults(seed=faults.seed) else Dice(faults)


class Limiter:
    """Counts PDUs a second, as a token bucket that holds the tokens of one second.

    Whoever sends evenly and not faster than the limit is never refused.
    """

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._depth = max(1.0, limit.per_second)
        self._tokens = self._depth
        self._at: float | None = None
        self._second = -math.inf
        self._in_second = 0
        self.fastest = 0

    def status(self, now: float) -> int:
        """Count one that came, and return its command_status."""
        if now - self._second >= 1:
            self._second, self._in_second = now, 0
        self._in_second += 1
        self.fastest = max(self.fastest, self._in_second)
        if self._at is not None:
            earned = (now - self._at) * self._limit.per_second
            self._tokens = min(self._depth, self._tokens + earned)
        self._at = now
        if self._tokens < 1:
            return self._limit.status
        self._tokens -= 1
        return CommandStatus.ESME_ROK
