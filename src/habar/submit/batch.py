"""One slice of a package on its way into the store: from drafts to submissions to outcomes.

Guarantees: what a check refuses goes to the store only where its id may have been used before (the
id speaks first); every place reserved with the dispatcher is taken or released once; what the rate
limit gave for a message that was not accepted goes back; messages are handed over only after their
commit. Knows no protocol and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from habar.errors import HabarError, NoOperator, Refusal
from habar.model.account import Account, DuplicateId
from habar.model.message import Outcome, Outgoing, Protocol, Reports, Submission
from habar.model.price import price_of
from habar.model.reply import Reply
from habar.model.route import Routes, Traffic
from habar.model.status import MessageState, Stage
from habar.model.traffic import Kind
from habar.store.port import Journal
from habar.submit.checks import Checked, Draft, check, parts_of_one
from habar.submit.handoff import Handoff
from habar.submit.opt_outs import OptOuts
from habar.submit.rate import RateLimits
from habar.submit.tally import Tally

Settled = Callable[[list[Outcome], HabarError | None], None]
"""Told an outcome for each draft in order, and the error if the store took none of them: then the
outcome of what no check had refused is Refusal.FAULT."""

_ACCEPTED, _SCHEDULED = int(MessageState.ACCEPTED), int(MessageState.SCHEDULED)
_EXPIRED = int(MessageState.EXPIRED)
_WAITING, _CLAIMED, _DONE = int(Stage.WAITING), int(Stage.CLAIMED), int(Stage.DONE)


@dataclass(slots=True)
class Surroundings:
    """What a batch needs of the gateway."""

    journal: Journal
    handoff: Handoff
    routes: Routes
    rates: RateLimits
    tally: Tally
    opt_outs: OptOuts


class Report(NamedTuple):
    """Whom a message names to be told what becomes of it; "" nobody."""

    url: str
    host: str
    """By `model.url.host_of`."""


_NOBODY = Report("", "")
_DEFAULT = (Reports.NONE, Reports.ACCOUNT)
_TEXT = Kind.TEXT


class _Start(NamedTuple):
    """Where a message begins, and what it costs."""

    refusal: Refusal | None
    due_at: int
    stage: int = _WAITING
    state: int = _ACCEPTED
    price: int = 0


class Moment(NamedTuple):
    """When the batch was made."""

    now: int
    """UTC milliseconds."""
    day: int
    """The day's ordinal in the account's zone."""
    seconds: float
    """The rate limit's monotonic clock."""


