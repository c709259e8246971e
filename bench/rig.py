"""The gateways, their operators and the load, as the cases need them.

Guarantees: the nodes of a case have a fresh database with two accounts; everything listens on
loopback at free ports; all processes and folders are gone afterwards. Knows nothing of figures.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.database import Database
from bench.load import Job
from bench.machine import in_memory
from bench.nodes import Nodes
from bench.processes import ROOT, Process
from bench.sink import Plan

_PREPARE = 120.0  # s
SETTINGS = "habar.toml"
"""In each node's folder."""

_SETTINGS = """\
[gateway]
data = "data"
node = "{node}"
drain_seconds = {drain}

{database}
[[listeners]]
port = 0
ops = true

{operators}[log]
level = "warning"
format = "json"

[callbacks]
allowed_networks = ["127.0.0.0/8"]
processes = {call_processes}
"""
_OPERATOR = """\
[[operators]]
name = "{name}"
host = "127.0.0.1"
port = {port}
system_id = "habar"
password = "habar"
window = {window}
binds = {binds}
receipts = {receipts}
response_seconds = {response}

"""


class _Times(NamedTuple):
    """Seconds."""

    response: int
    drain: int


_USUAL, _PATIENT = _Times(response=60, drain=30), _Times(response=3600, drain=1)


class Sink(Process):
    """The operators' SMSCs. What tells of one SMSC tells of the first."""

    def __init__(self, plan: Plan, log: Path) -> None:
        super().__init__("sink", [sys.executable, "-m", "bench.sink"], log)
        self._plan = plan
        self.ports: list[int] = []

    def greet(self) -> None:
        """Give them their settings, learn their ports."""
        self.ports = list(self.ask(asdict(self._plan))["ports"])

    def bound(self, binds: int = 1, timeout: float = 30.0) -> None:
        """Wait for so many binds at each."""
        self.ask({"ask": "bound", "binds": binds, "timeout": timeout}, timeout + 10)

    def until(self, unique: int, receipts: int = 0, still: float = 8.0) -> dict[str, Any]:
        """Counts once so many have come in all, or nothing moves for `still` seconds."""
        return self.each_until([unique], [receipts], still)[0]

    def each_until(
        self, unique: Sequence[int], receipts: Sequence[int] | None = None, still: float = 8.0
    ) -> list[dict[str, Any]]:
        """The same of each SMSC."""
        receipts = [0] * len(unique) if receipts is None else receipts
        question = {"ask": "until", "unique": unique, "receipts": receipts, "still": still}
        return self._counts(question, 900.0)

    def counts(self) -> dict[str, Any]:
        """Counts now."""
        return self.each()[0]

    def each(self) -> list[dict[str, Any]]:
        """Counts of each SMSC now."""
        return self._counts({"ask": "counts"}, 60.0)

    def _counts(self, question: dict[str, Any], timeout: float) -> list[dict[str, Any]]:
        smscs: list[dict[str, Any]] = self.ask(question, timeout)["smscs"]
        return smscs

    def arrivals(self) -> dict[int, int]:
        """Moment (ns) of the first submit_sm of each message, by its number."""
        return dict(reversed(self.each_arrival()))

    def each_arrival(self) -> list[tuple[int, int]]:
        """(number, moment) of every submit_sm that was kept, as they came; they are forgotten."""
        return _stamps(self.ask({"ask": "arrivals"}))

    def subscribers(self, prefix: str, short: str, count: int) -> None:
        """Have so many subscribers' messages to a short code ready; see `release`."""
        question = {"ask": "subscribers", "prefix": prefix, "short": short, "count": count}
        self.ask(question, _PREPARE)

    def release(self) -> None:
        """Let them be delivered."""
        self.ask({"ask": "release"})

    def deliveries(self) -> list[tuple[int, int]]:
        """(number, moment) of each of them that has gone out."""
        return _stamps(self.ask({"ask": "deliveries"}))


def _stamps(told: dict[str, Any]) -> list[tuple[int, int]]:
    return list(zip(told["numbers"], told["moments"], strict=True))


