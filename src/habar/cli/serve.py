"""`habar serve`: the gateway, in its sandbox or by a configuration."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
import uvloop

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command()
def serve(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="HABAR_CONFIG", help="habar.toml: production."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Sandbox: the data folder.  [default: habar-data]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Sandbox: HTTP and HTTPS; 0: any free.  [default: 8090]")
    ] = None,
    simulator_port: Annotated[
        int | None, typer.Option(help="Sandbox: the SMSC simulator.  [default: 2776]")
    ] = None,
) -> None:
    """Start the gateway. Without --config: a sandbox on this machine, with an SMSC inside."""
    from habar.app.run import StartError, run
    from habar.app.logs import set_up
    from habar.app.sandbox import Sandbox
    from habar.cli.banner import production, sandbox_banner
    from habar.cli.place import fail, settings_of
    from habar.config import LogSettings

    settings = sandbox = None
    if config is not None:
        if data is not None or port is not None or simulator_port is not None:
            fail("--data, --port and --simulator-port are the sandbox's; --config has its own", 2)
        settings = settings_of(config)
        set_up(settings.log)
        started = production
    else:
        set_up(LogSettings())
        sandbox = Sandbox(
            data=data or Path("habar-data"),
            port=8090 if port is None else port,
            simulator_port=2776 if simulator_port is None else simulator_port,
        )
        started = sandbox_banner
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(run(settings, sandbox, started))
        except StartError as error:
            fail(str(error))
