"""`habar receipt`: operators' receipts that match no message."""

from __future__ import annotations

from typing import Annotated

import typer

from habar.admin.receipts import OrphanReceipts
from habar.cli.columns import printable, show_table
from habar.cli.place import ConfigOption, DataOption, Installation, actor, now_ms, with_store

app = typer.Typer(
    help="Operators' receipts that match no message.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
HEAD = ("receipt", "at", "operator", "its id", "state", "error", "as it came")


def _orphans(place: Installation) -> OrphanReceipts:
    return OrphanReceipts(place.store, actor=actor(), now=now_ms)


@app.command()
def orphans(
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 50,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Receipts that are kept because nobody knows their message."""
    found = with_store(config, data, lambda p: _orphans(p).list(limit, zone=p.timezone))
    rows = [
        (
            str(one.id),
            one.at,
            one.operator,
            one.operator_message_id,
            one.state,
            one.error or "-",
            printable(one.raw),
        )
        for one in found
    ]
    show_table(HEAD, rows, right=frozenset({"receipt"}))


@app.command()
def match(
    receipt: Annotated[int, typer.Argument(help="Its number in the list of orphans.")],
    sms_id: Annotated[int, typer.Argument(help="The message that it is about (sms_id).")],
    part: Annotated[int, typer.Option(help="The part that it is about, from 1.", min=1)] = 1,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Say which message a receipt is about; it has the effect that it would have had."""
    with_store(config, data, lambda place: _orphans(place).match(receipt, sms_id, part))
    typer.echo(f"receipt {receipt} is about message {sms_id}, part {part}")
