"""`habar message`: where a message is, and how it came there."""

from __future__ import annotations

from typing import Annotated

import typer

from habar.admin import messages
from habar.admin.doubt import HeldMessages
from habar.cli.columns import show_story, show_table
from habar.cli.place import (
    ConfigOption,
    DataOption,
    Installation,
    actor,
    now_ms,
    with_store,
)
from habar.cli.place import fail as stop
from habar.model.times import zone_info

app = typer.Typer(
    help="Messages, as support staff see them.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
SmsId = Annotated[int, typer.Argument(help="The gateway's id of the message (sms_id).")]
HEAD = ("message", "since", "operator", "recipient", "why")


def _held(place: Installation) -> HeldMessages:
    return HeldMessages(place.store, actor=actor(), now=now_ms)


@app.command()
def show(
    sms_id: SmsId,
    zone: Annotated[str, typer.Option(help="Zone of the times.")] = "Asia/Almaty",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """A message's whole story: what came in, where it went, parts, receipts, money, call-backs."""
    try:
        zone_info(zone)
    except (KeyError, ValueError, OSError):
        stop(f"{zone!r} is not an IANA time zone such as Asia/Almaty", 2)

    async def work(place: Installation) -> list[str]:
        inbox, callbacks = place.inbox, place.callbacks
        return await messages.story(
            place.store, sms_id, inbox=inbox, callbacks=callbacks, zone=zone
        )

    lines = with_store(config, data, work)
    show_story(lines)


@app.command()
def held(
    limit: Annotated[int, typer.Option(help="How many, the longest held first.", min=1)] = 50,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Messages of which nobody knows whether their operator has them; they wait for your word."""
    found = with_store(config, data, lambda place: _held(place).list(limit, zone=place.timezone))
    rows = [(str(one.message_id), one.since, one.operator, one.recipient, one.why) for one in found]
    show_table(HEAD, rows, right=frozenset({"message"}))


@app.command()
def resend(sms_id: SmsId, config: ConfigOption = None, data: DataOption = None) -> None:
    """Send a held message again: its operator does not have it, or may have it twice."""
    with_store(config, data, lambda place: _held(place).decide(sms_id, resend=True))
    typer.echo(f"{sms_id} goes out again")


@app.command()
def fail(sms_id: SmsId, config: ConfigOption = None, data: DataOption = None) -> None:
    """End a held message (108); its price goes back unless the operator has taken a part."""
    with_store(config, data, lambda place: _held(place).decide(sms_id, resend=False))
    typer.echo(f"{sms_id} has ended")
