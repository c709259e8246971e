"""`habar serve`: the gateway, in its sandbox or by a configuration."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvloop

from habar.config import NoSuchRoles, Role, Settings, check_roles, roles_of

if TYPE_CHECKING:
    from habar.app.node import ThisNode

MEMBER = (sys.executable, "-P", "-m", "habar.cli.member")
"""Starts one of several processes: of this installation, whatever lies in the current folder."""

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
            envvar="HABAR_ROLES",
            help="What this node is there for: front, dispatch, callbacks, or several of them.",
        ),
    ] = "front,dispatch,callbacks",
    processes: Annotated[
        int,
        typer.Option(
            help="Processes that share the listeners; above 1 on PostgreSQL only.", min=1, max=256
        ),
    ] = 1,
) -> None:
    """Start the gateway. Without --config: a sandbox on this machine, with an SMSC inside.

    SIGTERM or Ctrl-C stops it in order, a second one at once.
    """
    wanted = _roles(roles)
    if config is None:
        _check(Settings(), wanted, processes)
        _sandbox(data, port, simulator_port)
    elif data is None and port is None and simulator_port is None:
        _production(config, wanted, processes)
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


def _check(settings: Settings, roles: tuple[Role, ...], processes: int) -> None:
    """Whether there can be such nodes, and so many; else one sentence and exit code 2."""
    from habar.cli.place import fail

    try:
        check_roles(settings, roles)
    except NoSuchRoles as error:
        fail(f"--roles: {error}", 2)
    if processes == 1:
        return
    if not settings.database.url:
        fail(
            "--processes above 1 needs PostgreSQL ([database] url): on SQLite there is one process",
            2,
        )
    from habar.app.listeners import port_fault

    fault = port_fault(settings, processes)
    if fault:
        fail(fault, 2)


def _production(config: Path, roles: tuple[Role, ...], processes: int) -> None:
    import structlog

    from habar.app.logs import set_up
    from habar.app.node import this_node
    from habar.app.run import run
    from habar.cli.banner import production
    from habar.cli.place import settings_of
    from habar.config import cautions

    settings = settings_of(config)
    _check(settings, roles, processes)
    set_up(settings.log)
    for caution in cautions(config, settings):
        structlog.get_logger("habar").warning(caution)
    node = this_node(settings, roles)
    if processes == 1:
        serve_until_stopped(run(settings, None, production, node))
    else:
        _supervise(settings, node, processes)


def _supervise(settings: Settings, node: ThisNode, processes: int) -> None:
    from habar.app.processes import run_processes
    from habar.app.told import StartError
    from habar.cli.banner import listening
    from habar.cli.place import fail

    def started(addresses: list[str]) -> None:
        listening(addresses, settings)

    try:
        code = asyncio.run(run_processes(settings, node, processes, MEMBER, started))
    except StartError as error:
        fail(str(error))
    raise typer.Exit(code)


def _sandbox(data: Path | None, port: int | None, simulator_port: int | None) -> None:
    from habar.app.logs import set_up
    from habar.app.run import run
    from habar.app.sandbox import Sandbox
    from habar.cli.banner import sandbox_banner
    from habar.config import GatewaySettings, LogSettings

    set_up(LogSettings())
    sandbox = Sandbox(
        data=data or Path(GatewaySettings().data),
        port=8090 if port is None else port,
        simulator_port=2776 if simulator_port is None else simulator_port,
        tell=typer.echo,
    )
    serve_until_stopped(run(None, sandbox, sandbox_banner))


def serve_until_stopped(serving: Coroutine[None, None, None]) -> None:
    """Run a gateway to its end; what keeps it from starting is one sentence and exit code 1."""
    from habar.app.told import StartError
    from habar.cli.place import fail

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(serving)
        except StartError as error:
            fail(str(error))
