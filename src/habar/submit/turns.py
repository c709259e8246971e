"""Turns for work that comes in slices, so that a large package delays nobody.

Guarantees: one slice runs in a turn of the event loop, whatever waits; accounts take turns, and so
do one account's packages. Knows no messages: a slice is a call. As many calls wait as packages are
being worked on.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

Step = Callable[[], None]


class Turns:
    """Runs steps in fair order; `call_soon` is the loop's."""

    __slots__ = ("_call_soon", "_taken", "_waiting")

    def __init__(self, call_soon: Callable[[Step], object]) -> None:
        self._call_soon = call_soon
        self._waiting: OrderedDict[int, deque[Step]] = OrderedDict()
        self._taken = False
        """This turn of the loop has had its slice."""

    def add(self, account_id: int, step: Step) -> None:
        """Run `step` now if this turn is free, else when its turn comes."""
        self._waiting.setdefault(account_id, deque()).append(step)
        if not self._taken:
            self._run_one()

    def _run_one(self) -> None:
        if not self._waiting:
            self._taken = False
            return
        self._taken = True
        self._call_soon(self._run_one)
        account_id, steps = self._waiting.popitem(last=False)
        step = steps.popleft()
        if steps:
            self._waiting[account_id] = steps
        step()
