"""`habar serve`: the gateway, in its sandbox or by a configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from habar.config import NoSuchRoles, Role, Settings, check_roles, roles_of

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
        int | None,
        typer.Option(
            help="Sandbox: HTTP and HTTPS; 0: any free.  [default: 8090]", min=0, max=65535
        ),
    ] = None,
    simulator_port: Annotated[
        int | None,
        typer.Option(help="Sandbox: the SMSC simulator.  [default: 2776]", min=0, max=65535),
    ] = None,
    roles: Annotated[
        str,
        typer.Option(
            envvar="HABAR_ROLES", help="What this node is there for: front, dispatch, or both."
        ),
    ] = "front,dispatch",
) -> None:
    """Start the gateway. Without --config: a sandbox on this machine, with an SMSC inside.

    SIGTERM or Ctrl-C stops it in order, a second one at once.
    """
    wanted = _roles(roles)
    if config is None:
        _sandbox(data, port, simulator_port, wanted)
    elif data is None and port is None and simulator_port is None:
        _production(config, wanted)
    else:
        from habar.cli.place import fail

        fail(
            "--data, --port and --simulator-port are the sandbox's; with --config (or HABAR_CONFIG)"
            " the file says where",
            2,
        )


def _roles(text: str) -> tuple[Role, ...]:
    from habar.cli.place import fail

    try:
        return roles_of(text)
    except NoSuchRoles as error:
        fail(f"--roles: {error}", 2)


def _checked(settings: Settings, roles: tuple[Role, ...]) -> None:
    from habar.cli.place import fail

    try:
        check_roles(settings, roles)
    except NoSuchRoles as error:
        fail(f"--roles: {error}", 2)


def _production(config: Path, roles: tuple[Role, ...]) -> None:
    import structlog

    from habar.app.logs import set_up
    from habar.app.node import this_node
    from habar.app.run import run
    from habar.cli.banner import production
    from habar.cli.place import settings_of
    from habar.config import cautions

    settings = settings_of(config)
    _checked(settings, roles)
    set_up(settings.log)
    for caution in cautions(config, settings):
        structlog.get_logger("habar").warning(caution)
    _run(run(settings, None, production, this_node(settings, roles)))


def _sandbox(
    data: Path | None, port: int | None, simulator_port: int | None, roles: tuple[Role, ...]
) -> None:
    from habar.app.logs import set_up
    from habar.app.run import run
    from habar.app.sandbox import Sandbox
    from habar.cli.banner import sandbox_banner
    from habar.config import GatewaySettings, LogSettings

    _checked(Settings(), roles)
    set_up(LogSettings())
    sandbox = Sandbox(
        data=data or Path(GatewaySettings().data),
        port=8090 if port is None else port,
        simulator_port=2776 if simulator_port is None else simulator_port,
    )
    _run(run(None, sandbox, sandbox_banner))


def _run(serving: Coroutine[None, None, None]) -> None:
    from habar.app.told import StartError
    from habar.cli.place import fail

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(serving)
        except StartError as error:
            fail(str(error))
