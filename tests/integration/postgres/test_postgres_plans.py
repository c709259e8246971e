"""How PostgreSQL finds rows: by an index, and in one day's partition where the id says which.

Asked of sixty days without statistics, as a table is that has grown since the last ones.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from habar.store.postgres.sql import CALLBACKS, INBOX, NETWORK, QUERIES

from .site import NOW, Node, Site

SPANS, SIZE = 60, 10_000
FIRST = 10_000_001
LAST = FIRST + (SPANS - 1) * SIZE
IDS = [LAST + n for n in range(20)]
ONES, NAMES = [1] * len(IDS), [f"op-{n}" for n in IDS]
TRUE = [True] * len(IDS)
NO_END = (1 << 63) - 1
STATEMENTS = {**QUERIES, **NETWORK, **CALLBACKS, **INBOX}

ONE_DAY: dict[str, tuple[str, tuple[Any, ...]]] = {
    "claim": ("message pkey", (1, IDS)),
    "lock_messages": ("message pkey", (IDS,)),
    "locked_parts": ("part pkey", (IDS,)),
    "lock_named": ("part operator_key_operator_id", (ONES, IDS, NAMES, LAST, NO_END, 2)),
    "accept_parts": ("message pkey", (IDS, [2] * len(IDS), ONES, IDS, NAMES, IDS, 1, IDS, IDS)),
    "mark_sent_for_good": ("message pkey", (IDS, ONES, IDS)),
    "postpone": ("message pkey", (1, IDS, IDS, NAMES, TRUE, IDS, ONES)),
    "board": ("message pkey", (1, IDS)),
    "hold": ("message pkey", (1, IDS, "no answer", 5)),
    "claim_held": ("message pkey", (1, IDS)),
    "lock_movable": ("message pkey", (IDS, 1)),
    "move": ("message pkey", (IDS, ONES, NOW)),
    "resend": ("message pkey", (IDS[0], NOW)),
    "settle_messages": ("message pkey", (IDS, ONES, NOW)),
    "await_on": ("message pkey", (IDS, IDS)),
    "parts_of_messages": ("part pkey", (IDS,)),
    "part_operator": ("part pkey", (IDS[0], 1)),
    "sent_to": ("message pkey", (IDS[0], 1)),
    "sent_parts_to": ("part pkey", (IDS[0],)),
    "release": ("message pkey", (1, IDS)),
    "release_uncertain": ("message pkey", (1, IDS, 1)),
    "finish": ("message pkey", (IDS, ONES, IDS, NAMES, TRUE)),
    "save_receipts": (
        "part pkey",
        (IDS, ONES, ONES, NAMES, IDS, IDS, ONES, IDS, ONES, IDS),
    ),
    "sent_parts": ("part pkey", (IDS,)),
    "begun": ("part pkey", (IDS,)),
    "whose": ("message pkey", (IDS[0],)),
    "status_by_id": ("message pkey", (1, IDS)),
    "status_by_ref": ("message pkey", (1, IDS)),
    "known_messages": ("message pkey", (IDS,)),
    "story": ("message pkey", (IDS[0],)),
    "story_parts": ("part pkey", (IDS[0],)),
    "complete_at_once": ("message pkey", (IDS,)),
    "told_messages": ("message pkey", (IDS,)),
    "told_parts": ("part pkey", (IDS,)),
    "lock_told_messages": ("message pkey", (IDS,)),
}
"""By which index each reads the rows of a day, and what it is asked."""

EVERY_DAY: dict[str, tuple[str, tuple[Any, ...]]] = {
    "due_messages": ("message operator_id_priority_account_id_next_at_id", (1, 1, 1, NOW, 50)),
    "waiting": ("message operator_id_priority_account_id_next_at_id", (1,)),
    "past_validity": ("message expires_at", (NOW, 50)),
    "past_patience": ("message due_at", (NOW, 50)),
    "queued_of_account": (
        "message operator_id_priority_account_id_next_at_id",
        (1, 1, 1, NOW, -1, -1, 50),
    ),
    "held_messages": ("message operator_id_uncertain_at", (1, NOW, 50)),
    "past_awaiting": ("message next_at", (NOW, 50)),
    "recover_boarded": ("message node_id", ([1], 5)),
    "recover_claimed": ("message node_id", ([1], 5)),
    "release_claimed": ("message node_id", ([1],)),
}
"""What has no id to go by: an index that holds the queue only, so that most days' are empty."""

SMALL: dict[str, tuple[Any, ...]] = {
    "known_refs": (ONES, IDS),
    "funds": ([1],),
    "refund": (IDS, ONES, ONES, ONES, IDS),
    "ledger_sum": (1,),
    "held": (None, 10),
    "early_receipts": (IDS, ONES, ONES, IDS, NAMES, IDS, 600_000),
    "parted_receipts": (NOW, 1, LAST, 500),
    "unpark_receipts": (IDS,),
    "renew_run": (1, 1, 1000),
    "account_id": ("shop",),
    "operator": ("kcell",),
    "make_operator": ("kcell", "{}", "resend", 1),
    "route_of_operator": (1,),
    "routes": (),
    "put_range": ("7701", "kcell"),
    "ranges": (),
    "ported": (77010000000, 100),
    "count_ported": (),
    "put_ported": (IDS, NAMES),
    "clear_ported": (100,),
    "drop_ported": (77010000000,),
    "version": ("network",),
    "put_reports": (NAMES, ONES, ONES, IDS, NAMES),
    "delete_reports": (NAMES, ONES, ONES),
}


