"""What customers may read of their messages and money, and the one thing they may take back.

Guarantees: every look-up is within the account; another account's message is no message. A message
deleted is out of the dispatcher's hands and marked so on disk; where it could not be marked, it
goes on its way. One that the operator has is deleted where the operator takes cancel_sm and says
that it has forgotten all its parts; its price stays paid, for the operator asks for it, too. Long
lists are read in slices, so that others get in between. Knows no protocol and no engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from habar.errors import HabarError, NotFound, Refusal, StoreUnavailable
from habar.model.account import Account
from habar.model.address import parse_recipient
from habar.model.message import MessageStatus, Ref
from habar.model.price import price_of
from habar.model.status import MessageState, Stage
from habar.store.events import Finished, Released, Withdraw
from habar.store.port import Store
from habar.store.readings import Sent

CANCELLED = "cancelled at the operator"
"""What the story says of a message that the operator has forgotten."""
_SLICE = 250


class Hand(Protocol):
    """The dispatcher, as far as a deletion needs it (`dispatch.Dispatcher` is one)."""

    def look_again(self) -> None:
        """One that `withdraw` took out is back in the queue, and nobody has been told."""

    def withdraw(self, message_id: int) -> bool:
        """Take a message out of memory before it is sent. False: not here, or sent already."""

    async def cancel(self, sent: Sent) -> bool:
        """Have the operator forget a message; False where it did not, or cannot be asked."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of a wish to delete.

    No refusal: it is deleted. ID: the account has no such message. TOO_LATE: it has gone to the
    operator, or has ended. FAULT: the store could not do it. `status` is from before.
    """

    status: MessageStatus | None
    refusal: Refusal | None = None


class Query:
    """Reads for an account that has been authenticated. Times are UTC milliseconds."""

    def __init__(self, store: Store, hand: Hand, *, now: Callable[[], int]) -> None:
        self._store = store
        self._hand = hand
        self._now = now

    async def statuses(self, account: Account, refs: Sequence[Ref]) -> list[MessageStatus | None]:
        """What the account may know of each message; None: not one of its own.

        `message_id` decides where both are given. Raises what the store raises when it cannot be
        read.
        """
        found: list[MessageStatus | None] = []
        for begin in range(0, len(refs), _SLICE):
            asked = refs[begin : begin + _SLICE]
            found += await self._store.statuses(account.id, asked, self._now())
        return found

    async def balance(self, account: Account) -> int:
        """The account's money in tiyn."""
        row = await self._store.books.account(account.login)
        return row.funds.balance

    def price(self, account: Account, phone: str) -> int | None:
        """Tiyn for one part to `phone`; None where that is no number the gateway sends to."""
        if parse_recipient(phone, account.compat.recipient) is None:
            return None
        return price_of(account, account.default_sender, 1)

    async def delete(self, account: Account, refs: Sequence[Ref]) -> list[Deletion]:
        """Take messages back that have not gone to the operator, their price with them.

        Raises StoreUnavailable where the store took none of a list's first slice.
        """
        deletions: list[Deletion] = []
        for begin in range(0, len(refs), _SLICE):
            asked = refs[begin : begin + _SLICE]
            try:
                deletions += await self._delete_slice(account, asked)
            except StoreUnavailable:
                if not deletions:
                    raise
                deletions += [Deletion(None, Refusal.FAULT)] * len(asked)
        return deletions

    async def _delete_slice(self, account: Account, refs: Sequence[Ref]) -> list[Deletion]:
        statuses = await self._store.statuses(account.id, refs, self._now())
        # Asked all at once: the journal writes them in one commit.
        answers = await asyncio.gather(*(self._withdraw(account, status) for status in statuses))
        if answers and all(isinstance(answer, StoreUnavailable) for answer in answers):
            raise StoreUnavailable("nothing was deleted")
        return [
            Deletion(status, _refusal(answer))
            for status, answer in zip(statuses, answers, strict=True)
        ]

    async def _withdraw(self, account: Account, status: MessageStatus | None) -> object:
        """The store's answer to Withdraw: a state, None, or an error as a value."""
        if status is None:
            return NotFound("no message of this account")
        message_id, now = status.message_id, self._now()
        in_hand = self._hand.withdraw(message_id)
        answered: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        def answer(value: object) -> None:
            if not answered.cancelled():
                answered.set_result(value)

        question = Withdraw(account.id, message_id, in_hand, now)
        self._store.journal.ask(question, lambda value: self._keep_moving(question, value, answer))
        deleted = await answered
        return await self._cancel(account, message_id) if deleted is None else deleted

    async def _cancel(self, account: Account, message_id: int) -> object:
        """Delete what the operator has, if it takes part; None where it is too late."""
        try:
            sent = await self._store.sent_to(account.id, message_id)
        except HabarError as error:
            return error
        if sent is None or sent.stage is not Stage.SENT or not await self._hand.cancel(sent):
            return None
        recorded: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

        def done(message_id: int | None) -> None:
            if not recorded.cancelled():
                recorded.set_result(message_id)

        event = Finished(message_id, MessageState.DELETED, CANCELLED, self._now(), refund=False)
        self._store.journal.record(event, done)
        # None: a receipt has ended it meanwhile, and what that says stands.
        return None if await recorded is None else MessageState.DELETED

    def _keep_moving(
        self, question: Withdraw, value: object, answer: Callable[[object], None]
    ) -> None:
        """What left the dispatcher's memory and was not deleted goes back to the queue."""
        if question.in_hand and value != MessageState.DELETED:
            event = Released((question.message_id,), uncertain=False, at=question.now)
            self._store.journal.record(event, lambda _: self._hand.look_again())
        answer(value)


def _refusal(answer: object) -> Refusal | None:
    if answer is None:
        return Refusal.TOO_LATE
    if isinstance(answer, NotFound):
        return Refusal.ID
    return None if answer == MessageState.DELETED else Refusal.FAULT
