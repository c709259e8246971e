"""Who may have a password verified when: one guess after another, with growing pauses.

Guarantees:
- Attempts of one address at one login go one after another; after each wrong one but the first
  few comes a pause that doubles. Nobody else waits for that pause: not another address at the same
  login, not another login at the same address.
- One address has one verification running at a time, and addresses take turns: a flood from one
  delays another address by one verification at most.
- Nothing is unbounded: attempts wait in limited number (a login at an address, an address, all)
  and for a limited time; over it they are turned away with the seconds after which to come back.
- An idle record of wrong guesses is forgotten after a while, the oldest first where there are many.

Knows no passwords and no threads: it tells `start` which attempt may go now.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How guessing is slowed. Times in seconds."""

    free_failures: int = 3
    """Wrong passwords that cost no pause: people mistype."""
    first_pause: float = 0.5
    last_pause: float = 30.0
    longest_wait: float = 5.0
    """A pause longer than this is not waited out: come back later."""
    forget_after: float = 900.0
    waiting_per_login: int = 8
    waiting_per_address: int = 256
    waiting: int = 2048
    watched: int = 10_000
    """Pairs of address and login whose failures are remembered."""
    running: int = 2
    """Verifications at the same time, in all."""

    def pause(self, failures: int) -> float:
        """Seconds to the next attempt after so many wrong ones."""
        doublings = failures - self.free_failures - 1
        if doublings < 0:
            return 0.0
        return min(self.last_pause, self.first_pause * 2.0 ** min(doublings, 32))


@dataclass(slots=True)
class Attempt(Generic[Work]):
    """One verification that is wanted."""

    address: str
    gate: bytes
    """Which address at which login."""
    work: Work


@dataclass(slots=True)
class _Gate(Generic[Work]):
    failures: int = 0
    not_before: float = 0.0
    last_failure: float = 0.0
    queue: deque[Attempt[Work]] = field(default_factory=deque)
    busy: bool = False
    """An attempt of it is ready or runs, or a timer is set for the next."""


class Turnstile(Generic[Work]):
    """Lets attempts through. `start(work)` runs one, `turn_away(work, seconds)` ends one."""

    def __init__(
        self,
        patience: Patience,
        *,
        clock: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
        start: Callable[[Attempt[Work]], None],
        turn_away: Callable[[Attempt[Work], int], None],
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._later = later
        self._start = start
        self._turn_away = turn_away
        self._gates: OrderedDict[bytes, _Gate[Work]] = OrderedDict()
        self._ready: OrderedDict[str, deque[Attempt[Work]]] = OrderedDict()
        self._running: set[str] = set()
        self._waiting: dict[str, int] = {}
        self._waiting_in_all = 0

    def enter(self, attempt: Attempt[Work]) -> int | None:
        """Take an attempt in (None), or say in how many seconds it may come again."""
        known = self._gates.get(attempt.gate)
        pause = known.not_before - self._clock() if known else 0.0
        if pause > self._patience.longest_wait or self._is_full(known, attempt.address):
            return max(1, math.ceil(pause))  # and no record is made: it would push others out
        gate = self._gate(attempt.gate)
        gate.queue.append(attempt)
        self._waiting[attempt.address] = self._waiting.get(attempt.address, 0) + 1
        self._waiting_in_all += 1
        self._advance(gate)
        return None

    def finished(self, attempt: Attempt[Work], *, right: bool) -> None:
        """A started attempt has come to its end."""
        self._running.discard(attempt.address)
        gate = self._gates[attempt.gate]
        gate.busy = False
        if right:
            gate.failures, gate.not_before = 0, 0.0
        else:
            self._punish(gate)
        self._advance(gate)
        if right and not gate.busy:
            del self._gates[attempt.gate]
        self._pump()

    def close(self) -> None:
        """Turn away all that wait; those that run come to their end."""
        waiting = [attempt for gate in self._gates.values() for attempt in gate.queue]
        waiting += [attempt for ready in self._ready.values() for attempt in ready]
        self._ready.clear()
        for gate in self._gates.values():
            gate.queue.clear()
        for attempt in waiting:
            self._left(attempt)
            self._turn_away(attempt, 1)

    @property
    def waiting(self) -> int:
        """Attempts taken in and not started."""
        return self._waiting_in_all

    @property
    def watched(self) -> int:
        """Pairs of address and login on record."""
        return len(self._gates)

    def _gate(self, key: bytes) -> _Gate[Work]:
        gate = self._gates.get(key)
        if gate is None:
            self._make_room()
            gate = self._gates[key] = _Gate()
        elif self._clock() - gate.last_failure > self._patience.forget_after:
            gate.failures = 0
        self._gates.move_to_end(key)
        return gate

    def _make_room(self) -> None:
        if len(self._gates) < self._patience.watched:
            return
        # Those in use are few (`waiting` and `running` bound them): an idle one is soon found.
        idle = next((key for key, gate in self._gates.items() if not gate.busy), None)
        if idle is not None:
            del self._gates[idle]

    def _is_full(self, gate: _Gate[Work] | None, address: str) -> bool:
        patience = self._patience
        return (
            (gate is not None and len(gate.queue) >= patience.waiting_per_login)
            or self._waiting.get(address, 0) >= patience.waiting_per_address
            or self._waiting_in_all >= patience.waiting
        )

    def _punish(self, gate: _Gate[Work]) -> None:
        now = self._clock()
        gate.failures += 1
        gate.last_failure = now
        pause = self._patience.pause(gate.failures)
        gate.not_before = now + pause
        if pause > self._patience.longest_wait:
            for attempt in gate.queue:
                self._left(attempt)
                self._turn_away(attempt, math.ceil(pause))
            gate.queue.clear()

    def _advance(self, gate: _Gate[Work]) -> None:
        """Bring the gate's next attempt to the start, now or after its pause."""
        if gate.busy or not gate.queue:
            return
        gate.busy = True
        pause = gate.not_before - self._clock()
        if pause > 0:
            self._later(pause, lambda: self._pass(gate))
        else:
            self._pass(gate)

    def _pass(self, gate: _Gate[Work]) -> None:
        if not gate.queue:  # closed meanwhile
            gate.busy = False
            return
        attempt = gate.queue.popleft()
        self._ready.setdefault(attempt.address, deque()).append(attempt)
        self._pump()

    def _pump(self) -> None:
        while len(self._running) < self._patience.running:
            address = next((one for one in self._ready if one not in self._running), None)
            if address is None:
                return
            ready = self._ready.pop(address)
            attempt = ready.popleft()
            if ready:
                self._ready[address] = ready  # at the end: the other addresses first
            self._running.add(address)
            self._left(attempt)
            self._start(attempt)

    def _left(self, attempt: Attempt[Work]) -> None:
        self._waiting_in_all -= 1
        rest = self._waiting[attempt.address] - 1
        if rest:
            self._waiting[attempt.address] = rest
        else:
            del self._waiting[attempt.address]
