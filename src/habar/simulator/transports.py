"""What the simulated SMSC asks of a transport beyond writing: who binds over it, and a reset.

Guarantees: works on asyncio's transports and on uvloop's, with TLS and without.
Knows nothing of sessions.
"""

import asyncio
import os
import socket
import struct
from typing import Any

from habar.simulator.record import Bind
from habar.wire.smpp import Pdu

_RESET = struct.pack("ii", 1, 0)


def bind_of(
    pdu: Pdu, session: int, kind: str, status: int, transport: asyncio.BaseTransport | None
) -> Bind:
    """Tell a bind request that came over a transport and was answered by this status."""
    secure = transport is not None and transport.get_extra_info("ssl_object") is not None
    return Bind(
        session=session,
        kind=kind,
        system_id=pdu.octets("system_id").decode("latin-1"),
        system_type=pdu.octets("system_type").decode("latin-1"),
        interface_version=pdu.number("interface_version"),
        addr_ton=pdu.number("addr_ton"),
        addr_npi=pdu.number("addr_npi"),
        address_range=pdu.octets("address_range").decode("latin-1"),
        status=status,
        secure=secure,
        certificate=_common_name(transport) if secure and transport is not None else "",
    )


def _common_name(transport: asyncio.BaseTransport) -> str:
    """Read the name in the peer's certificate; "" where it showed none."""
    certificate: Any = transport.get_extra_info("peercert") or {}
    for names in certificate.get("subject", ()):
        for kind, value in names:
            if kind == "commonName":
                return str(value)
    return ""


def end_with_reset(transport: asyncio.BaseTransport) -> None:
    """Have the close of this transport be a TCP reset and no orderly end."""
    end = transport.get_extra_info("socket")
    # uvloop's own object cannot set options; the option is of the socket, not of the descriptor.
    with socket.socket(fileno=os.dup(end.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
