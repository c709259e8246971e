"""`habar db copy`: an embedded installation goes to PostgreSQL, all of it, once."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from habar.app.databases import Database, PostgresServer, SqliteFile, check, copy, migrate
from habar.cli import app
from habar.errors import AlreadyOpen, Conflict, InvalidValue, NotFound, SchemaMismatch
from habar.model.message import Ref
from habar.model.route import Route, Target
from habar.store.callbacks import CallFilter
from habar.store.copied import TABLES, Copied
from habar.store.lock import lock_file
from habar.store.postgres import PostgresStore
from habar.store.postgres.connection import Address
from habar.store.postgres.node import Who
from habar.store.sqlite import SqliteStore

from ...postgres.server import Server
from . import installation
from .installation import NOW, NUL, Onlooker, change, make

COPIER = Path(__file__).parent / "copier.py"
PATIENCE = 60
IDS = range(1, 11)


@pytest.fixture
async def target(postgres: Server) -> AsyncIterator[PostgresServer]:
    """A database with the schema and nothing else."""
    name = await postgres.create_database()
    database = PostgresServer(postgres.url(name))
    await migrate(database, lambda _: None)
    yield database
    await postgres.drop_database(name)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return await make(tmp_path / "old")


async def copied(
    source: Path, target: Database, watch: Onlooker | None = None, batch: int = 4
) -> Copied:
    return await copy(SqliteFile(source), target, watch or Onlooker(), batch=batch)


async def ask(target: PostgresServer, statement: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(target.url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def do(target: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(target.url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def store_at(target: PostgresServer, folder: Path) -> PostgresStore:
    return PostgresStore(Address(target.url), Who("new", ("front", "dispatch"), 10.0), folder)


async def told_by(store: Any) -> dict[str, Any]:
    """All that a store says of itself."""
    refs = [Ref(None, number) for number in range(5, 25)]
    accounts = await store.books.accounts()
    return {
        "stories": [await store.story(number) for number in IDS],
        "statuses": [await store.statuses(account, refs, NOW) for account in (1, 2)],
        "accounts": [
            (row.credentials, row.funds, sorted(row.key_digests), row.credentials.password_hash)
            for row in accounts
        ],
        "sums": [await store.books.ledger_sum(login) for login in ("demo", "shop")],
        "unmatched": await store.unmatched_receipts(9),
        "waiting": [sorted(await store.waiting(operator)) for operator in (1, 2)],
        "counts": await store.counts(),
        "operators": await store.network.operators(),
        "ranges": await store.network.ranges(),
        "ported": await store.network.ported(0, 100),
        "routes": await store.network.routes(),
    }


@pytest.mark.parametrize("stopped", [True, False])
async def test_the_same_is_told_there(
    tmp_path: Path, target: PostgresServer, stopped: bool
) -> None:
    source = await make(tmp_path / "old", stopped=stopped)
    watch = Onlooker()
    done = await copied(source, target, watch)
    assert (done.good, done.differences, done.earlier, done.done_at) == (True, (), 0, None)
    assert watch.rows == watch.stages
    old = SqliteStore(source)
    if stopped:
        await old.open_books()
    else:  # what was in hand when the gateway died comes back by its start
        assert await old.open(NOW + 1) == 2
    new = store_at(target, tmp_path / "new")
    await new.open(NOW)
    try:
        expected, found = await told_by(old), await told_by(new)
        if not stopped:
            [(began_at,)] = await ask(target, "SELECT began_at FROM habar_copy")
            expected["stories"] = [_uncertain(story, began_at) for story in expected["stories"]]
        assert found == expected
        assert found["stories"][0].submission.text == NUL
        assert sum(story is not None for story in found["stories"]) == 9
        assert {row.text for row in [story.submission for story in found["stories"][:9]]} == {
            NUL,
            "Сәлем",
        }
    finally:
        await old.close()
        await new.close()
    assert (await check(target)).findings == ()


def _uncertain(story: Any, began_at: int) -> Any:
    """What was in hand is uncertain since the copy, not since that start."""
    if story is None or story.uncertain_at != NOW + 1:
        return story
    return dataclasses.replace(story, uncertain_at=began_at)


async def test_blanked_texts_stay_blank(path: Path, target: PostgresServer) -> None:
    change(path, "UPDATE message SET text = '' WHERE id = 3")
    assert (await copied(path, target)).good
    assert await ask(target, "SELECT text FROM message WHERE id = 3") == [("",)]


async def test_numbers_go_on_after_those_that_were_given(
    tmp_path: Path, path: Path, target: PostgresServer
) -> None:
    [(next_id,)] = installation.ask(path, "SELECT next FROM sequence WHERE name = 'message'")
    [(books,)] = installation.ask(path, "SELECT next FROM sequence WHERE name = 'books'")
    await copied(path, target)
    store = store_at(target, tmp_path / "new")
    await store.open(NOW)
    try:
        assert await store.books.version() > books
        assert await installation.submit_one(store, "new") >= next_id
        assert await store.books.ensure_operator("tele2") == 3
        await store.books.add_sender("demo", "DEMO", actor="cli:a", now=NOW)
        await store.books.top_up("shop", 1, "", actor="cli:a", now=NOW)
    finally:
        await store.close()
    assert (await check(target)).findings == ()


async def test_ranges_that_were_edited_stay_so(path: Path, target: PostgresServer) -> None:
    """The target is born with ranges of its own: they give way."""
    await copied(path, target)
    rows = "SELECT prefix, network FROM number_range WHERE prefix IN ('7701', '7702', '7785')"
    assert sorted(await ask(target, rows)) == [("7701", "tele2"), ("7702", "kcell")]


async def test_what_counts_changes_and_routes_goes_on(
    tmp_path: Path, path: Path, target: PostgresServer
) -> None:
    numbers = dict(installation.ask(path, "SELECT name, next FROM sequence"))
    await copied(path, target)
    store = store_at(target, tmp_path / "new")
    await store.open_books()
    try:
        network = store.network
        assert await network.version() > numbers["network"]
        assert await network.ported_version() > numbers["ported"]
        route = Route(0, 0, (Target(1),))
        assert await network.add_route(route, actor="cli:a", now=NOW) >= numbers["route"]
        assert await network.bind_reports(0) == []
    finally:
        await store.close()


async def test_what_is_in_doubt_is_held_there(tmp_path: Path, target: PostgresServer) -> None:
    source = await make(tmp_path / "old", stopped=True)
    change(source, "UPDATE message SET stage = 5, uncertain_at = 9, route_id = 7 WHERE id = 1")
    change(source, "UPDATE message SET stage = 4 WHERE id = 7")
    change(source, "UPDATE receipt_unmatched SET whole = 1 WHERE id = 1")
    done = await copied(source, target)
    assert (done.good, done.differences) == (True, ())
    rows = await ask(target, "SELECT id, repeats, route_id FROM message WHERE stage = 5 ORDER BY 1")
    assert rows == [(1, 0, 7), (7, 1, 0)]
    assert await ask(target, "SELECT whole FROM receipt_unmatched ORDER BY id LIMIT 1") == [(True,)]


CALL = (
    "INSERT INTO callback (id, account_id, kind, subject, state, at, host, stage, next_at, since)"
)
CALLED = (
    "UPDATE account SET report_url = 'http://e.org/', report_host = 'http://e.org:80' WHERE id = 1",
    "UPDATE account SET report_format = 3, callback_secret = 's3cr3t' WHERE id = 1",
    "UPDATE message SET reports = 2 WHERE id IN (1, 4)",
    "UPDATE message SET reports = 1 WHERE id = 3",
    "INSERT INTO message_report VALUES (3, 'http://f.org/?a=1', 'http://f.org:80')",
    *(f"{CALL} VALUES ({n}, 1, 1, {n}, 101, 5, 'http://e.org:80', {n}, 6, 7)" for n in range(5)),
    f"{CALL} VALUES (9, 1, 2, 1, 0, 5, '', 0, 6, 7)",
    "DELETE FROM callback WHERE id = 9",
    "UPDATE callback SET attempts = 1, ended_at = 50 WHERE stage IN (2, 3)",
    "INSERT INTO callback_try SELECT id, 1, 5, 45, 500, 'no', char(0) FROM callback WHERE attempts",
    "INSERT INTO callback_host VALUES ('http://e.org:80', 5, 99, 'timed out', 8, 9)",
    "INSERT INTO shortcode VALUES (7, '8785', '', 1, 1, 'u', 'h', 'a', 'b', '', 5)",
    "DELETE FROM shortcode",
    "INSERT INTO inbound VALUES (8, 1, 7, 1, '7', '8785', '', 't', 0, 1, 0, 5, 5, 1, '', '', 5)",
    "DELETE FROM inbound",
)


async def test_what_customers_are_owed_comes_along(
    tmp_path: Path, path: Path, target: PostgresServer
) -> None:
    change(path, *CALLED)
    done = await copied(path, target)
    assert (done.good, done.differences) == (True, ())
    stages = await ask(target, "SELECT id, stage, node_id FROM callback ORDER BY id")
    assert stages == [(0, 0, None), (1, 0, None), (2, 2, None), (3, 3, None), (4, 4, None)]
    old = SqliteStore(path)
    new = store_at(target, tmp_path / "new")
    await old.open(NOW)  # lets go of what was claimed, as the copy did
    await new.open_books()
    try:
        assert await new.callbacks.listed(CallFilter()) == await old.callbacks.listed(CallFilter())
        assert await new.callbacks.hosts() == await old.callbacks.hosts()
        for number in range(1, 5):
            assert await new.callbacks.story(number) == await old.callbacks.story(number)
        account = (await new.books.account("shop")).credentials.account
        assert (account.report_format, account.callback_secret) == (3, "s3cr3t")
    finally:
        await old.close()
        await new.close()


async def test_ids_that_were_given_and_deleted_are_not_given_again(
    path: Path, target: PostgresServer
) -> None:
    change(path, *CALLED)
    await copied(path, target)
    for table, last in (("callback", 9), ("shortcode", 7), ("inbound", 8)):
        name = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))"
        assert await ask(target, name) == [(last + 1,)]
    numbers = dict(await ask(target, "SELECT name, next FROM sequence"))
    for name, number in installation.ask(path, "SELECT name, next FROM sequence"):
        assert numbers[name] >= number


async def test_each_day_has_its_span(path: Path, target: PostgresServer) -> None:
    await copied(path, target)
    spans = await ask(target, "SELECT first_id, day FROM span ORDER BY first_id")
    first = NOW // installation.DAY
    assert spans == [(1, first), (3, first + 1), (5, first + 2), (9, first + 3)]
    rows = await ask(target, "SELECT tableoid::regclass::text, id FROM message ORDER BY id")
    assert dict(rows) == {"message_1": 2, "message_3": 4, "message_5": 8, "message_9": 9}


async def test_a_second_copy_has_nothing_to_do(path: Path, target: PostgresServer) -> None:
    await copied(path, target)
    before = await ask(target, "SELECT * FROM message ORDER BY id")
    again = await copied(path, target)
    assert again.done_at is not None
    assert again.rows == {}
    assert await ask(target, "SELECT * FROM message ORDER BY id") == before


async def test_an_installation_with_nothing_in_it(tmp_path: Path, target: PostgresServer) -> None:
    store = SqliteStore(tmp_path / "habar.db")
    await store.open(NOW)
    await store.close()
    done = await copied(tmp_path / "habar.db", target)
    assert done.good
    born_with = {"sender": 2, "number_range": 19}
    assert done.rows == {table.name: born_with.get(table.name, 0) for table in TABLES}
    new = store_at(target, tmp_path / "new")
    await new.open(NOW)
    await new.close()


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("steps", [1, 3, 6, 8, 11, 14, 17])
async def test_broken_off_and_gone_on_with(
    path: Path, target: PostgresServer, tmp_path: Path, steps: int
) -> None:
    left = [steps]

    def step(_: str) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    with pytest.raises(Killed):
        await copied(path, target, Onlooker(step))
    done = await copied(path, target)
    assert done.good
    assert done.rows == {
        table.name: installation.ask(path, f"SELECT count(*) FROM {table.name}")[0][0]
        for table in TABLES
    }
    assert (await check(target)).findings == ()


def killed_in(path: Path, target: PostgresServer, step: str, times: int) -> None:
    """A process copies, and is killed when it has told `step` so many times."""
    process = subprocess.Popen(
        [sys.executable, COPIER, f"sqlite:{path}", target.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        while times:
            line = process.stdout.readline()
            assert line, "it has ended by itself"
            times -= line == f"{step}\n"
            if times:
                process.stdin.write("\n")
                process.stdin.flush()
    finally:
        watchdog.cancel()
        process.kill()
        process.wait(PATIENCE)
        process.stdin.close()
        process.stdout.close()


async def test_killed_in_the_middle_of_the_messages(path: Path, target: PostgresServer) -> None:
    await asyncio.to_thread(killed_in, path, target, "message 3", 2)
    assert (await check(target)).findings[0].lines[0].endswith("is not finished")
    assert await ask(target, "SELECT count(*) FROM message") == [(6,)]
    done = await copied(path, target)
    assert done.good
    assert done.earlier >= 6
    assert await ask(target, "SELECT count(*) FROM message") == [(9,)]
    assert (await check(target)).findings == ()


async def test_what_the_server_still_does_for_a_dead_process_is_waited_for(
    path: Path, target: PostgresServer
) -> None:
    """Its client had sent the commit before it died."""

    def step(words: str) -> None:
        if words == "operator":
            raise Killed

    with pytest.raises(Killed):
        await copied(path, target, Onlooker(step))
    await do(target, "DELETE FROM habar_copy_table; DELETE FROM operator")
    dead = await asyncpg.connect(target.url)
    await dead.execute(
        "BEGIN; SELECT 1 FROM habar_copy FOR UPDATE;"
        " INSERT INTO habar_copy_table VALUES ('operator', '[2]', 2, false)"
    )
    for row in installation.ask(path, "SELECT * FROM operator"):
        values = (*row[:2], bool(row[2]), *row[3:])
        await dead.execute("INSERT INTO operator VALUES ($1, $2, $3, $4, $5, $6)", *values)
    copying = asyncio.create_task(copied(path, target))
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(PATIENCE):
        while not copying.done() and await ask(target, waiting) == [(0,)]:
            pass
    await dead.execute("COMMIT")
    await dead.close()
    done = await copying
    assert (done.good, done.earlier) == (True, 2)


# --- The command ----------------------------------------------------------------------------------
async def habar(*words: str) -> Result:
    """The command line, in a thread: it has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["db", "copy", *words])


