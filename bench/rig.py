"""The gateways, their operator and the load, as the cases need them.

Guarantees: the nodes of a case have a fresh database with two accounts; everything listens on
loopback at free ports; all processes and folders are gone afterwards. Knows nothing of figures.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.database import Database
from bench.load import Job
from bench.machine import in_memory
from bench.nodes import Nodes
from bench.processes import ROOT, Process
from bench.sink import Plan

_PREPARE = 120.0  # s

_SETTINGS = """\
[gateway]
data = "data"
node = "{node}"

{database}
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
binds = {binds}
receipts = {receipts}

[log]
level = "warning"
format = "json"
"""


class Sink(Process):
    """The operator's SMSC."""

    def __init__(self, plan: Plan, log: Path) -> None:
        super().__init__("sink", [sys.executable, "-m", "bench.sink"], log)
        self._plan = plan
        self.port = 0

    def greet(self) -> None:
        """Give it its settings, learn its port."""
        self.port = int(self.ask(asdict(self._plan))["port"])

    def bound(self, binds: int = 1, timeout: float = 30.0) -> dict[str, Any]:
        """Wait for so many binds."""
        question = {"ask": "bound", "binds": binds, "timeout": timeout}
        return self.ask(question, timeout + 10)

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


@dataclass(frozen=True, slots=True)
class Site:
    """The folders of a case's nodes, and their database behind them."""

    folders: Sequence[Path]
    profile: bool

    def nodes(self) -> Nodes:
        """The gateways; may be had again when those before have ended."""
        return Nodes(self.folders, profile=self.profile)


class Rig:
    """Everything that cases share: the folder, the database engine, options."""

    def __init__(
        self, folder: Path, database: Database, *, nodes: int = 1, profile: bool = False
    ) -> None:
        self.folder = folder
        self.database = database
        self.nodes = nodes
        self.log = folder / "bench.log"
        self.profiles = profile
        self._number = 0

    @contextmanager
    def site(self, plan: Plan, window: int, smsc_port: int) -> Iterator[Site]:
        """A place for a case's nodes, each of which may have one bind to the operator."""
        self._number += 1
        place = self.folder / f"case-{self._number}"
        folders = [place / f"node-{number + 1}" for number in range(self.nodes)]
        for folder in folders:
            folder.mkdir(parents=True)
        try:
            with self.database.fresh(folders) as section:
                for folder in folders:
                    self._settle(folder, section, smsc_port, plan, window)
                yield Site(folders, self.profiles)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _settle(self, folder: Path, section: str, port: int, plan: Plan, window: int) -> None:
        text = _SETTINGS.format(
            node=folder.name,
            database=section,
            port=port,
            window=window,
            binds=self.nodes,
            receipts="true" if plan.receipts else "false",
        )
        settings = folder / "habar.toml"
        settings.touch(0o600)  # the database's password may be in it
        settings.write_text(text)

    @contextmanager
    def up(self, plan: Plan, window: int) -> Iterator[tuple[Nodes, Sink]]:
        """Gateways that are bound to a sink, one bind each."""
        with (
            Sink(plan, self.log) as sink,
            self.site(plan, window, sink.port) as site,
            site.nodes() as nodes,
        ):
            nodes.listening()
            nodes.bound()
            sink.bound(self.nodes)
            yield nodes, sink


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
