"""`python -m bench`: run the cases, print the tables."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bench import called, million, operators, runs
from bench.cases import QUICK, USUAL, Case, Kannel, Work, all_cases, chosen, unfit
from bench.database import Choice, Database, Engine, opened
from bench.figures import medians
from bench.machine import filesystem, sync_ms
from bench.processes import BenchError
from bench.rig import Rig, scratch
from bench.table import tables

_WIDE = 160  # columns
_FOREIGN = 0.2  # processors that others used
_RUNNERS = {
    Work.MILLION: million.run,
    Work.OPERATORS: operators.run,
    Work.SUBSCRIBERS: called.run,
    Work.CALLBACKS: called.run,
}
_BUSY = 0.9  # of a processor: the load, the sink or the web service may have been what was measured


def main(
    only: Annotated[
        list[str] | None, typer.Option(help="A case, or a pattern (single-*); may be repeated.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small counts: under a minute.")] = False,
    with_million: Annotated[
        bool, typer.Option("--million", help="Also a million messages waiting.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Everything: the million, three rounds.")
    ] = False,
    database: Annotated[Engine, typer.Option(help="What keeps the messages.")] = Engine.SQLITE,
    nodes: Annotated[
        int, typer.Option(min=1, help="Gateways on one database; more than one on PostgreSQL.")
    ] = 1,
    callers: Annotated[
        int,
        typer.Option(min=0, help="Gateways beside them that alone call web services."),
    ] = 0,
    call_processes: Annotated[
        int,
        typer.Option(min=0, max=16, help="Each gateway's processes that make its calls."),
    ] = 0,
    url: Annotated[
        str,
        typer.Option(
            envvar="HABAR_BENCH_URL",
            show_envvar=True,
            help="A PostgreSQL that is there already; its role may make databases.",
        ),
    ] = "",
    repeat: Annotated[int, typer.Option(min=1, help="Rounds; medians are shown.")] = 1,
    kannel_rate: Annotated[
        float | None,
        typer.Option(help="Kannel's msg/s without a store on this machine, to compare with."),
    ] = None,
    kannel_subscribers: Annotated[
        float | None,
        typer.Option(help="The same: subscribers' messages a second to a web service."),
    ] = None,
    kannel_receipts: Annotated[
        float | None, typer.Option(help="The same: receipts a second to call-backs.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Where the database is to live while measured.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write every run's figures to a file.")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Profile the gateway (figures suffer).")
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="Name the cases and stop.")] = False,
) -> None:
    """Measure the gateway over loopback; each figure beside its target."""
    kannel = Kannel(kannel_rate, kannel_subscribers, kannel_receipts)
    cases = all_cases(QUICK if quick else USUAL, kannel)
    try:
        cases = chosen(cases, only or (), with_million or full)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--only") from None
    choice = Choice(database, nodes, callers, url)
    if fault := choice.fault():
        raise typer.BadParameter(fault)
    # In a file or a pipe the tables want their whole width.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    if show:
        for case in cases:
            console.print(f"{case.name:<34} {case.title}")
        return
    # A kill of the benchmark ends its children as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rounds = max(repeat, 3) if full else repeat
    try:
        with scratch(data) as folder, opened(choice, folder) as engine:
            facts = _facts(folder, engine, choice)
            if call_processes:
                facts["processes for calls"] = str(call_processes)
            console.print(", ".join(f"{name} {value}" for name, value in facts.items()))
            cases = _fit(console, cases, nodes)
            rig = Rig(
                folder,
                engine,
                nodes=nodes,
                callers=callers,
                call_processes=call_processes,
                profile=profile,
            )
            records = _measure(console, rig, cases, rounds)
    except BenchError as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("stopped")
        raise typer.Exit(130) from None
    if json_file is not None:
        json_file.write_text(json.dumps({"machine": facts, "runs": records}, indent=1) + "\n")
    _report(console, cases, records)
    if any(record["faults"] for record in records):
        raise typer.Exit(1)


def _facts(folder: Path, engine: Database, choice: Choice) -> dict[str, str]:
    """What a figure depends on; the disk where it is this machine's."""
    facts = {"processors": str(os.cpu_count()), "Python": platform.python_version()}
    facts |= engine.facts | {"nodes": str(choice.nodes)}
    if choice.callers:
        facts["callers"] = str(choice.callers)
    if not choice.url:
        facts |= {"disk": filesystem(folder), "sync": f"{sync_ms(folder):.2f} ms"}
    return facts | {"load average": f"{os.getloadavg()[0]:.2f}"}


def _fit(console: Console, cases: list[Case], nodes: int) -> list[Case]:
    """The cases that tell something of so many nodes; a word of each other one."""
    for case in cases:
        if reason := unfit(case, nodes):
            console.print(f"{case.name} is left out: {reason}")
    return [case for case in cases if not unfit(case, nodes)]


def _measure(console: Console, rig: Rig, cases: list[Case], rounds: int) -> list[dict[str, Any]]:
    """Rounds over all cases, so that a drift of the machine meets all of them."""
    records = []
    for number in range(1, rounds + 1):
        for case in cases:
            with console.status(f"{case.name}, round {number} of {rounds}"):
                outcome = _RUNNERS.get(case.work, runs.run)(case, rig)
            records.append(
                {
                    "case": case.name,
                    "round": number,
                    "figures": outcome.figures,
                    "faults": outcome.faults,
                    "noise": outcome.noise,
                }
            )
            _note(console, case, outcome)
    return records


def _note(console: Console, case: Case, outcome: runs.Outcome) -> None:
    """A line for a run; what should not be, in red."""
    noise = ", ".join(f"{name} {value:.2f}" for name, value in outcome.noise.items())
    console.print(f"[dim]{case.name}: {noise}[/]")
    for name in ("load_cpus", "sink_cpus", "web_cpus"):
        if outcome.noise.get(name, 0.0) > _BUSY:
            console.print(f"[yellow]{case.name}: {name} near 1, the figure may be its own[/]")
    if outcome.noise.get("foreign_cpus", 0.0) > _FOREIGN:
        console.print(f"[yellow]{case.name}: the machine was not quiet[/]")
    if outcome.faults:
        console.print(f"[red]{case.name}: {outcome.faults}[/]")
    if outcome.profile:
        console.print(outcome.profile, markup=False, soft_wrap=True)


def _report(console: Console, cases: list[Case], records: list[dict[str, Any]]) -> None:
    rows = [
        (case, medians([r["figures"] for r in records if r["case"] == case.name])) for case in cases
    ]
    for table in tables(rows):
        console.print()
        console.print(table)


if __name__ == "__main__":
    typer.run(main)
