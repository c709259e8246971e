"""`habar config`: look at the settings before the gateway does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from habar.cli.place import settings_of

app = typer.Typer(
    help="The gateway's settings.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(
    config: Annotated[Path, typer.Argument(help="The file, usually habar.toml.")] = Path(
        "habar.toml"
    ),
) -> None:
    """Read a file of settings and list every fault in it; exit code 2 if there is one."""
    settings = settings_of(config)
    operators = ", ".join(f"{o.name} ({o.host}:{o.port})" for o in settings.operators)
    listeners = ", ".join(f"{x.host}:{x.port}" for x in settings.listeners)
    typer.echo(f"{config}: good. Listeners {listeners}; operators {operators}.")
