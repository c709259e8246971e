"""Keeps one PostgreSQL for the tests, so that nothing of it outlives them. Run as a script.

    keeper.py UID GID

Makes a folder and tells it on standard output; then takes orders from standard input. Orders and
answers are JSON, one a line:

    {"run": [WORD, …]}            to its end          {"code": 0, "said": "…"}
    {"start": [WORD, …]}          until it is ready   {"pid": 7} or {"code": 1}
    {"end": SIGNAL}               the server          {"code": 0}

Guarantees:
- When standard input ends, however the process at its other end died, the server is ended at once
  and the folder removed.
- When this process dies, the kernel ends the server (PR_SET_PDEATHSIG); the folder then stays.
- An answer to `end` means that no process of the server lives, not even after SIGKILL: the kernel
  gives the orphans to this process (PR_SET_CHILD_SUBREAPER), which waits for them.
- Every wait ends: after PATIENCE seconds this process gives up by SIGALRM, and see above.

Linux only. Knows nothing of PostgreSQL but the files `data/postmaster.pid` and `log`.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

PATIENCE = 60  # seconds
PAUSE = 0.02  # s between two looks at whether the server is ready
LONGEST = 80
"""A socket's path has 107 octets at most: how long the folder's may be."""
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
IPC_RMID = 0
LIBC = ctypes.CDLL(None, use_errno=True)
Answer = dict[str, object]


class Keeper:
    """The folder, and at most one server at a time in it."""

    def __init__(self, user: int, group: int) -> None:
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": user, "group": group, "extra_groups": []}
        self._server: subprocess.Popen[bytes] | None = None
        where = tempfile.gettempdir()
        self.folder = Path(
            tempfile.mkdtemp(prefix="habar-pg-", dir=where if len(where) < LONGEST else "/tmp")
        )
        os.chown(self.folder, user, group)

    def serve(self) -> None:
        """Until standard input ends."""
        orders: dict[str, Callable[[Any], Answer]]
        orders = {"run": self._run, "start": self._start, "end": self._end}
        tell({"folder": str(self.folder)})
        for line in sys.stdin:
            signal.alarm(PATIENCE)
            [(order, what)] = json.loads(line).items()
            tell(orders[order](what))
            signal.alarm(0)

    def leave(self) -> None:
        """Let nothing be left."""
        signal.alarm(PATIENCE)
        try:
            self._end(signal.SIGQUIT)
            self._forget_memory()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, words: list[str]) -> Answer:
        done = subprocess.run(words, stdout=subprocess.PIPE, check=False, **self._manner())
        return {"code": done.returncode, "said": done.stdout.decode(errors="replace")}

    def _start(self, words: list[str]) -> Answer:
        with (self.folder / "log").open("ab") as log:
            self._server = server = subprocess.Popen(words, stdout=log, **self._manner())
        ended = os.pidfd_open(server.pid)
        try:
            while not self._ready():
                if select.select([ended], [], [], PAUSE)[0]:
                    return self._end(signal.SIGKILL)
        finally:
            os.close(ended)
        return {"pid": server.pid}

    def _manner(self) -> dict[str, Any]:
        """How a program is started: as the user, in the folder, and not to outlive us."""
        return {
            "cwd": self.folder,
            "env": {"PATH": os.defpath, "LC_ALL": "C"},
            "stdin": subprocess.DEVNULL,
            "stderr": subprocess.STDOUT,
            "start_new_session": True,
            "preexec_fn": die_with(os.getpid()),
            **self._as,
        }

    def _ready(self) -> bool:
        """Whether the server says so of this start: the file of one that was killed may be left."""
        state = self._state()
        return len(state) > 7 and state[0] == str(self._pid) and state[7].strip() == "ready"

    def _state(self) -> list[str]:
        with suppress(FileNotFoundError):
            return (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        return []

    @property
    def _pid(self) -> int:
        return self._server.pid if self._server is not None else 0

    def _end(self, number: int) -> Answer:
        server, self._server = self._server, None
        if server is None:
            return {"code": 0}
        processes = [server.pid]
        if number == signal.SIGKILL:
            processes += children(server.pid)
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, number)
        code = server.wait()
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
        return {"code": code}

    def _forget_memory(self) -> None:
        """A server that was killed leaves a segment of shared memory to its next start."""
        state = self._state()
        if len(state) > 6 and state[6].split():
            LIBC.shmctl(int(state[6].split()[-1]), IPC_RMID, None)


def children(process: int) -> list[int]:
    """The processes that this one has begun, none if it is gone."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return [
            int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
    return []


def die_with(parent: int) -> Any:
    """What a child does before it becomes another program."""

    def ask_for_death() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_for_death


def tell(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def give_up(*_: object) -> NoReturn:
    raise TimeoutError(f"not done in {PATIENCE} s")


def main(user: int, group: int) -> None:
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    keeper = Keeper(user, group)
    try:
        with suppress(BrokenPipeError):
            keeper.serve()
    finally:
        keeper.leave()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