async def test_the_command_tells_what_it_did_and_what_is_next(
    path: Path, target: PostgresServer
) -> None:
    first = await habar("--from", str(path.parent), "--to", target.url)
    assert (first.exit_code, first.stderr) == (0, "")
    lines = first.stdout.splitlines()
    assert lines[0].startswith("copied: 2 operator, 2 account, 2 api_key, 3 sender, 9 message, ")
    assert lines[1].startswith("compared: ")
    assert lines[-2] == f'  url = "{target.setting}"'
    assert target.url not in first.stdout
    second = await habar("--from", f"sqlite:{path}", "--to", target.url)
    assert (second.exit_code, second.stderr) == (0, "")
    assert second.stdout.startswith("nothing to do: all of it has been there since ")


async def test_the_command_says_that_the_target_is_not_to_be_used(
    path: Path, target: PostgresServer
) -> None:
    def step(words: str) -> None:
        if words == "audit":
            raise Killed

    with pytest.raises(Killed):
        await copied(path, target, Onlooker(step))
    await do(target, "DELETE FROM part WHERE message_id = 4")
    result = await habar("--from", str(path.parent), "--to", target.url)
    assert result.exit_code == 1
    assert "part: rows: 3 there, 2 here\n" in result.stderr
    assert f"habar: {target.shown} is not to be used" in result.stderr
    assert "next" not in result.stdout


