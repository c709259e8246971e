"""What each case of the benchmark gets: a database with the accounts, for itself alone."""

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from bench.database import Choice, Elsewhere, Engine, Postgresql, opened
from bench.processes import BenchError

from ...postgres.server import Server

LOGINS = "SELECT login FROM account ORDER BY login"
BOTH = [("bench",), ("neighbour",)]


def asked(url: str, statement: str) -> list[Any]:
    async def ask() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def databases(url: str) -> set[str]:
    return {row[0] for row in asked(url, "SELECT datname FROM pg_database")}


def url_in(section: str) -> str:
    found = re.fullmatch(r'\[database\]\nurl = "(.+)"\n', section)
    assert found is not None
    return found[1]


def test_sqlite_copies_its_file(tmp_path: Path) -> None:
    with opened(Choice(), tmp_path) as engine:
        node = tmp_path / "node"
        node.mkdir()
        with engine.fresh([node]) as section:
            assert section == ""
            with sqlite3.connect(node / "data" / "habar.db") as connection:
                assert connection.execute(LOGINS).fetchall() == BOTH
            connection.close()


def test_cases_do_not_see_one_another_and_leave_nothing(postgres: Server) -> None:
    url = postgres.url("postgres", role="postgres")
    before = databases(url)
    with opened(Choice(Engine.POSTGRESQL, 2, url=url), Path()) as engine:
        assert "fsync off" in engine.facts["database"]
        with engine.fresh([]) as section:
            first = url_in(section)
            asked(first, "DELETE FROM account WHERE login = 'bench'")
        with engine.fresh([]) as section:
            second = url_in(section)
            assert second != first
            assert asked(second, LOGINS) == BOTH
            assert len(databases(url) - before) == 2, "the template and the case's own"
    assert databases(url) == before


def test_a_server_of_our_own_syncs_and_is_placed_where_it_is_told(tmp_path: Path) -> None:
    with Server(place=Path("/var/tmp")) as server:
        assert server.folder.parent == Path("/var/tmp")
        assert "fsync on" in Postgresql(server).facts["database"]


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    choice = Choice(Engine.POSTGRESQL, url="postgresql://habar:sesame@127.0.0.1:1/habar")
    with pytest.raises(BenchError) as error, opened(choice, Path()):
        pass
    assert "PostgreSQL: " in str(error.value)
    assert "sesame" not in f"{error.value!r}{choice!r}{Elsewhere(choice.url)!r}"


def test_another_database_of_the_same_server() -> None:
    there = Elsewhere("postgresql://u:p@h:5433/one?sslmode=require&dbname=two")
    assert there.url("three") == "postgresql://u:p@h:5433/three?sslmode=require"
