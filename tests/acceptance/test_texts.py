"""What a customer writes is what the operator gets: letters, parts, flash, times."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from habar.simulator import Simulator
from habar.wire.smpp import parse_time

from .conftest import SHOP
from .customer import Customer, states
from .gateway import Gateway
from .smsc import Arrivals
from .waiting import eventually

ALMATY = ZoneInfo("Asia/Almaty")
CYRILLIC = ("Съешь же ещё этих мягких французских булок, да выпей чаю. " * 4)[:200]
KAZAKH = ("Қазақстанның әр өңірінде үлкен-кіші жұмыс істеп, ғылым іздеген һәм оқыған. " * 3)[:200]
EMOJI = "😀🐫" * 66 + "!"
"""133 UCS-2 code units, then two parts; 265 in all, a surrogate at every seam."""


def wall_clock(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, ALMATY).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
async def gateway(produce, operator: tuple[Simulator, Arrivals]):
    made = await produce(operator[0].port)
    async with made:
        yield made


@pytest.mark.rule("xml.sms-count-parts", "xml.utf8", "xml.answer-order")
async def test_long_texts_arrive_in_parts_and_read_back_whole(
    gateway: Gateway, operator: tuple[Simulator, Arrivals]
) -> None:
    simulator, _ = operator
    texts = {CYRILLIC: 3, KAZAKH: 3, EMOJI: 4, "Salem, alem!": 1, "A" * 161: 2, "€" * 80: 1}
    rows = "".join(
        f'<msg recipient="7701555000{n}" sender="TEXT_MSG">{text}</msg>'
        for n, text in enumerate(texts)
    )
    async with Customer(gateway.port) as customer:
        answer = await customer.post(SHOP.package(f"<message>{rows}</message>"))
    assert [(row.code, row.sms_count) for row in answer.rows] == [(106, n) for n in texts.values()]
    await simulator.wait_for(sum(texts.values()))
    assert sum(texts.values()) == len(simulator.received)
    arrived = {message.destination: message for message in simulator.messages()}
    for n, (text, count) in enumerate(texts.items()):
        message = arrived[f"7701555000{n}"]
        assert message.text == text
        assert len(message.parts) == count
        joints = [part.concatenation for part in message.parts]
        if count == 1:
            assert joints == [None]
        else:
            assert [(joint.total, joint.sequence) for joint in joints if joint] == [
                (count, number) for number in range(1, count + 1)
            ]
            assert len({joint.reference for joint in joints if joint}) == 1
    ids = [row.sms_id for row in answer.rows]
    await eventually(lambda: _all_read(gateway, ids, 102))


@pytest.mark.rule("xml.type-flash", "xml.sender-shown")
async def test_flash_arrives_as_flash(
    gateway: Gateway, operator: tuple[Simulator, Arrivals]
) -> None:
    simulator, _ = operator
    async with Customer(gateway.port) as customer:
        for n, (text, kind) in enumerate([("hi", "1"), ("сәлем", "1"), ("hi", "0")], 1):
            package = SHOP.message(text, f"7701555000{n}", type=kind, sender="INFO_KAZ")
            assert (await customer.post(package)).rows[0].code == 106
    await simulator.wait_for(3)
    codings = {one.destination: one.data_coding for one in simulator.received}
    assert codings == {"77015550001": 0x10, "77015550002": 0x18, "77015550003": 0x00}
    assert {one.source for one in simulator.received} == {"INFO_KAZ"}


@pytest.mark.rule("xml.date-beg-future", "xml.zone-almaty")
async def test_date_beg_is_waited_for(
    gateway: Gateway, operator: tuple[Simulator, Arrivals]
) -> None:
    simulator, _ = operator
    due = int(time.time()) + 3
    async with Customer(gateway.port) as customer:
        answer = await customer.post(SHOP.message("later", date_beg=wall_clock(due)))
        assert answer.rows[0].code == 100
        sms_id = answer.rows[0].sms_id
        reads = (await customer.post(SHOP.status([sms_id]))).rows[0]
        assert (reads.code, "date_completed" in reads.attributes) == (100, False)
        assert (await customer.post(SHOP.message("now"))).rows[0].code == 106
    await simulator.wait_for(2, 30)
    now, later = simulator.received
    assert (now.text, later.text) == ("now", "later")
    assert later.received_ms >= due * 1000
    await eventually(lambda: _all_read(gateway, [sms_id], 102))


@pytest.mark.rule("xml.date-beg-future")
async def test_date_beg_outlives_a_kill(
    gateway: Gateway, operator: tuple[Simulator, Arrivals]
) -> None:
    simulator, _ = operator
    due = int(time.time()) + 3
    async with Customer(gateway.port) as customer:
        answer = await customer.post(SHOP.message("later", date_beg=wall_clock(due)))
        assert answer.rows[0].code == 100
    await gateway.kill()
    await gateway.start()
    await simulator.wait_for(1, 30)
    assert simulator.received[0].received_ms >= due * 1000


@pytest.mark.rule("xml.date-end-validity", "xml.date-end-past")
async def test_date_end_is_passed_to_the_operator(
    gateway: Gateway, operator: tuple[Simulator, Arrivals]
) -> None:
    simulator, _ = operator
    end = int(time.time()) + 3600
    async with Customer(gateway.port) as customer:
        past = await customer.post(SHOP.message("too late", date_end=wall_clock(end - 7200)))
        good = await customer.post(SHOP.message("in time", date_end=wall_clock(end)))
        assert (past.rows[0].code, good.rows[0].code) == (106, 106)
        reads = (await customer.post(SHOP.status([past.rows[0].sms_id]))).rows[0]
        assert (reads.code, "date_completed" in reads.attributes) == (103, True)
    await simulator.wait_for(1)
    (arrived,) = simulator.received
    assert arrived.text == "in time"
    validity = parse_time(arrived.validity_period.encode(), arrived.received_ms)
    assert validity is not None
    assert end * 1000 - 60_000 < validity <= end * 1000 + 1000


async def _all_read(gateway: Gateway, sms_ids: list[int], code: int) -> bool:
    return set((await states(gateway.port, SHOP, sms_ids)).values()) == {code}
