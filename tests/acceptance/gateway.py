"""The gateway as a process: started, killed, stopped, asked by the command line; its log read.

Guarantees: every wait ends; what was started can be ended by `destroy`, whatever has happened; a
process gets no `HABAR_*` from the tests' own environment. Knows no protocol.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

HABAR = (sys.executable, "-m", "habar")
PATIENCE = 60  # seconds after which a test gives up; nothing is asserted about time
_numbers = itertools.count(1)
_LISTENS = re.compile(r"habar: listening on \S*?:(\d+)")
_SANDBOX_LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)/api")
_SMSC = re.compile(r"SMSC simulator on 127\.0\.0\.1:(\d+)")
_LAST_LINE = re.compile(r"habar: listening on|Stop with Ctrl-C")


class DidNotStart(Exception):
    """The process ended before it listened; `ended` says how."""

    def __init__(self, ended: Ended) -> None:
        self.ended = ended
        super().__init__(f"exit code {ended.code}: {ended.err}")


@dataclass(frozen=True)
class Ended:
    """A process that has come to its end."""

    code: int
    out: str
    err: str


class Gateway:
    """One installation: a folder, and at most one running process at a time."""

    def __init__(
        self,
        folder: Path,
        words: Sequence[str],
        data: Path,
        *,
        secrets: Sequence[str] = (),
        program: Sequence[str] = HABAR,
        spawned: Callable[[int], None] | None = None,
    ) -> None:
        """`words`: what follows `habar serve`. `secrets` must never be read in a log.

        `program`: what `habar` is.

        `spawned` is told each new process before it can have done anything.
        """
        self.folder = folder
        self.data = data
        self.port = 0
        self.smsc_port = 0
        self.starts = 0
        self.said = ""
        """What the latest process printed."""
        self.secrets = tuple(secrets)
        self.environment: dict[str, str] = {}
        self._number = next(_numbers)
        self._words = words
        self._program = program
        self._spawned = spawned
        self._process: subprocess.Popen[str] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- Life ------------------------------------------------------------------------------------
    def spawn(self) -> None:
        """Start a process, and do not wait until it listens."""
        assert self._process is None, "one process at a time"
        self.starts += 1
        self.said = ""
        with self._log_path(self.starts).open("w") as log:
            self._process = subprocess.Popen(
                [*self._program, "serve", *self._words],
                cwd=self.folder,
                env={**environment(), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        if self._spawned is not None:
            self._spawned(self._process.pid)

    async def start(self) -> None:
        """Start a process and wait until it listens. Raises DidNotStart."""
        self.spawn()
        assert self._process is not None
        listens = await asyncio.to_thread(self._read_until_up, self._process)
        if not listens:
            raise DidNotStart(await self.ended())
        found = _SANDBOX_LISTENS.search(self.said) or _LISTENS.search(self.said)
        assert found, self.said
        self.port = int(found[1])
        smsc = _SMSC.search(self.said)
        self.smsc_port = int(smsc[1]) if smsc else 0

    async def refusal(self) -> Ended | None:
        """Start a process that may end before it listens: how it ended, None where it listens."""
        try:
            await self.start()
        except DidNotStart as refused:
            return refused.ended
        return None

    def _read_until_up(self, process: subprocess.Popen[str]) -> bool:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            for line in _stdout(process):
                self.said += line
                if _LAST_LINE.search(line):
                    return True
            return False
        finally:
            watchdog.cancel()

    async def ended(self) -> Ended:
        """Wait for the process's end."""
        process = self._process
        assert process is not None
        code = await asyncio.to_thread(process.wait, PATIENCE)
        self.said += _stdout(process).read()
        _stdout(process).close()
        self._process = None
        return Ended(code, self.said, self.log())

    def strike(self) -> None:
        """SIGKILL: no warning, no good-bye. `ended` waits for the end."""
        assert self._process is not None
        self._process.kill()

    async def kill(self) -> None:
        """SIGKILL, and the end of it."""
        self.strike()
        await self.ended()

    def terminate(self) -> None:
        """SIGTERM; `ended` waits for what comes of it."""
        assert self._process is not None
        self._process.terminate()

    def freeze(self) -> None:
        """SIGSTOP: it does nothing any more, and does not know it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT: it goes on as if nothing had been."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> Ended:
        """Stop in order."""
        self.terminate()
        return await self.ended()

    def destroy(self) -> None:
        """End it whatever its state."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(PATIENCE)
            _stdout(process).close()

    # --- What is seen from outside ---------------------------------------------------------------
    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def resident(self) -> int:
        """VmRSS in octets."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def log(self, start: int | None = None) -> str:
        """What one process wrote to standard error, the latest unless a number is given."""
        return self._log_path(start or self.starts).read_text("utf-8")

    def logs(self) -> str:
        """What all processes wrote there."""
        return "".join(self.log(number) for number in range(1, self.starts + 1))

    def _log_path(self, number: int) -> Path:
        return self.folder / f"gateway-{self._number}-start-{number}.log"

    # --- The command line beside it --------------------------------------------------------------
    async def command(self, *words: str, stdin: str = "") -> Ended:
        """`habar WORDS`, as staff would type it in this installation's folder."""
        return await run(*HABAR, *words, stdin=stdin, cwd=self.folder)

    async def story(self, sms_id: int) -> str:
        """`habar message show SMS_ID`."""
        where = ("--data", str(self.data)) if "--config" not in self._words else self._words
        told = await self.command("message", "show", str(sms_id), *where)
        assert told.code == 0, told
        return told.out


async def run(
    *words: str, stdin: str = "", cwd: Path, env: Mapping[str, str] | None = None
) -> Ended:
    """Run any program to its end."""

    def work() -> Ended:
        done = subprocess.run(
            words,
            input=stdin,
            cwd=cwd,
            env={**environment(), **(env or {})},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return await asyncio.to_thread(work)


def environment() -> dict[str, str]:
    """The tests' own environment without what would set the gateway."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HABAR_")}


def _stdout(process: subprocess.Popen[str]) -> TextIO:
    assert process.stdout is not None
    return process.stdout
