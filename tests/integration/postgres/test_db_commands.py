"""`habar db migrate`, `status` and `check` on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from habar.app.databases import PostgresServer, SqliteFile, check, copy, migrate, status
from habar.cli import app
from habar.errors import SchemaMismatch, StoreUnavailable
from habar.store.inspection import SHOWN
from habar.store.postgres import PostgresStore
from habar.store.postgres.connection import Address
from habar.store.postgres.migrate import newest
from habar.store.postgres.node import Who

from ...postgres.server import Server
from .installation import DAY, NOW, Onlooker, make

Do = Callable[[str], Any]


@pytest.fixture
async def empty(postgres: Server) -> AsyncIterator[PostgresServer]:
    name = await postgres.create_database()
    yield PostgresServer(postgres.url(name))
    await postgres.drop_database(name)


@pytest.fixture
async def database(empty: PostgresServer, tmp_path: Path) -> PostgresServer:
    """With rows of every kind."""
    await migrate(empty, lambda _: None)
    await copy(SqliteFile(await make(tmp_path / "old")), empty, Onlooker())
    return empty


@pytest.fixture
async def do(empty: PostgresServer) -> AsyncIterator[Do]:
    """Somebody changes the database, without Habar."""
    connection = await asyncpg.connect(empty.url)
    yield connection.execute
    await connection.close()


async def habar(*words: str) -> Result:
    """The command line, in a thread: it has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["db", *words])


# --- migrate --------------------------------------------------------------------------------------
async def test_each_step_is_told_and_then_there_is_nothing_to_do(empty: PostgresServer) -> None:
    first = await habar("migrate", "--url", empty.url)
    assert first.exit_code == 0
    steps = [f"step {number} is taken" for number in range(1, newest() + 1)]
    end = f"{empty.shown} has schema {newest()}"
    assert first.stdout.splitlines() == [*steps, end]
    second = await habar("migrate", "--url", empty.url)
    assert second.stdout.splitlines() == ["nothing to do", end]
    assert "***" in empty.shown


async def test_two_may_migrate_at_once(empty: PostgresServer) -> None:
    taken: list[int] = []
    schemas = await asyncio.gather(*[migrate(empty, taken.append) for _ in range(8)])
    assert set(schemas) == {newest()}
    assert sorted(taken) == [*range(1, newest() + 1)]


async def test_a_newer_schema_is_refused(database: PostgresServer, do: Do) -> None:
    await do("UPDATE habar_schema SET version = 999, serves = 999")
    with pytest.raises(SchemaMismatch, match="install a newer Habar"):
        await migrate(database, lambda _: None)
    told = await habar("status", "--url", database.url)
    assert "schema    999, this version needs" in told.stdout
    assert "messages" not in told.stdout


async def test_another_programs_database_is_refused(empty: PostgresServer, do: Do) -> None:
    await do("CREATE TABLE account (id integer)")
    for words in ("migrate", "check", "status"):
        result = await habar(words, "--url", empty.url)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "another program" in result.stderr


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await status(PostgresServer("postgresql://habar:s3cret@127.0.0.1:1/habar"))
    assert "s3cret" not in str(caught.value)


# --- status ---------------------------------------------------------------------------------------
async def test_what_there_is_is_told(database: PostgresServer, tmp_path: Path) -> None:
    store = PostgresStore(Address(database.url), Who("ala-1", ("front",), 10.0), tmp_path)
    await store.open(NOW)
    try:
        found = await status(database)
    finally:
        await store.close()
    contents = found.contents
    assert contents is not None
    assert (found.engine, found.schema, found.needed) == ("PostgreSQL", newest(), newest())
    assert (contents.accounts, contents.messages, contents.oldest_at) == (2, 9, NOW)
    assert contents.spans is not None
    assert contents.partitions == 2 * contents.spans
    assert contents.alive == ("ala-1",)
    assert contents.size is not None
    assert contents.size > 1_000_000
    told = await habar("status", "--url", database.url)
    assert told.exit_code == 0
    assert "messages        about 9\n" in told.stdout
    assert "oldest message  2026-05-28\n" in told.stdout
    assert "nodes alive     none\n" in told.stdout
    assert database.url not in told.stdout


