"""Transmitters and receivers of one operator: what goes out by these comes back by those."""

from __future__ import annotations

from typing import Any

from habar.operators import BindGroup, BindKind

PAIR = (BindGroup(BindKind.TRANSMITTER, 2), BindGroup(BindKind.RECEIVER, 1))


async def test_messages_go_by_transmitters_and_their_receipts_come_by_the_receiver(
    make_rig: Any,
) -> None:
    rig = await make_rig(groups=PAIR, window=3)
    await rig.when(lambda: rig.lane.links.bound == 3)
    ids = await rig.submit(
        *[(None, f"770100000{n:02}", None, None, None, None, "Hi") for n in range(20)]
    )
    for message_id in ids:
        await rig.ends(message_id, 102)
    reports = rig.lane.links.reports()
    assert [reports[number].kind for number in (1, 2, 1001)] == [
        "transmitter",
        "transmitter",
        "receiver",
    ]
    assert reports[1001].delivered_share == 1.0
    assert reports[1001].receipts_per_minute > 0
    assert reports[1].pdus_per_second > 0


async def test_with_a_receiver_alone_nothing_is_taken_in(
    make_rig: Any,
) -> None:
    rig = await make_rig(groups=PAIR[1:])
    await rig.when(lambda: rig.lane.links.bound == 1)
    assert not rig.lane.open
    assert not rig.lane.links.up
    message_id = await rig.send("77010000001")
    assert rig.lane.places == 0
    assert (await rig.story(message_id)).submission.stage == 0
