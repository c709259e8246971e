"""`habar config`: look at the settings before the gateway does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from habar.cli.place import CONFIG, settings_of
from habar.config import cautions

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
    config: Annotated[Path, typer.Argument(envvar="HABAR_CONFIG", help="The file.")] = CONFIG,
) -> None:
    """Read a file of settings and list every fault in it; exit code 2 if there is one."""
    settings = settings_of(config)
    for caution in cautions(config, settings):
        typer.echo(f"habar: {caution}", err=True)
    operators = ", ".join(f"{o.name} ({o.address})" for o in settings.operators)
    listeners = ", ".join(x.address for x in settings.listeners)
    typer.echo(f"{config}: good. Listeners {listeners}; operators {operators}.")
