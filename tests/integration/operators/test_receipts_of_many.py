"""Receipts as operators send them: early, in other bases, twice, contradictory, broken, late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from habar.model.route import Route
from habar.model.status import MessageState, Stage
from habar.operators import IdForm, LongText, Quirks, ReceiptKind, ReceiptSource
from habar.simulator import BEHAVIOURS, Breakage, Faults, Times, Wait
from habar.wire.smpp import MessageState as Said

from .site import drafts

LONG = "Құрметті клиент, тапсырысыңыз дайын. " * 4
DAY = 86_400_000
DECIMAL = Quirks(response_id=IdForm.DECIMAL, receipt_id=IdForm.DECIMAL)
HEX_TO_DECIMAL = Quirks(response_id=IdForm.HEX, receipt_id=IdForm.DECIMAL)
DECIMAL_TO_HEX = Quirks(response_id=IdForm.DECIMAL, receipt_id=IdForm.HEX)


# --- Which message it is about -------------------------------------------------------------------
@pytest.mark.parametrize("slow", [0.0, 0.02])
async def test_receipts_that_come_before_the_response_are_matched(
    make_smsc: Any, make_site: Any, slow: float
) -> None:
    smsc = await make_smsc(faults=Faults(receipts_early=1.0), response_delay=slow)
    site = await make_site(a=smsc.operator(window=20))
    ids = await site.submit(*drafts(60))
    ids += [await site.send("77010000001", LONG)]
    await site.all_end(ids)
    if slow:
        assert site.receipts.unmatched > 0, "when they came nobody knew their ids"
    assert await site.store.unmatched_receipts(10) == []
    story = await site.story(ids[-1])
    assert [part.receipts for part in story.parts] == [1, 1, 1]


@pytest.mark.parametrize(
    ("smsc_says", "quirks"),
    [
        ({"message_ids": "hex", "receipt_ids": "decimal"}, HEX_TO_DECIMAL),
        ({"message_ids": "hex-upper", "receipt_ids": "decimal", "id_digits": 16}, HEX_TO_DECIMAL),
        ({"message_ids": "decimal", "receipt_ids": "hex"}, DECIMAL_TO_HEX),
        ({"message_ids": "decimal", "receipt_ids": "hex-upper"}, Quirks(guess_ids=True)),
        ({"message_ids": "hex", "receipt_ids": "decimal"}, Quirks(guess_ids=True)),
        ({"message_ids": "hex", "receipt_ids": "hex-upper"}, Quirks()),
        ({"message_ids": "decimal", "id_digits": 20, "receipt_id_digits": 1}, DECIMAL),
        ({"message_ids": "decimal", "receipt_id_digits": 20}, Quirks()),
        ({"receipt_form": "text"}, Quirks()),
        ({"receipt_form": "tlv"}, Quirks()),
        ({"receipt_form": "text"}, Quirks(receipt_source=ReceiptSource.TEXT)),
        ({"receipt_ucs2": True, "receipt_form": "text"}, Quirks()),
        ({"receipt_esm_class": 0}, Quirks()),
    ],
)
async def test_ids_are_matched_in_whatever_form_the_operator_writes_them(
    make_smsc: Any, make_site: Any, smsc_says: dict[str, Any], quirks: Quirks
) -> None:
    smsc = await make_smsc(**smsc_says)
    site = await make_site(a=smsc.operator(quirks=quirks))
    for early in (0.0, 1.0):
        smsc.faults = Faults(receipts_early=early)
        ids = [*await site.submit(*drafts(20)), await site.send("77010000001", LONG)]
        await site.all_end(ids)
    assert await site.store.unmatched_receipts(10) == []
    assert smsc.counts.deliveries_rejected == 0


async def test_the_same_id_of_two_operators_is_two_messages(make_smsc: Any, make_site: Any) -> None:
    a = await make_smsc(first_id=1000, receipt_delay=3600.0)
    b = await make_smsc(first_id=1000)
    site = await make_site(a=a.operator(), b=b.operator())
    kept = await site.send("77010000001")
    await site.when(lambda: a.counts.submitted == 1)
    await site.change("a", sends=False)
    await site.change("a", sends=True)
    await site.route(_all_to(site, "b"))
    ended = await site.send("77010000002")
    await site.ends(ended, 102)
    assert a.received[0].message_id == b.received[0].message_id == "1000"
    assert await site.stage(kept) == Stage.SENT


# --- How often and in which order ----------------------------------------------------------------
async def test_receipts_that_come_twice_end_a_message_once(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(faults=Faults(receipts_repeated=1.0))
    site = await make_site(a=smsc.operator())
    ids = [*await site.submit(*drafts(20)), await site.send("77010000001", LONG)]
    await site.all_end(ids)
    await smsc.wait_for(lambda it: it.counts.receipts_acknowledged == 2 * 23)
    stories = [await site.story(message_id) for message_id in ids]
    assert {part.receipts for story in stories for part in story.parts} == {2}
    assert {story.submission.state for story in stories} == {102}
    assert await site.store.unmatched_receipts(10) == []


async def test_receipts_in_any_order_each_end_their_own_message(
    make_smsc: Any, make_site: Any
) -> None:
    fates = {f"7701{n:07d}": BEHAVIOURS["77000000105"] for n in range(0, 60, 2)}
    smsc = await make_smsc(
        behaviours=fates,
        faults=Faults(receipts_shuffled=True, receipt_wait=Wait(0.0, 0.05), receipt_batch=0.02),
    )
    site = await make_site(a=smsc.operator(window=30))
    ids = await site.submit(*drafts(60))
    for n, message_id in enumerate(ids):
        await site.ends(message_id, 102 if n % 2 else 105)
    assert await site.store.unmatched_receipts(10) == []


@pytest.mark.parametrize("delivered_last", [True, False])
async def test_of_contradictory_receipts_delivered_stands(
    make_smsc: Any, make_site: Any, delivered_last: bool
) -> None:
    faults = Faults(receipts_contradicted=1.0, delivered_last=delivered_last)
    smsc = await make_smsc(faults=faults)
    site = await make_site(a=smsc.operator())
    ids = await site.submit(*drafts(20))
    await smsc.wait_for(lambda it: it.counts.receipts_acknowledged == 40)
    await site.all_end(ids, 102)
    assert [told.state for told in smsc.told][:2] == [
        Said.UNDELIVERABLE if delivered_last else Said.DELIVERED,
        Said.DELIVERED if delivered_last else Said.UNDELIVERABLE,
    ]


async def test_of_two_failures_the_first_stands(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator())
    message_id = await site.send("77000000103")
    await site.ends(message_id, 103)
    smsc.tell(smsc.received[0].message_id, Said.UNDELIVERABLE)
    await smsc.wait_for(lambda it: it.counts.receipts_acknowledged == 2)
    await site.ends(message_id, 103)


# --- Parts ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("told_for", ["last-part", "whole"])
async def test_one_receipt_for_the_message_ends_all_its_parts(
    make_smsc: Any, make_site: Any, told_for: str
) -> None:
    smsc = await make_smsc(receipts_for=told_for)
    site = await make_site(a=smsc.operator(receipts=ReceiptKind.MESSAGE, window=3))
    story = await site.ends(await site.send("77010000001", LONG), 102)
    assert smsc.counts.receipts_sent == 1
    assert sum(part.receipts for part in story.parts) == 1
    ids = await site.submit(*[(None, "77010000002", None, None, None, None, LONG)] * 10)
    await site.all_end(ids)


async def test_one_receipt_for_the_message_may_come_before_the_responses(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(receipts_for="last-part", faults=Faults(receipts_early=1.0))
    site = await make_site(a=smsc.operator(receipts=ReceiptKind.MESSAGE))
    await site.ends(await site.send("77010000001", LONG), 102)
    assert await site.store.unmatched_receipts(10) == []


async def test_where_each_part_is_told_of_one_that_is_not_leaves_the_message_open(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(receipts_for="last-part")
    site = await make_site(a=smsc.operator(receipts=ReceiptKind.PARTS))
    message_id = await site.send("77010000001", LONG)
    await smsc.wait_for(lambda it: it.counts.receipts_acknowledged == 1)
    assert await site.stage(message_id) == Stage.SENT


async def test_one_part_that_fails_fails_the_message(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(receipt_delay=3600.0)
    site = await make_site(a=smsc.operator(long_text=LongText.UDH_16))
    message_id = await site.send("77010000001", LONG)
    await smsc.wait_for(3)
    await site.when(lambda: site.lane("a").counters.accepted == 3)
    names = [received.message_id for received in smsc.received]
    for name, state in zip(names, (Said.DELIVERED, Said.EXPIRED, Said.DELIVERED), strict=True):
        smsc.tell(name, state)
    story = await site.ends(message_id, 105)
    assert [part.state for part in story.parts] == [102, 103, 102]


# --- What cannot be read, or belongs to nothing --------------------------------------------------
@pytest.mark.parametrize("breakage", list(Breakage))
async def test_broken_text_beside_whole_tlvs_harms_nothing(
    make_smsc: Any, make_site: Any, breakage: Breakage
) -> None:
    faults = Faults(receipts_broken=1.0, breakages=(breakage,), broken_tlvs=True)
    smsc = await make_smsc(faults=faults)
    site = await make_site(a=smsc.operator())
    await site.all_end(await site.submit(*drafts(10)))
    assert smsc.counts.deliveries_rejected == 0


async def test_a_receipt_that_cannot_be_read_is_kept_for_staff_who_may_say_what_it_is_about(
    make_smsc: Any, make_site: Any
) -> None:
    faults = Faults(receipts_broken=Times(1), breakages=(Breakage.NO_ID,))
    smsc = await make_smsc(faults=faults)
    site = await make_site(a=smsc.operator())
    message_id = await site.send("77010000001")
    await smsc.wait_for(lambda it: it.counts.receipts_acknowledged == 1)
    await site.when(lambda: site.receipts.receipts == 1)
    (orphan,) = await site.store.unmatched_receipts(10)
    assert "stat:DELIVRD" in orphan.raw
    assert await site.stage(message_id) == Stage.SENT
    await site.ends(await site.send("77010000002"), 102)


async def test_orphans_are_kept_and_matched_by_hand(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(receipt_delay=3600.0, message_ids="hex", receipt_ids="decimal")
    site = await make_site(a=smsc.operator())  # set for ids that are alike: they are not
    message_id = await site.send("77010000001", LONG)
    await site.when(lambda: site.lane("a").counters.accepted == 3)
    for received, state in zip(
        list(smsc.received), (Said.DELIVERED, Said.DELIVERED, Said.EXPIRED), strict=True
    ):
        smsc.tell(received.message_id, state)
    await site.when(lambda: site.receipts.unmatched == 3)
    orphans = await site.store.unmatched_receipts(10)
    assert [orphan.state for orphan in orphans] == [103, 102, 102]
    assert await site.stage(message_id) == Stage.SENT
    for part, orphan in enumerate(reversed(orphans), 1):
        await site.store.match(orphan.id, message_id, part, actor="test", now=site.clock.now_ms())
    story = await site.ends(message_id, 105)
    assert [part.state for part in story.parts] == [102, 102, 103]
    assert await site.store.unmatched_receipts(10) == []


async def test_a_receipt_for_nothing_is_acknowledged_and_kept(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(faults=Faults(receipts_orphaned=1.0))
    site = await make_site(a=smsc.operator())
    await site.all_end(await site.submit(*drafts(5)))
    await smsc.wait_for(lambda it: it.counts.receipts_acknowledged == 10)
    assert len(await site.store.unmatched_receipts(10)) == 5


# --- None, and late ------------------------------------------------------------------------------
async def test_without_a_receipt_for_too_long_a_message_is_unknown_and_a_late_one_betters_it(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(faults=Faults(receipts_lost=1.0))
    site = await make_site(a=smsc.operator(max_validity=DAY / 1000, receipt_grace=3600.0))
    silent = [*await site.submit(*drafts(3)), await site.send("77010000001", LONG)]
    await site.when(lambda: site.lane("a").counters.accepted == 6)
    site.housekeeping.start()
    await _not_yet(site, silent, DAY)
    site.clock.skip(3_700_000)
    await site.all_end(silent, 107)
    assert site.housekeeping.unreported == 4
    for received in list(smsc.received):
        smsc.tell(received.message_id, Said.DELIVERED)
    await site.until(_all_are(site, silent, MessageState.DELIVERED))
    assert site.housekeeping.expired == 0


async def test_a_message_with_an_end_of_its_own_is_awaited_no_longer_than_that_and_the_grace(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(faults=Faults(receipts_lost=1.0))
    site = await make_site(a=smsc.operator(receipt_grace=60.0))
    end = site.clock.now_ms() + 600_000
    message_id = await site.send("77010000001", date_end=end)
    await site.when(lambda: site.lane("a").counters.accepted == 1)
    site.housekeeping.start()
    await _not_yet(site, [message_id], 601_000)
    site.clock.skip(61_000)
    await site.ends(message_id, 107)


async def test_after_107_a_failure_is_told_too(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(receipt_delay=3600.0)
    site = await make_site(a=smsc.operator(max_validity=60.0, receipt_grace=60.0))
    message_id = await site.send("77010000001")
    await site.when(lambda: site.lane("a").counters.accepted == 1)
    site.housekeeping.start()
    site.clock.skip(130_000)
    await site.ends(message_id, 107)
    smsc.tell(smsc.received[0].message_id, Said.UNDELIVERABLE)
    await site.until(_all_are(site, [message_id], MessageState.UNDELIVERABLE))


async def _not_yet(site: Any, ids: list[int], ms: int) -> None:
    """A whole round of housekeeping later, `ms` on, they are still waited for."""
    rounds = site.store.journal.asked
    site.clock.skip(ms)
    await site.when(lambda: site.store.journal.asked >= rounds + 2)
    assert {await site.stage(message_id) for message_id in ids} == {Stage.SENT}


def _all_are(site: Any, ids: list[int], state: MessageState) -> Callable[[], Any]:
    async def all_are() -> bool:
        return {(await site.story(n)).submission.state for n in ids} == {state}

    return all_are


def _all_to(site: Any, name: str) -> Any:
    return Route(0, 0, (site.target(name),))
