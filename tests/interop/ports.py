"""A port for a server that cannot tell which free one it took."""

from __future__ import annotations

import socket


def reserved_port() -> tuple[socket.socket, int]:
    """A free port of 127.0.0.1, and the socket that keeps it from others until it is closed.

    The socket does not listen: one that may reuse the address, as servers may, can.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    return keeper, keeper.getsockname()[1]
