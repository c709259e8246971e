"""The engine on its bench: who is called when, what is written down, what is in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from habar.callbacks.exchange import Answer
from habar.errors import Refusal
from habar.model.reply import Reply
from habar.model.status import MessageState
from habar.store.callbacks import CallsReleased, CallStage, CallTried, HostSeen
from habar.store.inbox import CallMethod, Noted

from .conftest import DEMO, START, call, report, subscriber

DONE, WAITING, CLAIMED = CallStage.DONE, CallStage.WAITING, CallStage.CLAIMED
GIVEN_UP, BLOCKED = CallStage.GIVEN_UP, CallStage.BLOCKED
DAY = 24 * 3_600_000
DEAD = Answer(0, "no connection: Connection refused")
THANKS = Answer(200, body=b"{SMS:TEXT}{}{8785}{77771234567}{Thank you}")


def held(client, host):
    """Let calls to the host wait until the test lets them go."""
    gate = asyncio.Event()
    answer = [Answer(200)]

    async def wait(_request):
        await gate.wait()
        return answer[0]

    client.answers[host] = wait
    return gate, answer


# --- The ordinary case ---------------------------------------------------------------------------
async def test_what_is_owed_is_called_and_written_down(bench):
    await bench.run(call(1))
    assert bench.ids() == [1]
    [tried] = bench.store.rows[1].tries
    assert (tried.status, tried.error, tried.stage) == (200, "", DONE)
    assert bench.caller.in_hand == 0


async def test_what_comes_later_is_called_at_once_when_somebody_says_so(bench):
    await bench.run()
    bench.store.owe(call(1))
    bench.caller.wake()
    await bench.pass_time(10)
    assert bench.ids() == [1]


async def test_and_by_itself_soon_where_nobody_does(bench):
    await bench.run()
    bench.store.owe(call(1))
    await bench.pass_time(211)
    assert bench.ids() == [1]


@pytest.mark.rule("http.callback-order")
async def test_for_one_message_the_order_is_kept(bench):
    gate, _ = held(bench.client, "a.kz:80")
    states = [MessageState.ENROUTE, MessageState.UNKNOWN, MessageState.DELIVERED]
    await bench.run(*(call(n, report(7, state)) for n, state in enumerate(states, 1)))
    assert bench.ids() == [1]
    gate.set()
    await bench.pass_time(1_000)
    assert bench.ids() == [1, 2, 3]
    assert bench.client.most["a.kz:80"] == 1


@pytest.mark.rule("http.callback-order", "http.callback-again")
async def test_a_failure_holds_the_later_one_back(bench):
    answers = [DEAD, Answer(200), Answer(200)]

    async def in_turn(_request):
        return answers.pop(0)

    bench.client.answers["a.kz:80"] = in_turn
    await bench.run(call(1, report(7, MessageState.ENROUTE)), call(2, report(7)))
    await bench.pass_time(9_000)
    assert bench.store.stages() == {1: WAITING, 2: BLOCKED}
    await bench.pass_time(2_000)
    assert bench.ids() == [1, 1, 2]


async def test_never_two_of_one_subject_though_the_store_gives_two(bench):
    gate, _ = held(bench.client, "a.kz:80")
    bench.store.owe_many([call(1, report(7)), call(2, report(7))])
    await bench.run()
    assert bench.ids() == [1]
    gate.set()
    await bench.settle()
    assert bench.ids() == [1, 2]
    assert bench.client.most["a.kz:80"] == 1
    await bench.pass_time(500)
    assert bench.caller.in_hand == 0


async def test_the_second_goes_back_where_the_first_failed(bench):
    gate, answer = held(bench.client, "a.kz:80")
    bench.store.owe_many([call(1, report(7)), call(2, report(7))])
    await bench.run()
    answer[0] = DEAD
    gate.set()
    await bench.settle()
    released = [e for turn in bench.store.turns for e in turn if isinstance(e, CallsReleased)]
    assert released == [CallsReleased((2,))]


# --- Tries ---------------------------------------------------------------------------------------
@pytest.mark.rule("inbox.again")
async def test_pauses_grow_until_the_day_is_over(bench):
    bench.client.answers["a.kz:80"] = Answer(404, "HTTP 404")
    await bench.run(call(1))
    await bench.pass_time(DAY + 10_000, step=1_000)
    tries = bench.store.rows[1].tries
    pauses = [b.at - a.at for a, b in pairwise(tries)]
    grown = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    assert all(0 <= p - g * 1_000 <= 3_000 for p, g in zip(pauses, grown, strict=False))
    assert max(pauses) <= 3_603_000
    assert bench.store.rows[1].stage is GIVEN_UP
    assert 28 <= len(tries) <= 34
    assert {request.headers["X-Habar-Event-Id"] for request in bench.client.requests} == {"1"}
    assert bench.caller.figures.swept + bench.caller.figures.calls["given_up"] == 1


async def test_the_last_try_may_give_up_by_itself(bench):
    bench.client.answers["a.kz:80"] = DEAD
    old = replace(call(1), since=START - DAY)
    bench.store.owe(old)
    bench.store.owe(call(2, report(1001)))
    await bench.caller.start()
    await bench.settle()
    assert bench.store.stages()[1] is GIVEN_UP


async def test_after_a_weekend_in_which_all_was_down_everything_is_called_once(bench):
    bench.client.answers["dead.kz:80"] = DEAD
    old = [replace(one, since=START - 3 * DAY) for one in many(40, "http://a.kz:80")]
    lost = [replace(one, since=START - 3 * DAY) for one in many(40, "http://dead.kz:80", 100)]
    bench.store.owe_many(old + lost)
    await bench.caller.start()
    await bench.settle()
    assert [bench.store.stages()[one.id] for one in old] == [DONE] * 40
    await bench.pass_time(700_000, step=1_000)
    assert [bench.store.stages()[one.id] for one in lost] == [GIVEN_UP] * 40


@pytest.mark.rule("inbox.again")
async def test_a_replayed_one_is_called_again_with_its_id(bench):
    await bench.run(call(1))
    bench.store.replay(1)
    await bench.pass_time(300)
    assert bench.ids() == [1, 1]
    assert [tried.stage for tried in bench.store.rows[1].tries] == [DONE, DONE]


async def test_a_clock_that_is_put_right_during_a_call_harms_no_record(bench):
    async def put_right(_):
        bench.clock.ms += 60 * DAY
        return Answer(200)

    bench.client.answers["a.kz:80"] = put_right
    await bench.run(call(1))
    [tried] = bench.store.rows[1].tries
    assert (tried.stage, tried.ms) == (DONE, 2**31 - 1)  # PostgreSQL's integer takes no more


@pytest.mark.rule("inbox.stored-first")
async def test_killed_between_call_and_record_it_is_called_again(bench):
    await bench.run()
    real = bench.store.record

    def dies(event, done=None):
        if not isinstance(event, CallTried):
            real(event, done)

    bench.store.record = dies
    bench.store.owe(call(1))
    await bench.pass_time(300)
    assert bench.store.stages() == {1: CLAIMED}
    bench.store.record = real
    bench.store.die()
    bench.caller = bench.make()
    await bench.caller.start()
    await bench.pass_time(300)
    assert bench.ids() == [1, 1]
    assert bench.store.stages() == {1: DONE}


async def test_what_is_claimed_is_not_claimed_again_before_it_is_written(bench):
    gate, _ = held(bench.client, "a.kz:80")
    await bench.run(call(1))
    bench.store.away = True
    gate.set()
    await bench.pass_time(5_000)
    assert bench.ids() == [1]
    bench.store.away = False
    await asyncio.sleep(0.01)
    await bench.pass_time(1_500)
    assert bench.ids() == [1]
    assert bench.store.stages() == {1: DONE}


# --- Many hosts ----------------------------------------------------------------------------------
def many(count, host, first=1):
    """Obligations of different messages."""
    return (call(n, report(n), host=host) for n in range(first, first + count))


async def test_a_dead_host_with_a_hundred_thousand_beside_a_living_one(bench):
    bench.client.answers["dead.kz:80"] = DEAD
    bench.store.owe_many(many(100_000, "http://dead.kz:80"))
    await bench.run()
    await bench.pass_time(2_000)
    bench.store.owe_many(many(200, "http://live.kz:80", first=200_001))
    bench.caller.wake()
    before = bench.clock.ms
    await bench.pass_time(300)
    living = [row for number, row in bench.store.rows.items() if number > 200_000]
    assert all(row.stage is DONE for row in living)
    assert max(row.tries[0].at for row in living) - before <= 300
    assert bench.client.calls_to("dead.kz:80") <= 40
    assert bench.caller.paused_hosts == 1


async def test_a_dead_host_is_tried_gently(bench):
    bench.client.answers["dead.kz:80"] = DEAD
    bench.store.owe_many(many(1_000, "http://dead.kz:80"))
    await bench.run()
    most = 0
    for _ in range(60):
        await bench.pass_time(60_000, step=100)
        most = max(most, bench.caller.in_hand, bench.store.claimed)
    # 16 at once at first; then one at a time, after 1, 2, 4 … 600 seconds.
    assert bench.client.calls_to("dead.kz:80") <= 16 + 9 + 6
    assert most <= 1
    seen = [e for turn in bench.store.turns for e in turn if isinstance(e, HostSeen)]
    assert [round((e.paused_until - e.at) / 1_000) for e in seen[:4]] == [1, 2, 4, 8]
    assert seen[0].failures == 5


async def test_a_host_that_answers_again_is_emptied(bench):
    bench.client.answers["a.kz:80"] = Answer(503, "HTTP 503")
    bench.store.owe_many(many(500, "http://a.kz:80"))
    await bench.run()
    await bench.pass_time(100_000)
    del bench.client.answers["a.kz:80"]
    await bench.pass_time(130_000)
    assert set(bench.store.stages().values()) == {DONE}
    assert bench.store.paused == {}
    assert bench.caller.paused_hosts == 0


async def test_a_pause_outlives_the_process(bench):
    bench.store.paused["http://a.kz:80"] = HostSeen("http://a.kz:80", 9, START + 60_000, "x", START)
    await bench.run(*(call(n) for n in range(1, 4)))
    await bench.pass_time(59_000)
    assert bench.ids() == []
    await bench.pass_time(1_500)
    assert sorted(bench.ids()) == [1, 2, 3]
    assert bench.store.paused == {}


async def test_a_no_of_one_url_does_not_pause_the_host(bench):
    bench.client.answers["a.kz:80"] = Answer(404, "HTTP 404")
    await bench.run(*(call(n) for n in range(1, 31)))
    assert bench.caller.paused_hosts == 0
    assert len(bench.ids()) == 30


async def test_so_many_calls_to_a_host_at_a_time(bench):
    gate, _ = held(bench.client, "slow.kz:80")
    bench.store.owe_many(many(100, "http://slow.kz:80"))
    await bench.run()
    await bench.pass_time(1_000)
    assert bench.client.open["slow.kz:80"] == 16
    assert bench.store.claimed <= 32
    gate.set()
    await bench.pass_time(2_000)
    assert bench.client.most["slow.kz:80"] == 16
    assert set(bench.store.stages().values()) == {DONE}


async def test_slow_hosts_do_not_take_all_places(bench_with):
    """Each of an account of its own."""
    bench = bench_with(total=64)
    for number in range(60):
        held(bench.client, f"slow{number}.kz:80")
        first, whose = number * 1_000 + 1, 100 + number
        bench.accounts[whose] = replace(DEMO, id=whose)
        bench.store.owe_many(
            replace(one, account_id=whose)
            for one in many(50, f"http://slow{number}.kz:80", first=first)
        )
    await bench.run()
    await bench.pass_time(1_000)
    assert bench.client.most["all"] < 64
    assert all(bench.client.open[f"slow{number}.kz:80"] for number in range(60))
    assert bench.store.claimed <= 128 + 60
    bench.store.owe_many(many(20, "http://live.kz:80", first=900_001))
    await bench.pass_time(1_500)
    assert all(row.stage is DONE for number, row in bench.store.rows.items() if number > 900_000)


async def test_slow_hosts_without_number_take_no_places_of_other_accounts(bench_with):
    """A customer who owns a domain has a new host for each message."""
    bench = bench_with(total=64)
    bench.accounts[8] = replace(DEMO, id=8)
    slow = [call(n, host=f"http://slow{n:04}.kz:80") for n in range(1, 2_501)]
    for one in slow:
        held(bench.client, one.host.removeprefix("http://"))
    bench.store.owe_many(slow)
    await bench.run()
    await bench.pass_time(1_000)
    assert bench.client.most["all"] == 32, "half of the places"
    assert bench.store.claimed == bench.caller.in_hand == 64, "half of the memory"
    bench.store.owe_many(
        replace(one, account_id=8) for one in many(20, "http://zz.kz:80", first=900_001)
    )
    await bench.pass_time(1_000)
    assert all(row.stage is DONE for number, row in bench.store.rows.items() if number > 900_000)


async def test_all_hosts_of_an_account_have_their_turn(bench_with):
    bench = bench_with(total=64)
    bench.store.owe_many(call(n, host=f"http://h{n:04}.kz:80") for n in range(1, 2_501))
    await bench.run()
    await bench.pass_time(5_000)
    assert set(bench.store.stages().values()) == {DONE}
    assert bench.client.most["all"] <= 32
    assert bench.caller.in_hand == bench.caller.hosts == 0


async def test_a_place_that_becomes_free_is_taken_at_once(bench_with):
    """An account has one of two."""
    bench = bench_with(total=2)
    gate, _ = held(bench.client, "slow.kz:80")
    await bench.run(call(1, host="http://slow.kz:80"))
    bench.store.owe(call(2, host="http://other.kz:80"))
    await bench.pass_time(1_000)
    assert bench.ids() == [1]
    gate.set()
    await bench.settle()
    assert bench.ids() == [1, 2]


async def test_a_host_does_not_wait_for_the_disk(bench_with):
    bench = bench_with(per_host=1)
    gate, _ = held(bench.client, "a.kz:80")
    await bench.run(call(1), call(2), call(3))
    assert bench.store.claimed == 2
    bench.store.away = True
    gate.set()
    await bench.settle()
    assert bench.ids() == [1, 2]
    bench.store.away = False


async def test_lanes_of_hosts_without_work_are_forgotten(bench):
    await bench.run(*(call(n, host=f"http://h{n}.kz:80") for n in range(1, 31)))
    await bench.pass_time(500)
    assert bench.caller.hosts == 0
    assert bench.caller.running == 0


# --- Answers to subscribers ----------------------------------------------------------------------
def owed_subscriber(number=1, **changes):
    event = subscriber(transaction_id="12345", **changes)
    return call(number, event, method=CallMethod.POST)


async def test_a_try_is_written_down_when_its_answer_is_on_disk(bench):
    bench.client.answers["a.kz:80"] = THANKS
    await bench.run(owed_subscriber())
    reply = Reply(5, 2, "8785#12345", 77771234567, "Thank you")
    assert bench.door.replies == [reply]
    [given] = [at for at, turn in enumerate(bench.store.turns) if reply in turn]
    [(at, tried)] = [
        (at, event)
        for at, turn in enumerate(bench.store.turns)
        for event in turn
        if isinstance(event, CallTried)
    ]
    assert at > given
    assert (tried.stage, tried.answer) == (DONE, THANKS.body.decode())


async def test_a_death_while_an_answer_waits_loses_no_answer(bench):
    gate, answer = held(bench.client, "a.kz:80")
    answer[0] = THANKS
    await bench.run(owed_subscriber())
    bench.store.away = True
    gate.set()
    await bench.settle()
    bench.store.away = False
    await asyncio.sleep(0.01)
    await bench.pass_time(500)
    assert bench.store.stages() == {1: CLAIMED}, "what was not answered has not ended"
    bench.store.die()
    bench.caller.lost()
    await bench.pass_time(5_000)
    assert bench.ids() == [1, 1]
    assert sum(bench.door.replies[0] in turn for turn in bench.store.turns) == 1
    assert bench.store.stages() == {1: DONE}
    assert bench.caller.in_hand == 0


@pytest.mark.rule("inbox.time-out")
async def test_a_web_service_has_thirty_seconds_for_its_answer(bench):
    await bench.run(call(1))
    bench.store.owe(owed_subscriber(2))
    bench.caller.wake()
    await bench.pass_time(10)
    assert bench.client.seconds == [10.0, 30.0]


@pytest.mark.rule("inbox.one-reply")
async def test_no_second_answer(bench):
    bench.client.answers["a.kz:80"] = THANKS
    await bench.run(owed_subscriber(replied=True))
    assert bench.door.replies == []
    assert bench.store.notes == [Noted(5, "no reply: the subscriber was answered before")]
    assert bench.store.stages() == {1: DONE}


@pytest.mark.rule("inbox.says-why", "inbox.one-sms")
async def test_what_the_door_refuses_staff_can_read(bench):
    bench.client.answers["a.kz:80"] = THANKS
    bench.door.refusal = Refusal.LENGTH
    await bench.run(owed_subscriber())
    assert bench.store.notes == [Noted(5, "no reply: the text is longer than one SMS")]
    assert bench.store.stages() == {1: DONE}


@pytest.mark.rule("inbox.says-why")
async def test_garbage_is_noted_and_not_asked_for_again(bench):
    bench.client.answers["a.kz:80"] = Answer(200, body=b"<html>It works!</html>")
    await bench.run(owed_subscriber())
    await bench.pass_time(60_000)
    assert bench.ids() == [1]
    assert "form" in bench.store.notes[0].note
    assert bench.caller.figures.no_replies == 1


@pytest.mark.rule("inbox.auto-reply")
async def test_the_gateway_answers_by_itself_and_calls_nobody(bench):
    event = subscriber(reply="STOPPED")
    await bench.run(call(1, event, host="", url="", method=CallMethod.AUTO))
    assert bench.client.requests == []
    assert [reply.text for reply in bench.door.replies] == ["STOPPED"]
    assert bench.store.stages() == {1: DONE}


async def test_an_answer_waits_for_a_store_that_is_away(bench):
    gate, answer = held(bench.client, "a.kz:80")
    answer[0] = THANKS
    await bench.run(owed_subscriber())
    bench.store.away = True
    gate.set()
    await bench.pass_time(3_500)
    assert len(bench.door.replies) == 4
    bench.store.away = False
    await asyncio.sleep(0.01)
    await bench.pass_time(2_000)
    assert len(bench.door.replies) == 5
    assert bench.store.stages() == {1: DONE}
    assert sum(bench.door.replies[0] in turn for turn in bench.store.turns) == 1


async def test_an_answer_is_forgotten_where_the_message_is_in_other_hands(bench):
    gate, answer = held(bench.client, "a.kz:80")
    answer[0] = THANKS
    await bench.run(owed_subscriber())
    bench.store.away = True
    gate.set()
    await bench.settle()
    bench.store.rows[1].stage = WAITING  # its lease ran out meanwhile
    bench.caller.lost()
    bench.store.away = False
    await asyncio.sleep(0.01)
    await bench.pass_time(5_000)
    assert len(bench.door.replies) == 1


async def test_a_call_under_way_that_was_lost_answers_nobody(bench):
    gate, answer = held(bench.client, "a.kz:80")
    answer[0] = THANKS
    await bench.run(owed_subscriber())
    bench.store.holds = False
    bench.caller.lost()
    gate.set()
    await bench.settle()
    assert bench.door.replies == []
    assert bench.store.rows[1].tries == []
    assert bench.caller.in_hand == 0


async def test_a_stop_leaves_an_answer_that_could_not_be_stored_to_the_next_run(bench):
    gate, answer = held(bench.client, "a.kz:80")
    answer[0] = THANKS
    await bench.run(owed_subscriber())
    bench.store.away = True
    gate.set()
    await bench.settle()
    await bench.caller.stop(1)
    bench.store.away = False
    await asyncio.sleep(0.01)
    await bench.pass_time(5_000)
    assert len(bench.door.replies) == 2
    assert bench.store.stages() == {1: WAITING}
    assert bench.store.rows[1].tries == []


# --- What cannot be called -----------------------------------------------------------------------
async def test_a_url_that_was_taken_away(bench):
    await bench.run(call(1, url=""))
    assert bench.client.requests == []
    assert bench.store.stages() == {1: GIVEN_UP}
    assert "nobody" in bench.store.rows[1].tries[0].error


async def test_a_url_that_is_none_is_put_off(bench):
    await bench.run(*(call(n, url="http://u:p@a.kz/") for n in range(1, 8)))
    assert set(bench.store.stages().values()) == {WAITING}
    assert "user name" in bench.store.rows[1].tries[0].error
    assert bench.caller.paused_hosts == 0


async def test_an_account_that_is_not_known_yet_is_waited_for(bench):
    bench.accounts.clear()
    await bench.run(call(1))
    assert bench.store.stages() == {1: WAITING}
    bench.accounts[DEMO.id] = DEMO
    await bench.pass_time(11_000)
    assert bench.store.stages() == {1: DONE}


async def test_a_fault_of_ours_holds_nobody_up(bench):
    async def broken(_request):
        raise RuntimeError("bug")

    bench.client.answers["a.kz:80"] = broken
    await bench.run(call(1), call(2, host="http://b.kz:80"))
    assert bench.store.stages() == {1: WAITING, 2: DONE}
    assert "fault" in bench.store.rows[1].tries[0].error
    assert bench.caller.running == 0


# --- The store away, and the end -----------------------------------------------------------------
async def test_a_store_that_is_away_is_asked_calmly(bench):
    bench.store.away = True
    await bench.run(call(1))
    await bench.pass_time(60_000)
    assert 55 <= bench.store.looks <= 65
    bench.store.away = False
    await bench.pass_time(1_100)
    assert bench.store.stages() == {1: DONE}


async def test_a_store_that_breaks_is_asked_again(bench):
    real, failures = bench.store.hosts, [RuntimeError("bug")]

    async def breaks(*_):
        if failures:
            raise failures.pop()
        return await real()

    bench.store.hosts = breaks
    await bench.run(call(1))
    await bench.pass_time(1_500)
    assert bench.store.stages() == {1: DONE}


async def test_a_claim_that_fails_is_made_again(bench):
    await bench.run()
    real = bench.store.ask

    def goes_away(question, done):
        bench.store.away = True
        real(question, done)

    bench.store.ask = goes_away
    bench.store.owe(call(1))
    await bench.pass_time(250)
    bench.store.ask, bench.store.away = real, False
    await bench.pass_time(1_500)
    assert bench.store.stages() == {1: DONE}
    assert bench.caller.in_hand == 0


async def test_while_it_is_not_certain_that_it_is_ours_nothing_is_called(bench):
    bench.store.holds = False
    await bench.run(call(1))
    await bench.pass_time(2_000)
    assert bench.ids() == []
    bench.store.holds = True
    await bench.pass_time(300)
    assert bench.ids() == [1]


@pytest.mark.parametrize("ended", [True, False])
async def test_what_is_lost_is_forgotten_and_waits_again(bench, ended):
    """`ended`: by others; else the store was away for longer than the lease, and nothing more."""
    gate, _ = held(bench.client, "slow.kz:80")
    bench.store.owe_many(many(40, "http://slow.kz:80"))
    await bench.run()
    bench.store.holds = False
    if ended:
        bench.store.die()
    bench.caller.lost()
    gate.set()
    await bench.settle()
    assert bench.caller.in_hand == 0
    assert {*bench.store.stages().values()} == {WAITING}
    assert not any(isinstance(e, CallTried) for turn in bench.store.turns for e in turn)
    bench.store.holds = True
    await bench.pass_time(1_000)
    assert {*bench.store.stages().values()} == {DONE}


async def test_an_answer_that_waits_for_a_store_that_is_away_too_long_is_asked_for_again(bench):
    gate, answer = held(bench.client, "a.kz:80")
    answer[0] = THANKS
    await bench.run(owed_subscriber())
    bench.store.away = True
    gate.set()
    await bench.settle()
    bench.caller.lost()
    bench.store.away = False
    await asyncio.sleep(0.01)
    await bench.pass_time(2_000)
    assert bench.store.stages() == {1: DONE}
    assert bench.caller.in_hand == 0


async def test_a_stop_waits_for_calls_under_way_and_gives_the_rest_back(bench):
    gate, _ = held(bench.client, "slow.kz:80")
    bench.store.owe_many(many(100, "http://slow.kz:80"))
    await bench.run()
    stopping = asyncio.create_task(bench.caller.stop(5))
    await bench.settle()
    gate.set()
    await stopping
    await bench.settle()
    stages = list(bench.store.stages().values())
    assert stages.count(DONE) == 16
    assert stages.count(WAITING) == 84
    assert bench.client.closed


async def test_a_stop_waits_for_what_it_has_asked_the_store(bench):
    await bench.run()
    real, asked = bench.store.ask, []
    bench.store.ask = lambda question, done: asked.append((question, done))
    bench.store.owe(call(1))
    await bench.pass_time(250)
    stopping = asyncio.create_task(bench.caller.stop(20))
    await bench.settle()
    assert not stopping.done()
    real(*asked[0])
    await stopping
    await bench.settle()
    assert bench.store.stages() == {1: WAITING}
    assert bench.caller.in_hand == 0


async def test_a_stop_cuts_calls_that_do_not_end(bench):
    held(bench.client, "slow.kz:80")
    bench.store.owe_many(many(100, "http://slow.kz:80"))
    await bench.run()
    await bench.caller.stop(0.01)
    await bench.settle()
    assert set(bench.store.stages().values()) == {WAITING}
    assert bench.caller.in_hand == 0
    assert all(not row.tries for row in bench.store.rows.values())


async def test_figures(bench):
    bench.client.answers["bad.kz:80"] = Answer(0, "refused", forbidden=True)
    await bench.run(call(1), owed_subscriber(2), call(3, host="http://bad.kz:80"))
    figures = bench.caller.figures
    assert figures.calls == {"done": 2, "failed": 1, "given_up": 0}
    assert figures.kinds == {"state": 2, "inbound": 1}
    assert figures.refused_addresses == 1
    assert sum(figures.buckets) == 3
