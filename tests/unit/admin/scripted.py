"""The inbox and the call-backs as far as staff's functions need them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from habar.errors import Conflict, NotFound
from habar.model.status import MessageState
from habar.store.callbacks import CallKind, CallRow, CallStage, CallStory, Try
from habar.store.inbox import (
    CallMethod,
    InboundRow,
    InboundState,
    InboundStory,
    OptOut,
)

NOW = 1_760_000_000_000  # 2025-10-09 13:53:20 in Almaty


def inbound(number: int = 7, **changes) -> InboundRow:
    """A subscriber's message that is nobody's."""
    row = InboundRow(
        id=number,
        account_id=0,
        login="",
        operator="kcell",
        sender="77771234567",
        short_code="8785",
        transaction_id="12345",
        text="Win a car",
        data_coding=0,
        parts=1,
        missing=0,
        sent_at=None,
        received_at=NOW,
        state=InboundState.UNROUTED,
        note="",
        done_at=None,
    )
    return row._replace(**changes)


def call(number: int = 15, *tries: Try, **changes) -> CallStory:
    """An obligation about message 801 that waits."""
    row = CallRow(
        id=number,
        account_id=1,
        login="acme",
        kind=CallKind.STATE,
        subject=801,
        state=MessageState.DELIVERED,
        at=NOW,
        host="http://acme.example:80",
        stage=CallStage.WAITING,
        next_at=NOW + 20_000,
        attempts=len(tries),
        ended_at=None,
        last_status=tries[-1].status if tries else None,
        last_error=tries[-1].error if tries else "",
    )
    url = "http://acme.example/report?a=1"
    return CallStory(row._replace(**changes), url, CallMethod.GET, tries)


@dataclass
class ScriptedInbox:
    """Rules and messages in dicts; each write is noted with what it was told."""

    owned: list = field(default_factory=list)
    stories: dict = field(default_factory=dict)
    out: list = field(default_factory=list)
    writes: list = field(default_factory=list)
    asked: list = field(default_factory=list)

    def put(self, *rows: InboundRow, **more) -> None:
        for row in rows:
            told = {"rule": None, "callback_ids": (), "answers": ()} | more
            self.stories[row.id] = InboundStory(row=row, **told)

    async def rules(self):
        return list(self.owned)

    async def add_rule(self, rule, *, actor, now):
        if any((one.code, one.keyword) == (rule.code, rule.keyword) for one in self.owned):
            raise Conflict("that short code and keyword are owned")
        self.writes.append(("add", actor, now))
        made = max((one.id for one in self.owned), default=0) + 1
        self.owned.append(replace(rule, id=made))
        return made

    async def change_rule(self, rule, *, actor, now):
        self.writes.append(("change", actor, now))
        self.owned = [rule if one.id == rule.id else one for one in self.owned]

    async def remove_rule(self, rule_id, *, actor, now):
        self.writes.append(("remove", actor, now))
        self.owned = [one for one in self.owned if one.id != rule_id]

    async def opted_out(self, account_id, limit):
        chosen = [one for one in self.out if account_id in (None, one.account_id)]
        return chosen[:limit]

    async def set_opt_out(self, account_id, msisdn, active, *, actor, now):
        self.writes.append(("opt_out", account_id, msisdn, active, actor, now))
        self.out = [one for one in self.out if one[:2] != (account_id, msisdn)]
        if active:
            self.out.insert(0, OptOut(account_id, msisdn, "", True, now, len(self.writes)))

    async def messages(
        self, *, account_id=None, states=(), short_code=None, before_id=None, limit=50
    ):
        self.asked.append((account_id, tuple(states), short_code, limit))
        rows = [self.stories[number].row for number in sorted(self.stories, reverse=True)]
        chosen = [
            row
            for row in rows
            if (before_id is None or row.id < before_id) and (not states or row.state in states)
        ]
        return chosen[:limit]

    async def story(self, inbound_id):
        return self.stories.get(inbound_id)

    async def assign(self, inbound_id, rule, host, *, actor, now):
        if inbound_id not in self.stories:
            raise NotFound(f"there is no subscriber's message {inbound_id}")
        story = self.stories[inbound_id]
        if story.row.state is InboundState.DELIVERED:
            raise Conflict(f"subscriber's message {inbound_id} is delivered already")
        self.writes.append(("assign", inbound_id, rule.account_id, rule.id, host, actor, now))
        row = story.row._replace(state=InboundState.WAITING, account_id=rule.account_id)
        self.stories[inbound_id] = story._replace(row=row)


@dataclass
class ScriptedCallbacks:
    """Obligations in a dict; each question and each write is noted."""

    stories: dict = field(default_factory=dict)
    queues: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    batches: list = field(default_factory=list)

    def put(self, *stories: CallStory) -> None:
        self.stories |= {story.row.id: story for story in stories}

    async def hosts(self, first="", limit=1_000):
        from_there = [one for one in self.queues if one.host >= first]
        return sorted(from_there, key=lambda one: one.host)[:limit]

    async def listed(self, wanted, *, before_id=None, limit=50):
        self.asked.append(wanted)
        rows = [self.stories[number].row for number in sorted(self.stories, reverse=True)]
        chosen = [
            row
            for row in rows
            if (before_id is None or row.id < before_id)
            and wanted.stage in (None, row.stage)
            and wanted.subject in (None, row.subject)
        ]
        return chosen[:limit]

    async def story(self, callback_id):
        return self.stories.get(callback_id)

    async def replay(self, callback_ids, *, actor, now):
        self.batches.append((list(callback_ids), actor, now))
        left_alone = (CallStage.CLAIMED, CallStage.BLOCKED)
        again = [n for n in callback_ids if self.stories[n].row.stage not in left_alone]
        for number in again:
            story = self.stories[number]
            row = story.row._replace(stage=CallStage.WAITING, ended_at=None)
            self.stories[number] = story._replace(row=row)
        return again
