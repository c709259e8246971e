"""dispatch/binds.py, dispatcher.py: whose binds are used, emptied, left; what others are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from habar.dispatch import Dispatcher, Lane
from habar.errors import StoreUnavailable
from habar.model.message import Outgoing
from habar.model.retry import RetryPlan
from habar.operators import BindGroup, BindKind, OperatorSettings
from habar.operators import bundle as bundle_module
from habar.store.nodes import Hint, Slot, Slots, Watcher
from habar.store.readings import WaitingAccount

from .conftest import HandClock, HandLink, HandStore


class SharedStore(HandStore):
    """One that gives out binds as the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.held: set[Slot] = set()
        self.surplus: set[Slot] = set()
        self.asked: list[dict[int, list[int]]] = []
        self.gate: asyncio.Event | None = None
        self.away = False
        self.gone: list[Any] = []
        """Slots given back, and "drain" where that was announced."""
        self.told: list[Hint] = []

    async def slots(self, wanted: dict[int, list[int]]) -> Slots:
        self.asked.append(dict(wanted))
        answer = Slots(frozenset(self.held), frozenset(self.surplus))
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise StoreUnavailable("the database is away")
        return answer

    async def give_back(self, slot: Slot) -> None:
        if self.away:
            raise StoreUnavailable("the database is away")
        self.gone.append(slot)
        self.held.discard(slot)
        self.surplus.discard(slot)

    async def announce_drain(self) -> None:
        if self.away:
            raise StoreUnavailable("the database is away")
        self.gone.append("drain")

    async def waiting(self, operator_id: int) -> list[WaitingAccount]:
        return await super().waiting(operator_id) if operator_id == 1 else []

    def tell(self, hint: Hint) -> None:
        self.told.append(hint)


