"""What is in doubt: marked before it is written, held where nobody knows, until somebody does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import Conflict, NotFound
from habar.model.status import MessageState, Stage
from habar.store.events import Claim, ClaimHeld, ExpireWaiting, Postponed, Withdraw
from habar.store.readings import HeldMessage

NOW = 1_790_000_000_000
HOUR = 3_600_000
WORDS = ["resend", "query", "hold"]


async def ask_about(desk: Any, limit: int = 10, now: int = NOW + HOUR) -> list[Any]:
    """Take held messages to ask the operator about them."""
    answer: list[Any] = await desk.asked(ClaimHeld(desk.operator, limit, now))
    return answer


class TestBoarded:
    async def test_only_what_is_in_hand_can_be_marked(self, desk: Any) -> None:
        mine, waiting = await desk.claimed(), await desk.new()
        gone = await desk.claimed()
        await desk.finish(gone, MessageState.REJECTED)
        assert await desk.board(waiting, gone) is None
        assert await desk.board(waiting, mine) == mine
        assert [await desk.stage(n) for n in (mine, waiting, gone)] == [4, 0, 3]
        assert [out.message_id for out in await desk.claim()] == [waiting]

    async def test_it_goes_on_as_any_other_in_hand(self, desk: Any) -> None:
        taken, put_off, ended, released, for_good = [await desk.claimed() for _ in range(5)]
        assert await desk.board(taken, put_off, ended, released, for_good) == taken
        assert await desk.accept(taken, "7") == taken
        assert await desk.postpone(put_off, NOW + 500) == put_off
        assert await desk.finish(ended, MessageState.REJECTED) == ended
        assert await desk.release(released) == released
        assert await desk.finish(for_good, MessageState.DELETED, refund=False) == for_good
        stages = [await desk.stage(n) for n in (taken, put_off, ended, released, for_good)]
        assert stages == [2, 0, 3, 0, 3]
        assert (await desk.story(released)).repeats == 0
        assert await desk.receipt("7") == taken

    async def test_it_can_be_withdrawn_by_who_has_it_in_memory_only(self, desk: Any) -> None:
        message = await desk.claimed()
        await desk.board(message)
        assert await desk.asked(Withdraw(desk.account, message, False, NOW)) is None
        answer = await desk.asked(Withdraw(desk.account, message, True, NOW))
        assert answer is MessageState.DELETED
        assert (await desk.funds()).balance == 100_000

    @pytest.mark.parametrize("word", WORDS)
    async def test_a_run_that_dies_leaves_it_held(
        self, engine: Any, desk: Any, again: Any, word: str
    ) -> None:
        engine.set_in_doubt(desk.operator, word)
        boarded = await desk.claimed()
        await desk.board(boarded)
        desk = await again(desk)
        story = await desk.story(boarded)
        assert (story.submission.stage, story.submission.state) == (Stage.HELD, 106)
        assert (story.repeats, story.uncertain_at) == (1, NOW + HOUR)
        assert await desk.claim() == []
        assert await desk.store.held(None, 10) == [
            HeldMessage(boarded, desk.operator, NOW + HOUR, 77771234567, "")
        ]

    @pytest.mark.parametrize(("word", "repeats"), [("resend", 1), ("query", 0), ("hold", 0)])
    async def test_what_would_have_been_marked_was_not_sent_for_certain(
        self, engine: Any, desk: Any, again: Any, word: str, repeats: int
    ) -> None:
        engine.set_in_doubt(desk.operator, word)
        message = await desk.claimed()
        desk = await again(desk)
        story = await desk.story(message)
        assert (story.repeats, story.uncertain_at is not None) == (repeats, bool(repeats))
        assert [out.message_id for out in await desk.claim()] == [message]

    async def test_both_are_counted_as_what_the_dead_had_in_hand(
        self, engine: Any, desk: Any
    ) -> None:
        engine.set_in_doubt(desk.operator, "hold")
        boarded, _ = await desk.claimed(), await desk.claimed()
        await desk.board(boarded)
        engine.die(desk.store)
        desk.store = engine.new()
        assert await desk.store.open(NOW + HOUR) == 2
        await desk.store.close()

    async def test_a_clean_stop_holds_what_nobody_said_anything_of(
        self, engine: Any, desk: Any
    ) -> None:
        boarded, claimed = await desk.claimed(), await desk.claimed()
        await desk.board(boarded)
        await desk.store.close()
        desk.store = await engine.open(NOW + HOUR)
        assert [await desk.stage(n) for n in (boarded, claimed)] == [Stage.HELD, Stage.WAITING]
        assert [(await desk.story(n)).repeats for n in (boarded, claimed)] == [1, 0]


class TestHeld:
    async def test_it_is_told_to_staff_the_longest_held_first(self, desk: Any) -> None:
        other = await desk.store.books.ensure_operator("beeline")
        late, early = (
            await desk.held(at=NOW + 9),
            await desk.held(at=NOW + 8, recipient=77010000001),
        )
        beeline = await desk.held(at=NOW + 7, operator_id=other)
        told = [
            HeldMessage(beeline, other, NOW + 7, 77771234567, "no answer"),
            HeldMessage(early, desk.operator, NOW + 8, 77010000001, "no answer"),
            HeldMessage(late, desk.operator, NOW + 9, 77771234567, "no answer"),
        ]
        assert await desk.store.held(None, 10) == told
        assert await desk.store.held(None, 2) == told[:2]
        assert await desk.store.held(desk.operator, 10) == told[1:]
        assert await desk.store.held(other + 1, 10) == []

    async def test_its_story_says_so(self, desk: Any) -> None:
        message = await desk.held()
        story = await desk.story(message)
        assert (story.submission.stage, story.repeats) == (Stage.HELD, 1)
        assert (story.uncertain_at, story.last_error) == (NOW + 8, "no answer")
        assert await desk.state(message) == MessageState.ACCEPTED

    async def test_what_was_not_marked_can_be_held_too(self, desk: Any) -> None:
        message = await desk.claimed()
        assert await desk.hold(message) == message
        assert await desk.stage(message) == Stage.HELD

    async def test_only_its_holder_may_hold_a_message(self, desk: Any) -> None:
        waiting, held = await desk.new(), await desk.held()
        assert await desk.hold(waiting, held) is None
        assert (await desk.story(held)).repeats == 1

    async def test_nobody_sends_it_and_it_never_expires(self, desk: Any) -> None:
        message = await desk.held(expires_at=NOW + 1)
        assert await desk.claim(now=NOW + HOUR) == []
        assert await desk.asked(ExpireWaiting(NOW + HOUR, NOW + HOUR, 10)) == []
        assert await desk.postpone(message, NOW) is None
        assert await desk.release(message) is None
        assert await desk.board(message) is None
        assert await desk.asked(Withdraw(desk.account, message, True, NOW)) is None
        assert await desk.stage(message) == Stage.HELD

    async def test_it_outlives_restarts(self, desk: Any, again: Any) -> None:
        message = await desk.held()
        desk = await again(desk)
        assert [one.message_id for one in await desk.store.held(None, 10)] == [message]
        assert (await desk.story(message)).repeats == 1

    async def test_a_receipt_for_a_part_that_is_known_ends_it(self, desk: Any) -> None:
        message = await desk.claimed(parts=2)
        await desk.board(message)
        await desk.accept(message, "a", 1, last=False)
        await desk.hold(message)
        await desk.receipt("a", whole=True)
        assert (await desk.stage(message), await desk.state(message)) == (3, 102)


class TestAsking:
    async def test_it_is_given_to_one_that_asks_the_longest_held_first(self, desk: Any) -> None:
        late, early = await desk.held(at=NOW + 9, text="Б"), await desk.held(at=NOW + 8, text="А")
        first, second = await asyncio.gather(ask_about(desk, 1), ask_about(desk, 5))
        assert [out.message_id for out in [*first, *second]] == [early, late]
        assert [out.text for out in [*first, *second]] == ["А", "Б"]
        assert first[0].repeats == 1
        assert await ask_about(desk) == []
        assert {await desk.stage(n) for n in (early, late)} == {Stage.BOARDED}

    async def test_only_the_operators_own_and_of_that_time(self, desk: Any) -> None:
        other = await desk.store.books.ensure_operator("beeline")
        await desk.held(operator_id=other)
        message = await desk.held(at=NOW + 8)
        assert await ask_about(desk, now=NOW + 7) == []
        assert [out.message_id for out in await ask_about(desk, now=NOW + 8)] == [message]

    async def test_parts_that_are_taken_are_told(self, desk: Any) -> None:
        message = await desk.claimed(parts=2)
        await desk.board(message)
        await desk.accept(message, "a", 1, last=False)
        await desk.hold(message)
        [out] = await ask_about(desk)
        assert out.sent_parts == (1,)

    async def test_the_operator_has_it(self, desk: Any) -> None:
        message = await desk.held()
        await ask_about(desk)
        assert await desk.accept(message, "7") == message
        assert await desk.stage(message) == Stage.SENT
        assert await desk.receipt("7") == message

    async def test_the_operator_has_it_not(self, desk: Any) -> None:
        message = await desk.held()
        await ask_about(desk)
        assert await desk.release(message) == message
        assert [out.message_id for out in await desk.claim()] == [message]

    async def test_nobody_knows_still(self, desk: Any, again: Any) -> None:
        message = await desk.held()
        await ask_about(desk)
        assert await desk.hold(message, at=NOW + 77) == message
        await ask_about(desk)
        desk = await again(desk)
        assert [one.message_id for one in await desk.store.held(None, 10)] == [message]


class TestDecision:
    async def test_send_it_again(self, desk: Any, engine: Any) -> None:
        message = await desk.claimed()
        await desk.postpone(message, NOW + HOUR)
        await desk.claim(now=NOW + HOUR)
        await desk.hold(message)
        await desk.store.decide(message, True, actor="ann", now=NOW + 50)
        [out] = await desk.claim(now=NOW + 50)
        assert (out.message_id, out.repeats) == (message, 1)
        assert engine.audit()[-1] == ("ann", "message resend", str(message), "")

    async def test_give_it_up(self, desk: Any, engine: Any) -> None:
        message = await desk.held()
        await desk.store.decide(message, False, actor="ann", now=NOW + 50)
        story = await desk.story(message)
        assert (story.submission.stage, story.submission.state) == (3, MessageState.REJECTED)
        assert (story.completed_at, story.last_error) == (NOW + 50, "no answer")
        assert (story.refunded, (await desk.funds()).balance) == (1_000, 100_000)
        assert await desk.balanced()
        assert engine.audit()[-1] == ("ann", "message fail", str(message), "")

    async def test_one_of_which_a_part_is_taken_is_not_refunded(self, desk: Any) -> None:
        message = await desk.claimed(parts=2)
        await desk.accept(message, "a", 1, last=False)
        await desk.hold(message)
        await desk.store.decide(message, False, actor="ann", now=NOW)
        assert (await desk.story(message)).refunded == 0
        assert (await desk.funds()).balance == 99_000

    @pytest.mark.parametrize("resend", [True, False])
    async def test_of_what_is_not_held_nothing_is_decided(
        self, desk: Any, engine: Any, resend: bool
    ) -> None:
        waiting, in_hand, asked = await desk.new(), await desk.claimed(), await desk.held()
        await ask_about(desk)
        before = engine.audit()
        for message in (waiting, in_hand, asked):
            with pytest.raises(Conflict):
                await desk.store.decide(message, resend, actor="ann", now=NOW)
        with pytest.raises(NotFound):
            await desk.store.decide(999_999, resend, actor="ann", now=NOW)
        assert [await desk.stage(n) for n in (waiting, in_hand, asked)] == [0, 1, 4]
        assert engine.audit() == before

    async def test_beside_the_gateway(self, desk: Any, engine: Any) -> None:
        message = await desk.held()
        beside = await engine.beside()
        await beside.decide(message, True, actor="ann", now=NOW)
        with pytest.raises(Conflict):
            await beside.decide(message, False, actor="ann", now=NOW)
        await beside.close()
        assert [out.message_id for out in await desk.claim()] == [message]


async def test_put_off_to_another_operators_queue(desk: Any) -> None:
    other = await desk.store.books.ensure_operator("beeline")
    message, stays = await desk.claimed(), await desk.claimed()
    event = Postponed(message, NOW + 500, "ESME_RSYSERR", NOW, operator_id=other)
    assert await desk.recorded(event) == message
    assert await desk.postpone(stays, NOW + 500) == stays
    assert [out.message_id for out in await desk.claim(now=NOW + 500)] == [stays]
    claim = Claim(other, 1, desk.account, 9, NOW + 500)
    assert [(out.message_id, out.attempts) for out in await desk.asked(claim)] == [(message, 1)]
    assert (await desk.story(message)).operator == "beeline"
