"""A million messages for an operator who is not there: memory, restart, sending resumes.

Guarantees: every accepted message is awaited at the sink once it is there. Times in seconds.
"""

from __future__ import annotations

import time

from bench.cases import Case
from bench.figures import Figures, rate
from bench.machine import Moment
from bench.nodes import Nodes
from bench.rig import Load, Rig, Sink, free_port
from bench.runs import Outcome, database_memory, job_of
from bench.sink import Plan


def run(case: Case, rig: Rig) -> Outcome:
    """Fill, restart, let the operator come back, and wait until all is sent."""
    plan = Plan(port=free_port())
    outcome = Outcome()
    begin = Moment.now()
    with rig.site(plan, case.window, [plan.port]) as site:
        with site.nodes() as nodes:
            nodes.listening()
            _fill(case, rig, nodes, outcome)
            outcome.figures["stop_s"] = _timed(nodes)
        asked = time.monotonic()
        with site.nodes() as nodes:
            nodes.listening()
            outcome.figures["restart_s"] = time.monotonic() - asked
            outcome.figures["restarted_rss_mb"] = nodes.memory()[0]
            with Sink(plan, rig.log) as sink:
                _resume(nodes, sink, outcome)
    outcome.noise = Moment.now().noise_since(begin)
    del outcome.noise["foreign_cpus"]  # the children's own cannot be told from it here
    return outcome


def _fill(case: Case, rig: Rig, nodes: Nodes, outcome: Outcome) -> None:
    with Load(job_of(case, nodes), rig.log) as load:
        load.begin()
        done = load.result()
    outcome.faults |= done["faults"]
    figures: Figures = outcome.figures
    figures["messages"] = done["accepted"]
    figures["accepted_rate"] = rate(done["accepted"], done["first_ns"], done["last_ns"])
    figures["waiting_rss_mb"], figures["waiting_peak_mb"] = nodes.memory()
    figures |= database_memory(rig)


def _timed(nodes: Nodes) -> float:
    begin = time.monotonic()
    nodes.stop()
    return time.monotonic() - begin


def _resume(nodes: Nodes, sink: Sink, outcome: Outcome) -> None:
    """From the operator's return on: the bind, the first message, the last one."""
    figures = outcome.figures
    begin = time.monotonic()
    sink.bound(timeout=120.0)
    figures["bound_s"] = time.monotonic() - begin
    first = sink.until(1)
    start_ns = first["submitted_ns"]
    figures["resumed_s"] = time.monotonic() - begin
    end = sink.until(int(figures["messages"]), still=20.0)
    figures["drain_rate"] = rate(end["unique"], start_ns, end["submitted_ns"])
    figures["drained_peak_mb"] = nodes.memory()[1]
    if missing := int(figures["messages"]) - end["unique"]:
        outcome.faults["lost"] = missing
    if end["repeated"]:
        outcome.faults["sent twice"] = end["repeated"]
