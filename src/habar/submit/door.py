"""The one door: every protocol's messages come into the gateway here.

Guarantees:
- `done` is told exactly once, after the commit: an outcome for each draft in order; or
  StoreUnavailable, and then nothing of the package was accepted.
- A package is judged row by row: what is refused never stops its neighbours.
- A large package goes in slices, each in a turn of the loop of its own and after the commit of
  the one before. Where the store fails after the first slice, the rows of the slices that failed
  are Refusal.FAULT and the others stand.
- No package is begun while the gateway drains or the store has too much to write. An answer to a
  subscriber is never turned away: what it answers was begun before.

Plain and synchronous. Knows no protocol, no passwords, no bytes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from habar.errors import HabarError, StoreUnavailable
from habar.model.account import Account
from habar.model.message import Outcome, Protocol
from habar.model.reply import Reply
from habar.model.route import Routes
from habar.model.times import day_of
from habar.model.url import host_of
from habar.store.port import Journal
from habar.submit.batch import Batch, Moment, Report, Settled, Surroundings
from habar.submit.checks import Draft
from habar.submit.handoff import Handoff
from habar.submit.opt_outs import OptOuts
from habar.submit.rate import RateLimits
from habar.submit.tally import Tally
from habar.submit.turns import Turns

Answered = Callable[[list[Outcome] | StoreUnavailable], None]
"""Told an outcome for each draft in order, or that nothing was accepted: come again later."""

_DAY_IS_KEPT = 900_000
"""Milliseconds: midnights of all zones fall on quarters of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """`slice_size` in messages; `backlog_limit` in the journal's waiting writes."""

    slice_size: int = 100
    backlog_limit: int = 20_000


class Door:
    """Checks, prices and routes messages, has them stored, and hands them to the dispatcher."""

    def __init__(
        self,
        journal: Journal,
        handoff: Handoff,
        routes: Routes,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        call_soon: Callable[..., object] | None = None,
        settings: DoorSettings | None = None,
        opt_outs: OptOuts | None = None,
    ) -> None:
        self.draining = False
        self.tally = Tally()
        self._around = Surroundings(
            journal, handoff, routes, RateLimits(), self.tally, opt_outs or OptOuts()
        )
        self._now = now
        self._monotonic = monotonic
        self._settings = settings or DoorSettings()
        self._turns = Turns(call_soon or asyncio.get_running_loop().call_soon)
        self._days: dict[str, tuple[int, int]] = {}

    @property
    def routes(self) -> Routes:
        """Where messages go."""
        return self._around.routes

    @routes.setter
    def routes(self, routes: Routes) -> None:
        self._around.routes = routes

    def submit(
        self,
        account: Account,
        protocol: Protocol,
        drafts: Sequence[Draft],
        done: Answered,
        report_urls: Sequence[str] = (),
    ) -> None:
        """Accept or refuse each of the drafts, and tell `done` (perhaps before this returns).

        `report_urls`: who is told what becomes of each ("" is the account's default). Raises
        model.url.InvalidUrl for one that could not be called; then nothing has happened.
        """
        reports = [Report(url, host_of(url) if url else "") for url in report_urls]
        if self.draining:
            self._turn_away(done, "the gateway is stopping")
        elif self._around.journal.backlog > self._settings.backlog_limit:
            self._turn_away(done, "too much waits to be written")
        elif len(drafts) <= self._settings.slice_size:
            self._begin(account, protocol, drafts, reports, lambda *result: done(_answer(*result)))
        else:
            _Package(
                drafts,
                reports,
                self._settings.slice_size,
                begin=partial(self._begin, account, protocol),
                in_turn=partial(self._turns.add, account.id),
                done=done,
            ).start()

    def reply(self, account: Account, reply: Reply, done: Answered) -> None:
        """Accept or refuse an answer to a subscriber, at the account's cost.

        It goes out by the operator that brought the question. More than one SMS: Refusal.LENGTH.
        """
        Batch(account, self._around, lambda *result: done(_answer(*result))).reply(
            reply, self._moment(account)
        )

    def drain(self) -> None:
        """Take no new work; packages that were begun go on to their end."""
        self.draining = True

    def _turn_away(self, done: Answered, why: str) -> None:
        self.tally.turned_away += 1
        done(StoreUnavailable(why))

    def _begin(
        self,
        account: Account,
        protocol: Protocol,
        drafts: Sequence[Draft],
        reports: Sequence[Report],
        done: Settled,
    ) -> None:
        moment = self._moment(account)
        Batch(account, self._around, done).submit(protocol, drafts, moment, reports)

    def _moment(self, account: Account) -> Moment:
        now = self._now()
        return Moment(now, self._day(now, account.compat.timezone), self._monotonic())

    def _day(self, now: int, zone: str) -> int:
        quarter = now // _DAY_IS_KEPT
        kept = self._days.get(zone)
        if kept is None or kept[0] != quarter:
            kept = self._days[zone] = (quarter, day_of(now, zone))
        return kept[1]


class _Package:
    """A package of more than one slice."""

    __slots__ = ("_begin", "_done", "_drafts", "_in_turn", "_outcomes", "_reports", "_size")

    def __init__(
        self,
        drafts: Sequence[Draft],
        reports: Sequence[Report],
        size: int,
        *,
        begin: Callable[[Sequence[Draft], Sequence[Report], Settled], None],
        in_turn: Callable[[Callable[[], None]], None],
        done: Answered,
    ) -> None:
        self._drafts = drafts
        self._reports = reports
        self._size = size
        self._begin = begin
        self._in_turn = in_turn
        self._done = done
        self._outcomes: list[Outcome] = []

    def start(self) -> None:
        self._in_turn(self._next)

    def _next(self) -> None:
        part = slice(len(self._outcomes), len(self._outcomes) + self._size)
        self._begin(self._drafts[part], self._reports[part], self._sliced)

    def _sliced(self, outcomes: list[Outcome], error: HabarError | None) -> None:
        if isinstance(error, StoreUnavailable) and not self._outcomes:
            self._done(error)
            return
        self._outcomes.extend(outcomes)
        if len(self._outcomes) < len(self._drafts):
            self._in_turn(self._next)
        else:
            self._done(self._outcomes)


def _answer(outcomes: list[Outcome], error: HabarError | None) -> list[Outcome] | StoreUnavailable:
    """A store that could write nothing may be asked again; what it would not write may not."""
    return error if isinstance(error, StoreUnavailable) else outcomes
