"""`habar simulator`: an operator's SMSC to talk to, alone."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import typer
import uvloop

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command(help=__doc__)
def simulator(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0: any free one.")] = 2776,
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
    """Serve until stopped by a signal; a line for each message that is taken."""
    from habar.app.logs import set_up
    from habar.config import LogSettings
    from habar.simulator import Received, Settings, Simulator, run

    def show(message: Received) -> None:
        typer.echo(
            f"{message.source} -> {message.destination}  id {message.message_id}  {message.text!r}"
        )

    def started(running: Simulator) -> None:
        typer.echo(f"SMSC simulator on {running.host}:{running.port}, system_id {system_id}")

    set_up(LogSettings())
    known = Settings().passwords
    if password is None and system_id not in known:
        typer.echo(f"a --password is needed for {system_id}", err=True)
        raise typer.Exit(2)
    settings = Settings(
        host=host,
        port=port,
        passwords=known if password is None else {system_id: password},
        receipt_delay=receipt_delay,
        response_delay=response_delay,
        message_ids=message_ids,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(run(settings, on_message=None if quiet else show, on_start=started))
        except OSError as error:
            typer.echo(f"cannot listen on {host}:{port}: {error.strerror}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo("stopped")
