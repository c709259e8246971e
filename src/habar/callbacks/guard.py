"""Which addresses customers' web services may have.

Guarantees: what is looked at is the address that a socket is about to be connected to, after every
spelling and every name has been resolved; so neither odd spellings of an address, nor a name that
means another address than a moment ago, nor a redirect gets behind it. An address that carries an
IPv4 address inside (mapped, NAT64, 6to4) is as good as that one at best. Opened are the networks
that the gateway's staff allowed, as they are written, and nothing beside them.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; its local-use sister of RFC 8215 is not global
_NOT_GLOBAL = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # 6to4 relays, given up (RFC 7526)
)


class AddressRefused(OSError):
    """The address may not be called.

    All have the same words: where every address of a host is refused, aiohttp passes on one error
    only if they are equal.
    """

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "not a public address")


class Guard:
    """Makes the sockets for outgoing calls, for addresses that may be called."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """`allowed`: networks that may be called though they are not public. Raises ValueError."""
        self._allowed: tuple[Network, ...] = tuple(ip_network(network) for network in allowed)

    def permits(self, host: str) -> bool:
        """Whether that address (digits, no name) may be called."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped  # the very same: the kernel connects by IPv4
        return any(address in network for network in self._allowed) or _is_public(address)

    def socket(self, info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        """Make the socket for an address as `getaddrinfo` tells it. Raises AddressRefused."""
        family, kind, protocol, _, address = info
        if not self.permits(str(address[0])):
            raise AddressRefused
        return socket.socket(family, kind, protocol)


def _is_public(address: Address) -> bool:
    if any(address in network for network in _NOT_GLOBAL if network.version == address.version):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved)
    if address in _NAT64:
        return _is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None:
        return _is_public(address.sixtofour)
    return address in _GLOBAL_UNICAST and not address.is_private
