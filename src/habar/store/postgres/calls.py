"""Writes down call-backs: claims, tries, what is given up and what waits again.

Guarantees: an obligation is given out once until it is back in the queue, whoever asks: its row is
locked, and what another node has locked is passed over. A try changes only what this run has
claimed. Of a subject one is open beside those that are blocked behind it; where the first ended
while another node was making the second, that one is found blocked by nothing later (GiveUpCalls).
Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from habar.store.call_rows import (
    AT_ONCE,
    BLOCKED_FACTOR,
    BLOCKED_MS,
    LOOKED_AT,
    Due,
    Ended,
    Facts,
    ended_at,
    gone_tries,
    inbound_endings,
    sort_out,
)
from habar.store.callbacks import (
    Call,
    CallKind,
    CallsReleased,
    CallStage,
    CallTried,
    ClaimCalls,
    GiveUpCalls,
    HostSeen,
)
from habar.store.postgres.connection import Connection
from habar.store.postgres.sql import CALLBACKS
from habar.store.postgres.texts import pack, unpack


async def claim_calls(connection: Connection, node_id: int, claim: ClaimCalls) -> list[Call]:
    """See store.callbacks.ClaimCalls."""
    given: list[Call] = []
    looked_at = 0
    while len(given) < claim.limit and looked_at < max(LOOKED_AT, claim.limit):
        wanted = claim.limit - len(given)
        most = max(wanted, AT_ONCE) if looked_at else wanted
        fetched = await connection.fetch(CALLBACKS["due_calls"], claim.host, claim.now, most)
        rows = [Due(*row) for row in fetched]
        looked_at += len(rows)
        found = sort_out(rows, await facts_of(connection, rows), wanted)
        gone = [due.id for due in found.gone]
        if taken := [*(call.id for call in found.calls), *gone]:
            await connection.execute(CALLBACKS["claim_calls"], node_id, taken)
        if found.moved:
            columns = zip(*found.moved, strict=True)
            await connection.execute(CALLBACKS["move_calls"], *columns)
        if gone:
            await write_tries(connection, node_id, gone_tries(found.gone, claim.now))
        given += found.calls
        if len(rows) < most:
            break
    return given


async def facts_of(connection: Connection, rows: Sequence[Due]) -> Facts:
    """What is known of their subjects."""
    facts = Facts()
    messages = sorted({due.subject for due in rows if due.kind == CallKind.STATE})
    if messages:
        accounts = sorted({due.account_id for due in rows if due.kind == CallKind.STATE})
        facts.add_messages(await _told(connection, "told_messages", messages))
        facts.add_parts(await _told(connection, "told_parts", messages))
        facts.add_accounts(await _told(connection, "told_accounts", accounts))
    inbound = sorted({due.subject for due in rows if due.kind == CallKind.INBOUND})
    if inbound:
        facts.add_inbound(await _told(connection, "told_inbound", inbound))
    return facts


async def _told(connection: Connection, name: str, ids: list[int]) -> Iterator[list[Any]]:
    """Rows with their texts as they were given."""
    rows = await connection.fetch(CALLBACKS[name], ids)
    return ([unpack(v) if isinstance(v, str) else v for v in row] for row in rows)


async def write_tries(
    connection: Connection, node_id: int, events: Sequence[CallTried]
) -> list[int | None]:
    """The id of each; None for one that was no longer in this run's hands."""
    first: dict[int, CallTried] = {}
    for event in events:
        first.setdefault(event.callback_id, event)
    rows = [
        (number, at, ms, status, pack(error), pack(answer), stage, next_at, ended_at(event))
        for event in first.values()
        for number, at, ms, status, error, answer, stage, next_at in (event,)
    ]
    columns = zip(*rows, strict=True)
    done = await connection.fetch(CALLBACKS["write_tries"], node_id, *columns)
    await _after(connection, [Ended(*row[1:]) for row in done if row[4] is not None])
    held = {row[0] for row in done}
    return [
        event.callback_id
        if event.callback_id in held and first[event.callback_id] is event
        else None
        for event in events
    ]


async def _after(connection: Connection, ended: Sequence[Ended]) -> None:
    """What follows from an end: for a subscriber's message, and for the next of the subject."""
    if inbound := sorted(inbound_endings(ended), key=lambda one: one[2]):
        await connection.execute(CALLBACKS["end_inbound"], *zip(*inbound, strict=True))
    if ended:
        subjects = sorted((one.kind, one.subject, one.at) for one in ended)
        kinds, ids, times = zip(*subjects, strict=True)
        await connection.execute(CALLBACKS["let_next_wait"], times, kinds, ids)


async def give_up_calls(connection: Connection, question: GiveUpCalls) -> int:
    """See store.callbacks.GiveUpCalls."""
    before, limit, now = question
    rows = await connection.fetch(CALLBACKS["old_calls"], before, limit)
    if rows:
        await connection.execute(CALLBACKS["give_up_calls"], [row[0] for row in rows], now)
        given_up = CallStage.GIVEN_UP
        await _after(connection, [Ended(kind, subject, given_up, now) for _, kind, subject in rows])
    await _unblock(connection, BLOCKED_FACTOR * limit, now)
    return len(rows)


async def _unblock(connection: Connection, limit: int, now: int) -> None:
    """Look at those that have been blocked for long; at each again when it is twice as old."""
    rows = await connection.fetch(CALLBACKS["long_blocked"], now - BLOCKED_MS, limit)
    if rows:
        ids = [row[0] for row in rows]
        await connection.execute(CALLBACKS["unblock"], ids, now)
        await connection.execute(CALLBACKS["look_later"], ids, now)


async def settle_call(
    connection: Connection, node_id: int, event: CallsReleased | HostSeen
) -> int | None:
    """See store.callbacks."""
    if isinstance(event, CallsReleased):
        rows = await connection.fetch(CALLBACKS["release_calls"], node_id, event.callback_ids)
        free = {row[0] for row in rows}
        return next((number for number in event.callback_ids if number in free), None)
    if event.failures:
        values = event._replace(error=pack(event.error))
        await connection.execute(CALLBACKS["see_host"], *values)
    else:
        await connection.execute(CALLBACKS["forget_host"], event.host)
    return None
