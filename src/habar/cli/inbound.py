"""`habar inbound`: subscribers' messages, as support staff see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from habar.admin.inbox import SubscribersMessages, code_of
from habar.admin.shortcodes import named
from habar.cli.columns import printable, short, show_story, show_table
from habar.cli.place import (
    ConfigOption,
    DataOption,
    Installation,
    actor,
    fail,
    now_ms,
    with_store,
)
from habar.model.times import moment
from habar.store.inbox import CallMethod, InboundRow, Rule

app = typer.Typer(
    help="Subscribers' messages: what came in, whose it is, what became of it.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
HEAD = ("id", "came in", "from", "to", "account", "state", "text")
_LONGEST_TEXT = 60
"""Characters of a text in the list; `show` tells the whole."""
Id = Annotated[int, typer.Argument(help="Its number in the list.")]


def _messages(place: Installation) -> SubscribersMessages:
    return SubscribersMessages(
        place.inbox, place.callbacks, place.store.books, actor=actor(), now=now_ms
    )


@app.command("list")
def list_(
    unrouted: Annotated[
        bool, typer.Option("--unrouted", help="Only those that are nobody's.")
    ] = False,
    state: Annotated[
        Literal["unrouted", "waiting", "delivered", "undelivered", "kept"] | None,
        typer.Option(help="Only those that are so now."),
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only this account's (a login).")] = None,
    code: Annotated[str | None, typer.Option(help="Only to this short code.")] = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 50,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Subscribers' messages, the newest first."""
    if unrouted and state is not None:
        fail("--unrouted is a --state: give one of them", 2)
    wanted = "unrouted" if unrouted else state

    async def work(place: Installation) -> tuple[Sequence[InboundRow], str]:
        found = await _messages(place).list(account=account, state=wanted, code=code, limit=limit)
        return found, place.timezone

    found, zone = with_store(config, data, work)
    rows = [
        (
            str(row.id),
            moment(row.received_at, zone),
            printable(row.sender),
            printable(code_of(row)),
            row.login or "-",
            row.state.name.lower(),
            short(printable(" ".join(row.text.split())), _LONGEST_TEXT),
        )
        for row in found
    ]
    show_table(HEAD, rows, right=frozenset({"id"}))


@app.command()
def show(inbound: Id, config: ConfigOption = None, data: DataOption = None) -> None:
    """One's whole story: what came in, whose it is, every call, the reply, why there was none."""
    lines = with_store(
        config, data, lambda place: _messages(place).story(inbound, zone=place.timezone)
    )
    show_story(lines)


@app.command()
def assign(
    inbound: Id,
    code: Annotated[str | None, typer.Option(help="To the owner of this short code.")] = None,
    keyword: Annotated[str, typer.Option(help="And this keyword of it.")] = "",
    account: Annotated[str | None, typer.Option(help="To this account (a login).")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Give one that is nobody's, kept or undelivered to a short code's owner, or an account."""
    if (code is None) == (account is None) or (keyword and code is None):
        fail("give --code, with --keyword or without, or --account", 2)

    async def work(place: Installation) -> Rule:
        messages = _messages(place)
        if account is not None:
            return await messages.assign_to_account(inbound, account)
        return await messages.assign_to_rule(inbound, code or "", keyword)

    rule = with_store(config, data, work)
    to = account or named(rule.code, rule.keyword)
    if rule.method is CallMethod.NONE:
        typer.echo(f"{inbound} is in the inbox of {to}")
    else:
        typer.echo(f"{inbound} is owed to {to} now")


@app.command()
def reroute(config: ConfigOption = None, data: DataOption = None) -> None:
    """Look at all that are nobody's again, by the short codes and keywords as they are now."""
    done = with_store(config, data, lambda place: _messages(place).reroute())
    typer.echo(
        f"{done.assigned} of {done.looked_at} are somebody's now,"
        f" {done.looked_at - done.assigned} stay nobody's"
    )


@app.command()
def replay(
    inbound: Annotated[list[int], typer.Argument(help="Their numbers in the list.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Have the customer's web service called with them again, now."""
    calls = with_store(config, data, lambda place: _messages(place).replay(inbound))
    if not calls:
        fail("none is called again: a call is being made, or is owed behind another")
    typer.echo(f"called again: {len(calls)} of {len(inbound)} (call-backs {_ids(calls)})")


def _ids(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))
