"""Answers the questions that write: claims, moves, ends of waiting, withdrawal.

Guarantees: a message is given out once until it is back in the queue; the queue is read by its
index only, a bounded number of rows a question. What ends here unsent is refunded; a message of
which the operator has taken a part is not. Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Any, assert_never

from habar.errors import NotFound
from habar.model.message import Outgoing
from habar.model.status import IN_HAND, MessageState, Stage
from habar.store.awaiting import Overdue, judged
from habar.store.callbacks import ClaimCalls, GiveUpCalls
from habar.store.events import Claim, ClaimHeld, EndAwaited, ExpireWaiting, Moved, Withdraw
from habar.store.inbox import DueGroups
from habar.store.port import Question
from habar.store.sqlite.calls import claim_calls, give_up_calls
from habar.store.sqlite.results import end_message
from habar.store.sqlite.sql import QUERIES, slices
from habar.store.sqlite.subscribers import due_groups

_LOOKED_AT = 1000
"""A claim that meets nothing but expired messages ends so many of them and leaves the rest."""


def answer(connection: sqlite3.Connection, question: Question) -> Any:
    """What the port promises for the question; NotFound comes back as a value."""
    if isinstance(question, Claim):
        return _claim(connection, question)
    if isinstance(question, ExpireWaiting):
        return _expire(connection, question)
    if isinstance(question, EndAwaited):
        return _end_awaited(connection, question)
    if isinstance(question, Moved):
        return _move(connection, question)
    if isinstance(question, ClaimHeld):
        return _claim_held(connection, question)
    if isinstance(question, Withdraw):
        return _withdraw(connection, question)
    if isinstance(question, ClaimCalls):
        return claim_calls(connection, question)
    if isinstance(question, GiveUpCalls):
        return give_up_calls(connection, question)
    if isinstance(question, DueGroups):
        return due_groups(connection, question)
    assert_never(question)


def _claim(connection: sqlite3.Connection, claim: Claim) -> list[Outgoing]:
    given: list[Outgoing] = []
    looked_at = 0
    place = (claim.operator_id, claim.priority, claim.account_id, claim.now)
    while len(given) < claim.limit and looked_at < max(_LOOKED_AT, claim.limit):
        wanted = claim.limit - len(given)
        rows = connection.execute(QUERIES["due_messages"], (*place, wanted)).fetchall()
        looked_at += len(rows)
        fresh = [Outgoing(*row) for row in rows if row[10] is None or row[10] > claim.now]
        connection.executemany(QUERIES["claim"], [(message.message_id,) for message in fresh])
        given += fresh
        live = {message.message_id for message in fresh}
        for row in rows:
            if row[0] not in live:
                _expire_one(connection, row[0], claim.now)
        if len(rows) < wanted:
            break
    return _with_sent_parts(connection, given)


def _claim_held(connection: sqlite3.Connection, claim: ClaimHeld) -> list[Outgoing]:
    place = (claim.operator_id, claim.now, claim.limit)
    rows = connection.execute(QUERIES["held_messages"], place).fetchall()
    connection.executemany(QUERIES["claim_held"], [row[:1] for row in rows])
    return _with_sent_parts(connection, [Outgoing(*row) for row in rows])


def _with_sent_parts(connection: sqlite3.Connection, messages: list[Outgoing]) -> list[Outgoing]:
    """Only messages of several parts can wait while the operator has some of them."""
    several = [message.message_id for message in messages if message.parts > 1]
    if not several:
        return messages
    sent: defaultdict[int, list[int]] = defaultdict(list)
    for statement, values in slices("sent_parts", several):
        for message_id, part in connection.execute(statement, values):
            sent[message_id].append(part)
    return [
        m._replace(sent_parts=tuple(sorted(sent[m.message_id]))) if m.message_id in sent else m
        for m in messages
    ]


def _expire(connection: sqlite3.Connection, question: ExpireWaiting) -> list[int]:
    ended: list[int] = []
    for name, until in (("past_validity", question.now), ("past_patience", question.due_before)):
        rows = connection.execute(QUERIES[name], (until, question.limit - len(ended))).fetchall()
        for (message_id,) in rows:
            _expire_one(connection, message_id, question.now)
            ended.append(message_id)
    return ended


def _expire_one(connection: sqlite3.Connection, message_id: int, now: int) -> None:
    refund = not begun(connection, message_id)
    end_message(connection, message_id, MessageState.EXPIRED, "", now, refund=refund)


def _end_awaited(connection: sqlite3.Connection, question: EndAwaited) -> list[int]:
    rows = connection.execute(QUERIES["past_awaiting"], (question.now, question.limit))
    overdue = [Overdue(*row) for row in rows]
    known: list[tuple[Any, ...]] = []
    for statement, values in slices("parts_of_messages", [one.message_id for one in overdue]):
        known += connection.execute(statement, values)
    ended, later = judged(overdue, known)
    connection.executemany(
        QUERIES["settle_message"], [(state, question.now, number) for number, state in ended]
    )
    connection.executemany(QUERIES["await_on"], [(until, number) for number, until in later])
    return [number for number, _ in ended]


def _move(connection: sqlite3.Connection, question: Moved) -> list[int]:
    return [
        message_id
        for message_id, to in question.moves
        if connection.execute(
            QUERIES["move"], (to, question.now, message_id, question.from_operator)
        ).rowcount
    ]


def _withdraw(connection: sqlite3.Connection, question: Withdraw) -> MessageState | NotFound | None:
    row = connection.execute(QUERIES["whose"], (question.message_id,)).fetchone()
    if row is None or row[0] != question.account_id:
        return NotFound(f"message {question.message_id}")
    _, stage, state, _ = row
    if stage == Stage.DONE and state == MessageState.DELETED:
        return MessageState.DELETED
    at_hand = stage == Stage.WAITING or (question.in_hand and stage in IN_HAND)
    if not at_hand or begun(connection, question.message_id):
        return None
    end_message(
        connection, question.message_id, MessageState.DELETED, "", question.now, refund=True
    )
    return MessageState.DELETED


def begun(connection: sqlite3.Connection, message_id: int) -> bool:
    """Whether the operator has taken a part of it."""
    return bool(connection.execute(QUERIES["begun"], (message_id,)).fetchone()[0])
