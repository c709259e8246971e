"""One of the processes of `habar serve --processes`, as it is told who it is.

A supervisor starts it as `python -m habar.cli.member` and writes one JSON document, `Handed`, to
its standard input: no argument, no variable and no command of `habar` makes a process such a one
by accident, and the passwords of the settings are in no list of processes. Once it serves it
writes READY to its standard output. Its log goes where the supervisor's goes.

Guarantees: it lives no longer than the supervisor (`parent.end_with`), whatever ends that.
"""

from __future__ import annotations

import os
import sys

import msgspec
from msgspec import Struct

from habar.app.node import ThisNode
from habar.config import Role, Settings

READY = b"ready\n"


class NotHanded(Exception):
    """What came on standard input is not a supervisor's."""


class Handed(Struct, frozen=True, kw_only=True):
    """What the supervisor tells: the settings as it has read them, the same to all."""

    settings: Settings
    name: str
    roles: tuple[Role, ...]
    number: int
    ports: tuple[int, ...]
    supervisor: int
    """Its process id."""

    def __repr__(self) -> str:
        return f"Handed(name={self.name!r}, number={self.number})"

    @property
    def node(self) -> ThisNode:
        """Who this process is."""
        return ThisNode(self.name, self.roles, self.number, self.ports)


def pack(handed: Handed) -> bytes:
    """The document."""
    return msgspec.json.encode(handed)


def unpack(octets: bytes) -> Handed:
    """Read it. Raises NotHanded."""
    try:
        return msgspec.json.decode(octets, type=Handed)
    except (msgspec.DecodeError, UnicodeDecodeError):  # its words may quote what is a secret
        raise NotHanded(
            "this is one of the processes of habar serve --processes, which alone starts it"
        ) from None


def say_ready() -> None:
    """Tell the supervisor. What is written to standard output after this goes to the log."""
    sys.stdout.flush()
    os.write(sys.stdout.fileno(), READY)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
