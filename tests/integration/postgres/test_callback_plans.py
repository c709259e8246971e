"""How PostgreSQL finds what customers are owed: by an index, however much is owed to others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from habar.store.postgres.sql import CALLBACKS

from .conftest import NOW
from .site import Site

MANY = 100_000
BUSY, QUIET = "http://busy.example:80", "http://quiet.example:80"
SUBJECTS = [*range(1, 21)]
BY_INDEX: dict[str, tuple[str, tuple[Any, ...]]] = {
    "due_calls": ("callback_queue", (QUIET, NOW, 16)),
    "hosts": ("callback_queue", ("", 1000)),
    "old_calls": ("callback_since", (2, 10)),
    "long_blocked": ("callback_blocked", (NOW, 10)),
    "let_next_wait": ("callback_subject", (SUBJECTS, [1] * 20, SUBJECTS)),
    "unblock": ("callback_subject", (SUBJECTS, NOW)),
    "claim_calls": ("callback_pkey", (1, SUBJECTS)),
    "move_calls": ("callback_pkey", ([QUIET] * 20, SUBJECTS)),
    "release_calls": ("callback_pkey", (1, SUBJECTS)),
    "release_claimed_calls": ("callback_claimed", ([7],)),
    "delete_ended_calls": ("callback_ended", (NOW, 10)),
    "delete_calls_of_messages": ("callback_subject", (SUBJECTS,)),
    "delete_calls_of_span": ("callback_subject", (5, 9, 10)),
    "standing": ("callback_subject", ([1] * 20, SUBJECTS)),
    "tries": ("callback_try_pkey", (5,)),
    "told_messages": ("message_report_pkey", (SUBJECTS,)),
}


@pytest.fixture
async def connection(site: Site) -> AsyncIterator[Any]:
    """A session such as a node's, where nothing has been counted since the table grew."""
    await site.node()
    site.aside.execute(
        "INSERT INTO callback (account_id, kind, subject, state, at, host, stage, next_at, since)"
        f" SELECT 1, 1, n, 101, n, CASE n WHEN 1 THEN '{QUIET}' ELSE '{BUSY}' END, 0, n, n"
        f" FROM generate_series(1, {MANY}) AS n"
    )
    session = await site.raw()
    await session.execute("BEGIN")
    yield session
    await session.execute("ROLLBACK")
    session.terminate()


async def plan_of(connection: Any, name: str, mode: str) -> list[str]:
    await connection.execute(f"SET plan_cache_mode = force_{mode}_plan")
    words = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) "
    rows = await connection.fetch(words + CALLBACKS[name], *BY_INDEX[name][1])
    return [row[0] for row in rows]


async def test_all_is_found_by_an_index(connection: Any) -> None:
    for name, (index, _) in BY_INDEX.items():
        for mode in ("custom", "generic"):
            plan = await plan_of(connection, name, mode)
            text = "\n".join(plan)
            assert index in text, (name, mode, text)
            assert "Seq Scan on callback " not in text + " ", (name, mode, text)
            if name in ("due_calls", "hosts"):
                assert not re.search(r"^\W*Sort \(.*rows=\d\d", text, re.MULTILINE), text


async def test_hosts_reads_one_row_a_host(connection: Any) -> None:
    plan = await plan_of(connection, "hosts", "generic")
    scans = [line for line in plan if "callback_queue" in line]
    assert scans
    for line in scans:
        rows, loops = re.search(r"rows=([\d.]+) loops=(\d+)", line).groups()  # type: ignore[union-attr]
        assert float(rows) * int(loops) <= 2, line
