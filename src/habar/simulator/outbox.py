"""deliver_sm that the simulated SMSC owes its accounts: later, now, or until somebody binds.

Guarantees: one that was taken out and not acknowledged goes back to the front, in order; the
receipts of a message that is withdrawn are not sent; the whole holds at most `limit`, counted from
being put in until `settle`. Knows nothing of sockets; the clock is an argument (monotonic seconds).
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from habar.simulator.ledger import Entry
from habar.wire.smpp import Pdu


class OutboxFullError(Exception):
    """The SMSC keeps as many deliver_sm as it may."""


class Handover(NamedTuple):
    """What has become of a part of a subscriber's message."""

    part: int
    """Its number in the text, from 1."""
    status: int | None = None
    """command_status of the answer; None: it has gone out."""
    again: bool = False
    """Refused in passing: it goes again."""
    why: str = ""
    """It cannot go at all."""


class Delivery(NamedTuple):
    """One deliver_sm, or data_sm, to send."""

    account: str
    """system_id of the account it is for."""
    body: bytes
    is_receipt: bool
    tlvs: bytes = b""
    """To be put behind the body on a link that knows optional parameters."""
    entry: Entry | None = None
    """The message that it tells the end of."""
    pdu: Pdu | None = None
    """A data_sm, in place of the body of a deliver_sm."""
    needs_tlvs: bool = False
    """Without optional parameters it would say nothing."""
    part: int = 0
    """Of a subscriber's message: which one."""
    watcher: Callable[[Handover], None] | None = None
    """Told what becomes of it."""

    def tell(self, status: int | None = None, *, again: bool = False, why: str = "") -> None:
        """Tell whoever watches it."""
        if self.watcher is not None:
            self.watcher(Handover(self.part, status, again, why))

    def goes(self) -> bool:
        """Mark it as sent; False: its message was cancelled meanwhile, and it must not go."""
        if self.entry is None:
            return True
        if self.entry.cancelled:
            return False
        self.entry.told = True
        return True


class Outbox:
    """All deliveries of all accounts."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._order = 0
        self._later: list[tuple[float, int, Delivery]] = []
        self._ready: dict[str, deque[Delivery]] = {}
        self.kept = 0
        self.shuffle: Random | None = None
        """Puts what becomes due at any place among what is due, where set."""

    @property
    def full(self) -> bool:
        """Whether one more would be too many."""
        return self.kept >= self._limit

    def put(self, delivery: Delivery, due: float) -> None:
        """Keep a new delivery, to be sent from `due` on; raises OutboxFullError."""
        if self.full:
            raise OutboxFullError(f"{self.kept} deliver_sm are kept")
        self.kept += 1
        if delivery.entry is not None:
            delivery.entry.owed += 1
        self.put_off(delivery, due)

    def put_off(self, delivery: Delivery, due: float) -> None:
        """Send a delivery that was taken out once more, from `due` on."""
        self._order += 1
        heapq.heappush(self._later, (due, self._order, delivery))

    def put_back(self, deliveries: Sequence[Delivery]) -> None:
        """Return deliveries that were taken out, oldest first, to the front."""
        for delivery in reversed(deliveries):
            self._ready.setdefault(delivery.account, deque()).appendleft(delivery)

    def withdraw(self, entry: Entry) -> None:
        """Forget the receipts of a message of which none has been taken out."""
        self.kept -= entry.owed
        entry.owed = 0
        entry.cancelled = True

    def settle(self) -> None:
        """Forget one that was taken out: acknowledged, or refused for good."""
        self.kept -= 1

    def next_due(self) -> float | None:
        """When the next delivery becomes due; None if all of them are."""
        return self._later[0][0] if self._later else None

    def ready(self, account: str, now: float) -> deque[Delivery] | None:
        """Deliveries of an account that are due; the caller takes from the left."""
        later = self._later
        while later and later[0][0] <= now:
            delivery = heapq.heappop(later)[2]
            queue = self._ready.setdefault(delivery.account, deque())
            if self.shuffle is None:
                queue.append(delivery)
            else:
                queue.insert(self.shuffle.randrange(len(queue) + 1), delivery)
        return self._ready.get(account)
