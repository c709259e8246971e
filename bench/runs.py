"""How each kind of case is run, and what is measured in it.

Guarantees: a run is measured after a warm-up and ends when the sink has what was accepted, or
nothing moves any more: then `lost` says how many are missing. Knows nothing of tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.cases import Case, Work
from bench.database import MEASURED, NEIGHBOUR, PASSWORD
from bench.figures import Figures, latency, rate
from bench.load import Job
from bench.machine import Moment, cpu_of, family_cpu, family_memory
from bench.nodes import Nodes
from bench.packages import Prefix
from bench.profiled import top
from bench.rig import Load, Rig, Sink, Web
from bench.sink import Plan

_WARM_REQUESTS, _WARM_SIZE = 20, 25
_WARM = _WARM_REQUESTS * _WARM_SIZE
_WARM_FIRST = 90_000_000
_NEIGHBOUR_PEAK = 80_000  # msg/s for which packages are prepared
PAUSE = 0.010  # s of the single sender between an answer and the next message


@dataclass(slots=True)
class Outcome:
    """What one run of a case gave."""

    figures: Figures = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    """Anything that should not be: answers other than 106, messages lost or sent twice."""
    noise: Figures = field(default_factory=dict)
    profile: str = ""


def run(case: Case, rig: Rig) -> Outcome:
    """Run a case once (not the million: bench.million)."""
    plan = Plan(
        receipts=case.receipts,
        arrivals="" if case.work is Work.STREAM else Prefix.MEASURED,
    )
    with rig.up(plan, case.window) as (nodes, sink):
        warm = len(warm_up(rig, nodes))
        sink.until(warm, warm * case.receipts)
        if case.work is Work.NEIGHBOUR:
            outcome = _neighbour(case, rig, nodes, sink)
        else:
            outcome = _stream(case, rig, nodes, sink)
        if rig.profiles:
            outcome.profile = profile_of(nodes)
    return outcome


def warm_up(rig: Rig, nodes: Nodes) -> range:
    """Fill caches on both accounts: verified passwords, prepared statements, code.

    The numbers of the messages that were sent for it, of Prefix.WARM.
    """
    count = len(nodes.ports)
    warm = count * _WARM
    for number, login in enumerate((MEASURED, NEIGHBOUR)):
        job = Job(
            ports=nodes.ports,
            login=login,
            password=PASSWORD,
            prefix=Prefix.WARM,
            requests=count * _WARM_REQUESTS,
            size=_WARM_SIZE,
            connections=count,
            first=_WARM_FIRST + number * warm,
        )
        with Load(job, rig.log) as load:
            load.begin()
            load.result()
    return range(_WARM_FIRST, _WARM_FIRST + 2 * warm)


def job_of(case: Case, nodes: Nodes) -> Job:
    """The load of a stream, or of a steady rate."""
    return Job(
        ports=nodes.ports,
        login=MEASURED,
        password=PASSWORD,
        prefix=Prefix.MEASURED,
        requests=case.messages // case.size,
        size=case.size,
        connections=case.connections,
        per_second=case.per_second,
        stamps=case.work is Work.STEADY,
        deadline=300.0,
    )


def one_by_one(case: Case, nodes: Nodes) -> Job:
    """The load of a single sender, who takes time between an answer and the next message."""
    return Job(
        ports=nodes.ports,
        login=MEASURED,
        password=PASSWORD,
        prefix=Prefix.MEASURED,
        requests=int(case.seconds / PAUSE),
        pause=PAUSE,
        seconds=case.seconds,
        stamps=True,
    )


@contextmanager
def observed(
    outcome: Outcome, rig: Rig, nodes: Nodes, *others: Sink | Load | Web
) -> Iterator[None]:
    """CPU and memory of gateways and database, and the machine's noise, over a stretch of work."""
    helpers = nodes.helpers
    pids, server = [*nodes.pids, *helpers, *(other.pid for other in others)], rig.database.pid
    before, cpu = Moment.now(pids, server), nodes.cpu()
    served = family_cpu(server) if server else 0.0
    helped = sum(map(cpu_of, helpers))
    nodes.profile(on=True)
    yield
    nodes.profile(on=False)
    after = Moment.now(pids, server)
    figures = outcome.figures
    figures["cpu_seconds"] = nodes.cpu() - cpu
    figures["seconds"] = after.at - before.at
    figures["peak_mb"] = nodes.memory()[1]
    outcome.noise = after.noise_since(before)
    shares(outcome, gateway=figures["cpu_seconds"])
    if helpers:
        figures["calls_cpu_seconds"] = sum(map(cpu_of, helpers)) - helped
        shares(outcome, calls=figures["calls_cpu_seconds"])
    if server:
        figures["database_cpu_seconds"] = family_cpu(server) - served
        shares(outcome, database=figures["database_cpu_seconds"])
    figures |= database_memory(rig)


