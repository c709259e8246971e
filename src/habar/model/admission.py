"""Which of a batch of submissions are accepted: the rule that every store engine applies.

Pure: the engine reads what is known (ids used before, funds), asks `admit`, and writes what it
answers, all in one transaction. Guarantees: order is kept; the id speaks first, then the refusal
found by the door, then limits, then the balance (spec/xml.md, "Which check speaks first"); a
refused submission uses nothing up, neither its id nor money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from habar.errors import Refusal
from habar.model.account import DuplicateId, Funds
from habar.model.message import BLANKED, Known, Outcome, Submission
from habar.model.status import MessageState, Stage

CustomerKey = tuple[int, int]
"""(account_id, customer_id)."""


@dataclass(slots=True)
class Charge:
    """What a batch takes from one account; the engine writes it once."""

    funds: Funds
    messages: int = 0
    parts: int = 0
    price: int = 0
    allowance_used: int = 0
    day: int = 0
    day_parts: int = 0
    first_id: int = 0
    last_id: int = 0
    at: int = 0
    """When the last of them was created, UTC milliseconds."""

    def refusal(self, submission: Submission) -> Refusal | None:
        """Why the account cannot afford this one after what the batch has taken already."""
        if submission.state == MessageState.EXPIRED:
            return None
        if submission.daily_limit is not None:
            used = self._used_on(submission.day) + submission.parts
            if used > submission.daily_limit:
                return Refusal.LIMIT
        allowance = self.funds.allowance
        if allowance is not None and self.allowance_used + submission.parts > allowance:
            return Refusal.LIMIT
        if submission.price and self.price + submission.price > self.funds.balance:
            return Refusal.BALANCE
        return None

    def take(self, message_id: int, submission: Submission) -> None:
        """Count an accepted submission. One that is expired at once costs nothing."""
        if submission.state == MessageState.EXPIRED:
            return
        self.first_id = self.first_id or message_id
        self.last_id, self.at = message_id, submission.created_at
        if submission.day != self.day:
            self.day, self.day_parts = submission.day, 0
        self.messages += 1
        self.parts += submission.parts
        self.day_parts += submission.parts
        self.price += submission.price
        if self.funds.allowance is not None:
            self.allowance_used += submission.parts

    def funds_after(self) -> Funds:
        """What the account row must say after the batch."""
        funds = self.funds
        if not self.messages:
            return funds
        return Funds(
            balance=funds.balance - self.price,
            allowance=None if funds.allowance is None else funds.allowance - self.allowance_used,
            day=self.day,
            day_used=self._used_on(self.day),
        )

    def _used_on(self, day: int) -> int:
        before = self.funds.day_used if self.funds.day == day else 0
        return before + (self.day_parts if self.day == day else 0)


@dataclass(slots=True)
class Admission:
    """What to answer and what to write."""

    outcomes: list[Outcome]
    accepted: list[tuple[int, Submission]] = field(default_factory=list)
    """(message id, submission) to be inserted; one that is expired at once is DONE and free."""
    refs: dict[CustomerKey, int] = field(default_factory=dict)
    """Customer ids used up by this batch, and the (newest) message each one names."""
    charges: dict[int, Charge] = field(default_factory=dict)
    """By account."""


def admit(
    submissions: Sequence[Submission],
    known: Mapping[CustomerKey, Known],
    funds: Mapping[int, Funds],
    first_id: int,
) -> Admission:
    """Decide a batch. `first_id` is the first of at least `len(submissions)` unused ids."""
    result = Admission(outcomes=[])
    fresh: dict[CustomerKey, Known] = {}
    next_id = first_id
    for submission in submissions:
        key = (submission.account_id, submission.customer_id or 0)
        if submission.customer_id is not None and submission.on_duplicate != DuplicateId.ALLOW:
            holder = fresh.get(key) or known.get(key)
            if holder is not None:
                result.outcomes.append(_duplicate(submission, holder))
                continue
        charge = result.charges.get(submission.account_id)
        if charge is None:
            charge = result.charges[submission.account_id] = Charge(funds[submission.account_id])
        refusal = submission.refusal or charge.refusal(submission)
        if refusal is not None:
            result.outcomes.append(Outcome(0, submission.parts, 0, refusal))
            continue
        if submission.state == MessageState.EXPIRED:
            submission = submission._replace(price=0, stage=Stage.DONE)
        charge.take(next_id, submission)
        state = _answered_state(submission)
        result.outcomes.append(Outcome(next_id, submission.parts, state))
        result.accepted.append((next_id, submission))
        if submission.customer_id is not None:
            result.refs[key] = next_id
            fresh[key] = Known(
                next_id, submission.parts, state, submission.recipient, submission.text
            )
        next_id += 1
    return result


def as_inserted(submission: Submission) -> Submission:
    """As an engine is to insert an accepted one.

    One that is expired at once comes as if it were in hand; its end is a change of its row, so that
    what follows from any other end (a word to its customer) follows from this one.
    """
    if submission.stage == Stage.DONE:
        return submission._replace(stage=Stage.CLAIMED)
    return submission


def _answered_state(submission: Submission) -> int:
    """A message that came too late is accepted all the same; its status says 103 at once."""
    if submission.state == MessageState.EXPIRED:
        return MessageState.ACCEPTED
    return submission.state


def _duplicate(submission: Submission, holder: Known) -> Outcome:
    same = holder.recipient == submission.recipient and _same_text(submission, holder)
    if submission.on_duplicate == DuplicateId.IDEMPOTENT and same and _may_pass(submission.refusal):
        return Outcome(holder.message_id, holder.parts, holder.state, repeat=True)
    return Outcome(holder.message_id, holder.parts, 0, Refusal.DUPLICATE_ID)


def _same_text(submission: Submission, holder: Known) -> bool:
    """Whether they say the same, as far as that is still known.

    Of a text that was removed by its age only the length in parts is left. To call every repeat of
    it another text would make its customer send again, under a new id, what the subscriber has. A
    digest would tell them apart, but a text as short as a one-time code can be found from its
    digest, and it was removed so that it cannot be found.
    """
    if holder.text == BLANKED:
        return holder.parts == submission.parts
    return holder.text == submission.text


def _may_pass(refusal: Refusal | None) -> bool:
    """A limit, or a blocked account, is no reason to deny a message that was accepted before."""
    return refusal is None or refusal.retryable
