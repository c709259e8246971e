"""`habar message`: where a message is, and how it came there."""

from __future__ import annotations

from typing import Annotated

import typer

from habar.admin import messages
from habar.cli.place import ConfigOption, DataOption, fail, with_store
from habar.model.times import zone_info

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
    try:
        zone_info(zone)
    except (KeyError, ValueError, OSError):
        fail(f"{zone!r} is not an IANA time zone such as Asia/Almaty", 2)
    lines = with_store(config, data, lambda place: messages.story(place.store, sms_id, zone=zone))
    for line in lines:
        typer.echo(line)