class Web(Process):
    """The customer's web service."""

    def __init__(self, log: Path) -> None:
        super().__init__("web", [sys.executable, "-m", "bench.web"], log)
        self.port = 0

    def greet(self) -> None:
        """Learn its port."""
        self.port = int(json.loads(self.line(_PREPARE))["port"])

    def until(self, calls: int, still: float = 8.0) -> dict[str, Any]:
        """What it tells of its calls once so many came, or none for `still` seconds."""
        return self.ask({"ask": "until", "calls": calls, "still": still}, 900.0)

    def subscribers(self) -> list[tuple[int, int]]:
        """(number of the subscriber, moment) of each call for a subscriber's message."""
        return _stamps(self.ask({"ask": "subscribers"}))

    def forget(self) -> None:
        """Forget every call."""
        self.ask({"ask": "forget"})


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
    callers: Sequence[Path]
    """Of them: those that only call web services."""
    profile: bool

    def nodes(self) -> Nodes:
        """The gateways; may be had again when those before have ended."""
        return Nodes(self.folders, callers=self.callers, profile=self.profile)


class Rig:
    """Everything that cases share: the folder, the database engine, options."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        *,
        nodes: int = 1,
        callers: int = 0,
        call_processes: int = 0,
        profile: bool = False,
    ) -> None:
        self.folder = folder
        self.database = database
        self.nodes = nodes
        self.callers = callers
        self.call_processes = call_processes
        self.log = folder / "bench.log"
        self.profiles = profile
        self._number = 0

    @contextmanager
    def site(
        self, plan: Plan, window: int, smsc_ports: Sequence[int], *, patience: bool = False
    ) -> Iterator[Site]:
        """A place for a case's nodes, each of which may have one bind to each operator.

        With `patience` an answer is awaited for an hour, and a node that ends waits for none.
        """
        self._number += 1
        place = self.folder / f"case-{self._number}"
        folders = [place / f"node-{number + 1}" for number in range(self.nodes)]
        callers = [place / f"caller-{number + 1}" for number in range(self.callers)]
        for folder in (*folders, *callers):
            folder.mkdir(parents=True)
        times = _PATIENT if patience else _USUAL
        operators = "".join(
            _OPERATOR.format(
                name=name,
                port=port,
                window=window,
                binds=self.nodes,
                receipts="true" if plan.receipts else "false",
                response=times.response,
            )
            for name, port in zip(names(len(smsc_ports)), smsc_ports, strict=True)
        )
        try:
            with self.database.fresh([*folders, *callers]) as section:
                for folder in (*folders, *callers):
                    _settle(folder, section, operators, times.drain, self.call_processes)
                yield Site(folders, callers, self.profiles)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    @contextmanager
    def up(
        self,
        plan: Plan,
        window: int,
        *,
        patience: bool = False,
        prepare: Callable[[Path], None] = lambda _: None,
    ) -> Iterator[tuple[Nodes, Sink]]:
        """Gateways that are bound to the sinks, one bind each; see `site`.

        `prepare` gets the settings of one of them before they start.
        """
        with (
            Sink(plan, self.log) as sink,
            self.site(plan, window, sink.ports, patience=patience) as site,
        ):
            prepare(site.folders[0] / SETTINGS)
            with site.nodes() as nodes:
                nodes.listening()
                nodes.bound(plan.operators)
                sink.bound(self.nodes)
                yield nodes, sink


def names(operators: int) -> list[str]:
    """What so many operators are called, in their order."""
    return ["sink"] if operators == 1 else [f"sink-{n:02}" for n in range(1, operators + 1)]


def _settle(folder: Path, section: str, operators: str, drain: int, calls: int) -> None:
    settings = folder / SETTINGS
    settings.touch(0o600)  # the database's password may be in it
    settings.write_text(
        _SETTINGS.format(
            node=folder.name,
            database=section,
            operators=operators,
            drain=drain,
            call_processes=calls,
        )
    )


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
