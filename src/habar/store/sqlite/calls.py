"""Writes down call-backs: claims, tries, what is given up and what waits again.

Guarantees: an obligation is given out once until it is back in the queue, and what is not claimed
is not changed by a try. The queue is read by its index, a bounded number of rows a question. Runs
inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

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
from habar.store.sqlite.sql import CALLBACKS, slices


def claim_calls(connection: sqlite3.Connection, claim: ClaimCalls) -> list[Call]:
    """See store.callbacks.ClaimCalls."""
    given: list[Call] = []
    looked_at = 0
    while len(given) < claim.limit and looked_at < max(LOOKED_AT, claim.limit):
        wanted = claim.limit - len(given)
        most = max(wanted, AT_ONCE) if looked_at else wanted
        place = (claim.host, claim.now, most)
        rows = [Due(*row) for row in connection.execute(CALLBACKS["due_calls"], place)]
        looked_at += len(rows)
        found = sort_out(rows, facts_of(connection, rows), wanted)
        connection.executemany(CALLBACKS["claim_call"], [(call.id,) for call in found.calls])
        connection.executemany(CALLBACKS["move_call"], found.moved)
        if found.gone:
            _give_up_gone(connection, found.gone, claim.now)
        given += found.calls
        if len(rows) < most:
            break
    return given


def facts_of(connection: sqlite3.Connection, rows: Sequence[Due]) -> Facts:
    """What is known of their subjects."""
    facts = Facts()
    messages = sorted({due.subject for due in rows if due.kind == CallKind.STATE})
    for statement, values in slices("told_messages", messages, CALLBACKS):
        facts.add_messages(connection.execute(statement, values))
    for statement, values in slices("told_parts", messages, CALLBACKS):
        facts.add_parts(connection.execute(statement, values))
    accounts = sorted({due.account_id for due in rows if due.kind == CallKind.STATE})
    for statement, values in slices("told_accounts", accounts, CALLBACKS):
        facts.add_accounts(connection.execute(statement, values))
    inbound = sorted({due.subject for due in rows if due.kind == CallKind.INBOUND})
    for statement, values in slices("told_inbound", inbound, CALLBACKS):
        facts.add_inbound(connection.execute(statement, values))
    return facts


def _give_up_gone(connection: sqlite3.Connection, gone: list[Due], now: int) -> None:
    claimed = {due.id: (due.kind, due.subject, due.attempts) for due in gone}
    _write(connection, gone_tries(gone, now), claimed)


def write_tries(connection: sqlite3.Connection, events: Sequence[CallTried]) -> list[int | None]:
    """The id of each; None for one that was no longer in this run's hands."""
    claimed: dict[int, tuple[int, int, int]] = {}
    for statement, values in slices("claimed_calls", [e.callback_id for e in events], CALLBACKS):
        for callback_id, *rest in connection.execute(statement, values):
            claimed[callback_id] = (rest[0], rest[1], rest[2])
    return _write(connection, events, claimed)


def _write(
    connection: sqlite3.Connection,
    events: Sequence[CallTried],
    claimed: dict[int, tuple[int, int, int]],
) -> list[int | None]:
    """`claimed`: kind, subject and attempts by id; of two tries of one the first counts."""
    answers: list[int | None] = []
    tries, settled, ended = [], [], []
    for event in events:
        callback_id, at, ms, status, error, answer, stage, next_at = event
        held = claimed.pop(callback_id, None)
        answers.append(None if held is None else callback_id)
        if held is None:
            continue
        kind, subject, attempts = held
        over = ended_at(event)
        tries.append((callback_id, attempts + 1, at, ms, status, error, answer))
        settled.append((stage, next_at, over, callback_id))
        if over is not None:
            ended.append(Ended(kind, subject, stage, over))
    connection.executemany(CALLBACKS["insert_try"], tries)
    connection.executemany(CALLBACKS["settle_call"], settled)
    _after(connection, ended)
    return answers


def _after(connection: sqlite3.Connection, ended: Sequence[Ended]) -> None:
    """What follows from an end: for a subscriber's message, and for the next of the subject."""
    connection.executemany(CALLBACKS["end_inbound"], inbound_endings(ended))
    connection.executemany(
        CALLBACKS["let_next_wait"], [(one.at, one.kind, one.subject) for one in ended]
    )


def give_up_calls(connection: sqlite3.Connection, question: GiveUpCalls) -> int:
    """See store.callbacks.GiveUpCalls."""
    before, limit, now = question
    rows = connection.execute(CALLBACKS["old_calls"], (before, limit)).fetchall()
    connection.executemany(CALLBACKS["give_up_call"], [(now, number) for number, _, _ in rows])
    _after(
        connection,
        [Ended(kind, subject, CallStage.GIVEN_UP, now) for _, kind, subject in rows],
    )
    _unblock(connection, BLOCKED_FACTOR * limit, now)
    return len(rows)


def _unblock(connection: sqlite3.Connection, limit: int, now: int) -> None:
    """Look at those that have been blocked for long; at each again when it is twice as old."""
    place = (now - BLOCKED_MS, limit)
    ids: Iterable[int] = [n for (n,) in connection.execute(CALLBACKS["long_blocked"], place)]
    connection.executemany(CALLBACKS["unblock"], [(now, number) for number in ids])
    connection.executemany(CALLBACKS["look_later"], [(now, now, number) for number in ids])


def settle_call(connection: sqlite3.Connection, event: CallsReleased | HostSeen) -> int | None:
    """See store.callbacks."""
    if isinstance(event, CallsReleased):
        done = (
            number
            for number in event.callback_ids
            if connection.execute(CALLBACKS["release_call"], (number,)).rowcount
        )
        return next(iter([*done]), None)
    if event.failures:
        connection.execute(CALLBACKS["see_host"], (*event, event.at))
    else:
        connection.execute(CALLBACKS["forget_host"], (event.host,))
    return None
