"""A database that cannot be opened: one sentence that says why, and no secret in it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from habar.errors import AlreadyOpen, HabarError, SchemaMismatch, StoreUnavailable
from habar.store.postgres import PostgresStore
from habar.store.postgres.connection import Address
from habar.store.postgres.ids import make_span
from habar.store.postgres.migrate import Step, migrate, newest, schema_of, steps
from habar.store.postgres.node import Who
from habar.store.postgres.sql import QUERIES

from ...contract.postgres_engine import ROLES
from ...postgres.proxy import Proxy
from ...postgres.server import Server
from .site import NOW, Site, own_tasks

SECRET = "rosebud/7"


def store_at(url: str, folder: Path, **limits: Any) -> PostgresStore:
    return PostgresStore(Address(url, **limits), Who("first", ("front",), 10.0), folder)


async def sentence(store: PostgresStore, kind: type[HabarError]) -> str:
    """What is told when it is opened."""
    with pytest.raises(HabarError) as caught:
        await store.open(NOW)
    assert type(caught.value) is kind
    everything = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET.split("/", maxsplit=1)[0] not in everything
    assert own_tasks() == []
    told = str(caught.value)
    assert "\n" not in told
    return told


def with_password(url: str, password: str) -> str:
    before, after = url.split("@")
    return f"{before.rpartition(':')[0]}:{password}@{after}"


async def test_a_wrong_password(site: Site, tmp_path: Path) -> None:
    url = with_password(site.tcp_url, quote(SECRET, safe=""))
    told = await sentence(store_at(url, tmp_path), StoreUnavailable)
    assert "password authentication failed" in told


async def test_a_password_that_spoils_the_url(site: Site, tmp_path: Path) -> None:
    url = with_password(site.tcp_url, SECRET)
    told = await sentence(store_at(url, tmp_path), StoreUnavailable)
    assert told.startswith("the database cannot be reached: ")


async def test_a_database_that_does_not_exist(site: Site, tmp_path: Path) -> None:
    url = site.server.url("elsewhere", tcp=True)
    told = await sentence(store_at(url, tmp_path), StoreUnavailable)
    assert 'database "elsewhere" does not exist' in told


async def test_a_server_that_is_not_there(site: Site, tmp_path: Path) -> None:
    node = await site.node()
    port = node.way.port
    await node.store.close()
    await site.close_way(node.way)
    told = await sentence(
        store_at(f"postgresql://habar:{quote(SECRET, safe='')}@127.0.0.1:{port}/x", tmp_path),
        StoreUnavailable,
    )
    assert "cannot be reached" in told


async def test_a_server_that_does_not_answer(site: Site, tmp_path: Path) -> None:
    async with Proxy(site.server.port) as way:
        way.hang()
        store = store_at(way.url(site.tcp_url), tmp_path, connect_seconds=0.2)
        assert "does not answer" in await sentence(store, StoreUnavailable)


async def test_too_many_connections(site: Site, tmp_path: Path) -> None:
    database = site.tcp_url.rpartition("/")[2]
    await site.server.administer(f"ALTER DATABASE {database} CONNECTION LIMIT 0")
    told = await sentence(store_at(site.tcp_url, tmp_path), StoreUnavailable)
    assert "too many connections" in told


async def test_a_schema_of_the_future(site: Site, tmp_path: Path) -> None:
    site.aside.execute("UPDATE habar_schema SET version = version + 2, serves = version + 1")
    told = await sentence(store_at(site.url, tmp_path), SchemaMismatch)
    assert f"this one is for {newest()}: install a newer Habar" in told


async def test_a_schema_of_the_future_that_serves_this_version(site: Site) -> None:
    site.aside.execute("UPDATE habar_schema SET version = version + 2")
    node = await site.node()
    assert await node.new() > 0


async def test_an_empty_database(postgres: Server, tmp_path: Path) -> None:
    name = await postgres.create_database()
    told = await sentence(store_at(postgres.url(name), tmp_path), SchemaMismatch)
    await postgres.drop_database(name)
    assert "has no schema" in told
    assert "habar db migrate" in told


async def test_another_programs_database(postgres: Server, tmp_path: Path) -> None:
    name = await postgres.create_database()
    connection = await asyncpg.connect(postgres.url(name))
    await connection.execute("CREATE TABLE message (id int)")
    await connection.close()
    told = await sentence(store_at(postgres.url(name), tmp_path), SchemaMismatch)
    await postgres.drop_database(name)
    assert "belongs to another program" in told


@pytest.mark.parametrize(
    "statement",
    [
        lambda asked: "INSERT INTO node" in asked,
        lambda asked: "FROM sequence WHERE name = 'message' FOR UPDATE" in asked,
        lambda asked: asked == "COMMIT;",
    ],
    ids=["run", "ids", "commit"],
)
async def test_a_connection_that_breaks_meanwhile(
    site: Site, tmp_path: Path, statement: Callable[[str], bool]
) -> None:
    node = await site.node()
    asked = next(one for one in node.way.statements if statement(one))
    await node.store.close()
    node.way.cut_before(asked)
    store = store_at(node.way.url(site.tcp_url), tmp_path)
    told = await sentence(store, StoreUnavailable)
    assert "cannot write" in told
    assert node.way.sprung.is_set()
    await store.open(NOW)  # nothing of the failure is left: not the lock, either
    await store.close()


async def test_a_step_of_a_migration_may_take_longer_than_a_statement(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [*steps(), Step(newest() + 1, "slow", "SELECT pg_sleep(0.6)")]
    monkeypatch.setattr("habar.store.postgres.migrate.steps", lambda: taken)
    connection = await site.raw(answer_seconds=0.2, statement_ms=200)
    told: list[Step] = []
    await migrate(connection, told.append)
    assert [step.name for step in told] == ["slow"]
    connection.terminate()


async def test_messages_of_an_older_schema_are_kept(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = steps()
    monkeypatch.setattr("habar.store.postgres.migrate.steps", lambda: every[:1])
    name = await postgres.create_database()
    connection = await asyncpg.connect(postgres.url(name))
    await migrate(connection)
    async with connection.transaction():
        await make_span(connection, 1, 1001, 3)
    await connection.executemany(
        "INSERT INTO message (id, account_id, protocol, sender, recipient, text, data_coding,"
        " flash, parts, priority, created_at, due_at, operator_id, stage, state, price, next_at)"
        " VALUES ($1 + 1, 1, 1, 'S', 7, 't', 0, 0, 1, 1, 5, 5, 1, $1, 106, 0, 5)",
        [(stage,) for stage in range(4)],
    )
    monkeypatch.undo()
    await migrate(connection)
    rows = await connection.fetch("SELECT stage, next_at, route_id FROM message ORDER BY id")
    assert [tuple(row) for row in rows] == [(stage, 5, 0) for stage in range(4)]
    found = await connection.fetch(QUERIES["past_awaiting"], 9, 9)
    assert [tuple(row) for row in found] == [(3, 1, 5)]
    await connection.close()
    await postgres.drop_database(name)


async def test_a_step_that_the_server_refuses_is_told_as_such(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [*steps(), Step(newest() + 1, "wrong", "ALTER TABLE elsewhere ADD COLUMN n int")]
    monkeypatch.setattr("habar.store.postgres.migrate.steps", lambda: taken)
    connection = await site.raw()
    with pytest.raises(StoreUnavailable, match="refused the migration: UndefinedTableError"):
        await migrate(connection)
    assert (await schema_of(connection)).version == newest() - 1
    connection.terminate()


async def test_a_name_in_another_folder_is_waited_for_while_it_may_live(
    site: Site, tmp_path: Path
) -> None:
    """As on another machine: the name is another process's until its lease has run out."""
    node = await site.node(lease=1.0)
    held = await node.claimed()
    elsewhere = PostgresStore(Address(site.url), Who("first", ROLES, 1.0), tmp_path / "elsewhere")
    with pytest.raises(AlreadyOpen, match="the node first runs elsewhere"):
        await elsewhere.open(NOW)
    assert await node.release(held) == held
    held = await node.claimed()
    site.die(node.store)
    assert await elsewhere.open(NOW) == 1
    story = await elsewhere.story(held)
    assert story is not None
    assert story.repeats == 1
    await elsewhere.close()


async def test_a_name_in_its_own_folder_is_taken_back_at_once(site: Site) -> None:
    node = await site.node()  # with a lease that nobody waits for
    await node.claimed()
    site.die(node.store)
    again = site.new()
    assert await again.open(NOW) == 1
