"""`python -m habar.cli.member`: one of the processes of `habar serve --processes`.

Not a command of `habar`, and nothing for people: `app.member` says how a supervisor starts it and
what it is told. Exit codes are those of `habar serve`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import structlog
import typer

from habar.app.gateway import Gateway
from habar.app.logs import set_up
from habar.app.member import NotHanded, say_ready, unpack
from habar.app.run import run
from habar.app.told import StartError, told
from habar.cli.place import fail
from habar.cli.serve import serve_until_stopped
from habar.parent import end_with
from habar.simulator import Simulator


def main() -> int:
    """Serve; the exit code."""
    try:
        _serve(sys.stdin.buffer.read())
    except typer.Exit as end:
        return end.exit_code
    return 0


def _serve(octets: bytes) -> None:
    try:
        handed = unpack(octets)
        with told("the supervisor"):
            end_with(handed.supervisor)
    except NotHanded as error:
        fail(str(error), 2)
    except StartError as error:
        fail(str(error))
    set_up(handed.settings.log)
    structlog.contextvars.bind_contextvars(node=handed.name)
    serve_until_stopped(run(handed.settings, None, _started, handed.node))


def _started(gateway: Gateway, smsc: Simulator | None, certificate: Path | None) -> None:
    del gateway, smsc, certificate
    say_ready()


if __name__ == "__main__":
    sys.exit(main())
