"""Answers the questions that write: claims, moves, ends of waiting, withdrawal.

Guarantees: a message is given out once until it is back in the queue, whoever asks: its row is
locked, and what another node has locked is passed over. The queue is read by its index only, a
bounded number of rows a question. What ends here unsent is refunded; a message of which the
operator has taken a part is not. Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, assert_never

from habar.errors import NotFound
from habar.model.message import Outgoing
from habar.model.status import IN_HAND, MessageState, Stage
from habar.store.awaiting import Overdue, judged
from habar.store.callbacks import ClaimCalls, GiveUpCalls
from habar.store.events import Claim, ClaimHeld, EndAwaited, ExpireWaiting, Moved, Withdraw
from habar.store.inbox import DueGroups
from habar.store.port import Question
from habar.store.postgres.calls import claim_calls, give_up_calls
from habar.store.postgres.connection import Connection
from habar.store.postgres.results import end_messages
from habar.store.postgres.sql import QUERIES
from habar.store.postgres.subscribers import due_groups
from habar.store.postgres.texts import unpack

_LOOKED_AT = 1000
"""A claim that meets nothing but expired messages ends so many of them and leaves the rest."""


async def answer(connection: Connection, node_id: int, question: Question) -> Any:
    """What the port promises for the question; NotFound comes back as a value."""
    if isinstance(question, Claim):
        return await _claim(connection, node_id, question)
    if isinstance(question, ExpireWaiting):
        return await _expire(connection, question)
    if isinstance(question, EndAwaited):
        return await _end_awaited(connection, question)
    if isinstance(question, Moved):
        return await _move(connection, question)
    if isinstance(question, ClaimHeld):
        return await _claim_held(connection, node_id, question)
    if isinstance(question, Withdraw):
        return await _withdraw(connection, node_id, question)
    if isinstance(question, ClaimCalls):
        return await claim_calls(connection, node_id, question)
    if isinstance(question, GiveUpCalls):
        return await give_up_calls(connection, question)
    if isinstance(question, DueGroups):
        return await due_groups(connection, question)
    assert_never(question)


async def _claim(connection: Connection, node_id: int, claim: Claim) -> list[Outgoing]:
    given: list[Outgoing] = []
    looked_at = 0
    place = (claim.operator_id, claim.priority, claim.account_id, claim.now)
    while len(given) < claim.limit and looked_at < max(_LOOKED_AT, claim.limit):
        wanted = claim.limit - len(given)
        rows = await connection.fetch(QUERIES["due_messages"], *place, wanted)
        looked_at += len(rows)
        fresh = [outgoing(row) for row in rows if row[10] is None or row[10] > claim.now]
        if fresh:
            ids = [message.message_id for message in fresh]
            await connection.execute(QUERIES["claim"], node_id, ids)
            given += fresh
        live = {message.message_id for message in fresh}
        await _end_expired(connection, [row[0] for row in rows if row[0] not in live], claim.now)
        if len(rows) < wanted:
            break
    return await _with_sent_parts(connection, given)


async def _claim_held(connection: Connection, node_id: int, claim: ClaimHeld) -> list[Outgoing]:
    place = (claim.operator_id, claim.now, claim.limit)
    rows = await connection.fetch(QUERIES["held_messages"], *place)
    if rows:
        await connection.execute(QUERIES["claim_held"], node_id, [row[0] for row in rows])
    return await _with_sent_parts(connection, [outgoing(row) for row in rows])


def outgoing(row: Sequence[Any]) -> Outgoing:
    """A row in the order of its columns."""
    message = Outgoing(*row)
    return message._replace(sender=unpack(message.sender), text=unpack(message.text))


async def _with_sent_parts(connection: Connection, messages: list[Outgoing]) -> list[Outgoing]:
    """Only messages of several parts can wait while the operator has some of them."""
    several = [message.message_id for message in messages if message.parts > 1]
    if not several:
        return messages
    sent: defaultdict[int, list[int]] = defaultdict(list)
    for message_id, part in await connection.fetch(QUERIES["sent_parts"], several):
        sent[message_id].append(part)
    return [
        m._replace(sent_parts=tuple(sent[m.message_id])) if m.message_id in sent else m
        for m in messages
    ]


async def _expire(connection: Connection, question: ExpireWaiting) -> list[int]:
    ended: list[int] = []
    for name, until in (("past_validity", question.now), ("past_patience", question.due_before)):
        rows = await connection.fetch(QUERIES[name], until, question.limit - len(ended))
        found = [row[0] for row in rows]
        await _end_expired(connection, found, question.now)
        ended += found
    return ended


async def _end_expired(connection: Connection, message_ids: list[int], now: int) -> None:
    if not message_ids:
        return
    taken = await begun(connection, message_ids)
    await end_messages(
        connection,
        [(one, MessageState.EXPIRED, now, "", one not in taken) for one in message_ids],
    )


async def _end_awaited(connection: Connection, question: EndAwaited) -> list[int]:
    rows = await connection.fetch(QUERIES["past_awaiting"], question.now, question.limit)
    overdue = [Overdue(*row) for row in rows]
    # Asked after the lock is had: a receipt that came meanwhile is seen.
    ids = [one.message_id for one in overdue]
    ended, later = judged(overdue, await connection.fetch(QUERIES["parts_of_messages"], ids))
    if ended:
        columns = zip(*ended, strict=True)
        await connection.execute(QUERIES["settle_messages"], *columns, question.now)
    if later:
        await connection.execute(QUERIES["await_on"], *zip(*later, strict=True))
    return [number for number, _ in ended]


async def _move(connection: Connection, question: Moved) -> list[int]:
    told = dict(question.moves)
    rows = await connection.fetch(QUERIES["lock_movable"], list(told), question.from_operator)
    free = [row[0] for row in rows]
    taken = await begun(connection, free)
    moved = [message_id for message_id in free if message_id not in taken]
    if moved:
        to = [told[message_id] for message_id in moved]
        await connection.execute(QUERIES["move"], moved, to, question.now)
    return [message_id for message_id, _ in question.moves if message_id in set(moved)]


async def _withdraw(
    connection: Connection, node_id: int, question: Withdraw
) -> MessageState | NotFound | None:
    message_id = question.message_id
    row = await connection.fetchrow(QUERIES["whose"], message_id)
    if row is None or row[0] != question.account_id:
        return NotFound(f"message {message_id}")
    _, stage, state, holder, _ = row
    if stage == Stage.DONE and state == MessageState.DELETED:
        return MessageState.DELETED
    in_hand = stage in IN_HAND and question.in_hand and holder == node_id
    if not (stage == Stage.WAITING or in_hand) or await begun(connection, [message_id]):
        return None
    await end_messages(connection, [(message_id, MessageState.DELETED, question.now, "", True)])
    return MessageState.DELETED


async def begun(connection: Connection, message_ids: list[int]) -> set[int]:
    """Those of which the operator has taken a part."""
    return {row[0] for row in await connection.fetch(QUERIES["begun"], message_ids)}