async def test_messages_that_nobody_has_counted_are_guessed_by_their_room(
    database: PostgresServer, do: Do
) -> None:
    await do(
        "INSERT INTO message SELECT 1000 + n, 1, NULL, 1, 'S', 77771234567, repeat('x', 60), 0, 0,"
        f" 1, 1, {NOW}, {NOW}, NULL, 1, 3, 102, 0, {NOW} FROM generate_series(1, 5000) AS n"
    )
    contents = (await status(database)).contents
    assert contents is not None
    assert 2_000 < contents.messages < 10_000


async def test_a_database_without_a_schema_says_what_to_run(empty: PostgresServer) -> None:
    told = await habar("status", "--url", empty.url)
    assert told.exit_code == 0
    assert "schema    none; run: habar db migrate" in told.stdout


# --- check ----------------------------------------------------------------------------------------
async def findings(database: PostgresServer) -> list[str]:
    report = await check(database)
    return [line for finding in report.findings for line in finding.told()]


async def test_a_sound_database_keeps_its_promises(database: PostgresServer) -> None:
    assert await findings(database) == []
    result = await habar("check", "--url", database.url)
    assert result.exit_code == 0
    assert result.stdout.endswith(f"{database.shown} keeps its promises\n")


async def test_settings_that_lose_data_are_warned_of(database: PostgresServer, do: Do) -> None:
    await do(f"ALTER DATABASE {urlsplit(database.url).path[1:]} SET synchronous_commit = off")
    warnings = (await check(database)).warnings
    assert [words.partition(" ")[0] for words in warnings] == ["fsync", "synchronous_commit"]
    result = await habar("check", "--url", database.url)
    assert result.exit_code == 0
    assert result.stdout.startswith("warning: fsync is off: ")


