"""Call-backs as staff see them, and calling again."""

from __future__ import annotations

import pytest

from habar.admin.call_lines import STAGES, about, call_lines, called, result
from habar.admin.callbacks import BATCH, CallBacks, Wanted
from habar.errors import InvalidValue, NotFound
from habar.store.callbacks import CallFilter, CallKind, CallStage, HostQueue, Try

from .conftest import ACTOR, NOW
from .scripted import call

FAILED = Try(1, NOW + 10, 120, 500, "", "Oops\x1b[2J")


@pytest.fixture
def calls(callbacks, books, shop):
    return CallBacks(callbacks, books, actor=ACTOR, now=lambda: NOW)


class TestLines:
    def test_one_that_waits(self):
        assert [(line.at, line.text) for line in call_lines(call(15, FAILED))] == [
            (NOW, "call-back 15: message 801: 102 DELIVERED, for http://acme.example:80"),
            (NOW + 10, "call-back 15: try 1: HTTP 500 in 120 ms, it said 'Oops\\x1b[2J'"),
            (NOW + 20_000, "call-back 15: try 2 is due"),
        ]

    @pytest.mark.parametrize(
        ("stage", "words"),
        [
            (CallStage.DONE, "done, called once"),
            (CallStage.GIVEN_UP, "given up, called once"),
            (CallStage.CLAIMED, "it is being made"),
            (CallStage.BLOCKED, "it waits until an earlier one of the same message has ended"),
        ],
    )
    def test_every_other_state(self, stage, words):
        ended = NOW + 99 if stage in (CallStage.DONE, CallStage.GIVEN_UP) else None
        *_, last = call_lines(call(15, FAILED, stage=stage, ended_at=ended))
        assert (last.at, last.text) == (ended, f"call-back 15: {words}")

    def test_every_stage_has_its_word(self):
        assert set(STAGES) == set(CallStage)
        assert len(set(STAGES.values())) == len(CallStage)

    def test_what_it_is_about(self):
        assert about(call(kind=CallKind.INBOUND, subject=7).row) == "subscriber's message 7"

    def test_how_a_call_went(self):
        assert result(200, "") == "HTTP 200"
        assert result(0, "refused") == "refused"
        assert result(302, "a redirect") == "HTTP 302, a redirect"
        assert result(500, "HTTP 500") == "HTTP 500"
        assert result(302, "HTTP 302: redirects are not followed").count("HTTP") == 1
        assert result(0, "") == "the gateway answered"

    def test_who_is_called(self):
        assert called(call()) == "GET http://acme.example/report?a=1"
        assert called(call()._replace(url="")) == "nobody any more"

    def test_one_that_the_gateway_answers_by_itself(self):
        tried = Try(1, NOW + 10, 0, 0, "", "")
        done = {"stage": CallStage.DONE, "ended_at": NOW + 10}
        own = call(15, tried, kind=CallKind.INBOUND, subject=7, host="", **done)
        assert [line.text for line in call_lines(own)] == [
            "call-back 15: subscriber's message 7, for the gateway to answer",
            "call-back 15: try 1: the gateway answered in 0 ms",
            "call-back 15: done, tried once",
        ]
        assert called(own) == "nobody: the gateway answers by itself"


class TestList:
    async def test_every_condition(self, calls, callbacks):
        wanted = Wanted("acme", "given-up", "HTTP://Acme.example/x", 801, None, NOW, NOW + 1)
        await calls.list(wanted, 10)
        assert callbacks.asked == [
            CallFilter(
                account_id=1,
                kind=CallKind.STATE,
                stage=CallStage.GIVEN_UP,
                host="http://acme.example:80",
                subject=801,
                since=NOW,
                until=NOW + 1,
            )
        ]

    async def test_about_a_subscribers_message(self, calls, callbacks):
        await calls.list(Wanted(inbound=7), 10)
        assert callbacks.asked == [CallFilter(kind=CallKind.INBOUND, subject=7)]

    @pytest.mark.parametrize(
        ("wanted", "words"),
        [
            (Wanted(message=1, inbound=1), "not both"),
            (Wanted(state="lost"), "state: 'lost' is none of: waiting, in-hand, done"),
            (Wanted(host="acme"), "host: the URL begins neither"),
        ],
    )
    async def test_what_is_no_condition(self, calls, wanted, words):
        with pytest.raises(InvalidValue, match=words):
            await calls.list(wanted, 10)

    async def test_an_account_that_is_not_there(self, calls):
        with pytest.raises(NotFound):
            await calls.list(Wanted(account="nobody"), 10)

    async def test_one(self, calls, callbacks):
        callbacks.put(call(15, FAILED))
        assert (await calls.show(15)).tries == (FAILED,)
        with pytest.raises(NotFound, match="there is no call-back 16"):
            await calls.show(16)

    async def test_hosts_in_trouble_come_first(self, calls, callbacks):
        callbacks.queues = [
            HostQueue("http://fine.example:80", NOW, 1, 0, 0, 0, ""),
            HostQueue("http://down.example:80", NOW + 5, 1, 9, NOW + 60_000, NOW, "refused"),
        ]
        assert [one.host for one in await calls.hosts()] == [
            "http://down.example:80",
            "http://fine.example:80",
        ]

    async def test_hosts_without_number(self, calls, callbacks):
        names = [f"http://h{number:04}.example:80" for number in range(2 * BATCH)]
        callbacks.queues = [HostQueue(name, NOW, 1, 0, 0, 0, "") for name in names]
        assert [one.host for one in await calls.hosts()] == names


class TestReplaying:
    async def test_some(self, calls, callbacks):
        callbacks.put(call(15, stage=CallStage.DONE), call(16, stage=CallStage.CLAIMED))
        assert await calls.replay([15, 16]) == [15]
        assert callbacks.batches == [([15, 16], ACTOR, NOW)]

    async def test_one_that_is_not_there_stops_all(self, calls, callbacks):
        callbacks.put(call(15))
        with pytest.raises(NotFound):
            await calls.replay([15, 99])
        assert callbacks.batches == []

    async def test_all_in_batches_the_oldest_first(self, calls, callbacks, monkeypatch):
        monkeypatch.setattr("habar.admin.callbacks.BATCH", 2)
        callbacks.put(*(call(number, stage=CallStage.GIVEN_UP) for number in range(1, 6)))
        callbacks.put(call(6, stage=CallStage.DONE))
        seen = []
        ids = await calls.find(Wanted(state="given-up"))
        assert list(ids) == [1, 2, 3, 4, 5]
        assert await calls.replay_all(ids, seen.append) == 5
        assert [ids for ids, _, _ in callbacks.batches] == [[1, 2], [3, 4], [5]]
        assert seen == [2, 2, 1]
        assert list(await calls.find(Wanted(state="given-up"))) == []
