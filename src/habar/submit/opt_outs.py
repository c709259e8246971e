"""Who wants no messages of an account, in memory, so that no submission asks the database.

Guarantees: what this process was told is known at once; what another wrote, with the next
`follow`. Some 70 octets a subscriber.
"""

from __future__ import annotations

from collections.abc import Iterable

from habar.store.inbox import Inbox, OptOut

_AT_ONCE = 10_000


class OptOuts:
    """Subscribers by account."""

    def __init__(self) -> None:
        self._out: dict[int, set[int]] = {}
        self._change = 0

    def is_out(self, account_id: int, msisdn: int) -> bool:
        """Whether the subscriber wants none."""
        out = self._out.get(account_id)
        return out is not None and msisdn in out

    async def follow(self, inbox: Inbox) -> None:
        """Read what has changed since the last time; at the first, all. Raises StoreUnavailable."""
        while True:
            changes = await inbox.opt_outs(self._change, _AT_ONCE)
            self.take(changes)
            if len(changes) < _AT_ONCE:
                return

    def take(self, changes: Iterable[OptOut]) -> None:
        """Obey changes, in their order."""
        for one in changes:
            self._change = max(self._change, one.change)
            if one.active:
                self._out.setdefault(one.account_id, set()).add(one.msisdn)
            else:
                self._out.get(one.account_id, set()).discard(one.msisdn)
