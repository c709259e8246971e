"""Many operators, some of which are sick: what the healthy ones lose by it.

Both are measured in turns, each time on gateways and a database of their own: healthy, sick, sick,
healthy, healthy … so that a drift of the machine meets both alike.

Guarantees: a run ends when every healthy SMSC has what is its own, or nothing moves any more; no
message that went to the wrong one, twice or not at all passes unseen. Knows nothing of tables.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.cases import Case
from bench.database import NEIGHBOUR, PASSWORD
from bench.figures import Figures, medians, rate
from bench.load import Job
from bench.machine import cpu_of
from bench.nodes import Nodes
from bench.packages import Prefix
from bench.rig import Load, Rig, Sink
from bench.runs import Outcome, arrivals, observed, one_by_one, profile_of, shares, warm_up
from bench.sink import Plan
from bench.ways import Ways, lay

SILENT, THROTTLED = 6, 13
"""Places of the sick ones among the operators."""
SICK = frozenset({SILENT, THROTTLED})
LIMIT = 50.0
"""submit_sm a second that the throttling one takes: about a tenth of its share."""
_STATES = ("healthy", "sick")


def run(case: Case, rig: Rig) -> Outcome:
    """Measure both in turns; figures are medians by state, their names begin with it."""
    outcomes: dict[str, list[Outcome]] = {state: [] for state in _STATES}
    for state in order(case.turns):
        outcomes[state].append(_once(case, rig, ill=state == "sick"))
    every = [outcome for state in _STATES for outcome in outcomes[state]]
    faults: Counter[str] = Counter()
    for outcome in every:
        faults.update(outcome.faults)
    return Outcome(
        figures=together(*([one.figures for one in outcomes[state]] for state in _STATES)),
        faults=dict(faults),
        noise=medians([outcome.noise for outcome in every]),
        profile="\n".join(
            f"{state}:\n{outcomes[state][-1].profile}" for state in _STATES if rig.profiles
        ),
    )


def order(turns: int) -> list[str]:
    """Who is measured when: each as often as the other, and on the average as late."""
    pairs = (_STATES if number % 2 == 0 else _STATES[::-1] for number in range(turns))
    return [state for pair in pairs for state in pair]


def together(healthy: Sequence[Figures], sick: Sequence[Figures]) -> Figures:
    """Both states' medians, what the healthy operators kept, and how far runs are apart.

    `kept` is the ratio of the medians, `kept_least` and `kept_most` are those of single turns;
    `spread` is the greatest difference between runs where all were healthy, as a share: what the
    machine does by itself.
    """
    figures = {
        f"{state}_{name}": value
        for state, runs in zip(_STATES, (healthy, sick), strict=True)
        for name, value in medians(runs).items()
    }
    rates = [run["sent_rate"] for run in healthy]
    ratios = [
        ill["sent_rate"] / well["sent_rate"]
        for well, ill in zip(healthy, sick, strict=True)
        if well["sent_rate"]
    ]
    if ratios:
        figures["kept"] = figures["sick_sent_rate"] / figures["healthy_sent_rate"]
        figures["kept_least"], figures["kept_most"] = min(ratios), max(ratios)
        figures["spread"] = (max(rates) - min(rates)) / statistics.median(rates)
    return figures


def _once(case: Case, rig: Rig, *, ill: bool) -> Outcome:
    plan = Plan(
        operators=case.operators,
        silent=[SILENT] * ill,
        throttled=[THROTTLED] * ill,
        limit=LIMIT,
        arrivals=Prefix.MEASURED,
    )
    laid: list[Ways] = []

    def prepare(settings: Path) -> None:
        laid.append(lay(settings, SICK))

    with rig.up(plan, case.window, patience=True, prepare=prepare) as (nodes, sink):
        ways = laid[0]
        sink.each_until(ways.counts(Prefix.WARM, warm_up(rig, nodes)))
        outcome = _measured(case, rig, nodes, sink, ways, ill=ill)
        if rig.profiles:
            outcome.profile = profile_of(nodes)
    return outcome


def jobs(case: Case, nodes: Nodes) -> tuple[Job, Job]:
    """The packages for all operators, and the messages one by one for the healthy ones."""
    crowd = Job(
        ports=nodes.ports,
        login=NEIGHBOUR,
        password=PASSWORD,
        prefix=Prefix.NEIGHBOUR,
        requests=case.messages // case.size,
        size=case.size,
        connections=case.connections,
        deadline=300.0,
    )
    return crowd, one_by_one(case, nodes)


def _measured(case: Case, rig: Rig, nodes: Nodes, sink: Sink, ways: Ways, *, ill: bool) -> Outcome:
    outcome, before = Outcome(), sink.each()
    packages, singles = jobs(case, nodes)
    with Load(packages, rig.log) as crowd, Load(singles, rig.log) as lone:
        sink_cpu = cpu_of(sink.pid)
        with observed(outcome, rig, nodes, sink, crowd, lone):
            crowd.begin()
            lone.begin()
            done, alone = crowd.result(), lone.result()
            due = _sums(
                ways.counts(Prefix.NEIGHBOUR, range(done["accepted"])),
                ways.counts(Prefix.MEASURED, range(alone["accepted"])),
            )
            healthy = [place for place in range(case.operators) if not (ill and place in SICK)]
            awaited = [
                told["unique"] + due[place] * (place in healthy)
                for place, told in enumerate(before)
            ]
            after = sink.each_until(awaited)
        shares(outcome, sink=cpu_of(sink.pid) - sink_cpu, load=done["cpu"] + alone["cpu"])
    outcome.figures |= _figures(done, before, after)
    outcome.figures |= arrivals(alone["stamps"], sink.arrivals())
    outcome.figures["cpu_per_1000"] = (
        outcome.figures["cpu_seconds"] * 1000 / max(1, done["accepted"] + alone["accepted"])
    )
    outcome.faults = dict(
        Counter(done["faults"]) + Counter(alone["faults"]) + missing(before, after, due, healthy)
    )
    return outcome


def _sums(*counts: Sequence[int]) -> list[int]:
    return [sum(each) for each in zip(*counts, strict=True)]


def _figures(
    done: dict[str, Any], before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]
) -> Figures:
    """Rates of the packages; those of the operators that may be sick by themselves."""
    first = done["first_ns"]
    others = [now["others"] - then["others"] for then, now in zip(before, after, strict=True)]
    spared = [place for place in range(len(after)) if place not in SICK]
    last = max(after[place]["others_ns"] for place in spared)
    seconds = (last - first) / 1e9
    throttled = after[THROTTLED]["throttled"] - before[THROTTLED]["throttled"]
    return {
        "messages": done["accepted"],
        "accepted_rate": rate(done["accepted"], first, done["last_ns"]),
        "sent_rate": rate(sum(others[place] for place in spared), first, last),
        "silent_rate": others[SILENT] / seconds if seconds > 0 else 0.0,
        "throttled_rate": others[THROTTLED] / seconds if seconds > 0 else 0.0,
        "throttled_share": throttled / max(1, others[THROTTLED]),
    }


def missing(
    before: Sequence[dict[str, Any]],
    after: Sequence[dict[str, Any]],
    due: Sequence[int],
    healthy: Sequence[int],
) -> Counter[str]:
    """What should not be: the healthy ones have what is due, the sick ones not more than that."""
    faults: Counter[str] = Counter()
    for place, (then, now) in enumerate(zip(before, after, strict=True)):
        came = now["unique"] - then["unique"]
        faults["sent to another operator"] += max(0, came - due[place])
        faults["sent twice"] += now["repeated"] - then["repeated"]
        if place in healthy:
            faults["lost"] += max(0, due[place] - came)
            faults["refused by the sink"] += now["refused"] + now["throttled"]
    return +faults
