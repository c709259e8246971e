"""Subscribers' messages as staff see them and send them on."""

from __future__ import annotations

import pytest

from habar.admin.inbox import STATES, SubscribersMessages, tell
from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.status import MessageState
from habar.store.callbacks import CallKind, CallStage, Try
from habar.store.inbox import AnswerTo, CallMethod, InboundState, InboundStory, Rule

from .conftest import ACTOR, NOW
from .scripted import call, inbound

RULE = Rule("8785", 1, "win", CallMethod.GET, "http://acme.example/in", id=3)


@pytest.fixture
def messages(inbox, callbacks, books, shop):
    return SubscribersMessages(inbox, callbacks, books, actor=ACTOR, now=lambda: NOW)


class TestStory:
    def test_what_came_in(self):
        row = inbound(sent_at=NOW - 3000, parts=3, missing=1, text="Сәлем\n")
        assert [line.text for line in tell(InboundStory(row, None, (), ()))] == [
            "sent by the subscriber, as the operator says",
            "came in by kcell, from 77771234567 to 8785#12345",
            "text 'Сәлем\\n'",
            "3 parts, of which 1 never came; data_coding 0",
            "now UNROUTED: nobody has that short code or keyword",
        ]

    def test_whose_it_is_every_call_and_the_answer(self):
        row = inbound(login="acme", state=InboundState.DELIVERED, done_at=NOW + 9000, note="late")
        answers = (AnswerTo(900, "Thank you", MessageState.DELIVERED),)
        made = call(
            15,
            Try(1, NOW + 10, 30_000, 0, "no answer in 30 s", ""),
            Try(2, NOW + 8000, 35, 200, "", "{SMS:TEXT}\n"),
            kind=CallKind.INBOUND,
            subject=7,
            stage=CallStage.DONE,
            ended_at=NOW + 9000,
        )
        told = tell(InboundStory(row, RULE, (15,), answers), [made])
        assert [line.text for line in told[3:]] == [
            "call-back 15: subscriber's message 7, for http://acme.example:80",
            "call-back 15: try 1: no answer in 30 s in 30000 ms",
            "call-back 15: try 2: HTTP 200 in 35 ms, it said '{SMS:TEXT}\\n'",
            "ended: DELIVERED",
            "call-back 15: done, called 2 times",
            "it is acme's, by short code 8785 win: GET http://acme.example/in",
            "answered by message 900, 'Thank you': now 102 DELIVERED",
            "note: late",
            "now DELIVERED: its customer has it, or it was answered",
        ]

    def test_an_account_without_a_rule(self):
        row = inbound(login="acme", state=InboundState.KEPT)
        texts = [line.text for line in tell(InboundStory(row, None, (), ()))]
        assert "it is acme's" in texts

    @pytest.mark.parametrize("state", InboundState)
    def test_every_state_is_told(self, state):
        row = inbound(state=state)
        assert f"now {state.name}: " in tell(InboundStory(row, None, (), ()))[-1].text

    async def test_with_its_calls_and_times(self, messages, inbox, callbacks):
        inbox.put(inbound(), callback_ids=(15, 99))  # 99 was tidied away
        callbacks.put(call(kind=CallKind.INBOUND, subject=7))
        lines = await messages.story(7, zone="UTC")
        assert lines[0].startswith("2025-10-09 08:53:20  came in")
        assert "call-back 15: try 1 is due" in "\n".join(lines)
        with pytest.raises(NotFound, match="there is no subscriber's message 8"):
            await messages.story(8, zone="UTC")


class TestList:
    async def test_the_conditions(self, messages, inbox):
        inbox.put(inbound(7), inbound(8))
        found = await messages.list(account="acme", state="unrouted", code="+8785", limit=1)
        assert [row.id for row in found] == [8]
        assert inbox.asked == [(1, (InboundState.UNROUTED,), "8785", 1)]
        await messages.list(account=None, state=None, code=None, limit=50)
        assert inbox.asked[-1] == (None, (), None, 50)

    async def test_what_is_no_condition(self, messages):
        with pytest.raises(InvalidValue, match="'lost' is none of: unrouted, waiting"):
            await messages.list(account=None, state="lost", code=None, limit=1)
        with pytest.raises(NotFound):
            await messages.list(account="nobody", state=None, code=None, limit=1)

    def test_every_state_has_its_word(self):
        assert set(STATES.values()) == set(InboundState)


