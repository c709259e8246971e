"""The command line: a skin over `app`, `admin` and the customer's library.

Guarantees: a subcommand's module is imported when it is used, so that `habar --help` is quick; an
error that a person can mend is one sentence on standard error and exit code 1 or 2, never a trace.
"""

from __future__ import annotations

import difflib
import importlib
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

COMMANDS = {
    "serve": "serve",
    "simulator": "simulator",
    "simulate": "simulate",
    "config": "config",
    "db": "db",
    "account": "account",
    "sender": "sender",
    "operator": "operator",
    "route": "route",
    "range": "range",
    "ported": "ported",
    "message": "message",
    "receipt": "receipt",
    "shortcode": "shortcode",
    "inbound": "inbound",
    "optout": "optout",
    "callback": "callback",
    "node": "node",
    "send": "send",
    "status": "status",
}
"""Name of the command, and the module of this package whose `app` it is."""


class LazyGroup(TyperGroup):
    """Subcommands that are imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of a first acquaintance."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None; one that is nearly right is named."""
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            if near:
                ctx.fail(f"No such command {cmd_name!r}. Did you mean {near[0]!r}?")
            return None
        module = importlib.import_module(f"habar.cli.{COMMANDS[cmd_name]}")
        command = get_command(module.app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=LazyGroup,
    name="habar",
    help="A self-hosted SMS gateway. Begin with: habar serve",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from habar import __version__

        typer.echo(f"habar {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Say the version and stop."
    ),
) -> None:
    del version