class Batch:
    """Some messages of one account that go into the store together."""

    __slots__ = ("_account", "_around", "_done", "_outcomes", "_places", "_submissions")

    def __init__(self, account: Account, around: Surroundings, done: Settled) -> None:
        self._account = account
        self._around = around
        self._done = done
        self._submissions: list[Submission] = []
        self._places: list[int] = []
        """Where in the outcomes each submission stands."""
        self._outcomes: list[Outcome] = []

    def submit(
        self,
        protocol: int,
        drafts: Sequence[Draft],
        moment: Moment,
        reports: Sequence[Report] = (),
    ) -> None:
        """Check every draft and give the store what it must see; `reports`: one each, or none."""
        account, submissions = self._account, self._submissions
        only_accepted_count = account.compat.duplicate_id is DuplicateId.ALLOW
        for place, draft in enumerate(drafts):
            checked = check(account, draft)
            report = reports[place] if reports else _NOBODY
            submission = self._submission(protocol, checked, draft[6], moment, report)
            # Stands until the store has spoken.
            self._outcomes.append(Outcome(0, checked.parts, 0, submission.refusal or Refusal.FAULT))
            if submission.refusal is None or not (
                checked.customer_id is None or only_accepted_count
            ):
                submissions.append(submission)
                self._places.append(place)
        if submissions:
            self._around.journal.submit(submissions, self._committed)
        else:
            self._settle(None)

    def reply(self, reply: Reply, moment: Moment) -> None:
        """Give the store an answer to a subscriber: one SMS, whatever its sender."""
        data_coding, parts = parts_of_one(reply.text)
        refusal = None
        if parts != 1:
            refusal = Refusal.LENGTH
        elif self._account.blocked:
            refusal = Refusal.ACCOUNT_BLOCKED
        checked = Checked(
            refusal, None, reply.recipient, reply.sender, 0, data_coding, parts, None, None
        )
        submission = self._submission(Protocol.REPLY, checked, reply.text, moment, _NOBODY, reply)
        self._outcomes.append(Outcome(0, parts, 0, submission.refusal or Refusal.FAULT))
        if submission.refusal is not None:
            self._settle(None)
            return
        self._submissions.append(submission)
        self._places.append(0)
        self._around.journal.submit(self._submissions, self._committed)

    def _submission(
        self,
        protocol: int,
        checked: Checked,
        text: str,
        moment: Moment,
        report: Report,
        reply: Reply | None = None,
    ) -> Submission:
        refusal, customer_id, recipient, sender, message_type, data_coding, parts, beg, end = (
            checked
        )
        account = self._account
        operator_id, route_id = 0, 0
        if reply is not None:
            operator_id = reply.operator_id
        elif refusal is None:
            refusal, operator_id, route_id = self._routed(recipient, sender, message_type)
        start = _Start(refusal, due_at=moment.now)
        if refusal is None:
            start = self._start(sender, parts, beg, end, operator_id, moment)
        return Submission(
            account.id,
            customer_id,
            protocol,
            sender,
            recipient,
            text,
            data_coding,
            message_type,
            parts,
            account.priority,
            moment.now,
            start.due_at,
            end,
            operator_id,
            start.stage,
            start.state,
            start.price,
            route_id,
            Reports.OWN if report.url else _DEFAULT[account.report_url != ""],
            0 if reply is None else reply.inbound_id,
            account.compat.duplicate_id,
            start.refusal,
            moment.day,
            account.daily_limit,
            *report,
        )

    def _routed(
        self, recipient: int, sender: str, message_type: int
    ) -> tuple[Refusal | None, int, int]:
        """Why a message is refused, if it is; the operator and the route that it goes by."""
        account, refusal, operator_id, route_id = self._account, None, 0, 0
        kind = Kind.of(message_type) if message_type else _TEXT
        try:
            operator, route_id = self._around.routes.choose(
                Traffic(recipient, sender, account.id, kind, account.priority)
            )
            operator_id = operator.id
        except NoOperator:
            refusal = Refusal.FAULT
        if self._around.opt_outs.is_out(account.id, recipient):
            refusal = Refusal.OPTED_OUT
        return refusal, operator_id, route_id

    def _start(
        self,
        sender: str,
        parts: int,
        beg: int | None,
        end: int | None,
        operator_id: int,
        moment: Moment,
    ) -> _Start:
        """Where a message begins that nothing but the rate limit can refuse here."""
        account, now = self._account, moment.now
        if end is not None and end <= now:
            return _Start(None, now, _DONE, _EXPIRED)
        if not self._within_rate(parts, moment.seconds):
            return _Start(Refusal.LIMIT, now)
        price = price_of(account, sender, parts)
        if beg is not None and beg > now:
            return _Start(None, beg, _WAITING, _SCHEDULED, price)
        at_once = self._around.handoff.reserve(operator_id, account.id, account.priority)
        return _Start(None, now, _CLAIMED if at_once else _WAITING, _ACCEPTED, price)

    def _within_rate(self, parts: int, seconds: float) -> bool:
        limit = self._account.rate_limit
        return limit is None or self._around.rates.take(self._account.id, limit, parts, seconds)

    def _committed(self, result: list[Outcome] | HabarError) -> None:
        if isinstance(result, HabarError):
            for submission in self._submissions:
                self._undo(submission)
            self._settle(result)
            return
        try:
            self._hand_over(result)
        finally:  # whatever the dispatcher does, the customer is told what is on disk
            for place, outcome in zip(self._places, result, strict=True):
                self._outcomes[place] = outcome
            self._settle(None)

    def _settle(self, error: HabarError | None) -> None:
        self._around.tally.count(self._outcomes)
        self._done(self._outcomes, error)

    def _hand_over(self, outcomes: list[Outcome]) -> None:
        handoff, account = self._around.handoff, self._account
        waiting: set[tuple[int, int]] = set()
        for submission, outcome in zip(self._submissions, outcomes, strict=True):
            if outcome.refusal is not None or outcome.repeat:
                self._undo(submission)
            elif submission.stage == _CLAIMED:
                handoff.take(submission.operator_id, _outgoing(outcome.message_id, submission))
            elif submission.stage == _WAITING:
                waiting.add((submission.operator_id, submission.due_at))
        for operator_id, due_at in sorted(waiting):
            handoff.waiting(operator_id, account.id, account.priority, due_at)

    def _undo(self, submission: Submission) -> None:
        """Give back what was reserved for a message that is not there."""
        account = self._account
        if submission.stage == _CLAIMED:
            self._around.handoff.release(submission.operator_id, account.id, account.priority)
        counted = submission.refusal is None and submission.state != _EXPIRED
        if counted and account.rate_limit is not None:
            self._around.rates.give_back(account.id, submission.parts)


def _outgoing(message_id: int, submission: Submission) -> Outgoing:
    return Outgoing(
        message_id,
        submission.account_id,
        submission.priority,
        submission.sender,
        submission.recipient,
        submission.text,
        submission.data_coding,
        submission.message_type,
        submission.parts,
        submission.due_at,
        submission.expires_at,
        reply_to=submission.reply_to,
    )
