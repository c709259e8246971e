"""`habar sender`: which senders an account may use."""

from __future__ import annotations

from typing import Annotated

import typer

from habar.admin.senders import Senders
from habar.cli.place import ConfigOption, DataOption, Installation, actor, now_ms, with_store

app = typer.Typer(
    help="Accounts' senders.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Login = Annotated[str, typer.Argument(help="The account's login.")]
Sender = Annotated[str, typer.Argument(help="3 to 11 letters and digits, or a number.")]


def _senders(place: Installation) -> Senders:
    return Senders(place.store.books, actor=actor(), now=now_ms)


@app.command()
def add(login: Login, sender: Sender, config: ConfigOption = None, data: DataOption = None) -> None:
    """Give an account a sender."""
    with_store(config, data, lambda place: _senders(place).add(login, sender))
    typer.echo(f"{login} may send as {sender}")


@app.command("list")
def list_(login: Login, config: ConfigOption = None, data: DataOption = None) -> None:
    """The senders that an account may use, the public ones included."""
    for sender in with_store(config, data, lambda place: _senders(place).list(login)):
        typer.echo(sender)


@app.command()
def remove(
    login: Login, sender: Sender, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Take a sender away from an account."""
    with_store(config, data, lambda place: _senders(place).remove(login, sender))
    typer.echo(f"{login} may no longer send as {sender}")
