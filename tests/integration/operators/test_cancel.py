"""What a customer takes back from an operator, and until when the operator is told to try."""

from __future__ import annotations

from typing import Any

import pytest

from habar.errors import Refusal
from habar.operators import IdForm, Quirks, Validity
from habar.simulator import Faults
from habar.wire.smpp import parse_time

from .site import drafts

LONG = "Құрметті клиент, тапсырысыңыз дайын. " * 4
HOUR = 3_600_000


async def sent(site: Any, smsc: Any, text: str = "Hello") -> int:
    """A message that the operator has and has not delivered."""
    message_id = await site.send("77010000001", text)
    parts = (await site.story(message_id)).submission.parts
    await site.when(lambda: site.lane("a").counters.accepted == parts)
    await site.until(_is_sent(site, message_id))
    return message_id


def _is_sent(site: Any, message_id: int) -> Any:
    async def is_sent() -> bool:
        return (await site.stage(message_id)) == 2

    return is_sent


# --- Deletions -----------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["Hello", LONG])
@pytest.mark.parametrize("form", ["decimal", "hex-upper"])
async def test_a_sent_message_that_is_deleted_is_cancelled_at_the_operator_in_all_its_parts(
    make_smsc: Any, make_site: Any, text: str, form: str
) -> None:
    smsc = await make_smsc(receipt_delay=3600.0, message_ids=form)
    quirks = (
        Quirks() if form == "decimal" else Quirks(response_id=IdForm.HEX, receipt_id=IdForm.HEX)
    )
    site = await make_site(a=smsc.operator(cancel=True, quirks=quirks))
    await site.account()
    before = await site.balance()
    message_id = await sent(site, smsc, text)
    deletion = await site.delete(message_id)
    assert deletion.refusal is None
    story = await site.ends(message_id, 104)
    assert smsc.counts.cancelled == len(story.parts)
    assert story.last_error == "cancelled at the operator"
    assert await site.balance() == before - 10 * len(story.parts), "the operator asks for it, too"
    await smsc.wait_for(lambda it: it.counts.receipts_acknowledged == len(story.parts))
    assert await site.store.unmatched_receipts(10) == []
    await site.ends(message_id, 104)


async def test_an_operator_that_refuses_makes_it_too_late(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(receipt_delay=3600.0, operations=frozenset({"query_sm"}))
    site = await make_site(a=smsc.operator(cancel=True))
    message_id = await sent(site, smsc)
    assert (await site.delete(message_id)).refusal is Refusal.TOO_LATE
    assert await site.stage(message_id) == 2
    assert smsc.counts.cancelled == 0


async def test_what_has_ended_at_the_operator_cannot_be_cancelled(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(faults=Faults(receipts_lost=1.0))
    site = await make_site(a=smsc.operator(cancel=True))
    message_id = await sent(site, smsc)
    assert (await site.delete(message_id)).refusal is Refusal.TOO_LATE


async def test_an_operator_that_does_not_take_cancel_sm_is_not_asked(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(receipt_delay=3600.0)
    site = await make_site(a=smsc.operator(cancel=False))
    message_id = await sent(site, smsc)
    assert (await site.delete(message_id)).refusal is Refusal.TOO_LATE
    assert smsc.counts.cancelled == 0


async def test_a_cancel_that_is_not_answered_deletes_nothing_until_the_receipt_says_so(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(receipt_delay=3600.0, faults=Faults(operations_ignored=1.0))
    site = await make_site(a=smsc.operator(cancel=True, response_timeout=0.1))
    message_id = await sent(site, smsc)
    assert (await site.delete(message_id)).refusal is Refusal.TOO_LATE
    await site.ends(message_id, 104)
    assert smsc.counts.cancelled == 1


async def test_a_message_that_waits_is_deleted_without_asking_and_paid_back(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(cancel=True, window=1))
    await site.account()
    before = await site.balance()
    smsc.stall(True)
    first, second = await site.submit(*drafts(2))
    await smsc.wait_for(1)
    assert (await site.delete(second)).refusal is None
    assert (await site.delete(first)).refusal is Refusal.TOO_LATE, "it is in the window"
    smsc.stall(False)
    await site.ends(first, 102)
    await site.ends(second, 104)
    assert (smsc.counts.submitted, smsc.counts.cancelled) == (1, 0)
    assert await site.balance() == before - 10


async def test_cancels_pass_a_full_window(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(receipt_delay=3600.0)
    site = await make_site(a=smsc.operator(cancel=True, window=1))
    message_id = await sent(site, smsc)
    smsc.response_delay = 3600.0
    await site.submit(*drafts(5))
    await smsc.wait_for(2)
    assert site.lane("a").links.room == 0
    assert (await site.delete(message_id)).refusal is None
    smsc.drop_links()
    smsc.response_delay = 0.0


# --- Validity ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ways", "ends_with"),
    [
        ({"validity": Validity.RELATIVE}, "R"),
        ({"validity": Validity.ABSOLUTE}, "00+"),
        ({"validity": Validity.ABSOLUTE, "zone": "Asia/Almaty"}, "20+"),
    ],
)
async def test_validity_is_the_customer_s_end_as_the_smsc_reads_it(
    make_smsc: Any, make_site: Any, ways: dict[str, Any], ends_with: str
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(**ways))
    end = site.clock.now_ms() + 5 * HOUR
    await site.ends(await site.send("77010000001", date_end=end), 102)
    (received,) = smsc.received
    assert received.validity_period.endswith(ends_with)
    until = parse_time(received.validity_period.encode(), received.received_ms)
    assert until is not None
    assert abs(until - end) <= 30_000


@pytest.mark.parametrize("validity", [Validity.RELATIVE, Validity.ABSOLUTE])
async def test_no_more_is_asked_of_an_operator_than_it_gives(
    make_smsc: Any, make_site: Any, validity: Validity
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(validity=validity, max_validity=3600.0))
    begin = site.clock.now_ms()
    await site.ends(await site.send("77010000001", date_end=begin + 5 * HOUR), 102)
    (received,) = smsc.received
    until = parse_time(received.validity_period.encode(), received.received_ms)
    assert until is not None
    assert begin + HOUR - 1000 <= until <= received.received_ms + HOUR + 1000


async def test_validity_is_said_only_where_there_is_an_end_and_the_operator_reads_it(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(validity=Validity.RELATIVE))
    await site.ends(await site.send("77010000001"), 102)
    await site.change("a", validity=Validity.NONE)
    end = site.clock.now_ms() + HOUR
    await site.ends(await site.send("77010000002", date_end=end), 102)
    assert [received.validity_period for received in smsc.received] == ["", ""]
