"""SIGKILL at the worst moments of receiving and calling: nobody is lost, nobody is left unanswered.

The process dies where the test says (dies_at.py), and is started again as its users start it.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from habar.app.database import Place, books_of
from habar.simulator import Simulator
from habar.store.callbacks import CallFilter, CallRow, CallStage
from habar.store.inbox import CallMethod, InboundRow, InboundState, Rule

from .conftest import SHOP
from .gateway import Gateway
from .service import Asked, Service
from .smsc import Arrivals
from .waiting import eventually

DIES_AT = (sys.executable, str(Path(__file__).parent / "dies_at.py"))
CALLS_LOOPBACK = '\n[callbacks]\nallowed_networks = ["127.0.0.0/8"]\n'
SUBSCRIBER, SHORT_CODE = "77771234567", "8785"
LONG = "This is a long story of a subscriber. " * 13
ANSWERED_BEFORE = "no reply: the subscriber was answered before"


async def own(where: Place, url: str, code: str = SHORT_CODE) -> None:
    """As `habar shortcode add` does."""
    now = time.time_ns() // 1_000_000
    async with books_of(where) as store:
        account = (await store.books.account(SHOP.name)).credentials.account
        rule = Rule(code, account.id, method=CallMethod.GET, url=url, userin="svc")
        await store.inbox.add_rule(rule, actor="test", now=now)


async def inbox(where: Place) -> list[InboundRow]:
    async with books_of(where) as store:
        return list(await store.inbox.messages(limit=1000))


async def calls(where: Place) -> list[CallRow]:
    async with books_of(where) as store:
        return await store.callbacks.listed(CallFilter(), limit=10_000)


async def all_done(where: Place, count: int) -> bool:
    stages = [row.stage for row in await calls(where)]
    return len(stages) >= count and set(stages) == {CallStage.DONE}


@pytest.fixture
async def service():
    async with Service() as service:
        yield service


async def dies_once(
    produce, simulator: Simulator, service: Service, tmp_path: Path, moment: str, text: str
) -> Gateway:
    """A gateway that dies at that moment of a subscriber's message, and lives again."""
    gateway: Gateway = await produce(simulator.port, more=CALLS_LOOPBACK, program=DIES_AT)
    gateway.environment |= {"DIES_AT": moment, "DIED": str(tmp_path / "died")}
    await own(Place(gateway.data), service.url())
    await gateway.start()
    simulator.deliver(SUBSCRIBER, SHORT_CODE, text)
    assert (await gateway.ended()).code == -signal.SIGKILL
    await gateway.start()
    await eventually(lambda: all_done(Place(gateway.data), 1))
    return gateway


@pytest.mark.parametrize(
    ("moment", "asked", "note"),
    [("before-record", 2, ""), ("after-reply", 2, ANSWERED_BEFORE)],
)
async def test_a_kill_around_a_call_answers_the_subscriber_once(
    produce,
    operator: tuple[Simulator, Arrivals],
    service: Service,
    tmp_path: Path,
    moment: str,
    asked: int,
    note: str,
) -> None:
    simulator, arrivals = operator
    gateway = await dies_once(produce, simulator, service, tmp_path, moment, "hello")
    await eventually(lambda: not arrivals.missing(["re hello"]))
    assert len(arrivals.links["re hello"]) == 1
    assert len(service.asked) == asked
    assert len({one.event for one in service.asked}) == 1, "the same event, however often called"
    [row] = await inbox(Place(gateway.data))
    assert (row.text, row.state, row.note) == ("hello", InboundState.DELIVERED, note)
    await eventually(lambda: simulator.waiting_deliveries == 0)
    assert (await gateway.stop()).code == 0


async def test_a_kill_before_the_acknowledgement_loses_nothing(
    produce, operator: tuple[Simulator, Arrivals], service: Service, tmp_path: Path
) -> None:
    """A message of one part has nothing by which it could be known again: it may come twice."""
    simulator, arrivals = operator
    gateway = await dies_once(produce, simulator, service, tmp_path, "before-ack", "hello")
    await eventually(lambda: simulator.waiting_deliveries == 0)
    await eventually(lambda: all_done(Place(gateway.data), 2))
    await eventually(lambda: len(arrivals.links.get("re hello", ())) == 2)
    rows = await inbox(Place(gateway.data))
    assert [row.text for row in rows] == ["hello", "hello"]
    assert len({one.event for one in service.asked}) == 2
    assert (await gateway.stop()).code == 0


async def test_half_of_a_long_message_is_joined_after_a_kill(
    produce, operator: tuple[Simulator, Arrivals], service: Service, tmp_path: Path
) -> None:
    simulator, _ = operator
    gateway = await dies_once(produce, simulator, service, tmp_path, "half", LONG)
    assert simulator.waiting_deliveries == 0
    [row] = await inbox(Place(gateway.data))
    assert (row.text, row.parts, row.missing) == (LONG, 4, 0)
    assert [told(one) for one in service.asked] == [row.text]
    assert (await gateway.stop()).code == 0


def told(asked: Asked) -> str:
    return asked.values["msgdata"]
