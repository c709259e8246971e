"""Who this process is among those on its database: its name, its roles, what it shares.

Guarantees: a value. Knows no supervisor: `number` and `ports` are all that a node sees of one.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from habar.config import ALL_ROLES, Role, Settings


@dataclass(frozen=True, slots=True)
class ThisNode:
    """A node, as it sees itself."""

    name: str
    roles: tuple[Role, ...] = ALL_ROLES
    number: int = 1
    """Among the processes that one supervisor has started, from 1."""
    ports: tuple[int, ...] = ()
    """What it shares with those: the port of each listener of the settings. Empty: it is alone."""

    @property
    def fronts(self) -> bool:
        """Whether customers are served here."""
        return Role.FRONT in self.roles

    @property
    def dispatches(self) -> bool:
        """Whether messages go to operators from here."""
        return Role.DISPATCH in self.roles

    @property
    def calls(self) -> bool:
        """Whether it calls customers' web services."""
        return Role.CALLBACKS in self.roles


def node_name(settings: Settings) -> str:
    """The name that the settings give, else the machine's."""
    return settings.gateway.node or socket.gethostname()


def this_node(settings: Settings, roles: tuple[Role, ...] = ALL_ROLES) -> ThisNode:
    """The node of a process that is alone on its machine."""
    return ThisNode(node_name(settings), roles)
