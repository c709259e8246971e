"""Call-backs as staff see them: what is owed to whom, every try, and calling again.

Guarantees: many are called again in batches, the oldest first, so that the gateway beside it waits
for none of them long and each message's events stay in order; what is in a run's hands or waits
behind an earlier one is left alone. Of many only the ids are in memory. Knows no engine.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple

from habar.admin.call_lines import STAGES
from habar.errors import InvalidValue, NotFound
from habar.model.url import InvalidUrl, host_of
from habar.store.books import Books
from habar.store.callbacks import (
    Callbacks,
    CallFilter,
    CallKind,
    CallRow,
    CallStage,
    CallStory,
    HostQueue,
)

BATCH = 500
"""Called again by one write."""
Progress = Callable[[int], None]
"""Told how many more were looked at."""
_BY_WORD = {word: stage for stage, word in STAGES.items()}


class Wanted(NamedTuple):
    """Which call-backs, in staff's words; None is no condition."""

    account: str | None = None
    """A login."""
    state: str | None = None
    """One of call_lines.STAGES."""
    host: str | None = None
    """A host as it is shown, or any URL there."""
    message: int | None = None
    inbound: int | None = None
    since: int | None = None
    """UTC milliseconds: made at that time or later."""
    until: int | None = None
    """Made before."""


class CallBacks:
    """Staff's hand on them. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(
        self, callbacks: Callbacks, books: Books, *, actor: str, now: Callable[[], int]
    ) -> None:
        self._callbacks = callbacks
        self._books = books
        self._actor = actor
        self._now = now

    async def list(self, wanted: Wanted, limit: int) -> Sequence[CallRow]:
        """The newest, at most `limit`. Raises InvalidValue, NotFound."""
        return await self._callbacks.listed(await self._filter(wanted), limit=limit)

    async def show(self, callback_id: int) -> CallStory:
        """One with every try. Raises NotFound."""
        story = await self._callbacks.story(callback_id)
        if story is None:
            raise NotFound(f"there is no call-back {callback_id}")
        return story

    async def hosts(self) -> Sequence[HostQueue]:
        """The hosts for which call-backs wait, those in trouble first."""
        found: dict[str, HostQueue] = {}
        first = ""
        while page := await self._callbacks.hosts(first, BATCH):
            found.update((one.host, one) for one in page)
            if len(page) < BATCH:
                break
            first = page[-1].host
        return sorted(found.values(), key=lambda one: (-one.paused_until, one.next_at))

    async def find(self, wanted: Wanted) -> array[int]:
        """The ids of all of them, the oldest first. Raises InvalidValue, NotFound.

        What comes to be meanwhile is not looked at.
        """
        chosen, before_id = await self._filter(wanted), None
        ids = array("q")
        while page := await self._callbacks.listed(chosen, before_id=before_id, limit=BATCH):
            ids.extend(row.id for row in page)
            before_id = page[-1].id
        ids.reverse()
        return ids

    async def replay(self, callback_ids: Sequence[int]) -> Sequence[int]:
        """Call these again now; the ids of those that are. Raises NotFound."""
        for callback_id in callback_ids:
            await self.show(callback_id)
        return await self._again(callback_ids)

    async def replay_all(self, ids: array[int], progress: Progress) -> int:
        """Call all of these again, in their order; how many are. Those that are no more are not."""
        again = 0
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH].tolist()
            again += len(await self._again(batch))
            progress(len(batch))
        return again

    async def _again(self, ids: Sequence[int]) -> Sequence[int]:
        return await self._callbacks.replay(ids, actor=self._actor, now=self._now())

    async def _filter(self, wanted: Wanted) -> CallFilter:
        kind, subject = _subject(wanted)
        account_id = None
        if wanted.account is not None:
            account_id = (await self._books.account(wanted.account)).credentials.account.id
        return CallFilter(
            account_id=account_id,
            kind=kind,
            stage=_stage(wanted.state),
            host=_host(wanted.host),
            subject=subject,
            since=wanted.since,
            until=wanted.until,
        )


def _subject(wanted: Wanted) -> tuple[CallKind | None, int | None]:
    if wanted.message is not None and wanted.inbound is not None:
        raise InvalidValue("a call-back is about a message or a subscriber's message, not both")
    if wanted.message is not None:
        return CallKind.STATE, wanted.message
    if wanted.inbound is not None:
        return CallKind.INBOUND, wanted.inbound
    return None, None


def _stage(word: str | None) -> CallStage | None:
    if word is None:
        return None
    try:
        return _BY_WORD[word]
    except KeyError:
        raise InvalidValue(f"state: {word!r} is none of: {', '.join(_BY_WORD)}") from None


def _host(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return host_of(text)
    except InvalidUrl as error:
        raise InvalidValue(f"host: {error}") from None
