"""`habar callback`: what customers' web services are owed to be told, and every try."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from habar.admin.call_lines import STAGES, about, called, result
from habar.admin.callbacks import CallBacks, Progress, Wanted
from habar.cli.columns import printable, short, show_pairs, show_table
from habar.cli.moment import read_past
from habar.cli.place import (
    ConfigOption,
    DataOption,
    Installation,
    actor,
    fail,
    now_ms,
    with_store,
)
from habar.model.times import moment, zone_info
from habar.store.callbacks import CallRow, CallStage, CallStory, HostQueue

app = typer.Typer(
    help="Call-backs: what customers' web services are told, and how that went.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
HEAD = ("call-back", "since", "account", "about", "host", "state", "tries", "last try")
TRIES = ("try", "at", "ms", "result", "answer")
HOSTS = ("host", "first due", "failures", "failing since", "paused until", "last error")
_LONGEST_ERROR = 60
"""Characters of an error in the list; `show` tells the whole."""

Account = Annotated[str | None, typer.Option(help="Only this account's (a login).")]
State = Annotated[
    Literal["waiting", "in-hand", "done", "given-up", "behind"] | None,
    typer.Option(help="Only those that are so now."),
]
Host = Annotated[str | None, typer.Option(help="Only to this host, as http://example.org.")]
Message = Annotated[int | None, typer.Option(help="Only about this message (sms_id).")]
Inbound = Annotated[int | None, typer.Option(help="Only about this subscriber's message.")]
Since = Annotated[str | None, typer.Option(help="Made since: YYYY-MM-DD HH:MM, HH:MM, 2h, 1d.")]
Until = Annotated[str | None, typer.Option(help="Made before: the same forms.")]


def _call_backs(place: Installation) -> CallBacks:
    return CallBacks(place.callbacks, place.store.books, actor=actor(), now=now_ms)


@app.command("list")
def list_(
    account: Account = None,
    state: State = None,
    host: Host = None,
    message: Message = None,
    inbound: Inbound = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 50,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Call-backs, the newest first, with how the last try went."""
    wanted = Wanted(account, state, host, message, inbound)

    async def work(place: Installation) -> tuple[Sequence[CallRow], str]:
        zone = place.timezone
        return await _call_backs(place).list(_within(wanted, since, until, zone), limit), zone

    found, zone = with_store(config, data, work)
    show_table(HEAD, [_line(row, zone) for row in found], frozenset({"call-back", "tries"}))


@app.command()
def show(
    callback: Annotated[int, typer.Argument(help="Its number in the list.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """One call-back with every try: when, how long, status, and the beginning of the answer."""

    async def work(place: Installation) -> tuple[CallStory, str]:
        return await _call_backs(place).show(callback), place.timezone

    story, zone = with_store(config, data, work)
    show_pairs(list(_head(story, zone)))
    if story.tries:
        typer.echo()
        rows = [
            (
                str(one.number),
                moment(one.at, zone),
                str(one.ms),
                printable(result(one.status, one.error)),
                repr(one.answer) if one.answer else "-",
            )
            for one in story.tries
        ]
        show_table(TRIES, rows, frozenset({"try", "ms"}), keys=2)


@app.command()
def replay(
    callbacks: Annotated[
        list[int] | None, typer.Argument(help="Their numbers in the list.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All that these say; without --state the given-up ones.")
    ] = False,
    account: Account = None,
    state: State = None,
    host: Host = None,
    message: Message = None,
    inbound: Inbound = None,
    since: Since = None,
    until: Until = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Call again now, with the time of a new one; its event id stays the same."""
    filters = (account, state, host, message, inbound, since, until)
    if every == bool(callbacks) or (callbacks and any(said is not None for said in filters)):
        fail("give numbers of call-backs, or --all with --account, --host and the like", 2)
    if not every:
        again = with_store(config, data, lambda place: _call_backs(place).replay(callbacks or []))
        if not again:
            fail("none is called again: a call is being made, or is owed behind another")
        typer.echo(f"called again: {len(again)} of {len(callbacks or [])}")
        return
    wanted = Wanted(account, state or STAGES[CallStage.GIVEN_UP], host, message, inbound)

    async def find(place: Installation) -> array[int]:
        return await _call_backs(place).find(_within(wanted, since, until, place.timezone))

    ids = with_store(config, data, find)
    if ids and not yes:
        typer.confirm(f"Call {len(ids)} call-backs again?", abort=True)
    with _watching(len(ids)) as progress:
        called = with_store(config, data, lambda p: _call_backs(p).replay_all(ids, progress))
    typer.echo(f"called again: {called}")


@app.command()
def hosts(config: ConfigOption = None, data: DataOption = None) -> None:
    """Hosts for which call-backs wait: which are left in peace, until when, and why."""

    async def work(place: Installation) -> tuple[Sequence[HostQueue], str]:
        return await _call_backs(place).hosts(), place.timezone

    found, zone = with_store(config, data, work)
    now = now_ms()
    rows = [
        (
            printable(one.host),
            moment(one.next_at, zone),
            str(one.failures),
            moment(one.since, zone) if one.since else "-",
            moment(one.paused_until, zone) if one.paused_until > now else "-",
            printable(one.error) or "-",
        )
        for one in found
    ]
    show_table(HOSTS, rows, frozenset({"failures"}))


def _line(row: CallRow, zone: str) -> tuple[str, ...]:
    last = "-" if row.last_status is None else result(row.last_status, row.last_error)
    return (
        str(row.id),
        moment(row.at, zone),
        row.login,
        about(row),
        printable(row.host) or "-",
        STAGES[row.stage],
        str(row.attempts),
        short(printable(last), _LONGEST_ERROR),
    )


def _head(story: CallStory, zone: str) -> Iterator[tuple[str, str]]:
    row = story.row
    yield "call-back", str(row.id)
    yield "account", row.login
    yield "about", about(row)
    yield "since", moment(row.at, zone)
    yield "called", printable(called(story))
    yield "host", printable(row.host) or "-"
    yield "state", STAGES[row.stage]
    yield "tries", str(row.attempts)
    if row.stage is CallStage.WAITING:
        yield "next try", moment(row.next_at, zone)
    if row.ended_at is not None:
        yield "ended", moment(row.ended_at, zone)


def _within(wanted: Wanted, since: str | None, until: str | None, zone: str) -> Wanted:
    """With the times read in the gateway's zone; exit code 2 where they are none."""
    return wanted._replace(since=_moment(since, zone), until=_moment(until, zone))


def _moment(text: str | None, zone: str) -> int | None:
    if text is None:
        return None
    now = datetime.fromtimestamp(now_ms() / 1000, UTC)
    try:
        return int(read_past(text, zone_info(zone), now).timestamp() * 1000)
    except ValueError as error:
        fail(str(error), 2)


@contextmanager
def _watching(total: int) -> Iterator[Progress]:
    """A progress bar where there is a terminal."""
    from rich.console import Console

    from habar.cli.bar import Bar

    console = Console()
    if not console.is_terminal:
        yield lambda _: None
        return
    bar = Bar(console, rate="call-backs/s")
    bar.stage("called again", total)
    try:
        yield bar.advance
    finally:
        bar.clear()