class Node:
    """A dispatcher for operators 1 and 2 with two binds each."""

    def __init__(self, links: list[HandLink]) -> None:
        self.store, self.clock, self.links = SharedStore(), HandClock(), links
        store: Any = self.store
        self.dispatcher = Dispatcher(
            store,
            [OperatorSettings(n, f"op{n}", "h", 1, "s", "p", binds=2, window=3) for n in (1, 2)],
            lambda *_: None,
            clock=self.clock,
        )
        self.binds = self.dispatcher._binds
        self.watcher: Watcher = self.dispatcher.watcher

    async def settle(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    async def start(self, *held: Slot) -> None:
        self.store.held = set(held)
        await self.dispatcher.start()
        await self.settle()

    async def round(self) -> None:
        self.clock.pass_time(1000)
        await self.settle()

    def held(self, operator_id: int = 1) -> set[int]:
        return set(self.dispatcher.lanes[operator_id].links._links)

    async def submit(self, count: int) -> None:
        for number in range(1, count + 1):
            assert self.dispatcher.reserve(1, 1, 1)
            self.dispatcher.take(1, lane_message(number, self.clock.ms))
        await self.settle()


def lane_message(message_id: int, now: int) -> Any:
    return Outgoing(message_id, 1, 1, "SHOP", 77010000001, "text", 0, 0, 1, now, None)


ONE, TWO = Slot(1, 1), Slot(1, 2)
OTHER = Slot(2, 1)


@pytest.fixture
async def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    links: list[HandLink] = []

    def hand_link(settings: OperatorSettings, **calls: Any) -> HandLink:
        links.append(HandLink(settings, **calls))
        return links[-1]

    monkeypatch.setattr(bundle_module, "Link", hand_link)
    return Node(links)


# --- Rounds --------------------------------------------------------------------------------------
async def test_at_the_start_the_store_is_asked_at_once_and_what_is_held_is_opened(
    node: Node,
) -> None:
    await node.start(ONE, OTHER)
    assert node.store.asked == [{1: [1, 2], 2: [1, 2]}]
    assert (node.held(1), node.held(2)) == ({1}, {1})
    assert all(link.up for link in node.links)


async def test_it_is_asked_again_each_second_and_not_before(node: Node) -> None:
    await node.start(ONE)
    node.store.held.add(TWO)
    node.clock.pass_time(999)
    await node.settle()
    assert node.held() == {1}
    node.clock.pass_time(1)
    await node.settle()
    assert (node.held(), len(node.store.asked)) == ({1, 2}, 2)
    await node.round()
    assert len(node.links) == 2, "those that are open stay as they are"


async def test_rounds_do_not_overlap(node: Node) -> None:
    await node.start(ONE)
    node.store.gate = asyncio.Event()
    for _ in range(3):
        await node.round()
    assert len(node.store.asked) == 2
    node.store.gate.set()
    await node.settle()
    await node.round()
    assert len(node.store.asked) == 3


async def test_a_store_that_is_away_is_counted_and_asked_again(node: Node) -> None:
    node.store.away = True
    await node.start(ONE)
    assert (node.binds.failures, node.held()) == (1, set())
    node.store.away = False
    await node.round()
    assert node.held() == {1}
    node.store.away = True
    await node.round()
    assert (node.binds.failures, node.held()) == (2, {1}), "what it said last holds"


# --- Binds that go -------------------------------------------------------------------------------
async def test_a_surplus_bind_is_emptied_and_then_given_back(node: Node) -> None:
    await node.start(ONE, TWO)
    await node.submit(8)
    first, second = node.links
    node.store.held, node.store.surplus = {ONE}, {TWO}
    await node.round()
    await node.round()
    assert node.store.gone == [], "there is something in its window"
    second.answer(0)
    await node.settle()
    assert len(second.sent) == 3, "nothing new is sent on it"
    second.answer(0, 0)
    await node.settle()
    assert node.store.gone == [TWO]
    assert node.held() == {1}
    assert node.store.released == []
    first.answer(0, 0, 0)
    await node.settle()
    assert len(first.sent) + len(second.sent) == 8


async def test_one_that_could_not_be_given_back_is_given_back_later(node: Node) -> None:
    await node.start(ONE, TWO)
    node.store.held, node.store.surplus = {ONE}, {TWO}
    give_back = node.store.give_back
    calls = 0

    async def fail_once(slot: Slot) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StoreUnavailable("the database is away")
        await give_back(slot)

    setattr(node.store, "give_back", fail_once)  # noqa: B010 - a method, to mypy
    await node.round()
    assert (node.store.gone, node.binds.failures, node.held()) == ([], 1, {1})
    await node.round()
    assert node.store.gone == [TWO]
    assert len(node.links) == 2


async def test_one_that_is_given_back_while_the_store_looks_is_not_opened_anew(node: Node) -> None:
    """The answer was true before the bind was given back, and may be another's since."""
    await node.start(ONE, TWO)
    await node.submit(2)
    second = node.links[1]
    node.store.held, node.store.surplus = {ONE}, {TWO}
    await node.round()
    node.store.held, node.store.surplus = {ONE, TWO}, set()
    node.store.gate = asyncio.Event()
    await node.round()
    second.answer(0)
    await node.settle()
    assert node.store.gone == [TWO]
    node.store.gate.set()
    await node.settle()
    assert node.held() == {1}
    node.store.held = {ONE, TWO}
    await node.round()
    assert node.held() == {1, 2}, "when the store has said it again, it is ours"


@pytest.mark.parametrize("emptying", [False, True])
async def test_one_that_is_no_longer_ours_is_left_at_once(node: Node, *, emptying: bool) -> None:
    await node.start(ONE, TWO)
    await node.submit(4)
    if emptying:
        node.store.held, node.store.surplus = {ONE}, {TWO}
        await node.round()
    node.store.held, node.store.surplus = {ONE}, set()
    await node.round()
    assert node.links[1].abandoned == "the bind is another node's"
    assert node.held() == {1}
    assert node.store.released == [({2, 4}, True)]
    assert node.store.gone == [], "it is not ours to give"


# --- The end -------------------------------------------------------------------------------------
async def test_a_drain_is_announced_and_the_binds_are_given_back_when_the_windows_are_empty(
    node: Node,
) -> None:
    await node.start(ONE, TWO, OTHER)
    await node.submit(1)
    draining = asyncio.ensure_future(node.dispatcher.drain(30.0))
    await node.settle()
    assert node.store.gone == ["drain"]
    await node.round()
    assert len(node.store.asked) == 1, "no bind is asked for any more"
    node.links[0].answer(0)
    await draining
    assert node.store.gone == ["drain", ONE, TWO, OTHER]
    assert node.clock.calls == []


async def test_a_drain_in_the_middle_of_a_question_ends_it(node: Node) -> None:
    await node.start(ONE)
    node.store.gate = asyncio.Event()
    await node.round()
    await node.dispatcher.drain(1.0)
    assert node.store.gone == ["drain", ONE]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_bind_that_is_being_emptied_is_given_back_in_the_drain_once(node: Node) -> None:
    await node.start(ONE)
    await node.submit(1)
    node.store.held, node.store.surplus = set(), {ONE}
    await node.round()
    await node.dispatcher.drain(0.01)
    assert node.store.gone == ["drain", ONE]
    assert node.store.released == [({1}, True)]


async def test_a_store_that_is_away_does_not_hold_up_the_end(node: Node) -> None:
    await node.start(ONE)
    node.store.away = True
    await node.dispatcher.drain(1.0)
    assert node.binds.failures == 2
    assert not node.links[0].up


async def test_a_dispatcher_that_was_never_started_can_be_drained(node: Node) -> None:
    await node.dispatcher.drain(1.0)
    assert node.store.gone == ["drain"]


# --- The run is lost -----------------------------------------------------------------------------
async def test_when_the_run_is_lost_every_link_is_left_and_the_binds_are_asked_for_anew(
    node: Node,
) -> None:
    await node.start(ONE, TWO, OTHER)
    await node.submit(4)
    node.watcher.lost()
    assert [link.up for link in node.links] == [False] * 3
    assert (node.held(1), node.held(2)) == (set(), set())
    await node.settle()
    assert node.store.gone == []
    await node.round()
    assert (node.held(1), node.held(2)) == ({1, 2}, {1})
    assert len(node.links) == 6


async def test_an_answer_from_before_the_loss_opens_nothing(node: Node) -> None:
    await node.start()
    node.store.held = {ONE}
    node.store.gate = asyncio.Event()
    await node.round()
    node.watcher.lost()
    node.store.gate.set()
    await node.settle()
    assert node.links == []
    await node.round()
    assert node.held() == {1}


async def test_a_bind_that_was_being_emptied_is_not_given_back_after_the_loss(node: Node) -> None:
    await node.start(ONE)
    await node.submit(1)
    node.store.held, node.store.surplus = set(), {ONE}
    await node.round()
    node.store.held, node.store.surplus = {ONE}, set()
    node.watcher.lost()
    await node.round()
    assert node.store.gone == [], "the new run's bind is not the old one's to give"
    assert node.held() == {1}


# --- Hints ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("held", "told"), [((), True), ((ONE,), True), ((ONE, TWO), False)], ids=["none", "one", "all"]
)
async def test_others_are_told_of_what_waits_where_they_may_send_it(
    node: Node, held: tuple[Slot, ...], *, told: bool
) -> None:
    await node.start(*held)
    node.dispatcher.waiting(1, 7, 2, node.clock.ms)
    assert node.store.told == ([Hint(1, 2, 7, node.clock.ms)] if told else [])