@pytest.fixture
async def connection(site: Site) -> AsyncIterator[Any]:
    """A session such as a node's, in a transaction that is not committed."""
    node = await site.node()
    await _days(site, node)
    session = await site.raw()
    await session.execute("BEGIN")
    yield session
    await session.execute("ROLLBACK")
    session.terminate()


async def _days(site: Site, node: Node) -> None:
    """Sixty days' partitions, and messages, parts and customers' ids in the last one."""
    statements = []
    for number in range(SPANS):
        first = FIRST + number * SIZE
        for table in ("message", "part"):
            statements.append(
                f'CREATE TABLE "{table}_{first}" (LIKE {table} INCLUDING ALL);'
                f' ALTER TABLE {table} ATTACH PARTITION "{table}_{first}"'
                f" FOR VALUES FROM ({first}) TO ({first + SIZE})"
            )
    site.aside.execute(";".join(statements))
    site.aside.execute(
        "INSERT INTO message (id, account_id, customer_id, protocol, sender, recipient, text,"
        " data_coding, flash, parts, priority, created_at, due_at, operator_id, stage, state,"
        " price, next_at, node_id)"
        " SELECT id, 1, id, 1, '', 1, '', 0, 0, 1, 1, 0, 0, 1, 1, 100, 0, 0, 1"
        " FROM unnest($1::bigint[]) AS id",
        IDS,
    )
    site.aside.execute(
        "INSERT INTO customer_ref SELECT 1, id, id FROM unnest($1::bigint[]) AS id", IDS
    )
    site.aside.execute(
        "INSERT INTO part (message_id, part, operator_id, operator_key, operator_message_id,"
        " sent_at) SELECT id, 1, 1, id, 'op-' || id, 1 FROM unnest($1::bigint[]) AS id",
        IDS,
    )


async def plan_of(connection: Any, name: str, values: tuple[Any, ...], mode: str) -> list[str]:
    """What was done, without what turned out to be needless."""
    await connection.execute(f"SET plan_cache_mode = force_{mode}_plan")
    words = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) "
    text = STATEMENTS[name]
    lines = [row[0] for row in await connection.fetch(words + text, *values)]
    assert lines
    return [line for line in lines if "never executed" not in line]


def read_all(plan: list[str]) -> list[str]:
    """Tables that were read from one end to the other."""
    small = ("node", "bind", "span", "sequence", "operator")
    found = [line for line in plan if "Seq Scan on" in line]
    return [line for line in found if not re.search(rf"on ({'|'.join(small)})\b", line)]


def days(plan: list[str]) -> set[str]:
    """The first ids of the partitions that were looked into."""
    scans = [line for line in plan if "Scan" in line]
    return {found[1] for line in scans if (found := re.search(r"on (?:message|part)_(\d+)", line))}


def indexes(plan: list[str]) -> set[str]:
    """The names of the partitions' indexes, without the day."""
    pattern = re.compile(r"(?:using|Index Scan on) (message|part)_\d+_(\w+?)(?:_idx)?\b")
    return {f"{one[1]} {one[2]}" for line in plan if (one := pattern.search(line))}


async def test_what_has_an_id_is_looked_for_in_its_day(connection: Any) -> None:
    for name, (index, values) in ONE_DAY.items():
        plan = await plan_of(connection, name, values, "custom")
        assert read_all(plan) == [], name
        assert days(plan) == {str(LAST)}, (name, plan)
        assert index in indexes(plan), (name, plan)


async def test_what_waits_is_found_by_the_queues_index(connection: Any) -> None:
    for name, (index, values) in EVERY_DAY.items():
        plan = await plan_of(connection, name, values, "custom")
        assert read_all(plan) == [], name
        assert indexes(plan) == {index}, (name, plan)
        assert not [line for line in plan if re.search(r"^\W*Sort \(", line)], (name, plan)


async def test_an_operators_messages_are_found_by_what_waits_and_what_is_in_hand(
    connection: Any,
) -> None:
    plan = await plan_of(connection, "waits_for_operator", (77,), "custom")
    assert read_all(plan) == []
    found_by = ("due_messages", "recover_claimed", "held_messages")
    assert indexes(plan) == {EVERY_DAY[name][0] for name in found_by}


async def test_no_table_that_grows_is_read_from_end_to_end(connection: Any) -> None:
    for name, values in SMALL.items():
        plan = await plan_of(connection, name, values, "custom")
        assert read_all(plan) == [], name


