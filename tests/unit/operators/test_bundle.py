"""operators/bundle.py: which link sends, what is summed, what becomes of a link that goes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from habar.operators import (
    BindGroup,
    BindKind,
    Bundle,
    LinkCounters,
    LinkState,
    OperatorSettings,
    Pace,
    SystemClock,
)
from habar.operators import bundle as bundle_module
from habar.wire.smpp import CommandId, EncodeError, Pdu, make_pdu


class PaperLink:
    """A link that is told how it is."""

    def __init__(self, settings: OperatorSettings, **calls: Any) -> None:
        self.settings, self.calls = settings, calls
        self.counters = LinkCounters()
        self.state = LinkState.CONNECTING
        self.since_ms, self.last_error = 0, ""
        self.free, self.wait, self.places = settings.window, 0.0, 2
        self.asked: list[tuple[Pdu, asyncio.Future[Pdu | None]]] = []
        self.sent: list[Any] = []
        self.did: list[str] = []
        self.answered = asyncio.Event()

    @property
    def up(self) -> bool:
        return self.state is LinkState.UP

    @property
    def room(self) -> int:
        return max(0, self.free) if self.up else 0

    @property
    def ask_room(self) -> int:
        return self.places if self.up else 0

    @property
    def window_used(self) -> int:
        return self.settings.window - self.free

    def start(self) -> None:
        self.did.append("start")

    def rise(self) -> None:
        self.state = LinkState.UP
        self.calls["on_up"]()

    def fall(self, state: LinkState = LinkState.DOWN) -> None:
        was_up, self.state = self.up, state
        tokens, self.sent, self.free = tuple(self.sent), [], self.settings.window
        if was_up:
            self.calls["on_down"](tokens)

    def send(self, body: bytes, token: object) -> None:
        assert self.room, f"{body!r} overruns the window"
        self.free -= 1
        self.sent.append(token)

    def ask(self, pdu: Pdu, answer: asyncio.Future[Pdu | None]) -> None:
        if pdu.command_id == CommandId.REPLACE_SM:
            raise EncodeError(1, "too long")
        assert self.ask_room > 0
        self.places -= 1
        self.asked.append((pdu, answer))

    def answer(self, pdu: Pdu | None) -> None:
        self.places += 1
        self.asked.pop(0)[1].set_result(pdu)

    def adjust(self, settings: OperatorSettings) -> None:
        self.settings = settings

    def report(self) -> str:
        return f"report of {self.calls['number']}"

    def flush(self) -> None:
        self.did.append("flush")

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - as the link's
        self.did.append(f"drain {timeout}")
        if self.sent:
            await self.answered.wait()

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - as the link's
        self.did.append(f"close {timeout}")
        self.fall(LinkState.CLOSED)

    def abandon(self, reason: str) -> None:
        self.did.append(reason)
        self.fall(LinkState.CLOSED)


class HandClock(SystemClock):
    """Tells what the test says."""

    ms = 1_000

    def now_ms(self) -> int:
        return self.ms


class Rig:
    """A bundle, its paper links by slot, and what it has told."""

    def __init__(self, **changes: Any) -> None:
        settings = OperatorSettings(1, "op", "h", 1, "id", "pw", **({"window": 3} | changes))
        self.told: list[Any] = []
        self.clock = HandClock()
        self.bundle = Bundle(
            settings,
            on_results=lambda results: None,
            on_deliver=lambda pdu, ack: None,
            on_up=lambda: self.told.append("up"),
            on_down=self.told.append,
            clock=self.clock,
        )

    def open(self, *slots: int, up: bool = True) -> list[PaperLink]:
        links = []
        for slot in slots:
            self.bundle.open(slot)
            link: Any = self.bundle._links[slot]
            links.append(link)
            if up:
                link.rise()
        return links

    def send(self, count: int) -> None:
        for token in range(count):
            self.bundle.send(b"", token)


@pytest.fixture(autouse=True)
def paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_module, "Link", PaperLink)


async def test_without_links_there_is_no_room() -> None:
    bundle = Rig().bundle
    assert not bundle.up
    assert (bundle.room, bundle.wait, bundle.window, bundle.window_used) == (0, 0.0, 0, 0)
    assert (bundle.held, bundle.bound, bundle.state) == (0, 0, LinkState.CLOSED)
    with pytest.raises(RuntimeError):
        bundle.send(b"", None)


async def test_one_link_is_the_bundle() -> None:
    rig = Rig()
    (link,) = rig.open(5)
    link.free, link.wait = 2, 0.5
    bundle = rig.bundle
    assert (bundle.up, bundle.room, bundle.wait) == (True, 2, 0.5)
    assert (bundle.window, bundle.window_used) == (3, 1)
    bundle.send(b"", "a")
    bundle.flush()
    assert (link.sent, link.did) == (["a"], ["start", "flush"])


async def test_links_take_turns_and_their_windows_add_up() -> None:
    rig = Rig(binds=2)
    first, second = rig.open(1, 2)
    assert (rig.bundle.window, rig.bundle.room) == (6, 6)
    rig.send(4)
    assert (first.sent, second.sent) == ([0, 2], [1, 3])
    assert (rig.bundle.window_used, rig.bundle.room) == (4, 2)


async def test_one_whose_window_is_full_is_passed_over() -> None:
    rig = Rig(binds=3)
    first, second, third = rig.open(1, 2, 3)
    first.free = 1
    second.free = 0
    rig.send(4)
    assert [len(link.sent) for link in (first, second, third)] == [1, 0, 3]
    assert rig.bundle.room == 0
    with pytest.raises(RuntimeError):
        rig.bundle.send(b"", None)


async def test_one_that_is_down_is_passed_over_and_its_window_does_not_count() -> None:
    rig = Rig(binds=2)
    first, second = rig.open(1, 2)
    first.fall()
    assert (rig.bundle.up, rig.bundle.window, rig.bundle.room) == (True, 3, 3)
    rig.send(3)
    assert (first.sent, second.sent) == ([], [0, 1, 2])
    second.fall()
    assert (rig.bundle.up, rig.bundle.window) == (False, 0)
    assert rig.told == ["up", "up", (), (0, 1, 2)]


async def test_the_soonest_of_those_that_are_up_is_waited_for() -> None:
    rig = Rig(binds=3)
    first, second, third = rig.open(1, 2, 3)
    first.wait, second.wait, third.wait = 0.5, 0.25, 0.1
    third.fall()
    assert rig.bundle.wait == 0.25


async def test_a_process_has_the_share_of_the_throughput_that_its_links_have_of_the_binds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares: list[float] = []
    monkeypatch.setattr(Pace, "share", lambda _, part, __: shares.append(part))
    rig = Rig(binds=4)
    rig.open(1, 2, 3)
    await rig.bundle.close(2, 1.0)
    rig.bundle.abandon_all("lost")
    rig.open(1)
    assert shares == [0.25, 0.5, 0.75, 0.5, 0.25]


async def test_links_keep_the_pace_together() -> None:
    rig = Rig(binds=2, window=100, throughput=1)
    first, second = rig.open(1, 2)
    assert first.calls["pace"] is second.calls["pace"]
    assert first.room + second.room == 200
    assert rig.bundle.room == 1


async def test_whole_is_one_that_has_every_bind_in_use() -> None:
    rig = Rig(binds=2)
    rig.open(1)
    assert not rig.bundle.whole
    rig.open(2)
    assert rig.bundle.whole
    rig.bundle._retire(rig.bundle._links[2])
    assert not rig.bundle.whole


# --- Slots ---------------------------------------------------------------------------------------
async def test_closing_waits_for_the_answers_and_sends_nothing_there_meanwhile() -> None:
    rig = Rig(binds=2)
    first, second = rig.open(1, 2)
    rig.send(2)
    closing = asyncio.ensure_future(rig.bundle.close(1, 30.0))
    await asyncio.sleep(0)
    assert rig.told[-1] == ()
    assert (rig.bundle.room, rig.bundle.window) == (2, 3)
    assert (rig.bundle.window_used, rig.bundle.held, rig.bundle.bound) == (2, 2, 2)
    rig.send(2)
    assert (len(first.sent), len(second.sent)) == (1, 3)
    first.sent.clear()
    first.answered.set()
    await closing
    assert first.did == ["start", "drain 30.0", "close 2.0"]
    assert (rig.bundle.held, rig.bundle.window_used) == (1, 3)
    rig.bundle.open(1)
    assert rig.bundle.held == 2, "the slot is free again"


async def test_what_is_not_answered_in_time_is_told_as_lost() -> None:
    rig = Rig()
    (link,) = rig.open(1)
    rig.send(2)
    link.answered.set()  # the time is up
    await rig.bundle.close(1, 1.5)
    assert rig.told == ["up", (), (0, 1)]
    assert link.did[-1] == "close 1.5"


async def test_the_last_link_is_not_up_from_the_moment_it_is_to_be_closed() -> None:
    rig = Rig()
    rig.open(1)
    rig.send(1)
    closing = asyncio.ensure_future(rig.bundle.close(1, 30.0))
    await asyncio.sleep(0)
    assert rig.told == ["up", ()]
    assert (rig.bundle.up, rig.bundle.room, rig.bundle.bound) == (False, 0, 1)
    rig.bundle.abandon(1, "not ours")
    assert rig.told == ["up", (), (0,)]
    assert rig.bundle.held == 0
    closing.cancel()


async def test_one_that_comes_up_while_it_is_closed_is_not_used() -> None:
    rig = Rig()
    (link,) = rig.open(1, up=False)
    rig.bundle._retire(link)  # type: ignore[arg-type]
    link.rise()
    assert "up" not in rig.told
    assert not rig.bundle.up


async def test_an_abandoned_link_is_forgotten_at_once() -> None:
    rig = Rig(binds=2)
    first, second = rig.open(1, 2)
    rig.send(3)
    rig.bundle.abandon(2, "not ours")
    assert rig.told == ["up", "up", (), (1,)]
    assert second.did[-1] == "not ours"
    assert (rig.bundle.held, rig.bundle.room) == (1, 1)
    rig.bundle.abandon(2, "not ours")
    assert first.sent == [0, 2], "a free slot is left as it is"


async def test_when_all_are_abandoned_none_is_up_while_the_first_loss_is_told() -> None:
    rig = Rig(binds=2)
    rig.open(1, 2)
    rig.send(2)
    seen: list[tuple[bool, int]] = []
    rig.bundle._on_down = lambda _: seen.append((rig.bundle.up, rig.bundle.room))
    rig.bundle.abandon_all("lost")
    assert seen == [(False, 0), (False, 0)]
    assert rig.bundle.held == 0


async def test_close_all_unbinds_all() -> None:
    rig = Rig(binds=2)
    links = rig.open(1, 2)
    rig.send(1)
    await rig.bundle.close_all(5.0)
    assert [link.did[-1] for link in links] == ["close 2.0", "close 2.0"]
    assert sorted(rig.told[2:]) == [(), (0,)]
    assert rig.bundle.held == 0


# --- Figures -------------------------------------------------------------------------------------
async def test_counters_are_summed_and_those_of_links_that_are_gone_stay() -> None:
    rig = Rig(binds=2)
    first, second = rig.open(1, 2)
    first.counters.binds, first.counters.drops, second.counters.binds = 3, 2, 4
    assert (rig.bundle.counters.binds, rig.bundle.counters.drops) == (7, 2)
    await rig.bundle.close(1, 1.0)
    rig.bundle.abandon(2, "not ours")
    assert (rig.bundle.counters.binds, rig.bundle.counters.drops) == (7, 2)
    rig.open(1)[0].counters.binds = 1
    assert rig.bundle.counters.binds == 8


async def test_it_tells_the_best_state_and_the_latest_error() -> None:
    rig = Rig(binds=2)
    first, second = rig.open(1, 2, up=False)
    first.state, second.state = LinkState.DOWN, LinkState.BINDING
    assert rig.bundle.state is LinkState.BINDING
    assert rig.bundle.last_error == ""
    first.last_error, first.since_ms = "first", 1
    assert rig.bundle.last_error == "first"
    second.last_error, second.since_ms = "second", 2
    assert rig.bundle.last_error == "second"


async def test_each_link_s_report_is_told_by_its_slot() -> None:
    rig = Rig(binds=3)
    rig.open(2, 1)
    reports: Any = rig.bundle.reports()
    assert reports == {1: "report of 1", 2: "report of 2"}
    assert list(reports) == [1, 2]


# --- Receivers -----------------------------------------------------------------------------------
PAIR = (BindGroup(BindKind.TRANSMITTER, 1), BindGroup(BindKind.RECEIVER, 2))


async def test_receivers_are_never_sent_to_and_make_nobody_up() -> None:
    rig = Rig(groups=PAIR)
    receiver, _ = rig.open(1001, 1002)
    assert (rig.bundle.up, rig.bundle.room, rig.bundle.window) == (False, 0, 0)
    assert rig.told == []
    assert (rig.bundle.held, rig.bundle.bound) == (2, 2)
    (transmitter,) = rig.open(1)
    assert (rig.bundle.up, rig.bundle.room, rig.bundle.window) == (True, 3, 3)
    assert rig.told == ["up"]
    rig.send(3)
    assert (transmitter.sent, receiver.sent) == ([0, 1, 2], [])
    transmitter.fall()
    assert (rig.bundle.up, rig.bundle.room) == (False, 0)


async def test_the_share_of_the_throughput_is_that_of_the_binds_that_send(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares: list[float] = []
    monkeypatch.setattr(Pace, "share", lambda _, part, __: shares.append(part))
    rig = Rig(groups=(BindGroup(BindKind.TRANSMITTER, 2), BindGroup(BindKind.RECEIVER, 2)))
    rig.open(1001, 1, 1002, 2)
    assert shares == [0.5, 1.0]
    assert rig.bundle.whole


async def test_the_state_told_is_that_of_the_links_that_send() -> None:
    rig = Rig(groups=PAIR)
    rig.open(1001)
    assert rig.bundle.state is LinkState.UP
    rig.open(1, up=False)
    assert rig.bundle.state is LinkState.CONNECTING


async def test_a_link_that_only_receives_is_none_to_send_by() -> None:
    rig = Rig(groups=PAIR)
    assert not rig.bundle.up
    rig.open(1001)
    assert not rig.bundle.up
    (transmitter,) = rig.open(1)
    assert rig.bundle.up
    transmitter.fall()
    assert not rig.bundle.up
    rig.bundle.abandon(1001, "not ours")
    assert not rig.bundle.up
    transmitter.rise()
    assert rig.bundle.up
    rig.bundle.abandon_all("lost")
    assert not rig.bundle.up


# --- Order ---------------------------------------------------------------------------------------
async def test_in_order_each_link_begins_when_those_before_it_were_tried() -> None:
    rig = Rig(groups=PAIR, in_order=True)
    links = rig.open(1, 1001, 1002, up=False)
    assert [link.did for link in links] == [["start"], [], []]
    links[0].calls["on_tried"]()
    assert [link.did for link in links] == [["start"], ["start"], []]
    links[1].calls["on_tried"]()
    assert links[2].did == ["start"]


async def test_one_that_goes_before_it_was_tried_holds_up_no_other() -> None:
    rig = Rig(groups=PAIR, in_order=True)
    links = rig.open(1, 1001, 1002, up=False)
    rig.bundle.abandon(1001, "not ours")
    rig.bundle.abandon(1, "not ours")
    assert [link.did for link in links] == [["start", "not ours"], ["not ours"], ["start"]]


async def test_when_all_are_closed_none_begins() -> None:
    rig = Rig(groups=PAIR, in_order=True)
    links = rig.open(1, 1001, up=False)
    await rig.bundle.close_all(1.0)
    assert "start" not in links[1].did


async def test_without_an_order_all_begin_at_once() -> None:
    rig = Rig(groups=PAIR)
    assert [link.did for link in rig.open(1001, 1, up=False)] == [["start"], ["start"]]


# --- Other settings ------------------------------------------------------------------------------
async def test_links_that_stand_follow_other_settings() -> None:
    rig = Rig(binds=2)
    first, second = rig.open(1, 2)
    second.fall()
    rig.bundle.apply(replace(rig.bundle.settings, window=9, throughput=10))
    assert (first.settings.window, second.settings.window) == (9, 9)
    assert rig.bundle.window == 9
    first.free = 9
    assert rig.bundle.room == 2, "a tenth of a second's worth, and one"
    rig.open(3)
    assert rig.bundle._links[3].settings.window == 9


async def test_other_binds_cannot_be_had_live() -> None:
    rig = Rig(binds=2)
    with pytest.raises(ValueError, match="others"):
        rig.bundle.apply(replace(rig.bundle.settings, binds=3))
    assert rig.bundle.settings.binds == 2


# --- Questions -----------------------------------------------------------------------------------
QUERY = make_pdu(CommandId.QUERY_SM, message_id=b"42")
ANSWER = make_pdu(CommandId.QUERY_SM_RESP, message_id=b"42")


async def test_a_question_without_a_link_is_answered_by_none_at_once() -> None:
    rig = Rig(groups=PAIR)
    rig.open(1001)
    assert rig.bundle.ask(QUERY).result() is None


async def test_questions_go_where_there_is_a_place_and_wait_else() -> None:
    rig = Rig(binds=2)
    first, second = rig.open(1, 2)
    answers = [rig.bundle.ask(QUERY) for _ in range(5)]
    assert (len(first.asked), len(second.asked)) == (2, 2)
    assert not any(answer.done() for answer in answers)
    second.answer(ANSWER)
    await asyncio.sleep(0)
    assert len(second.asked) == 2
    for link in (first, first, second, second):
        link.answer(ANSWER)
    assert [answer.result() for answer in answers] == [ANSWER] * 5


async def test_a_question_that_nobody_waits_for_any_more_is_not_asked() -> None:
    rig = Rig()
    (link,) = rig.open(1)
    answers = [rig.bundle.ask(QUERY) for _ in range(4)]
    answers[2].cancel()
    link.answer(ANSWER)
    await asyncio.sleep(0)
    assert [answer for _, answer in link.asked] == [answers[1], answers[3]]


async def test_when_the_last_link_falls_what_waits_is_answered_by_none() -> None:
    rig = Rig()
    (link,) = rig.open(1)
    answers = [rig.bundle.ask(QUERY) for _ in range(3)]
    link.state = LinkState.DOWN
    link.answer(None)
    link.answer(None)
    await asyncio.sleep(0)
    assert [answer.result() for answer in answers] == [None] * 3


async def test_an_answer_that_does_not_come_in_time_is_none() -> None:
    rig = Rig(response_timeout=0.01)
    rig.open(1)
    answers = [rig.bundle.ask(QUERY) for _ in range(3)]
    assert await asyncio.wait_for(asyncio.gather(*answers), 5) == [None] * 3


async def test_questions_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_module, "MOST_QUESTIONS", 1)
    rig = Rig()
    rig.open(1)
    answers = [rig.bundle.ask(QUERY) for _ in range(4)]
    assert [answer.done() for answer in answers] == [False, False, False, True]


async def test_a_question_that_cannot_be_written_raises() -> None:
    rig = Rig()
    rig.open(1)
    with pytest.raises(EncodeError):
        await rig.bundle.ask(make_pdu(CommandId.REPLACE_SM))


# --- Places that are held ------------------------------------------------------------------------
async def test_places_that_are_held_take_from_the_windows_and_not_from_the_pace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(binds=2, window=10)
    first, second = rig.open(1, 2)
    assert (rig.bundle.room_beside(0), rig.bundle.room_beside(15)) == (20, 5)
    monkeypatch.setattr(Pace, "room", lambda _, __: 3)
    assert (rig.bundle.room, rig.bundle.room_beside(0)) == (3, 3)
    assert rig.bundle.room_beside(15) == 3
    first.free = second.free = 2
    assert rig.bundle.room_beside(2) == 2
    second.fall()
    assert rig.bundle.room_beside(2) == 0
    assert rig.bundle.room_beside(9) < 0


async def test_what_a_link_has_over_a_smaller_window_takes_nothing_from_the_others() -> None:
    rig = Rig(binds=2, window=10)
    first, second = rig.open(1, 2)
    first.free = 0
    rig.bundle.apply(replace(rig.bundle.settings, window=6))
    first.free, second.free = -4, 6
    assert rig.bundle.room_beside(0) == 6
    assert rig.bundle.room_beside(2) == 4
