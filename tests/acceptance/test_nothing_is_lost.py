"""What was answered 106 reaches the operator, whatever happens to the gateway or to the link.

The load sends without pause: each message has a text of its own, so that the operator's side tells
which came, how often, and over which link. What came twice was in the open window of the link over
which it came first, and its story says so.
"""

import asyncio
import random
from collections.abc import Iterable

import pytest

from habar.simulator import Simulator

from .conftest import BALANCE, PRICE, SHOP
from .customer import Customer, Load, request, states
from .gateway import Gateway
from .ledger import hold_money, stories
from .smsc import Arrivals
from .waiting import eventually

WINDOW = 10
TWICE = "it may have gone out twice"


async def test_kill_9_at_any_moment(
    produce, operator: tuple[Simulator, Arrivals], rounds: int, dice: random.Random
) -> None:
    _, arrivals = operator
    gateway = await produce(operator[0].port, window=WINDOW)
    load = Load(SHOP)
    for number in range(rounds):
        if dice.random() < 0.2:
            await kill_while_starting(gateway, dice)
        await gateway.start()
        if number % 2:  # every other round begins with what the kill before it left behind
            await all_arrived(arrivals, load.accepted)
        await kill_under_load(gateway, load, dice)
    await gateway.start()
    await all_arrived(arrivals, load.accepted)
    await all_delivered(gateway, load)
    await twice_only_from_the_window(gateway, arrivals)
    await hold_money(gateway.data, SHOP.name, BALANCE, PRICE, len(arrivals.links))
    assert load.unanswered, "no kill met a request under way: the load was too small"
    assert (await gateway.stop()).code == 0


async def kill_while_starting(gateway: Gateway, dice: random.Random) -> None:
    gateway.spawn()
    ending = asyncio.ensure_future(gateway.ended())
    await asyncio.wait([ending], timeout=dice.uniform(0, 1.5))
    gateway.strike()
    await ending


async def kill_under_load(gateway: Gateway, load: Load, dice: random.Random) -> None:
    sending = asyncio.ensure_future(load.run(gateway.port, single=15, packages=1))
    await load.reach(load.answers + dice.randint(1, 600))
    await asyncio.wait([sending], timeout=dice.uniform(0, 0.02))  # not always after an answer
    await gateway.kill()
    await sending


async def test_the_operator_drops_the_link_again_and_again(
    produce, operator: tuple[Simulator, Arrivals], rounds: int, dice: random.Random
) -> None:
    simulator, arrivals = operator
    drops = max(2, min(8, rounds // 5))  # the gateway comes back after 1, 2, 4, 8 … seconds
    gateway = await produce(simulator.port, window=WINDOW)
    load = Load(SHOP)
    async with gateway:
        sending = asyncio.ensure_future(load.run(gateway.port, single=8, packages=1))
        for number in range(drops):
            await simulator.wait_for(simulator.counts.submitted + dice.randint(1, 500), 120)
            load.stopping = number > 0  # there is enough that waits by now
            simulator.drop_links()
        await sending
        await all_arrived(arrivals, load.accepted)
        await all_delivered(gateway, load)
        await twice_only_from_the_window(gateway, arrivals)
        assert not load.unanswered
        assert not load.put_off
    assert simulator.counts.links_lost == drops


async def test_a_stop_under_load_leaves_nothing_in_doubt(
    produce, operator: tuple[Simulator, Arrivals], dice: random.Random
) -> None:
    """SIGTERM: what was asked is answered, exit code 0, and nothing goes out twice."""
    _, arrivals = operator
    gateway = await produce(operator[0].port, window=WINDOW)
    load = Load(SHOP)
    for _ in range(3):
        await gateway.start()
        sending = asyncio.ensure_future(load.run(gateway.port, single=15, packages=1))
        await load.reach(load.answers + dice.randint(500, 2000))
        async with Customer(gateway.port) as half_way:
            asked = request(load.next_document(1))
            half_way.writer.write(asked[:200])
            await half_way.writer.drain()
            gateway.terminate()
            ending = asyncio.ensure_future(gateway.ended())
            await asyncio.wait([ending], timeout=0.1)
            half_way.writer.write(asked[200:])
            load.count(await half_way.answer(), 1)
        assert (await ending).code == 0
        await sending
    await gateway.start()
    assert "in hand" not in gateway.log()
    await all_arrived(arrivals, load.accepted)
    await all_delivered(gateway, load)
    assert not arrivals.repeated
    told = await stories(gateway.data, list(load.accepted.values())[-100:])
    assert not any(story.repeats or story.uncertain_at for story in told)


# --- What is promised ----------------------------------------------------------------------------
async def all_arrived(arrivals: Arrivals, texts: Iterable[str]) -> None:
    missing = set(texts)

    def all_are_here() -> bool:
        nonlocal missing
        missing = arrivals.missing(missing)
        return not missing

    try:
        await eventually(all_are_here, 120)
    except TimeoutError:
        pytest.fail(f"{len(missing)} never arrived, {sorted(missing)[:5]}")


async def all_delivered(gateway: Gateway, load: Load) -> None:
    """Each accepted message ends at 102, in spite of kills between its receipt and our word."""

    async def open_still() -> set[int]:
        ids = list(load.accepted.values())
        return {code for code in (await states(gateway.port, SHOP, ids)).values() if code != 102}

    async def is_over() -> bool:
        left = await open_still()
        assert left <= {106}, left
        return not left

    await eventually(is_over, 120)


async def twice_only_from_the_window(gateway: Gateway, arrivals: Arrivals) -> None:
    for link, count in arrivals.repeated_by_link().items():
        assert count <= WINDOW, f"{count} messages of link {link} came again"
    twice = await sms_ids_of(gateway, arrivals.repeated)
    for story, links in zip(
        await stories(gateway.data, twice), arrivals.repeated.values(), strict=True
    ):
        assert story.repeats >= len(links) - 1, story
        assert story.uncertain_at is not None, story
    for sms_id in twice[:2]:
        assert TWICE in await gateway.story(sms_id)


async def sms_ids_of(gateway: Gateway, texts: Iterable[str]) -> list[int]:
    """By the customer's own id, which is the number in the text: some were never answered."""
    inside = "".join(f'<msg id="{text.rpartition(" ")[2]}"/>' for text in texts)
    if not inside:
        return []
    async with Customer(gateway.port) as customer:
        answer = await customer.post(SHOP.package(f"<status>{inside}</status>"))
    return [row.sms_id for row in answer.rows]