BOUND = "FOR VALUES FROM ('3') TO ('5')"
FAULTS = {
    "UPDATE account SET balance = balance + 1 WHERE id = 1": [
        "account 1 (shop): its balance is 992501, its ledger adds up to 992500 (tiyn)"
    ],
    "UPDATE ledger SET account_id = 77 WHERE kind = 'refund'": [
        "account 1 (shop): its balance is 992500, its ledger adds up to 992000 (tiyn)",
        "ledger row 8: there is no account 77",
    ],
    "UPDATE account SET allowance = -1 WHERE id = 2": [
        "account 2 (demo): below nothing: balance 0 tiyn, allowance -1"
    ],
    "UPDATE customer_ref SET message_id = 4 WHERE customer_id = 13": [
        "customer's id 13 of account 1 points to message 4, which is not its own"
    ],
    "UPDATE customer_ref SET message_id = 8 WHERE customer_id = 7 AND account_id = 1": [
        "customer's id 7 of account 1 points to message 8, which is not its own"
    ],
    "DELETE FROM message WHERE id = 7": [
        "customer's id 13 of account 1 points to message 7, which is not its own"
    ],
    "UPDATE customer_ref SET message_id = 1000000 WHERE customer_id = 13": [
        "customer's id 13 of account 1 points to message 1000000, which is not its own"
    ],
    "UPDATE message SET stage = 1, node_id = 55 WHERE id = 6": [
        "message 6 is claimed by run 55, which has ended"
    ],
    "UPDATE message SET stage = 1 WHERE id = 6": [
        "message 6 is claimed by run none, which has ended"
    ],
    "DELETE FROM message WHERE id = 4; DELETE FROM customer_ref WHERE message_id = 4": [
        "part 1 of message 4: there is no such message, or it has only 0 parts"
    ],
    "UPDATE part SET part = 3 WHERE message_id = 2": [
        "part 3 of message 2: there is no such message, or it has only 2 parts"
    ],
    "INSERT INTO callback (id, account_id, kind, subject, state, at, host, stage, next_at, since)"
    " VALUES (900, 1, 2, 901, 0, 1, '', 2, 1, 1)": [
        "call-back 900: there is no subscriber's message 901"
    ],
    "INSERT INTO inbound VALUES (900, 1, 0, 1, '7', '8785', '', '', 0, 1, 0, NULL, 1, 1, '', '',"
    " NULL)": ["subscriber's message 900 waits, and no call-back is open for it"],
    "INSERT INTO opt_out VALUES (1, 7, '', true, 1, 900)": [
        "the opt-out of 7 from account 1: its change 900 will be given again"
    ],
    "UPDATE sequence SET next = 9 WHERE name = 'message'": [
        "message 9: its id will be given a second time, the next one is 9"
    ],
    "UPDATE span SET day = day + 1, first_id = 4 WHERE first_id = 3": [
        f"partition message_3 of message ({BOUND}) and span none do not agree",
        "partition none of message (none) and span 4 do not agree",
        "partition none of part (none) and span 4 do not agree",
        f"partition part_3 of part ({BOUND}) and span none do not agree",
    ],
    "UPDATE habar_copy SET finished_at = NULL, began_at = 1780000000000": [
        "a copy into this database that was begun at 2026-05-28T20:26:40+00:00 is not finished"
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_broken_promise_is_found(database: PostgresServer, do: Do, fault: str) -> None:
    await do(fault)
    assert sorted(await findings(database)) == sorted(FAULTS[fault])
    result = await habar("check", "--url", database.url)
    assert result.exit_code == 1
    assert "broken promise" in result.stderr


async def test_the_number_of_a_message_that_went_with_its_day_is_nobodys(
    database: PostgresServer, do: Do
) -> None:
    """Its partitions are dropped; what names it finds nothing any more."""
    await do("DROP TABLE message_3; DROP TABLE part_3; DELETE FROM span WHERE first_id = 3")
    assert await findings(database) == []


async def test_a_day_that_is_being_dropped_is_no_finding(database: PostgresServer, do: Do) -> None:
    """Its messages go first, then its parts, then its row."""
    await do(
        "ALTER TABLE span ADD COLUMN IF NOT EXISTS leaving bigint;"
        " DELETE FROM customer_ref WHERE message_id IN (3, 4); DROP TABLE message_3"
    )
    assert len(await findings(database)) == 3
    await do("UPDATE span SET leaving = 2 WHERE first_id = 3")
    assert await findings(database) == []
    await do("DROP TABLE part_3")
    assert await findings(database) == []


async def test_many_findings_of_a_kind_are_counted(database: PostgresServer, do: Do) -> None:
    await do("INSERT INTO customer_ref SELECT 2, 100 + n, 1 FROM generate_series(1, 50) AS n")
    lines = await findings(database)
    assert len(lines) == SHOWN + 1
    assert lines[-1] == "… and 30 more of this kind"
    result = await habar("check", "--url", database.url)
    assert "50 broken promises" in result.stderr


async def test_what_a_node_has_in_hand_is_no_finding(
    database: PostgresServer, do: Do, tmp_path: Path
) -> None:
    store = PostgresStore(Address(database.url), Who("ala-1", ("front",), 10.0), tmp_path)
    await store.open(NOW + DAY)
    await do("UPDATE message SET stage = 1, node_id = (SELECT max(id) FROM node) WHERE id = 1")
    assert await findings(database) == []
    await do("UPDATE node SET lease_until = 0")  # another node ends such a run
    assert await findings(database) == []
    await store.close()
    assert await findings(database) == []


async def test_one_moment_is_seen_beside_running_nodes(database: PostgresServer, do: Do) -> None:
    """Money moves without end, each time in one transaction: no check sees half of it."""
    stop = asyncio.Event()

    async def move() -> None:
        while not stop.is_set():
            await do(
                "BEGIN; UPDATE account SET balance = balance + 5 WHERE id = 1;"
                " INSERT INTO ledger (account_id, at, kind, amount) VALUES (1, 1, 'top-up', 5);"
                " COMMIT"
            )

    moving = asyncio.create_task(move())
    for _ in range(10):
        assert await findings(database) == []
    stop.set()
    await moving
