"""Subscribers' messages as staff see them: whose they are, what became of them, and sending on.

Guarantees: everything that the store knows of one is told, in the order of time; what nobody owned
is looked at again by the rules as they are now, in batches. Every change is audited under the
actor. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from habar.admin.call_lines import call_lines
from habar.admin.shortcodes import find, named, read_code
from habar.admin.story_lines import StoryLine, in_order, state_words, written
from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.shortcode import ShortCodes
from habar.model.url import host_of
from habar.store.books import Books
from habar.store.callbacks import Callbacks, CallStory
from habar.store.inbox import CallMethod, InboundRow, InboundState, InboundStory, Inbox, Rule

BATCH = 500
STATES = {state.name.lower(): state for state in InboundState}
"""What staff ask for by name."""
_MEANS = {
    InboundState.UNROUTED: "nobody has that short code or keyword",
    InboundState.WAITING: "it is owed to its customer",
    InboundState.DELIVERED: "its customer has it, or it was answered",
    InboundState.UNDELIVERED: "its customer's web service was called for long enough",
    InboundState.KEPT: "it is in the customer's inbox; there is nobody to call",
}


class Rerouted(NamedTuple):
    """What came of looking at the unrouted ones again."""

    looked_at: int
    assigned: int


class SubscribersMessages:
    """Staff's hand on them. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(
        self,
        inbox: Inbox,
        callbacks: Callbacks,
        books: Books,
        *,
        actor: str,
        now: Callable[[], int],
    ) -> None:
        self._inbox = inbox
        self._callbacks = callbacks
        self._books = books
        self._actor = actor
        self._now = now

    async def list(
        self, *, account: str | None, state: str | None, code: str | None, limit: int
    ) -> Sequence[InboundRow]:
        """The newest, at most `limit`; None is no condition. Raises InvalidValue, NotFound."""
        return await self._inbox.messages(
            account_id=None if account is None else await self._id(account),
            states=() if state is None else (_state(state),),
            short_code=None if code is None else read_code(code),
            limit=limit,
        )

    async def story(self, inbound_id: int, *, zone: str) -> Sequence[str]:
        """All that is known of one, in lines, times in `zone`. Raises NotFound."""
        known = await self._known(inbound_id)
        calls = [await self._callbacks.story(call) for call in known.callback_ids]
        return [written(line, zone) for line in tell(known, [call for call in calls if call])]

    async def assign_to_rule(self, inbound_id: int, code: str, keyword: str) -> Rule:
        """It is owed to that rule now. Raises InvalidValue, NotFound, Conflict."""
        rule = find(await self._inbox.rules(), code, keyword)
        await self._assign(inbound_id, rule)
        return rule

    async def assign_to_account(self, inbound_id: int, login: str) -> Rule:
        """It is owed to that account now. Raises NotFound, Conflict.

        By the one of the account's own rules that takes it; where none does, it is only put into
        the account's inbox.
        """
        account_id = await self._id(login)
        row = (await self._known(inbound_id)).row
        own = ShortCodes(
            rule for rule in await self._inbox.rules() if rule.account_id == account_id
        )
        rule = own.choose(row.short_code, row.text) or Rule(row.short_code, account_id)
        await self._assign(inbound_id, rule)
        return rule

    async def reroute(self) -> Rerouted:
        """Look at all unrouted ones by the rules as they are now."""
        rules = ShortCodes(await self._inbox.rules())
        looked_at = assigned = 0
        before_id = None
        while page := await self._inbox.messages(
            states=(InboundState.UNROUTED,), before_id=before_id, limit=BATCH
        ):
            before_id = page[-1].id
            for row in page:
                rule = rules.choose(row.short_code, row.text)
                assigned += rule is not None and await self._assigned(row.id, rule)
            looked_at += len(page)
        return Rerouted(looked_at, assigned)

    async def replay(self, inbound_ids: Sequence[int]) -> Sequence[int]:
        """Have the customers called again with these; the ids of the call-backs that are made.

        Raises NotFound, Conflict (nobody was ever to be called): then none is.
        """
        calls = []
        for inbound_id in inbound_ids:
            known = await self._known(inbound_id)
            if not known.callback_ids:
                raise Conflict(
                    f"nobody was to be called with subscriber's message {inbound_id}: give it to"
                    " a rule (habar inbound assign)"
                )
            calls.append(known.callback_ids[-1])
        return await self._callbacks.replay(calls, actor=self._actor, now=self._now())

    async def _known(self, inbound_id: int) -> InboundStory:
        known = await self._inbox.story(inbound_id)
        if known is None:
            raise NotFound(f"there is no subscriber's message {inbound_id}")
        return known

    async def _assign(self, inbound_id: int, rule: Rule) -> None:
        host = host_of(rule.url) if rule.url else ""
        await self._inbox.assign(inbound_id, rule, host, actor=self._actor, now=self._now())

    async def _assigned(self, inbound_id: int, rule: Rule) -> bool:
        """Whether it could be; another person may have been quicker."""
        try:
            await self._assign(inbound_id, rule)
        except (NotFound, Conflict):
            return False
        return True

    async def _id(self, login: str) -> int:
        return (await self._books.account(login)).credentials.account.id


def tell(known: InboundStory, calls: Iterable[CallStory] = ()) -> list[StoryLine]:
    """What happened in the order of time, then what is so now."""
    told = [line for call in calls for line in call_lines(call)]
    return in_order([*_happened(known.row), *told, *_is_so(known)])


def code_of(row: InboundRow) -> str:
    """The short code with the operator's transaction id, as the operator wrote it."""
    return f"{row.short_code}#{row.transaction_id}" if row.transaction_id else row.short_code


def does(method: CallMethod, url: str, reply: str) -> str:
    """What a rule does with a message, in words."""
    if method is CallMethod.AUTO:
        return f"answers {reply!r}"
    return f"{method.name} {url}" if url else "inbox only"


def _happened(row: InboundRow) -> Iterator[StoryLine]:
    if row.sent_at is not None:
        yield StoryLine(row.sent_at, "sent by the subscriber, as the operator says")
    at = row.received_at
    yield StoryLine(at, f"came in by {row.operator}, from {row.sender} to {code_of(row)}")
    yield StoryLine(at, f"text {row.text!r}")
    parts = "1 part" if row.parts == 1 else f"{row.parts} parts"
    missing = f", of which {row.missing} never came" if row.missing else ""
    yield StoryLine(at, f"{parts}{missing}; data_coding {row.data_coding}")
    if row.done_at is not None:
        yield StoryLine(row.done_at, f"ended: {row.state.name}")


def _is_so(known: InboundStory) -> Iterator[StoryLine]:
    row, rule = known.row, known.rule
    if row.login:
        by = ""
        if rule is not None:
            way = does(rule.method, rule.url, rule.reply)
            by = f", by short code {named(rule.code, rule.keyword)}: {way}"
        yield StoryLine(None, f"it is {row.login}'s{by}")
    for answer in known.answers:
        yield StoryLine(
            None,
            f"answered by message {answer.message_id}, {answer.text!r}:"
            f" now {state_words(answer.state)}",
        )
    if row.note:
        yield StoryLine(None, f"note: {row.note}")
    yield StoryLine(None, f"now {row.state.name}: {_MEANS[row.state]}")


def _state(word: str) -> InboundState:
    try:
        return STATES[word]
    except KeyError:
        raise InvalidValue(f"state: {word!r} is none of: {', '.join(STATES)}") from None
