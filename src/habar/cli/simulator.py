"""`habar simulator`: an operator's SMSC to talk to, alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

import typer
import uvloop

if TYPE_CHECKING:
    from habar.simulator import Received, Settings

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command()
def simulator(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0: any free one.", min=0, max=65535)
    ] = 2776,
    system_id: Annotated[str, typer.Option(help="Who may bind.")] = "habar",
    password: Annotated[
        str | None, typer.Option(help="The password for it; for habar it is habar.")
    ] = None,
    receipt_delay: Annotated[
        float, typer.Option(help="Seconds from a message to its receipt.", min=0)
    ] = 1.0,
    response_delay: Annotated[
        float, typer.Option(help="Seconds from a submit_sm to its answer.", min=0)
    ] = 0.0,
    message_ids: Annotated[
        Literal["decimal", "hex"], typer.Option(help="How message ids are written.")
    ] = "decimal",
    quiet: Annotated[bool, typer.Option("--quiet", help="No line for each message.")] = False,
) -> None:
    """Run an operator's SMSC to try things with: binds, receipts, fates by recipient.

    Prints a line for each message it takes. SIGTERM or Ctrl-C ends it in order.
    """
    from habar.app.logs import set_up
    from habar.app.told import StartError
    from habar.cli.place import fail
    from habar.config import LogSettings
    from habar.simulator import Settings

    known = Settings().passwords
    if password is None and system_id not in known:
        fail(f"a --password is needed for {system_id}", 2)
    settings = Settings(
        host=host,
        port=port,
        passwords=known if password is None else {system_id: password},
        receipt_delay=receipt_delay,
        response_delay=response_delay,
        message_ids=message_ids,
    )
    set_up(LogSettings(level="warning" if quiet else "info"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(settings, quiet=quiet))
        except StartError as error:
            fail(str(error))


async def _serve(settings: Settings, *, quiet: bool) -> None:
    from habar.app.signals import stop_asked
    from habar.app.told import told
    from habar.config import address
    from habar.simulator import Simulator

    smsc = Simulator(settings, on_message=None if quiet else _show)
    with stop_asked() as stop:
        with told(address(settings.host, settings.port)):
            await smsc.start()
        try:
            names = ", ".join(settings.passwords)
            typer.echo(f"SMSC simulator on {address(smsc.host, smsc.port)}, system_id {names}")
            await stop.wait()
        finally:
            await smsc.close()


def _show(message: Received) -> None:
    typer.echo(
        f"{message.source} -> {message.destination}  id {message.message_id}  {message.text!r}"
    )
