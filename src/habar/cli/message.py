"""`habar message`: where a message is, and how it came there."""

from __future__ import annotations

from typing import Annotated

import typer

from habar.admin import messages
from habar.cli.place import ConfigOption, DataOption, with_store

app = typer.Typer(
    help="Messages, as support staff see them.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    pass


@app.command()
def show(
    sms_id: Annotated[int, typer.Argument(help="The gateway's id of the message (sms_id).")],
    zone: Annotated[str, typer.Option(help="Zone of the times.")] = "Asia/Almaty",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """A message's whole story: what came in, where it went, parts, receipts, money."""
    for line in with_store(config, data, lambda store: messages.story(store, sms_id, zone=zone)):
        typer.echo(line)