def database_memory(rig: Rig) -> Figures:
    """What the database's own processes hold now, where it has any."""
    server = rig.database.pid
    return {"database_mb": family_memory(server)} if server else {}


def _stream(case: Case, rig: Rig, nodes: Nodes, sink: Sink) -> Outcome:
    outcome = Outcome()
    before = sink.counts()
    with Load(job_of(case, nodes), rig.log) as load:
        sink_cpu = cpu_of(sink.pid)
        with observed(outcome, rig, nodes, sink, load):
            load.begin()
            done = load.result()
            good = done["accepted"]
            after = sink.until(
                before["unique"] + good, before["receipts_acknowledged"] + good * case.receipts
            )
        shares(outcome, sink=cpu_of(sink.pid) - sink_cpu, load=done["cpu"])
    figures, first = outcome.figures, done["first_ns"]
    figures["messages"] = good
    figures["accepted_rate"] = rate(good, first, done["last_ns"])
    figures["sent_rate"] = rate(good, first, after["submitted_ns"])
    if case.receipts:
        figures["receipts_rate"] = rate(good, first, after["receipts_ns"])
    per_1000(outcome, good)
    figures.update(done["latency"])
    if case.work is Work.STEADY:
        figures.update(arrivals(done["stamps"], sink.arrivals()))
    outcome.faults = done["faults"] | missing(case, before, after, good)
    return outcome


def per_1000(outcome: Outcome, messages: int) -> None:
    """Processor seconds of what was observed, for 1000 messages."""
    figures = outcome.figures
    for name in ("cpu", "calls_cpu", "database_cpu"):
        if f"{name}_seconds" in figures:
            figures[f"{name}_per_1000"] = figures[f"{name}_seconds"] * 1000 / max(messages, 1)


def shares(outcome: Outcome, **cpu: float) -> None:
    """How much of a processor each process took: near 1.0 it was the bottleneck."""
    for name, seconds in cpu.items():
        outcome.noise[f"{name}_cpus"] = seconds / max(outcome.figures["seconds"], 0.001)


def missing(case: Case, before: dict[str, Any], after: dict[str, Any], good: int) -> dict[str, int]:
    """What has gone wrong with so many accepted messages, by the sink's counts."""
    faults = {
        "lost": good - (after["unique"] - before["unique"]),
        "sent twice": after["repeated"] - before["repeated"],
        "refused by the sink": after["refused"] + after["throttled"],
        "receipts rejected": after["deliveries_rejected"],
    }
    if case.receipts:
        acknowledged = after["receipts_acknowledged"] - before["receipts_acknowledged"]
        faults["receipts not acknowledged"] = good - acknowledged
    return {name: count for name, count in faults.items() if count > 0}


def arrivals(stamps: list[list[int]], arrived: dict[int, int]) -> Figures:
    """From sent, and from accepted, to submit_sm.

    The sink may see a message before the load has read its answer: that counts as nothing.
    """
    pairs = [
        (sent, answered, arrived[number])
        for number, (sent, answered) in enumerate(stamps)
        if answered and number in arrived
    ]
    return latency("submitted", (there - sent for sent, _, there in pairs)) | latency(
        "handed", (max(0, there - answered) for _, answered, there in pairs)
    )


def _neighbour(case: Case, rig: Rig, nodes: Nodes, sink: Sink) -> Outcome:
    outcome = Outcome()
    before = sink.counts()
    neighbour = Job(
        ports=nodes.ports,
        login=NEIGHBOUR,
        password=PASSWORD,
        prefix=Prefix.NEIGHBOUR,
        requests=int(case.seconds * _NEIGHBOUR_PEAK) // case.size,
        size=case.size,
        connections=case.connections,
        seconds=case.seconds + 1.0,
    )
    with (
        Load(neighbour, rig.log) as crowd,
        Load(one_by_one(case, nodes), rig.log) as lone,
        observed(outcome, rig, nodes, sink, crowd, lone),
    ):
        crowd.begin()
        sink.until(before["unique"] + case.size)
        lone.begin()
        done, crowded = lone.result(), crowd.result()
        good = done["accepted"] + crowded["accepted"]
        after = sink.until(before["unique"] + good, before["receipts_acknowledged"] + good)
    figures = outcome.figures
    figures["messages"] = done["accepted"]
    figures["neighbour_rate"] = rate(crowded["accepted"], crowded["first_ns"], crowded["last_ns"])
    figures.update(done["latency"])
    figures.update(arrivals(done["stamps"], sink.arrivals()))
    if crowded["requests"] == neighbour.requests:
        outcome.faults["the neighbour ran out of packages"] = 1
    outcome.faults |= {
        name: done["faults"].get(name, 0) + crowded["faults"].get(name, 0)
        for name in done["faults"] | crowded["faults"]
    } | missing(case, before, after, good)
    return outcome


def profile_of(nodes: Nodes) -> str:
    """End the gateways, which write their profiles, and read those of the first."""
    nodes.stop()
    return "\n".join(map(top, nodes.profile_files))
