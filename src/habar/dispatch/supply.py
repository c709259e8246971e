"""Brings one operator's waiting messages from the store into its plan, when they are due.

Guarantees: asks for what the plan has room for and nothing else; one question about who waits is
under way at a time; hints of what waits are trusted for as long as the store says
(`Store.hints_last_ms`); a store that cannot answer is asked again a second later, not sooner.
Does not know the link; what becomes of a message that was brought is lane.py's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from habar.dispatch.plan import Fetch, Plan
from habar.errors import HabarError
from habar.model.message import Outgoing
from habar.operators import Clock
from habar.store.events import Claim
from habar.store.port import Store

_AGAIN = 1_000
"""Milliseconds until the store is asked again after it could not answer."""


class Supply:
    """One operator's. `changed` is called when there may be something new to do."""

    def __init__(
        self,
        operator_id: int,
        plan: Plan,
        store: Store,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.claimed = 0
        """Messages brought since the process began."""
        self.failures = 0
        """Questions that the store could not answer."""
        self.under_way = 0
        """Claims not yet answered."""
        self._operator_id = operator_id
        self._plan = plan
        self._store = store
        self._clock = clock
        self._changed = changed
        self._ask_at = 0
        self._sure_until = 0
        self._refresh_from = 0
        self._hurries = 0
        self._refreshing: asyncio.Task[None] | None = None

    def hurry(self) -> None:
        """The link has come up, or a hint was missed: everything must be asked anew, at once."""
        self._hurries += 1
        self._ask_at = self._sure_until = self._refresh_from = 0
        self._plan.wake()

    def fetch(self, now: int) -> None:
        """Ask for what is due and has room."""
        if now < self._ask_at:
            return
        unsure = self._plan.unsure and now >= self._refresh_from
        if (unsure or now >= self._sure_until) and self._refreshing is None:
            self._refresh_from = now + _AGAIN
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh())
        for fetch in self._plan.fetches(now):
            self.under_way += 1
            claim = Claim(self._operator_id, fetch.priority, fetch.account_id, fetch.limit, now)
            self._store.journal.ask(claim, partial(self._fetched, fetch, now))

    def wake_at(self, now: int) -> int:
        """When `fetch` will have something to do, if nothing else happens before."""
        if self._ask_at > now:
            return self._ask_at
        wake_at = now + _AGAIN if self._refreshing is not None else max(self._sure_until, now + 1)
        if self._plan.unsure:
            wake_at = min(wake_at, max(self._refresh_from, now + 1))
        due = self._plan.next_due
        return wake_at if due is None else min(wake_at, max(due, now + 1))

    async def close(self) -> None:
        """Ask no more."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    def _fetched(self, fetch: Fetch, asked_at: int, answer: list[Outgoing] | HabarError) -> None:
        self.under_way -= 1
        if isinstance(answer, HabarError):
            self._plan.fetch_failed(fetch)
            self._failed()
        else:
            self._plan.fetched(fetch, answer, asked_at)
            self.claimed += len(answer)
        self._changed()

    async def _refresh(self) -> None:
        hurries = self._hurries
        try:
            rows = await self._store.waiting(self._operator_id)
        except HabarError:
            self._failed()
        else:
            now = self._clock.now_ms()
            self._plan.merge(((row.priority, row.account_id, row.due_at) for row in rows), now)
            if hurries == self._hurries:  # else the answer may be older than what was missed
                self._sure_until = now + self._store.hints_last_ms
        self._refreshing = None
        self._changed()

    def _failed(self) -> None:
        self.failures += 1
        self._ask_at = self._clock.now_ms() + _AGAIN
