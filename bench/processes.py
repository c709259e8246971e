"""Processes of the benchmark: started, spoken with by lines, always ended, by their id.

Guarantees: leaving a `with` block ends the process, orderly first and by SIGKILL where it will
not; no Ctrl-C of a terminal reaches it (it has a session of its own). Knows nothing of what runs.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 45.0  # s for an orderly end
_TAIL = 2000  # characters of its log that an error shows


class BenchError(Exception):
    """The benchmark cannot go on; the text says why."""


class Process:
    """A child with pipes at its standard input and output."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self._log = log
        self._buffer = b""
        self._leaving = False
        with log.open("ab") as errors:
            self._child = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**_clean_environment(), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its id."""
        return self._child.pid

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        if self._child.stdin is None:
            raise BenchError(f"{self.name}: no input")
        try:
            self._child.stdin.write(line.encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            raise self._failed("has ended") from None

    def line(self, timeout: float) -> str:
        """Read a line of its standard output. Raises BenchError after `timeout` seconds."""
        if self._child.stdout is None:
            raise BenchError(f"{self.name}: no output")
        end = time.monotonic() + timeout
        pieces = [self._buffer]
        while b"\n" not in pieces[-1]:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._child.stdout], [], [], left)[0]:
                raise self._failed(f"said nothing for {timeout:.0f} s")
            data = os.read(self._child.stdout.fileno(), 1 << 16)
            if not data:
                raise self._failed("has ended")
            pieces.append(data)
        first, _, self._buffer = b"".join(pieces).partition(b"\n")
        return first.decode()

    def ask(self, question: dict[str, Any], timeout: float = 30.0) -> dict[str, Any]:
        """Say one JSON line and read one. Raises BenchError where the answer is an error."""
        self.say(json.dumps(question))
        answer: dict[str, Any] = json.loads(self.line(timeout))
        if "error" in answer:
            raise self._failed(str(answer["error"]))
        return answer

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._child.poll() is None:
            self._child.send_signal(number)

    def leave(self) -> None:
        """Ask it to end; once, for a second word might cut it short."""
        if not self._leaving:
            self._leaving = True
            self.signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it. May be called again."""
        self.leave()
        try:
            self._child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def _failed(self, what: str) -> BenchError:
        tail = self._log.read_text("utf-8", "replace")[-_TAIL:]
        return BenchError(f"{self.name} {what}\n{tail}".rstrip())

    def greet(self) -> None:
        """Do what comes first once it runs; for subclasses."""

    def __enter__(self) -> Self:
        try:
            self.greet()
        except BaseException:
            self._child.kill()
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and not issubclass(kind, Exception):
            self._child.kill()  # Ctrl-C: nobody wants to wait for a drain
        self.stop()


def _clean_environment() -> dict[str, str]:
    """The environment without settings that would change what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HABAR_")}
