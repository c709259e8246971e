"""How `habar operator list` and `show` are told: tables for people, JSON for programs.

Guarantees: a password is never told, only that there is one; what an operator wrote moves no
cursor. Times for people are in the gateway's zone, in JSON UTC milliseconds.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import typer

from habar.admin.links import MOST_COUNTED, Bind, Queue, state_of
from habar.admin.operators import OperatorView
from habar.cli.columns import printable, short, show_pairs, show_table
from habar.config import Origin, code_number
from habar.model.times import moment
from habar.operators import LinkReport, Quirks

_LONGEST_ERROR = 60
"""Characters of an error in the list; `show` tells the whole."""
_LIST = ("operator", "state", "address", "binds", "window", "PDUs/s", "last error")
_BINDS = (
    *("node", "bind", "kind", "state", "since", "window", "PDUs/s", "round trip"),
    *("receipts/min", "delivered", "address"),
)
_RIGHT = frozenset({"bind", "binds", "window", "PDUs/s", "round trip", "receipts/min", "delivered"})


class Shown(NamedTuple):
    """An operator with all that `show` tells of it."""

    view: OperatorView
    binds: list[Bind]
    queue: Queue


def tell_list(found: Sequence[tuple[OperatorView, list[Bind]]]) -> None:
    """A line for each operator."""
    show_table(_LIST, [_line(view, binds) for view, binds in found], _RIGHT)


def tell(shown: Shown, zone: str, *, every: bool) -> None:
    """How the links are, then what waits, then the settings; all of them if `every`."""
    view = shown.view
    show_pairs(list(_head(shown, zone)))
    if shown.binds:
        typer.echo()
        rows = [_bind(bind, zone) for bind in shown.binds]
        show_table(_BINDS, rows, _RIGHT, keys=2)
        if troubles := list(_troubles(shown, zone)):
            typer.echo()
            show_pairs(troubles)
    typer.echo()
    _tell_queue(shown.queue, zone)
    values = [value for value in view.values if every or value.origin is Origin.OWN]
    if values:
        typer.echo()
        rows = [(value.name, value.origin.value, value.text or "-") for value in values]
        show_table(("setting", "from", "value"), rows, frozenset())


def as_json(view: OperatorView, binds: Sequence[Bind], queue: Queue | None = None) -> str:
    """One object; without a `queue` it is one of the list."""
    told: dict[str, Any] = {
        "name": view.name,
        "id": view.id,
        "state": state_of(view, binds),
        "enabled": view.enabled,
        "in_file": view.in_file,
        "changed_at": view.changed_at,
        "fault": view.fault,
        "address": _address(view),
        "binds_wanted": view.binds,
        "binds_up": _up(binds),
        "links": [_link(bind) for bind in binds],
    }
    if queue is not None:
        told["queue"] = dataclasses.asdict(queue)
        told["settings"] = {
            value.name: {"value": value.text, "from": value.origin.value} for value in view.values
        }
    return json.dumps(told, ensure_ascii=False)


def _line(view: OperatorView, binds: Sequence[Bind]) -> tuple[str, ...]:
    reports = [bind.report for bind in binds if bind.up and bind.report]
    used, window = sum(r.window_used for r in reports), sum(r.window for r in reports)
    return (
        view.name,
        state_of(view, binds),
        _address(view) or "-",
        f"{_up(binds)}/{view.binds}",
        f"{used}/{window}" if reports else "-",
        f"{sum(r.pdus_per_second for r in reports):.1f}" if reports else "-",
        short(printable(view.fault or _last_error(binds)), _LONGEST_ERROR) or "-",
    )


def _head(shown: Shown, zone: str) -> Iterator[tuple[str, str]]:
    view = shown.view
    yield "operator", view.name
    yield "state", state_of(view, shown.binds)
    if view.fault:
        yield "fault", printable(view.fault)
    if view.settings is not None:
        yield "address", f"{view.settings.address}, as {view.settings.system_id}"
        yield "profile", view.settings.profile
        yield "binds up", f"{_up(shown.binds)} of {view.binds}"
        yield "settings", "in the settings file" if view.in_file else "in the database"
    yield "changed", moment(view.changed_at, zone)


def _bind(bind: Bind, zone: str) -> tuple[str, ...]:
    report = bind.report
    if report is None:
        return (bind.node, str(bind.number), *["-"] * 9)
    return (
        bind.node,
        str(bind.number),
        report.kind,
        f"was {report.state}" if bind.old else report.state,
        moment(report.since_ms, zone),
        f"{report.window_used}/{report.window}",
        f"{report.pdus_per_second:.1f}",
        "-" if report.round_trip_ms is None else f"{report.round_trip_ms:.1f} ms",
        f"{report.receipts_per_minute:.0f}",
        "-" if report.delivered_share is None else f"{100 * report.delivered_share:.1f} %",
        report.address,
    )


def _troubles(shown: Shown, zone: str) -> Iterator[tuple[str, str]]:
    """What is not in order with each bind, beside the table."""
    settings = shown.view.settings
    quirks = Quirks(error_texts=settings.error_texts if settings else {})
    for bind in shown.binds:
        where = f"{bind.node} {bind.number}"
        if bind.old:
            yield where, f"not heard of since {moment(bind.heard_at, zone)}"
        report = bind.report
        if report is None:
            yield where, "its node is of another version, whose report this one cannot read"
            continue
        if report.errors:
            errors = sorted(report.errors.items(), key=lambda error: (-error[1], error[0]))
            words = ", ".join(f"{count} {_error(quirks, name)}" for name, count in errors)
            yield where, f"errors: {printable(words)}"
        if report.last_error:
            at = "" if report.last_error_at is None else f" at {moment(report.last_error_at, zone)}"
            yield where, f"last error{at}: {printable(report.last_error)}"


def _error(quirks: Quirks, name: str) -> str:
    """An error that a link has counted, with the operator's own words for it."""
    try:
        return quirks.error_text(code_number(name))
    except ValueError:
        return name  # NO_ANSWER is no code


def _tell_queue(queue: Queue, zone: str) -> None:
    due, held = (
        f"more than {MOST_COUNTED}" if count > MOST_COUNTED else str(count)
        for count in (queue.due, queue.held)
    )
    show_pairs([("waiting, due", due), ("held, in doubt", held)])
    if queue.accounts:
        typer.echo()
        rows = [
            (one.account, str(one.priority), moment(one.due_at, zone)) for one in queue.accounts
        ]
        show_table(("waiting account", "priority", "first due"), rows, frozenset({"priority"}))


def _link(bind: Bind) -> dict[str, Any]:
    report = {} if bind.report is None else msgspec.to_builtins(bind.report)
    return {
        "node": bind.node,
        "bind": bind.number,
        "heard_at": bind.heard_at,
        "old": bind.old,
        **report,
    }


def _address(view: OperatorView) -> str:
    return "" if view.settings is None else view.settings.address


def _up(binds: Sequence[Bind]) -> int:
    """Binds that stand; one that has just gone to another node counts once."""
    return len({bind.number for bind in binds if bind.up})


def _last_error(binds: Sequence[Bind]) -> str:
    """Why a bind fell, or could not be made, the last time; "" for never."""

    def at(report: LinkReport) -> int:
        return report.last_error_at or 0

    reports = [bind.report for bind in binds if bind.report and bind.report.last_error]
    return max(reports, key=at).last_error if reports else ""
