"""Through a real socket, from the door to the SMSC and back: every end that a message can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from habar.model.retry import RetryPlan
from habar.model.status import MessageState, Stage
from habar.operators import ReceiptKind
from habar.simulator import BEHAVIOURS, Behaviour
from habar.store.events import Postponed
from habar.wire.smpp import parse_time


@pytest.mark.rule("xml.state-codes")
@pytest.mark.parametrize(
    ("recipient", "state"),
    [
        ("77000000102", 102),
        ("77010000001", 102),
        ("77000000103", 103),
        ("77000000104", 104),
        ("77000000105", 105),
        ("77000000107", 107),
        ("77000000108", 108),
        ("77000000008", 102),
        ("77000000020", 102),
        ("77000000088", 102),
        ("77000000201", 102),
        ("77000000202", 102),
        ("77000000204", 102),
        ("77000000500", 102),
    ],
)
async def test_a_number_of_the_simulator_ends_in_its_state(
    rig: Any, recipient: str, state: int
) -> None:
    message_id = await rig.send(recipient)
    story = await rig.ends(message_id, state)
    assert story.completed_at is not None
    assert rig.sim.counts.repeated == 0


@pytest.mark.rule("xml.106-until-final")
async def test_without_a_receipt_a_message_stays_at_106(rig: Any) -> None:
    silent = await rig.send("77000000101")
    await rig.ends(await rig.send("77000000102"), 102)
    story = await rig.story(silent)
    assert story.submission.stage == Stage.SENT
    assert story.submission.state == MessageState.ACCEPTED
    assert story.completed_at is None


@pytest.mark.rule("xml.101-no-receipts")
async def test_an_operator_without_receipts_leaves_a_message_at_101(make_rig: Any) -> None:
    rig = await make_rig(receipts=ReceiptKind.NONE)
    await rig.up()
    await rig.ends(await rig.send("77010000001"), 101)
    assert rig.sim.received[0].registered_delivery == 0


async def test_a_refused_message_tells_the_operator_s_error_and_costs_nothing(rig: Any) -> None:
    await rig.account()
    before = await rig.balance()
    story = await rig.ends(await rig.send("77000000108"), 108)
    assert story.last_error == "ESME_RINVDSTADR"
    assert story.refunded == 10
    assert await rig.balance() == before


async def test_a_failed_receipt_tells_the_operator_s_error(rig: Any) -> None:
    story = await rig.ends(await rig.send("77000000103"), 103)
    assert story.parts[0].error == "err:027"
    assert story.parts[0].operator_message_id


async def test_throttling_puts_a_message_off_with_growing_pauses(make_rig: Any) -> None:
    rig = await make_rig(retry=RetryPlan(first=40, last=10_000))
    await rig.up()
    story = await rig.ends(await rig.send("77000000088"), 102)
    assert story.attempts == 2
    assert story.last_error == "ESME_RTHROTTLED"
    pauses = [e.due_at - e.at for e in rig.store.journal.events if isinstance(e, Postponed)]
    assert 30 <= pauses[0] <= 50
    assert 60 <= pauses[1] <= 100
    assert rig.lane.links.counters.throttled == 2


async def test_a_cyrillic_text_of_three_parts_arrives_concatenated_and_reads_back(
    rig: Any,
) -> None:
    text = ("Құрметті клиент, сіздің тапсырысыңыз дайын. " * 5)[:200]
    message_id = await rig.send("77010000001", text, sender="TEXT_MSG")
    story = await rig.ends(message_id, 102)
    assert len(story.parts) == 3
    assert all(part.state == MessageState.DELIVERED for part in story.parts)
    assert [(r.concatenation or ())[:3] for r in rig.sim.received] == [
        (message_id & 0xFF, 3, n) for n in (1, 2, 3)
    ]
    assert all(r.data_coding == 8 and r.esm_class & 0x40 for r in rig.sim.received)
    (message,) = rig.sim.messages()
    assert message.text == text
    assert message.source == "TEXT_MSG"


@pytest.mark.rule("xml.type-flash")
async def test_flash_is_class_0_at_the_smsc(rig: Any) -> None:
    await rig.ends(await rig.send("77010000001", "Hi", kind=1), 102)
    await rig.ends(await rig.send("77010000001", "Сәлем", kind=1), 102)
    await rig.ends(await rig.send("77010000001", "Hi", kind=0), 102)
    assert [(r.data_coding, r.text) for r in rig.sim.received] == [
        (0x10, "Hi"),
        (0x18, "Сәлем"),
        (0, "Hi"),
    ]


@pytest.mark.rule("xml.date-end-validity")
async def test_date_end_is_the_validity_at_the_smsc(rig: Any) -> None:
    date_end = rig.clock.now_ms() + 3_600_000
    await rig.ends(await rig.send("77010000001", date_end=date_end), 102)
    received = rig.sim.received[0]
    told = parse_time(received.validity_period.encode(), received.received_ms)
    assert told is not None
    assert date_end - 30_000 < told <= date_end + 1000


async def test_a_part_refused_for_good_rejects_the_message_without_refund(
    make_rig: Any, sim: Any, when_taken: list[Any]
) -> None:
    rig = await make_rig(window=1)
    await rig.up()
    await rig.account()
    before = await rig.balance()
    when_taken.append(lambda received: sim.refuse_submits(0x0B))
    story = await rig.ends(await rig.send("77010000001", "x" * 400), 108)
    assert story.refunded == 0
    assert story.last_error == "ESME_RINVDSTADR"
    assert await rig.balance() == before - 30
    assert sim.counts.submitted == 1
    assert sim.counts.refused == 1, "the third part stayed unsent"


@pytest.mark.rule("xml.date-beg-future")
async def test_a_scheduled_message_goes_when_it_is_due(rig: Any) -> None:
    due_at = rig.clock.now_ms() + 3_600_000
    message_id = await rig.send("77010000001", "later", date_beg=due_at)
    await rig.ends(await rig.send("77010000001", "now"), 102)
    assert [r.text for r in rig.sim.received] == ["now"]
    rig.clock.skip(3_600_000)
    story = await rig.ends(message_id, 102)
    assert story.parts[0].sent_at >= due_at
    assert [r.text for r in rig.sim.received] == ["now", "later"]


@pytest.mark.rule("xml.date-end-validity")
async def test_a_message_that_expires_before_the_link_is_up_is_never_sent(make_rig: Any) -> None:
    rig = await make_rig()
    rig.sim.refuse_binds(0x0D)
    await rig.account()
    before = await rig.balance()
    await rig.sim.wait_for(lambda _: not rig.sim.sessions)
    expired = await rig.send("77010000001", "late", date_end=rig.clock.now_ms() + 60_000)
    rig.clock.skip(60_000)
    rig.sim.refuse_binds(None)
    await rig.up()
    await rig.ends(await rig.send("77010000001", "alive"), 102)
    rig.housekeeping.start()
    await rig.ends(expired, 103)
    assert [r.text for r in rig.sim.received] == ["alive"]
    assert await rig.balance() == before - 10, "the expired one was not charged"


async def test_messages_of_several_accounts_all_arrive_once(rig: Any, drafts: Any) -> None:
    ids = []
    for login in ("a", "b", "c"):
        ids += await rig.submit(*drafts(200, login), login=login)

    await rig.when(lambda: rig.receipts.receipts >= 600)
    for message_id in ids[::50]:
        assert (await rig.story(message_id)).submission.state == MessageState.DELIVERED
    assert (rig.sim.counts.unique, rig.sim.counts.repeated) == (600, 0)
    by_account: dict[str, list[int]] = {login: [] for login in "abc"}
    for received in rig.sim.received:
        by_account[received.text[0]].append(int(received.text[1:]))
    assert all(texts == sorted(texts) for texts in by_account.values()), "in their order"


def test_every_number_of_the_simulator_is_tried() -> None:
    tried = {"101", "102", "103", "104", "105", "107", "108", "008", "020", "088", "500"}
    tried |= {"201", "202", "204"}
    elsewhere = {"203", "205"}  # a contradiction has its rule's own tests; half a minute is long
    assert {number[-3:] for number in BEHAVIOURS} == tried | elsewhere
    assert replace(BEHAVIOURS["77000000102"]) == Behaviour()


@pytest.fixture
def drafts() -> Callable[[int, str], list[tuple[Any, ...]]]:
    def make(count: int, login: str) -> list[tuple[Any, ...]]:
        return [(None, f"7701{n:07d}", None, None, None, None, f"{login}{n}") for n in range(count)]

    return make
