"""How the cases with a customer's web service are run, and what is measured in them.

Guarantees: a run ends when everything that is owed has come, or nothing moves any more; whatever
was called or answered twice, out of order or not at all is told as a fault. Knows no tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.cases import Case, Work
from bench.customers import SHORT, listen, report
from bench.database import MEASURED, PASSWORD
from bench.figures import Figures, latency, rate
from bench.load import Job
from bench.machine import cpu_of
from bench.nodes import Nodes
from bench.packages import Prefix, recipient
from bench.rig import Load, Rig, Sink, Web
from bench.runs import Outcome, missing, observed, per_1000, profile_of, shares, warm_up
from bench.sink import Plan
from bench.web import IN_ORDER, STATES

_WARM = 500
_STILL = 45.0
"""Seconds: what waits behind another call may be looked at half a minute later only."""


def run(case: Case, rig: Rig) -> Outcome:
    """Run a case once."""
    measure = _subscribers if case.work is Work.SUBSCRIBERS else _states
    with _up(case, rig) as (nodes, sink, web):
        outcome = measure(case, rig, nodes, sink, web)
        if rig.profiles:
            outcome.profile = profile_of(nodes)
    return outcome


@contextmanager
def _up(case: Case, rig: Rig) -> Iterator[tuple[Nodes, Sink, Web]]:
    plan = Plan(
        receipts=case.receipts,
        arrivals=Prefix.MEASURED if case.work is Work.SUBSCRIBERS else "",
        window=case.deliver_window,
    )
    lay = listen if case.work is Work.SUBSCRIBERS else report
    with Web(rig.log) as web:

        def prepare(settings: Path) -> None:
            lay(settings, web.port)

        with rig.up(plan, case.window, prepare=prepare) as (nodes, sink):
            yield nodes, sink, web


# Subscribers' messages


def _subscribers(case: Case, rig: Rig, nodes: Nodes, sink: Sink, web: Web) -> Outcome:
    outcome, count = Outcome(), case.messages
    sink.subscribers(Prefix.WARM, SHORT, _WARM)
    sink.release()
    sink.until(_WARM)
    web.until(_WARM)
    web.forget()
    before = sink.counts()
    sink.subscribers(Prefix.MEASURED, SHORT, count)
    sink_cpu, web_cpu = cpu_of(sink.pid), cpu_of(web.pid)
    with observed(outcome, rig, nodes, sink, web):
        sink.release()
        after = sink.until(before["unique"] + count)
        told = web.until(count)
    shares(outcome, sink=cpu_of(sink.pid) - sink_cpu, web=cpu_of(web.pid) - web_cpu)
    delivered, answered = sink.deliveries(), sink.each_arrival()
    called = [(number_of(msisdn), moment) for msisdn, moment in web.subscribers()]
    first = min(moment for _, moment in delivered)
    figures = outcome.figures
    figures["messages"] = count
    figures["acknowledged_rate"] = rate(count, first, after["delivered_ns"])
    figures["calls_rate"] = rate(count, first, told["last_ns"])
    figures["replies_rate"] = rate(count, first, after["submitted_ns"])
    figures |= _spans("called", delivered, called) | _spans("replied", delivered, answered)
    per_1000(outcome, count)
    outcome.faults = _told_of(
        {
            **told["faults"],
            "not acknowledged": count
            - (after["delivered_acknowledged"] - before["delivered_acknowledged"]),
            "deliver_sm refused": after["deliveries_rejected"] - before["deliveries_rejected"],
            **faults("called", count, called),
            **faults("answered", count, answered),
        }
    )
    return outcome


Stamps = Sequence[tuple[int, int]]
"""(number of the subscriber, moment in ns), each time that it happened."""


def _spans(name: str, delivered: Stamps, happened: Stamps) -> Figures:
    """From deliver_sm to what happened to it."""
    begun = dict(delivered)
    return latency(name, (moment - begun[n] for n, moment in happened if n in begun))


def faults(what: str, count: int, happened: Stamps) -> dict[str, int]:
    """What of so many subscribers, numbered from 0, has not happened once to each of them."""
    times = Counter(number for number, _ in happened)
    due = sum(number in times for number in range(count))
    return {
        f"not {what}": count - due,
        f"{what} twice": sum(times.values()) - len(times),
        f"{what} without reason": len(times) - due,
    }


def _told_of(counted: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counted.items() if count > 0}


# Messages' states


def _states(case: Case, rig: Rig, nodes: Nodes, sink: Sink, web: Web) -> Outcome:
    outcome = Outcome()
    warm = len(warm_up(rig, nodes))
    sink.until(warm, warm)
    # One of the two accounts that were warmed has an address for call-backs.
    web.until(warm // 2 * len(IN_ORDER), still=_STILL)
    web.forget()
    before = sink.counts()
    with Load(_job(case, nodes, web), rig.log) as load:
        sink_cpu, web_cpu = cpu_of(sink.pid), cpu_of(web.pid)
        with observed(outcome, rig, nodes, sink, load, web):
            load.begin()
            done = load.result()
            good = done["accepted"]
            after = sink.until(before["unique"] + good, before["receipts_acknowledged"] + good)
            told = web.until(good * len(IN_ORDER), still=_STILL)
        shares(
            outcome,
            sink=cpu_of(sink.pid) - sink_cpu,
            load=done["cpu"],
            web=cpu_of(web.pid) - web_cpu,
        )
    outcome.figures |= _state_figures(done, after, told) | done["latency"]
    per_1000(outcome, good)
    outcome.faults = done["faults"] | missing(case, before, after, good)
    outcome.faults |= _told_of({**told["faults"], "messages not told": good - told["messages"]})
    return outcome


def _state_figures(done: dict[str, Any], after: dict[str, Any], told: dict[str, Any]) -> Figures:
    good, first = done["accepted"], done["first_ns"]
    return {
        "messages": good,
        "accepted_rate": rate(good, first, done["last_ns"]),
        "sent_rate": rate(good, first, after["submitted_ns"]),
        "receipts_rate": rate(good, first, after["receipts_ns"]),
        "calls_rate": rate(told["calls"], first, told["last_ns"]),
        "told_rate": rate(good, first, told["final_ns"]),
    }


def _job(case: Case, nodes: Nodes, web: Web) -> Job:
    return Job(
        ports=nodes.ports,
        login=MEASURED,
        password=PASSWORD,
        prefix=Prefix.MEASURED,
        requests=case.messages,
        connections=case.connections,
        deadline=300.0,
        report_url=f"http://127.0.0.1:{web.port}{STATES}" if case.http else "",
    )


def number_of(msisdn: int) -> int:
    """The number of a subscriber of Prefix.MEASURED; -1 for anybody else."""
    first = int(recipient(Prefix.MEASURED, 0))
    return msisdn - first if 0 <= msisdn - first < 100_000_000 else -1
