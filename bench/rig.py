"""The gateway, its operator and the load, as the cases need them.

Guarantees: each gateway has a fresh copy of a data folder with two accounts; everything listens
on loopback at free ports; all processes and folders are gone afterwards.
Knows nothing of figures.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.load import Job
from bench.machine import in_memory
from bench.processes import ROOT, BenchError, Process
from bench.sink import Plan

MEASURED, NEIGHBOUR = "bench", "neighbour"
PASSWORD = "bench-password"
_BALANCE = "1000000.00"
_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
_START = 60.0  # s
_PREPARE = 120.0  # s
_NOBODY = 1  # a port on which no operator listens

_SETTINGS = """\
[gateway]
data = "data"

[[listeners]]
port = 0
ops = true

[[operators]]
name = "sink"
host = "127.0.0.1"
port = {port}
system_id = "habar"
password = "habar"
window = {window}
receipts = {receipts}

[log]
level = "warning"
format = "json"
"""


class Gateway(Process):
    """`habar serve` on a folder."""

    def __init__(self, folder: Path, profile: Path | None = None) -> None:
        entry = ["-m", "habar"] if profile is None else ["-m", "bench.profiled", str(profile)]
        config = str(folder / "habar.toml")
        super().__init__(
            "gateway", [sys.executable, *entry, "serve", "--config", config], folder / "gateway.log"
        )
        self.profile_file = profile
        self.port = 0

    def listening(self) -> int:
        """Wait for its port."""
        found = _LISTENING.search(self.line(_START))
        if found is None:
            raise BenchError("the gateway did not say where it listens")
        self.port = int(found[1])
        return self.port

    def profile(self, on: bool) -> None:
        """Begin or end to profile, where that was asked for."""
        if self.profile_file is not None:
            self.signal(signal.SIGUSR1 if on else signal.SIGUSR2)


class Sink(Process):
    """The operator's SMSC."""

    def __init__(self, plan: Plan, log: Path) -> None:
        super().__init__("sink", [sys.executable, "-m", "bench.sink"], log)
        self._plan = plan
        self.port = 0

    def greet(self) -> None:
        """Give it its settings, learn its port."""
        self.port = int(self.ask(asdict(self._plan))["port"])

    def bound(self, timeout: float = 30.0) -> dict[str, Any]:
        """Wait for the gateway's bind."""
        return self.ask({"ask": "bound", "timeout": timeout}, timeout + 10)

    def until(self, unique: int, receipts: int = 0, still: float = 8.0) -> dict[str, Any]:
        """Counts once so many have come in all, or nothing moves for `still` seconds."""
        question = {"ask": "until", "unique": unique, "receipts": receipts, "still": still}
        return self.ask(question, 900.0)

    def counts(self) -> dict[str, Any]:
        """Counts now."""
        return self.ask({"ask": "counts"})

    def arrivals(self) -> dict[int, int]:
        """Moment (ns) of the first submit_sm of each message, by its number."""
        found = self.ask({"ask": "arrivals"})
        return dict(zip(reversed(found["numbers"]), reversed(found["moments"]), strict=True))


class Load(Process):
    """A load generator, prepared."""

    def __init__(self, job: Job, log: Path) -> None:
        super().__init__("load", [sys.executable, "-m", "bench.load"], log)
        self._job = job

    def greet(self) -> None:
        """Give it its job, and wait until it is ready."""
        self.say(json.dumps(asdict(self._job)))
        self.line(_PREPARE)

    def begin(self) -> None:
        """Let it send."""
        self.say("go")

    def result(self) -> dict[str, Any]:
        """Wait for its end; the fields of `bench.load.Done`."""
        done: dict[str, Any] = json.loads(self.line(self._job.deadline + 60.0))
        return done


class Rig:
    """Everything that cases share: the folder, the accounts made beforehand, options."""

    def __init__(self, folder: Path, *, profile: bool = False) -> None:
        self.folder = folder
        self.log = folder / "bench.log"
        self.profiles = profile
        self._number = 0
        self._template = folder / "template"
        self._template.mkdir()
        self._settle(self._template, _NOBODY, Plan(), 1)
        with Gateway(self._template) as gateway:  # makes the database
            gateway.listening()
            for login in (MEASURED, NEIGHBOUR):
                self._account(login)

    def _account(self, login: str) -> None:
        command = [sys.executable, "-m", "habar", "account", "add", login, "--password-stdin"]
        command += ["--kind", "full", "--balance", _BALANCE, "--set", "part_price=0"]
        command += ["--config", str(self._template / "habar.toml")]
        made = subprocess.run(
            command, cwd=ROOT, input=PASSWORD + "\n", capture_output=True, text=True, timeout=60
        )
        if made.returncode:
            raise BenchError(f"no account could be made:\n{made.stdout}{made.stderr}")

    def _settle(self, folder: Path, port: int, plan: Plan, window: int) -> None:
        receipts = "true" if plan.receipts else "false"
        text = _SETTINGS.format(port=port, window=window, receipts=receipts)
        (folder / "habar.toml").write_text(text)

    def place(self, plan: Plan, window: int, smsc_port: int) -> Path:
        """A fresh folder with the accounts and a configuration."""
        self._number += 1
        place = self.folder / f"case-{self._number}"
        shutil.copytree(self._template, place, ignore=shutil.ignore_patterns("*.log"))
        self._settle(place, smsc_port, plan, window)
        return place

    def gateway(self, place: Path) -> Gateway:
        """A gateway on a folder, started but not waited for."""
        return Gateway(place, place / "profile" if self.profiles else None)

    @contextmanager
    def up(self, plan: Plan, window: int) -> Iterator[tuple[Gateway, Sink]]:
        """A gateway that is bound to a sink."""
        with ExitStack() as stack:
            sink = stack.enter_context(Sink(plan, self.log))
            place = self.place(plan, window, sink.port)
            stack.callback(shutil.rmtree, place, ignore_errors=True)
            gateway = stack.enter_context(self.gateway(place))
            gateway.listening()
            sink.bound()
            yield gateway, sink


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def scratch(wanted: Path | None) -> Iterator[Path]:
    """A temporary folder on a disk: where it is wanted, else where temporary files live.

    A folder in memory is taken only where it is asked for.
    """
    places = [Path(tempfile.gettempdir()), Path("/var/tmp"), ROOT]
    base = wanted or next((p for p in places if p.is_dir() and not in_memory(p)), ROOT)
    with tempfile.TemporaryDirectory(prefix="habar-bench-", dir=base) as name:
        yield Path(name)
