"""The result for people: tables of figures beside their targets, and what disturbed them.

Guarantees: pure but for the console that it is given. Knows nothing of how figures are made.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bench.cases import Case, Work
from bench.figures import Figures

Row = tuple[Case, Figures]

_LATENCY = (
    ("sent to answer", "answered"),
    ("sent to submit_sm", "submitted"),
    ("accepted to submit_sm", "handed"),
)
_DATABASE = ("PG CPU s/1000", "PG MB")
_CALLBACKS = (
    ("accepted", "accepted_rate"),
    ("sent", "sent_rate"),
    ("receipts", "receipts_rate"),
    ("calls", "calls_rate"),
    ("told", "told_rate"),
)
_SUBSCRIBERS = (
    ("acknowledged", "acknowledged_rate"),
    ("calls", "calls_rate"),
    ("replies", "replies_rate"),
)
_SUBSCRIBERS_LATENCY = (
    ("call p50 ms", "called_p50_ms"),
    ("p99 ms", "called_p99_ms"),
    ("reply p50 ms", "replied_p50_ms"),
    ("p99 ms", "replied_p99_ms"),
)
_OPERATORS = (
    ("messages a second to the 18 others", "sent_rate", "{:,.0f}"),
    ("accepted a second, for all", "accepted_rate", "{:,.0f}"),
    ("CPU s/1000 accepted", "cpu_per_1000", "{:.4f}"),
    ("one by one, accepted to submit_sm, p50 ms", "handed_p50_ms", "{:.2f}"),
    ("the same, p99 ms", "handed_p99_ms", "{:.2f}"),
    ("messages a second to the silent one", "silent_rate", "{:,.0f}"),
    ("messages a second to the throttling one", "throttled_rate", "{:,.0f}"),
    ("its ESME_RTHROTTLED for a message taken", "throttled_share", "{:.3f}"),
    ("peak MB", "peak_mb", "{:,.0f}"),
)
_MILLION = (
    ("accepted a second", "accepted_rate", "{:,.0f}"),
    ("resident while they wait, MB", "waiting_rss_mb", "{:,.0f}"),
    ("at most until then, MB", "waiting_peak_mb", "{:,.0f}"),
    ("stop, s", "stop_s", "{:.2f}"),
    ("restart until it listens, s", "restart_s", "{:.2f}"),
    ("PostgreSQL's memory while they wait, MB", "database_mb", "{:,.0f}"),
    ("resident after restart, MB", "restarted_rss_mb", "{:,.0f}"),
    ("operator's return to bind, s", "bound_s", "{:.2f}"),
    ("operator's return to first submit_sm, s", "resumed_s", "{:.2f}"),
    ("submit_sm a second from then on", "drain_rate", "{:,.0f}"),
    ("at most until all were sent, MB", "drained_peak_mb", "{:,.0f}"),
)


def number(figures: Figures, name: str, form: str = "{:,.0f}") -> str:
    """A figure as text, nothing where it is missing; thousands apart by a blank."""
    value = figures.get(name)
    return "" if value is None else form.format(value).replace(",", " ")


def verdict(case: Case, figures: Figures) -> str:
    """The target and how the figure stands to it."""
    told = []
    for target in case.targets:
        met, ratio = target.met(figures), target.ratio(figures)
        if met is None or ratio is None:
            told.append(target.words)
            continue
        colour = "green" if met else "red"
        told.append(f"{target.words} [{colour}]{'met' if met else 'missed'}, {ratio:.2f}[/]")
    return "; ".join(told)


def tables(rows: Sequence[Row]) -> list[Table]:
    """Every table that the rows fill."""
    makers = (_streams, _latencies, _operators, _callbacks, _subscribers, _millions)
    return [table for maker in makers if (table := maker(rows)).row_count]


def _streams(rows: Sequence[Row]) -> Table:
    table = Table(title="Throughput: messages a second")
    for name in ("case", "receipts"):
        table.add_column(name)
    served = any("database_mb" in figures for _, figures in rows)
    columns = ["accepted", "sent", "receipts", "p50 ms", "p99 ms", "CPU s/1000", "peak MB"]
    for name in [*columns, *_DATABASE * served]:
        table.add_column(name, justify="right")
    table.add_column("target")
    for case, figures in rows:
        if case.work is Work.STREAM:
            table.add_row(
                case.title,
                "yes" if case.receipts else "no",
                number(figures, "accepted_rate"),
                number(figures, "sent_rate"),
                number(figures, "receipts_rate"),
                number(figures, "answered_p50_ms", "{:.2f}"),
                number(figures, "answered_p99_ms", "{:.2f}"),
                number(figures, "cpu_per_1000", "{:.4f}"),
                number(figures, "peak_mb"),
                *(_database(figures) * served),
                verdict(case, figures),
            )
    return table


def _database(figures: Figures) -> tuple[str, str]:
    """What PostgreSQL's own processes took."""
    return number(figures, "database_cpu_per_1000", "{:.4f}"), number(figures, "database_mb")


