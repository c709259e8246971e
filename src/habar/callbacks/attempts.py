"""One try of an obligation: the call, what it has come to, and its record.

Guarantees: a try ends in an Answer, whatever happens but a cancellation. It is written down when
the door has said yes or no to the answer that goes back to a subscriber, and not before: what dies
between the two is called again, the answer is not lost, and `replied` keeps it from going twice.
Knows no hosts but by their answers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import structlog

from habar.callbacks.exchange import Answer, Request
from habar.callbacks.figures import Figures
from habar.callbacks.replies import Replies, Told
from habar.callbacks.requests import request_for, short_of
from habar.callbacks.settings import CallerSettings
from habar.callbacks.verdict import Verdict, by_itself, judge, shown
from habar.model.account import Account
from habar.model.reply import Reply
from habar.model.url import InvalidUrl
from habar.operators import Clock, Spread
from habar.store.callbacks import Call, CallsReleased, CallStage, CallTried, InboundCall
from habar.store.inbox import CallMethod
from habar.store.port import Journal, Recorded

log = structlog.get_logger("habar.callbacks")

Accounts = Callable[[int], Account | None]
_LONGEST_MS = 0x7FFF_FFFF
"""As long as a call may be said to have taken: more does not fit, and only a clock that was put
right in the middle says it."""


class Calling(Protocol):
    """What makes the calls: `client.Client` is one, `outside.OutsideClient` another."""

    async def call(self, request: Request, seconds: float) -> Answer:
        """Make the call; raises nothing but CancelledError."""

    async def close(self) -> None:
        """End."""


class Attempts:
    """Tries, each by itself."""

    def __init__(
        self,
        client: Calling,
        journal: Journal,
        replies: Replies,
        accounts: Accounts,
        settings: CallerSettings,
        figures: Figures,
        *,
        clock: Clock,
        spread: Spread,
    ) -> None:
        self._client = client
        self._journal = journal
        self._replies = replies
        self._accounts = accounts
        self._settings = settings
        self._figures = figures
        self._clock = clock
        self._spread = spread

    async def ask(self, call: Call) -> Answer:
        """Call the web service, where there is one to be called."""
        account = self._accounts(call.account_id)
        if account is None:
            return Answer(0, "the account is not known here", asked=False)
        if call.method is CallMethod.AUTO:
            return Answer(0, asked=False)
        if not call.url:
            return Answer(0, "there is nobody to be told any more", asked=False)
        try:
            request = request_for(call, account, self._clock.now_ms())
            answer = await self._client.call(request, self._seconds(call))
        except InvalidUrl as error:
            return Answer(0, str(error), asked=False)
        except Exception as error:  # one call must not hold up all others
            log.error("a call failed by a fault of the gateway", call=call.id, exc_info=error)
            return Answer(0, "a fault of the gateway, see its log", asked=False)
        return answer

    def settle(self, call: Call, answer: Answer, started: int, done: Recorded) -> CallStage:
        """Write down what it has come to, and send what goes back; where it stands then."""
        now = self._clock.now_ms()
        deadline = call.since + self._settings.retry.give_up_after
        if call.method is CallMethod.AUTO and not answer.error:
            verdict = by_itself(call)
        else:
            verdict = judge(call, answer, deadline, now)
        next_at = 0
        if verdict.stage is CallStage.WAITING:
            next_at = now + self._settings.retry.pause(call.attempts + 1, self._spread())
        self._count(call, answer, verdict, now - started)
        tried = CallTried(
            call.id,
            started,
            min(max(0, now - started), _LONGEST_MS),
            answer.status,
            answer.error,
            shown(answer.body),
            verdict.stage,
            next_at,
        )
        write = partial(self._write, tried, done)
        if isinstance(call.event, InboundCall):
            self._answer(call, call.event, verdict, write)
        else:
            write(True)
        return verdict.stage

    def _write(self, tried: CallTried, done: Recorded, answered: bool) -> None:
        if answered:
            self._journal.record(tried, done)
        else:  # for whoever takes it next; where it is in other hands this changes nothing
            self._journal.record(CallsReleased((tried.callback_id,)), done)

    def _answer(self, call: Call, event: InboundCall, verdict: Verdict, write: Told) -> None:
        """Have the answer sent, if there is one; then the try is written down."""
        if verdict.note:
            self._figures.no_replies += 1
            self._replies.note(event.inbound_id, verdict.note)
        account = self._accounts(call.account_id) if verdict.reply else None
        if account is None:
            write(True)
            return
        self._figures.replies += 1
        reply = Reply(
            event.inbound_id,
            event.operator_id,
            short_of(event),
            int(event.sender),
            verdict.reply,
        )
        self._replies.give(account, reply, write)

    def _seconds(self, call: Call) -> float:
        if isinstance(call.event, InboundCall):
            return self._settings.subscriber_seconds
        return self._settings.state_seconds

    def _count(self, call: Call, answer: Answer, verdict: Verdict, ms: int) -> None:
        figures = self._figures
        figures.calls[_OUTCOMES[verdict.stage]] += 1
        figures.kinds["inbound" if isinstance(call.event, InboundCall) else "state"] += 1
        if answer.asked:
            figures.called(max(0, ms) / 1000)
            figures.refused_addresses += answer.forbidden


_OUTCOMES = {
    CallStage.DONE: "done",
    CallStage.WAITING: "failed",
    CallStage.GIVEN_UP: "given_up",
}