# --- What is refused ------------------------------------------------------------------------------
async def test_a_source_whose_gateway_runs(tmp_path: Path, target: PostgresServer) -> None:
    store = SqliteStore(tmp_path / "habar.db")
    await store.open(NOW)
    with pytest.raises(AlreadyOpen, match="stop it first"):
        await copied(tmp_path / "habar.db", target)
    await store.close()


async def test_no_gateway_starts_on_the_source_meanwhile(
    path: Path, target: PostgresServer
) -> None:
    def step(_: str) -> None:
        assert lock_file(Path(f"{path}.lock")) is None

    assert (await copied(path, target, Onlooker(step))).good


async def test_a_source_that_is_not_there(tmp_path: Path, target: PostgresServer) -> None:
    with pytest.raises(NotFound):
        await copied(tmp_path / "habar.db", target)


async def test_an_engine_that_it_cannot_go_to(path: Path, target: PostgresServer) -> None:
    with pytest.raises(InvalidValue) as caught:
        await copy(target, SqliteFile(path), Onlooker())
    assert "***" in str(caught.value)
    assert target.url not in str(caught.value)


async def test_a_source_of_an_older_schema(path: Path, target: PostgresServer) -> None:
    change(path, "PRAGMA user_version = 1")
    with pytest.raises(SchemaMismatch, match="habar db migrate"):
        await copied(path, target)


