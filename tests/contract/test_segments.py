"""Parts of subscribers' long messages: kept until they are joined, once, and known for a day."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import StoreUnavailable
from habar.store.inbox import Group

from .conftest import HOUR, NOW
from .subscribers import due, kept, known, received, segment, together, whole


def group(desk: Any, generation: int = 0, **changes: Any) -> Group:
    return Group(desk.operator, "77771234567", "8785", 77, 3, generation)._replace(**changes)


async def joined(desk: Any, **changes: Any) -> int:
    """The one group that is due becomes a message."""
    [(one, segments)] = await due(desk, NOW + HOUR)
    inbound_id = await desk.recorded(whole(desk, one, segments, **changes))
    assert inbound_id is not None
    return int(inbound_id)


# --- Keeping --------------------------------------------------------------------------------------
async def test_the_part_that_completes_a_group_says_so(desk: Any) -> None:
    parts = [segment(desk, number) for number in (3, 1, 2)]
    assert await kept(desk, *parts) == [0, 0, 1]
    assert await due(desk) == [(group(desk), sorted(parts, key=lambda one: one.part))]


async def test_so_does_the_last_of_those_that_come_in_one_turn(desk: Any) -> None:
    parts = [segment(desk, number) for number in (2, 3, 1)]
    assert await together(desk, *parts) == [0, 0, 1]
    assert len((await due(desk))[0][1]) == 3


async def test_what_is_not_complete_is_due_when_its_first_part_is_old(desk: Any) -> None:
    await kept(desk, segment(desk, 2, at=NOW), segment(desk, 1, at=NOW + 500))
    assert await due(desk, NOW) == []
    [(one, segments)] = await due(desk, NOW + 1)
    assert (one, [part.part for part in segments]) == (group(desk), [1, 2])


async def test_due_ones_are_told_until_they_are_joined_and_no_more_than_asked_for(
    desk: Any,
) -> None:
    for reference in range(5):
        await kept(desk, *[segment(desk, n, reference=reference) for n in (1, 2, 3)])
    assert len(await due(desk, limit=2)) == 2
    found = await due(desk)
    assert [one.reference for one, _ in found] == [0, 1, 2, 3, 4]
    assert found == await due(desk)
    await desk.recorded(whole(desk, *found[2]))
    assert [one.reference for one, _ in await due(desk)] == [0, 1, 3, 4]


async def test_a_group_that_is_complete_and_old_is_told_once(desk: Any) -> None:
    await kept(desk, *[segment(desk, n) for n in (1, 2, 3)])
    assert len(await due(desk, NOW + HOUR)) == 1


async def test_complete_ones_come_before_overdue_ones(desk: Any) -> None:
    await kept(desk, segment(desk, 1, reference=1))
    await kept(desk, *[segment(desk, n, reference=2, at=NOW + 50) for n in (1, 2, 3)])
    assert [one.reference for one, _ in await due(desk, NOW + HOUR, limit=1)] == [2]


async def test_groups_are_told_apart_by_all_that_names_them(desk: Any) -> None:
    others: list[dict[str, Any]] = [
        {"operator_id": desk.operator + 1},
        {"sender": "77770000000"},
        {"short_code": "8786"},
        {"reference": 78},
        {"total": 4},
    ]
    parts = [segment(desk, n) for n in (1, 2)]
    parts += [segment(desk, 3, **other) for other in others]
    assert await together(desk, *parts) == [0] * 7
    assert await kept(desk, segment(desk, 3)) == [1]
    assert len(await due(desk, NOW + HOUR)) == 6


async def test_255_parts_come_out_as_they_went_in(desk: Any) -> None:
    parts = [
        segment(desk, n, bytes([n]) * 134, total=255, header=b"\x25\x01\x02", sent_at=NOW - n)
        for n in range(255, 0, -1)
    ]
    answers = await together(desk, *parts)
    assert answers == [0] * 254 + [1]
    [(one, segments)] = await due(desk)
    assert segments == parts[::-1]
    assert await desk.recorded(whole(desk, one, segments)) is not None


async def test_any_character_may_stand_in_the_addresses(desk: Any) -> None:
    strange = {"sender": "Ә\0\U0010ffff\U0010ffff0'", "short_code": "\0\0", "transaction_id": "\0"}
    parts = [segment(desk, n, b"\0\xff", **strange) for n in (1, 2)]
    await together(desk, *parts)
    assert await kept(desk, segment(desk, 3, **strange), parts[0]) == [1, None]
    [(one, segments)] = await due(desk)
    assert (one.sender, one.short_code) == (strange["sender"], strange["short_code"])
    assert segments[:2] == parts
    inbound_id = await desk.recorded(whole(desk, one, segments, sender=one.sender))
    assert (await known(desk, inbound_id)).row.sender == one.sender
    assert await due(desk, NOW + HOUR) == []


async def test_what_the_store_refuses_harms_no_neighbour(desk: Any) -> None:
    parts = [segment(desk, 1), segment(desk, 2, reference=1 << 80), segment(desk, 2)]
    parts.append(segment(desk, 1, sender="\ud800"))
    parts.append(segment(desk, 3))
    assert await together(desk, *parts) == [0, None, 0, None, 1]
    assert desk.store.journal.healthy


# --- Repeats and generations ----------------------------------------------------------------------
async def test_a_repeat_is_known_and_nothing_happens(desk: Any) -> None:
    assert await kept(desk, segment(desk), segment(desk, at=NOW + 99)) == [0, None]
    assert await together(desk, segment(desk, 2), segment(desk, 2), segment(desk)) == [
        0,
        None,
        None,
    ]
    assert await kept(desk, segment(desk, 3), segment(desk, 3)) == [1, None]
    [(_, segments)] = await due(desk)
    assert segments == [segment(desk, n) for n in (1, 2, 3)]


async def test_a_repeat_is_known_when_its_message_was_joined(desk: Any) -> None:
    await kept(desk, *[segment(desk, n) for n in (1, 2, 3)])
    await joined(desk)
    assert await kept(desk, segment(desk, 3), segment(desk, 1)) == [None, None]
    assert await due(desk, NOW + HOUR) == []


async def test_other_octets_begin_the_next_generation(desk: Any) -> None:
    assert await kept(desk, segment(desk, 1), segment(desk, 2)) == [0, 0]
    again = [segment(desk, n, b"again", at=NOW + 9) for n in (1, 2, 3)]
    assert await together(desk, *again) == [0, 0, 1]
    assert await due(desk) == [(group(desk, 1), again)]
    first = group(desk), [segment(desk, 1), segment(desk, 2)]
    assert await due(desk, NOW + HOUR) == [(group(desk, 1), again), first]


async def test_a_reference_is_used_again_after_its_message_was_joined(desk: Any) -> None:
    for generation in range(4):
        parts = [segment(desk, n, b"%d" % generation) for n in (1, 2, 3)]
        assert await kept(desk, *parts) == [0, 0, 1]
        assert [one for one, _ in await due(desk)] == [group(desk, generation)]
        await joined(desk)
    assert await kept(desk, segment(desk, 2, b"0"), segment(desk, 2, b"3")) == [None, None]


async def test_a_part_that_comes_after_its_message_was_joined_without_it_begins_anew(
    desk: Any,
) -> None:
    await kept(desk, segment(desk, 1), segment(desk, 3))
    inbound_id = await joined(desk)
    assert (await known(desk, inbound_id)).row.missing == 1
    assert await kept(desk, segment(desk, 2)) == [0]
    assert [one for one, _ in await due(desk, NOW + HOUR)] == [group(desk, 1)]


async def test_a_phone_that_uses_one_reference_for_ever_slows_nobody(desk: Any) -> None:
    """What is old is not looked at: it is kept as new."""
    parts = [segment(desk, 1, b"%d" % n) for n in range(40)]
    assert await together(desk, *parts) == [0] * 40
    assert await kept(desk, parts[39], parts[30]) == [None, None]
    assert await kept(desk, parts[0]) == [0]
    [*_, (last, _)] = sorted(await due(desk, NOW + HOUR))
    assert last.generation == 40


# --- Joining --------------------------------------------------------------------------------------
async def test_a_group_is_joined_once(desk: Any) -> None:
    await kept(desk, *[segment(desk, n) for n in (1, 2, 3)])
    [(one, segments)] = await due(desk)
    event = whole(desk, one, segments)
    first, second = await together(desk, event, event)
    assert (first is None, second is None) == (False, True)
    assert await desk.recorded(event) is None
    assert [row.id for row in await desk.store.inbox.messages()] == [first]
    assert (await desk.store.inbox.counts()).segments == 0


async def test_a_group_that_is_gone_is_nobodys(desk: Any) -> None:
    gone = whole(desk, group(desk), [])
    assert await together(desk, received(desk), gone, received(desk)) == [1, None, 2]


async def test_a_part_that_came_meanwhile_is_not_lost(desk: Any) -> None:
    """The joiner had been told of two; it is told again of three."""
    await kept(desk, segment(desk, 1), segment(desk, 3))
    [(one, segments)] = await due(desk, NOW + HOUR)
    late = desk.recorded(whole(desk, one, segments))
    assert await desk.recorded(segment(desk, 2)) == 1
    assert await late is None
    assert len((await due(desk))[0][1]) == 3
    assert (await known(desk, await joined(desk))).row.missing == 0


async def test_joined_parts_are_forgotten_by_their_age_and_others_never(desk: Any) -> None:
    inbox = desk.store.inbox
    for reference in (1, 2):
        await kept(desk, *[segment(desk, n, reference=reference, at=NOW + n) for n in (1, 2, 3)])
    [(one, segments), other] = await due(desk)
    await desk.recorded(whole(desk, one, segments))
    assert await inbox.tidy_segments(NOW + 3, 1) == 1
    assert await inbox.tidy_segments(NOW + 3, 100) == 1
    assert await inbox.tidy_segments(NOW + HOUR, 100) == 1
    assert await inbox.tidy_segments(NOW + HOUR, 100) == 0
    assert await due(desk) == [other]
    assert await kept(desk, segment(desk, 1, reference=1)) == [0]


async def test_more_of_them_than_go_at_once_are_forgotten_all_the_same(desk: Any) -> None:
    parts = [segment(desk, n, total=255) for n in range(1, 256)]
    await together(desk, *parts)
    await joined(desk)
    assert await desk.store.inbox.tidy_segments(NOW + HOUR, 250) == 250
    assert await desk.store.inbox.tidy_segments(NOW + HOUR, 250) == 5


# --- Grief ----------------------------------------------------------------------------------------
async def test_a_death_between_parts_and_joining_loses_nothing(desk: Any, again: Any) -> None:
    await kept(desk, segment(desk, 1), segment(desk, 2))
    desk = await again(desk)
    assert await kept(desk, segment(desk, 1), segment(desk, 3)) == [None, 1]
    [(one, segments)] = await due(desk)
    desk = await again(desk)
    inbound_id = await desk.recorded(whole(desk, one, segments))
    desk = await again(desk)
    assert await desk.recorded(whole(desk, one, segments)) is None
    assert [row.id for row in await desk.store.inbox.messages()] == [inbound_id]
    assert await kept(desk, segment(desk, 2)) == [None]
    await desk.store.close()


async def test_a_full_disk_keeps_parts_back_until_there_is_room(engine: Any, desk: Any) -> None:
    engine.fill_disk(desk.store)
    parts = [segment(desk, n, b"x" * 134) for n in range(1, 256)]
    answers = asyncio.gather(*[desk.recorded(one._replace(total=255)) for one in parts])
    await engine.tried_again(desk.store, 1)
    with pytest.raises(StoreUnavailable):
        await due_or_raise(desk)
    engine.make_room(desk.store)
    assert await answers == [0] * 254 + [1]


async def due_or_raise(desk: Any) -> None:
    answer = await due(desk)
    if isinstance(answer, StoreUnavailable):
        raise answer


# --- Two nodes ------------------------------------------------------------------------------------
async def test_one_part_by_two_nodes_is_kept_once(pair: Any) -> None:
    one, other = pair
    for number in range(20):
        part = segment(one, 1, reference=number)
        answers = await asyncio.gather(one.recorded(part), other.recorded(part))
        assert sorted(answers, key=str) == [0, None]


async def test_the_last_two_parts_by_two_nodes_complete_their_group_once(pair: Any) -> None:
    one, other = pair
    for number in range(20):
        await kept(one, segment(one, 1, reference=number))
        answers = await asyncio.gather(
            one.recorded(segment(one, 2, reference=number)),
            other.recorded(segment(one, 3, reference=number)),
        )
        assert sorted(answers) == [0, 1]
    assert len(await due(other)) == 20


async def test_parts_of_many_groups_in_any_order_by_two_nodes(pair: Any) -> None:
    """They wait for each other's groups, and for ever for none."""
    one, other = pair
    parts = [segment(one, n, reference=r) for r in range(40) for n in (1, 2, 3)]
    answers = await asyncio.gather(
        *[one.recorded(part) for part in parts], *[other.recorded(part) for part in parts[::-1]]
    )
    assert answers.count(None) == 120
    assert answers.count(1) == 40


async def test_of_two_joiners_one_has_the_group(pair: Any) -> None:
    one, other = pair
    for number in range(20):
        await kept(one, *[segment(one, n, reference=number) for n in (1, 2, 3)])
    found = await due(one)
    assert found == await due(other)
    events = [whole(one, *due_one) for due_one in found]
    answers = await asyncio.gather(
        *[one.recorded(event) for event in events], *[other.recorded(e) for e in events[::-1]]
    )
    assert answers.count(None) == 20
    assert len(await one.store.inbox.messages(limit=100)) == 20


async def test_what_a_node_that_was_taken_for_dead_heard_is_kept(engine: Any, pair: Any) -> None:
    one, _ = pair
    await engine.lapse(one.store)
    assert await together(one, segment(one, 1), received(one), segment(one, 2)) == [0, 1, 0]
    assert await kept(one, segment(one, 3)) == [1]