GROUPS = ([7], ["A"], ["8785"], [1], [2])
OF_INBOX: dict[str, tuple[set[str], tuple[Any, ...]]] = {
    "known_parts": ({"inbound_segment_pkey"}, (*GROUPS, 16)),
    "complete_groups": ({"inbound_segment_due"}, (100,)),
    "overdue_groups": ({"inbound_segment_due"}, (NOW, 100)),
    "parts_of_groups": ({"inbound_segment_pkey"}, (*GROUPS, [0])),
    "join_groups": ({"inbound_segment_pkey"}, (*GROUPS, [0], [2])),
    "tidy_segments": ({"inbound_segment_age", "inbound_segment_pkey"}, (50, 100)),
    "note_inbound": ({"inbound_pkey"}, ([5, 6], ["", ""])),
    "lock_inbound": ({"inbound_pkey"}, (5,)),
    "assign_inbound": ({"inbound_pkey"}, (5, 1, 1, 4, "")),
    "ids_of_all": ({"inbound_pkey"}, (NO_END, 31, None, None, 50)),
    "ids_of_account": ({"inbound_account"}, (NO_END, 31, 3, None, 50)),
    "ids_of_code": ({"inbound_code"}, (NO_END, 31, None, "3", 50)),
    "ids_of_state": ({"inbound_open"}, (NO_END, 31, None, None, 50, 3)),
    "ids_of_account_in_state": ({"inbound_owed"}, (NO_END, 31, 3, None, 50, 3)),
    "calls_of_inbound": ({"callback_subject"}, (5,)),
    "tidy_inbound": ({"inbound_ended", "inbound_pkey", "callback_subject"}, (50, 100)),
    "opt_outs": ({"opt_out_change"}, (0, 100)),
    "opted_out_of": ({"opt_out_active"}, (1, 100)),
}
"""By which indexes what subscribers wrote is found, and what is asked."""
_MANY = """
INSERT INTO inbound (account_id, shortcode_id, operator_id, sender, short_code, transaction_id,
    text, data_coding, parts, missing, received_at, state, reply)
SELECT n % 50, 0, 1, 'A', (n % 50)::text, '', '', 0, 1, 0, n,
    CASE WHEN n % 1000 = 0 THEN 3 ELSE 4 END, ''
FROM generate_series(1, 20000) AS n;
INSERT INTO inbound_segment (operator_id, sender, short_code, reference, total, generation, part,
    transaction_id, data_coding, octets, header, at, joined, mark)
SELECT 7, 'A', '8785', n, 2, 0, 1, '', 0, '', '', n, n % 10 <> 0,
    CASE WHEN n % 20 = 0 THEN 2 ELSE 1 END
FROM generate_series(1, 20000) AS n;
INSERT INTO opt_out
SELECT account.id, n, '', true, n, n
FROM generate_series(1, 20000) AS n
JOIN account ON account.login = CASE WHEN n % 50 = 0 THEN 'shop' ELSE 'demo' END;
INSERT INTO callback (account_id, kind, subject, state, at, host, stage, next_at, since)
SELECT 1, 2, n, 0, 0, '', 2, 0, 0 FROM generate_series(1, 20000) AS n;
"""


@pytest.mark.parametrize("analyzed", [False, True])
async def test_what_subscribers_wrote_is_found_by_an_index(connection: Any, analyzed: bool) -> None:
    await connection.execute(_MANY)
    if analyzed:
        await connection.execute("ANALYZE inbound, inbound_segment, opt_out, callback")
    for name, (wanted, values) in OF_INBOX.items():
        plan = await plan_of(connection, name, values, "custom")
        assert read_all(plan) == [], name
        found = {m[1] for line in plan if (m := re.search(r"(?:using|Index Scan on) (\w+)", line))}
        assert found == wanted, (name, plan)
        if analyzed and name.startswith("ids_of"):
            assert not [line for line in plan if re.search(r"^\W*Sort \(", line)], (name, plan)


async def test_days_are_pruned_however_often_a_statement_was_asked(connection: Any) -> None:
    """The server plans a statement anew each time, unless a plan for any value is as good."""
    await connection.execute("SET plan_cache_mode = auto")
    for name, (_, values) in ONE_DAY.items():
        for _ in range(8):
            await connection.fetch(STATEMENTS[name], *values)
        generic = await connection.fetchval(
            "SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement = $1",
            STATEMENTS[name],
        )
        mode = "generic" if generic else "custom"
        plan = await plan_of(connection, name, values, mode)
        assert days(plan) == {str(LAST)}, (name, mode, plan)
        await connection.execute("SET plan_cache_mode = auto")


async def test_a_finished_message_is_in_no_index_of_the_queue(site: Site) -> None:
    node = await site.node()
    message = await node.claimed(expires_at=NOW * 2)
    await node.accept(message, "op-1")
    rows = site.aside.fetch(
        "SELECT indexrelid::regclass::text, pg_get_expr(indpred, indrelid) FROM pg_index"
        " WHERE indrelid = 'message'::regclass AND NOT indisprimary"
        " AND indexrelid <> 'message_reply'::regclass ORDER BY 1"
    )
    assert {name: sorted(map(int, re.findall(r"\d", where))) for name, where in rows} == {
        "message_age": [0],
        "message_awaited": [2],
        "message_claimed": [1, 4],
        "message_expiry": [0],
        "message_held": [5],
        "message_queue": [0],
    }