async def test_a_target_without_a_schema(path: Path, postgres: Server) -> None:
    name = await postgres.create_database()
    with pytest.raises(SchemaMismatch, match="habar db migrate"):
        await copied(path, PostgresServer(postgres.url(name)))
    await postgres.drop_database(name)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO operator (name) VALUES ('kcell')",
        "INSERT INTO audit (at, actor, action, subject, detail) VALUES (1, '', '', '', '')",
        "INSERT INTO ported_number VALUES (77010000000, 'kcell')",
    ],
)
async def test_a_target_with_rows_of_its_own(
    path: Path, target: PostgresServer, statement: str
) -> None:
    await do(target, statement)
    with pytest.raises(Conflict, match="rows of its own"):
        await copied(path, target)
    assert await ask(target, "SELECT count(*) FROM sender") == [(2,)]
    assert await ask(target, "SELECT count(*) FROM number_range") == [(19,)]


async def test_a_target_on_which_a_node_lives(
    path: Path, target: PostgresServer, tmp_path: Path
) -> None:
    await do(
        target,
        "INSERT INTO node (name, home, roles, version, started_at, lease_until, batch)"
        " VALUES ('first', '', '{}', '', 0, 9000000000000, 0)",
    )
    with pytest.raises(Conflict, match="the node first runs"):
        await copied(path, target)