class TestAssigning:
    async def test_to_a_rule(self, messages, inbox):
        inbox.owned.append(RULE)
        inbox.put(inbound())
        await messages.assign_to_rule(7, "8785", "WIN")
        assert inbox.writes == [("assign", 7, 1, 3, "http://acme.example:80", ACTOR, NOW)]

    async def test_to_the_accounts_own_rule_that_takes_it(self, messages, inbox):
        inbox.owned += [Rule("8785", 2, "win a", id=1), RULE, Rule("8785", 1, "", id=4)]
        inbox.put(inbound())
        assert (await messages.assign_to_account(7, "acme")).id == 3

    async def test_to_an_account_without_one_is_into_its_inbox(self, messages, inbox):
        inbox.owned.append(RULE)
        inbox.put(inbound())
        rule = await messages.assign_to_account(7, "shop")
        assert (rule.id, rule.account_id, rule.method) == (0, 2, CallMethod.NONE)
        assert inbox.writes == [("assign", 7, 2, 0, "", ACTOR, NOW)]

    async def test_what_cannot_be(self, messages, inbox):
        inbox.owned.append(RULE)
        inbox.put(inbound(state=InboundState.DELIVERED))
        with pytest.raises(Conflict):
            await messages.assign_to_rule(7, "8785", "win")
        with pytest.raises(NotFound, match="short code 8785"):
            await messages.assign_to_rule(7, "8785", "")
        for action in (
            messages.assign_to_rule(9, "8785", "win"),
            messages.assign_to_account(9, "acme"),
            messages.assign_to_account(7, "nobody"),
        ):
            with pytest.raises(NotFound):
                await action


class TestRerouting:
    async def test_only_unrouted_ones_that_a_rule_takes_now(self, messages, inbox):
        inbox.owned.append(RULE)
        inbox.put(
            inbound(1),
            inbound(2, text="Lose"),
            inbound(3, state=InboundState.KEPT),
            inbound(4, short_code="1414"),
        )
        assert await messages.reroute() == (3, 1)
        assert [write[1] for write in inbox.writes] == [1]

    async def test_in_batches(self, messages, inbox, monkeypatch):
        monkeypatch.setattr("habar.admin.inbox.BATCH", 2)
        inbox.owned.append(RULE)
        inbox.put(*(inbound(number) for number in range(1, 6)))
        assert await messages.reroute() == (5, 5)
        assert {asked[3] for asked in inbox.asked} == {2}

    async def test_one_that_another_person_has_dealt_with(self, messages, inbox, monkeypatch):
        async def assign(*_, **__):
            raise Conflict("subscriber's message 1 is owed already")

        inbox.owned.append(RULE)
        inbox.put(inbound(1))
        monkeypatch.setattr(inbox, "assign", assign)
        assert await messages.reroute() == (1, 0)


class TestReplaying:
    async def test_the_newest_call_of_each(self, messages, inbox, callbacks):
        inbox.put(inbound(7), callback_ids=(15, 18))
        inbox.put(inbound(8), callback_ids=(16,))
        callbacks.put(call(18, stage=CallStage.GIVEN_UP), call(16, stage=CallStage.CLAIMED))
        assert await messages.replay([7, 8]) == [18]
        assert callbacks.batches == [([18, 16], ACTOR, NOW)]

    async def test_all_or_none(self, messages, inbox, callbacks):
        inbox.put(inbound(7), callback_ids=(15,))
        inbox.put(inbound(8))
        with pytest.raises(Conflict, match="habar inbound assign"):
            await messages.replay([7, 8])
        with pytest.raises(NotFound):
            await messages.replay([7, 9])
        assert callbacks.batches == []