def _latencies(rows: Sequence[Row]) -> Table:
    table = Table(title="Latency: milliseconds")
    for name in ("case", "from, to"):
        table.add_column(name)
    for name in ("p50", "p99", "max"):
        table.add_column(name, justify="right")
    table.add_column("target")
    for case, figures in rows:
        if case.work in {Work.STEADY, Work.NEIGHBOUR}:
            title = case.title
            if "neighbour_rate" in figures:
                title += f" ({number(figures, 'neighbour_rate')} msg/s accepted)"
            for words, name in _LATENCY:
                spans = (number(figures, f"{name}_{q}_ms", "{:.2f}") for q in ("p50", "p99", "max"))
                aimed = any(target.figure.startswith(name) for target in case.targets)
                table.add_row(title, words, *spans, verdict(case, figures) if aimed else "")
                title = ""
    return table


def _operators(rows: Sequence[Row]) -> Table:
    table = Table(title="20 operators, one silent and one throttling")
    table.add_column("figure")
    for name in ("all healthy", "two sick", "sick / healthy"):
        table.add_column(name, justify="right")
    table.add_column("target")
    for case, figures in rows:
        if case.work is not Work.OPERATORS:
            continue
        for words, name, form in _OPERATORS:
            both = (number(figures, f"{state}_{name}", form) for state in ("healthy", "sick"))
            kept = name == "sent_rate"
            table.add_row(
                words, *both, *((_kept(figures), verdict(case, figures)) if kept else ("", ""))
            )
    return table


def _kept(figures: Figures) -> str:
    """What the healthy ones kept, over all and by turn, and what the machine does by itself."""
    if "kept" not in figures:
        return ""
    return (
        f"{figures['kept']:.3f} ({figures['kept_least']:.3f} to {figures['kept_most']:.3f},"
        f" healthy runs {figures['spread']:.1%} apart)"
    )


def _callbacks(rows: Sequence[Row]) -> Table:
    table = Table(title="Call-backs for every state: a second")
    return _with_web(table, rows, Work.CALLBACKS, _CALLBACKS, ())


def _subscribers(rows: Sequence[Row]) -> Table:
    table = Table(title="Subscribers' messages to an answering web service: a second")
    return _with_web(table, rows, Work.SUBSCRIBERS, _SUBSCRIBERS, _SUBSCRIBERS_LATENCY)


def _with_web(
    table: Table,
    rows: Sequence[Row],
    work: Work,
    rates: Sequence[tuple[str, str]],
    spans: Sequence[tuple[str, str]],
) -> Table:
    """Rates, then milliseconds, of (title, figure) each."""
    served = any("database_mb" in figures for _, figures in rows)
    table.add_column("case")
    for name, _ in (*rates, *spans):
        table.add_column(name, justify="right")
    for name in ["CPU s/1000", "peak MB", *_DATABASE * served]:
        table.add_column(name, justify="right")
    table.add_column("target")
    for case, figures in rows:
        if case.work is work:
            table.add_row(
                case.title,
                *(number(figures, figure) for _, figure in rates),
                *(number(figures, figure, "{:.1f}") for _, figure in spans),
                number(figures, "cpu_per_1000", "{:.4f}"),
                number(figures, "peak_mb"),
                *(_database(figures) * served),
                verdict(case, figures),
            )
    return table


def _millions(rows: Sequence[Row]) -> Table:
    table = Table(title="Waiting for a stopped operator")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("target")
    for case, figures in rows:
        if case.work is Work.MILLION:
            table.add_row("messages", number(figures, "messages"), "")
            for words, name, form in _MILLION:
                if name not in figures:
                    continue
                aimed = any(target.figure == name for target in case.targets)
                table.add_row(
                    words, number(figures, name, form), verdict(case, figures) if aimed else ""
                )
    return table