async def test_a_target_that_has_another_installation(
    path: Path, target: PostgresServer, tmp_path: Path
) -> None:
    await copied(path, target)
    other = await make(tmp_path / "other")
    change(other, "UPDATE account SET created_at = 7")
    with pytest.raises(Conflict, match="another installation"):
        await copied(other, target)


async def test_a_source_that_went_on_after_its_copy(path: Path, target: PostgresServer) -> None:
    await copied(path, target)
    store = SqliteStore(path)
    await store.open(NOW + 1)
    await store.close()
    with pytest.raises(Conflict, match="has been used since its copy was finished"):
        await copied(path, target)


async def test_a_node_that_was_started_too_early(
    path: Path, target: PostgresServer, tmp_path: Path
) -> None:
    def step(words: str) -> None:
        if words == "part":
            raise Killed

    with pytest.raises(Killed):
        await copied(path, target, Onlooker(step))
    store = store_at(target, tmp_path / "new")
    await store.open(NOW)
    await store.close()
    with pytest.raises(Conflict, match="before all was there"):
        await copied(path, target)


# --- What does not add up -------------------------------------------------------------------------
async def test_what_is_not_the_same_is_told(path: Path, target: PostgresServer) -> None:
    def step(words: str) -> None:
        if words == "audit":
            raise Killed

    with pytest.raises(Killed):
        await copied(path, target, Onlooker(step))
    await do(target, "UPDATE message SET text = 'other' WHERE id = 3")
    await do(target, "UPDATE ledger SET amount = amount + 1 WHERE id = 1")
    await do(target, "DELETE FROM part WHERE message_id = 4")
    for _ in range(2):
        done = await copied(path, target)
        assert not done.good
        assert {(one.table, one.figure) for one in done.differences} >= {
            ("message", "octets"),
            ("message", "checksum"),
            ("ledger", "amounts"),
            ("part", "rows"),
        }
        assert {one.table for one in done.differences} == {"message", "ledger", "part"}
    assert (await check(target)).findings[0].lines[0].endswith("is not finished")


async def test_a_source_that_is_written_to_meanwhile(path: Path, target: PostgresServer) -> None:
    def step(words: str) -> None:
        if words == "audit":
            change(path, "INSERT INTO ledger (account_id, at, kind, amount) VALUES (1, 1, 'x', 5)")

    done = await copied(path, target, Onlooker(step))
    assert done.differences == ()
    assert done.changed
    assert not done.good
    with pytest.raises(Conflict, match="has been used since its copy began"):
        await copied(path, target)
