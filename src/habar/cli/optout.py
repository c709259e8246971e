"""`habar optout`: subscribers who want no messages of an account."""

from __future__ import annotations

from typing import Annotated

import typer

from habar.admin.opt_outs import OptOuts, OptOutView
from habar.cli.columns import printable, show_table
from habar.cli.place import ConfigOption, DataOption, Installation, actor, now_ms, with_store
from habar.model.times import moment

app = typer.Typer(
    help="Subscribers who want no messages of an account.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
HEAD = ("number", "account", "since", "said to")
Account = Annotated[str, typer.Option(help="Whose messages (a login).")]
Number = Annotated[str, typer.Argument(help="The subscriber, as 77011234567.")]


def _opt_outs(place: Installation) -> OptOuts:
    return OptOuts(place.inbox, place.store.books, actor=actor(), now=now_ms)


@app.command("list")
def list_(
    account: Annotated[str | None, typer.Option(help="Only of this account (a login).")] = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 50,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Who wants none, since when, and to which short code it was said."""

    async def work(place: Installation) -> tuple[list[OptOutView], str]:
        return await _opt_outs(place).list(account, limit), place.timezone

    found, zone = with_store(config, data, work)
    rows = [
        (str(one.msisdn), one.account, moment(one.at, zone), printable(one.short_code) or "staff")
        for one in found
    ]
    show_table(HEAD, rows, frozenset(), keys=2)


@app.command()
def add(
    number: Number, account: Account, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Refuse the account's messages to this subscriber from now on."""
    msisdn = with_store(config, data, lambda place: _opt_outs(place).add(account, number))
    typer.echo(f"{msisdn} gets no messages of {account}")


@app.command()
def remove(
    number: Number, account: Account, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Let the account's messages go to this subscriber again."""
    msisdn = with_store(config, data, lambda place: _opt_outs(place).remove(account, number))
    typer.echo(f"{msisdn} may get messages of {account}")
