"""Where a node listens: the listeners of the settings, by its roles and for it and its siblings.

Processes under one supervisor share every port. Figures are a process's own, and a request to a
shared port reaches any of them: so beside each listener with `ops` every process has a port of its
own, the listener's and its number more, where it alone answers.
Guarantees: pure; ports that cannot all be had are told before any process starts.
"""

from __future__ import annotations

from collections.abc import Iterator

from habar.app.node import ThisNode
from habar.config import ListenerSettings, Role, Settings
from habar.northbound.http.settings import ListenAddress

LAST_PORT = 65535


def is_used(listener: ListenerSettings, roles: tuple[Role, ...]) -> bool:
    """Whether a node of these roles listens there; one without customers for its watchers only."""
    return Role.FRONT in roles or listener.ops


def listen_addresses(settings: Settings, node: ThisNode) -> Iterator[ListenAddress]:
    """The addresses of this process."""
    ports = node.ports or tuple(x.port for x in settings.listeners)
    for listener, port in zip(settings.listeners, ports, strict=True):
        if is_used(listener, node.roles):
            yield ListenAddress(listener.host, port, listener.ops, shared=bool(node.ports))
            if node.ports and listener.ops:
                yield ListenAddress(listener.host, own_port(listener, node.number), ops=True)


def own_port(listener: ListenerSettings, number: int) -> int:
    """Where process `number` alone answers those who watch; 0 (any) where the settings say 0."""
    return listener.port + number if listener.port else 0


def port_fault(settings: Settings, processes: int) -> str | None:
    """Why so many processes cannot have a port of their own each, in one sentence; else None."""
    taken = {x.port for x in settings.listeners}
    for listener in settings.listeners:
        if not (listener.ops and listener.port):
            continue
        own = range(own_port(listener, 1), own_port(listener, processes) + 1)
        where = f"[[listeners]] {listener.address}: each process has a port of its own beside it"
        if own[-1] > LAST_PORT:
            return f"{where}, {own[0]} to {own[-1]}: take a lower one"
        shared = sorted(taken.intersection(own))
        if shared:
            return f"{where}, {own[0]} to {own[-1]}, and {shared[0]} is taken"
        taken.update(own)
    return None