async def test_others_are_told_of_an_operator_that_this_node_does_not_serve(node: Node) -> None:
    node.dispatcher.waiting(9, 7, 2, 5)
    assert node.store.told == [Hint(9, 2, 7, 5)]


async def test_others_are_told_while_a_bind_of_ours_is_on_its_way_to_them(node: Node) -> None:
    await node.start(ONE, TWO)
    await node.submit(2)
    node.store.held, node.store.surplus = {ONE}, {TWO}
    await node.round()
    node.dispatcher.waiting(1, 7, 2, 5)
    assert node.store.told == [Hint(1, 2, 7, 5)]


async def test_what_another_node_has_stored_is_looked_for(node: Node) -> None:
    await node.start(ONE)
    node.store.disk.append(lane_message(1, node.clock.ms))
    node.watcher.waiting(Hint(1, 1, 1, node.clock.ms))
    await node.settle()
    assert node.links[0].went == [(1, 1)]
    assert node.store.told == [], "who said it has told everybody"


async def test_hints_for_a_lane_that_is_not_open_and_for_strange_operators_are_left(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.start()
    looked: list[Callable[..., Any]] = []
    for lane in node.dispatcher.lanes.values():
        monkeypatch.setattr(lane, "waiting", lambda *args: looked.append(args))
    node.watcher.waiting(Hint(1, 1, 1, node.clock.ms))
    node.watcher.waiting(Hint(9, 1, 1, node.clock.ms))
    assert looked == []


# --- Groups, and lanes that come and go ----------------------------------------------------------
def operator(operator_id: int, **changes: Any) -> OperatorSettings:
    return OperatorSettings(operator_id, f"op{operator_id}", "h", 1, "s", "p", window=3, **changes)


def put_lane(node: Node, settings: OperatorSettings) -> Lane:
    """As a dispatcher does that was told of other settings."""
    store: Any = node.store
    lane = Lane(
        settings,
        store,
        lambda *_: None,
        ways=node.dispatcher,
        retry=RetryPlan(),
        ahead=100,
        clock=node.clock,
    )
    node.dispatcher._lanes[settings.id] = lane
    return lane


async def test_the_binds_of_all_groups_are_asked_for_and_opened_as_what_they_are(
    node: Node,
) -> None:
    groups = (BindGroup(BindKind.TRANSMITTER, 1), BindGroup(BindKind.RECEIVER, 2))
    lane = put_lane(node, operator(1, groups=groups))
    await node.start(Slot(1, 1), Slot(1, 1001))
    assert node.store.asked[0][1] == [1, 1001, 1002]
    assert set(lane.links._links) == {1, 1001}
    assert [link.calls["number"] for link in node.links] == [1, 1001]


async def test_an_operator_that_is_new_gets_its_binds_in_the_next_round(node: Node) -> None:
    await node.start()
    lane = put_lane(node, operator(3))
    node.store.held = {Slot(3, 1)}
    await node.round()
    assert node.store.asked[-1][3] == [1]
    assert set(lane.links._links) == {1}


async def test_one_that_goes_is_emptied_and_its_binds_are_given_back(node: Node) -> None:
    await node.start(ONE, OTHER)
    await node.submit(2)
    del node.dispatcher._lanes[1]
    await node.round()
    await node.round()
    assert node.store.asked[-1] == {1: [1], 2: [1, 2]}, "what we have is wanted until it is empty"
    assert node.store.gone == []
    node.links[0].answer(0, 0)
    await node.settle()
    assert node.store.gone == [ONE]
    assert node.store.released == []
    await node.round()
    assert node.store.asked[-1] == {2: [1, 2]}


async def test_a_bind_goes_over_to_the_new_lane_when_the_old_one_has_emptied_it(
    node: Node,
) -> None:
    await node.start(ONE)
    await node.submit(2)
    old = node.dispatcher.lanes[1]
    new = put_lane(node, operator(1, system_type="VMS"))
    await node.round()
    assert set(new.links._links) == set()
    assert set(old.links._links) == {1}
    node.links[0].answer(0, 0)
    await node.settle()
    assert set(old.links._links) == set()
    node.store.held = {ONE}
    await node.round()
    assert set(new.links._links) == {1}
    assert node.links[-1].settings.system_type == "VMS"


async def test_one_that_is_drained_by_its_dispatcher_at_the_same_time_is_given_back_once(
    node: Node,
) -> None:
    await node.start(ONE)
    old = node.dispatcher.lanes[1]
    del node.dispatcher._lanes[1]
    await old.drain(1.0)
    await node.round()
    assert node.store.gone == [ONE]


async def test_a_bind_that_the_lane_has_no_use_for_any_more_is_given_back(node: Node) -> None:
    await node.start(ONE, TWO)
    put = node.dispatcher.lanes[1]
    put.settings = operator(1, binds=1)
    await node.round()
    assert node.store.gone == [TWO]
    assert node.held() == {1}


async def test_when_the_run_is_lost_links_of_lanes_that_went_are_left_too(node: Node) -> None:
    await node.start(ONE)
    await node.submit(1)
    del node.dispatcher._lanes[1]
    await node.round()
    node.watcher.lost()
    assert not node.links[0].up
    await node.settle()
    assert node.store.gone == []
