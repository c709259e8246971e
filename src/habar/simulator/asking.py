"""The other end of the simulator's control socket, for commands: it blocks.

Guarantees: every wait ends; what goes wrong is one sentence (ControlError).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from habar.simulator.control_lines import (
    ACKNOWLEDGED_WITHIN,
    LONGEST_LINE,
    ControlError,
    Deliver,
    End,
    Line,
    Refused,
    UnreadableLine,
    checked_path,
    line_of,
    octets_of,
)

_SPARE = 10.0  # s beyond what the simulator waits itself
_CONNECTED_WITHIN = 5.0


def ask(path: Path, request: Deliver) -> Iterator[Line]:
    """Have a message handed on, and tell line by line what becomes of it, up to End or Refused.

    Raises ControlError: nobody listens, the connection breaks, something else answers.
    """
    name = checked_path(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(_CONNECTED_WITHIN)
        try:
            caller.connect(name)
            caller.settimeout(ACKNOWLEDGED_WITHIN + request.wait + _SPARE)
            caller.sendall(octets_of(request))
            with caller.makefile("rb") as lines:
                yield from _told(lines.readline, path)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise ControlError(f"no simulator runs here: nobody listens on {path}") from error
        except TimeoutError as error:
            raise ControlError(f"the simulator on {path} does not answer") from error
        except OSError as error:
            raise ControlError(f"{path}: {error.strerror or error}") from error


def _told(readline: Callable[[int], bytes], path: Path) -> Iterator[Line]:
    while True:
        octets = readline(LONGEST_LINE)
        try:
            line = line_of(octets)
        except UnreadableLine as error:
            raise ControlError(f"what answers on {path} is no simulator, or has ended") from error
        yield line
        if isinstance(line, End) or (isinstance(line, Refused) and not line.part):
            return
