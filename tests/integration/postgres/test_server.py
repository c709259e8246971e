"""The tests' own PostgreSQL: that it is a real one, keeps what it must, and goes."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ...postgres.server import PATIENCE, Server, ServerFailed

ROOT = Path(__file__).parents[3]
OWNER = """
import sys
from tests.postgres.server import Server
with Server() as server:
    print(server.keeper_pid, server.pid, server.folder, flush=True)
    sys.stdin.read()
"""


async def rows(url: str, *statements: str) -> Any:
    """What the last of the statements finds, in a connection of its own."""
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return [tuple(row) for row in await connection.fetch(statements[-1])]
    finally:
        await connection.close()


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_database_is_an_ordinary_roles_own(postgres: Server, tcp: bool) -> None:
    url = postgres.url(await postgres.create_database(), tcp=tcp)
    assert await rows(
        url, "SELECT current_user::text, rolsuper FROM pg_roles WHERE rolname = current_user"
    ) == [("habar", False)]
    assert await rows(url, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (1) RETURNING n") == [
        (1,)
    ]


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_wrong_password_is_refused(postgres: Server, tcp: bool) -> None:
    url = postgres.url("postgres", tcp=tcp)
    password = url.split("@")[0].rsplit(":")[-1]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url.replace(password, "wrong"))


async def test_two_databases_do_not_see_each_other(postgres: Server) -> None:
    one, other = [postgres.url(await postgres.create_database()) for _ in range(2)]
    await rows(one, "CREATE TABLE t (n int)", "SELECT 1")
    assert await rows(one, "SELECT to_regclass('t') IS NULL") == [(False,)]
    assert await rows(other, "SELECT to_regclass('t') IS NULL") == [(True,)]


async def test_a_database_can_be_a_copy(postgres: Server) -> None:
    template = await postgres.create_database()
    await rows(postgres.url(template), "CREATE TABLE t AS SELECT 7 AS n", "SELECT 1")
    copy = await postgres.create_database(template)
    assert await rows(postgres.url(copy), "UPDATE t SET n = n + 1 RETURNING n") == [(8,)]


async def test_a_dropped_database_is_gone_whoever_was_connected(postgres: Server) -> None:
    name = await postgres.create_database()
    connection = await asyncpg.connect(postgres.url(name))
    await postgres.drop_database(name)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.fetch("SELECT 1")
    await connection.close()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(postgres.url(name))


async def test_a_server_of_ones_own_is_durable_and_the_shared_one_is_not(
    postgres: Server, own_postgres: Server
) -> None:
    assert await rows(own_postgres.url("postgres"), "SHOW fsync") == [("on",)]
    assert await rows(postgres.url("postgres"), "SHOW fsync") == [("off",)]


@pytest.mark.parametrize(
    "interrupt",
    [
        lambda server: server.restart("fast"),
        lambda server: server.restart(),
        lambda server: (server.kill(), server.start()),
    ],
    ids=["fast", "immediate", "kill"],
)
async def test_what_was_committed_survives(
    own_postgres: Server, interrupt: Callable[[Server], object]
) -> None:
    url = own_postgres.url(await own_postgres.create_database(), tcp=True)
    await rows(url, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (1) RETURNING n")
    connection = await asyncpg.connect(url)
    await connection.execute("BEGIN")
    await connection.execute("INSERT INTO t VALUES (2)")
    before = own_postgres.pid
    interrupt(own_postgres)
    assert own_postgres.pid != before
    assert await rows(url, "SELECT n FROM t") == [(1,)]
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.execute("COMMIT")
    connection.terminate()


async def test_a_stopped_server_is_gone_until_it_is_started(own_postgres: Server) -> None:
    before = own_postgres.pid
    for mode in ("smart", "fast", "immediate"):
        own_postgres.stop(mode)
        assert not lives(before)
        for tcp in (False, True):
            with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
                await asyncpg.connect(own_postgres.url("postgres", tcp=tcp))
        own_postgres.start()
        before = own_postgres.pid


async def test_it_does_not_run_as_root(own_postgres: Server) -> None:
    assert own_postgres.user.pw_uid != 0
    pids = [own_postgres.pid, *backends(own_postgres.pid)]
    assert {owner(pid) for pid in pids} == {own_postgres.user.pw_uid}


def test_nothing_is_left_behind() -> None:
    with Server() as server:
        pids = [server.keeper_pid, server.pid, *backends(server.pid)]
        folder = server.folder
        assert (folder / "data").is_dir()
    assert not [pid for pid in pids if lives(pid)]
    assert not folder.exists()


def test_one_that_was_killed_leaves_no_memory_behind() -> None:
    with Server() as server:
        pid = server.pid
        assert segments(pid)
        server.kill()
        assert segments(pid)
    assert not segments(pid)


@pytest.mark.parametrize("victim", ["owner", "keeper"])
def test_no_server_outlives_a_process_that_was_killed(victim: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        keeper, server, folder = process.stdout.readline().split()
        all_of_it = [int(server), *backends(int(server)), int(keeper)]
        handles = [os.pidfd_open(pid) for pid in all_of_it]
        os.kill(process.pid if victim == "owner" else int(keeper), signal.SIGKILL)
        for handle in handles:
            assert select.select([handle], [], [], PATIENCE)[0]
            os.close(handle)
    assert not Path(folder).exists()


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(ServerFailed, match="unrecognized configuration parameter"):
        Server(settings={"no_such_setting": "1"}).__enter__()


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def backends(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def segments(creator: int) -> list[str]:
    """The shared memory of System V that a process has made, alive or not."""
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[4] == str(creator)]
