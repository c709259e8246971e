"""Where the gateway is: what people write as its address, as one URL.

Guarantees: the result is a complete http or https URL without credentials, query or fragment.
Without a scheme it is https, save for this machine itself, where it is http: a password does not
go over a network in the clear because somebody forgot a word.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

PATH = "/api"
"""Where the XML protocol is served."""


def gateway_url(address: str) -> str:
    """Complete `host`, `host:port` or a URL; a URL's own path is kept, without one it is /api.

    Raises ValueError, never quoting credentials.
    """
    given = _split(address.strip())
    if given.scheme not in ("http", "https"):
        raise ValueError("the gateway's address must begin with http:// or https://")
    if given.username is not None or given.password is not None:
        raise ValueError("login and password do not belong in the gateway's address")
    if given.query or given.fragment:
        raise ValueError("the gateway's address must have no query and no fragment")
    if not given.hostname or any(letter <= " " for letter in given.netloc + given.path):
        raise ValueError("the gateway's address has no host, or white space in it")
    path = given.path if given.path.strip("/") else PATH
    return f"{given.scheme}://{given.netloc}{path}"


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(address: str) -> SplitResult:
    try:
        given = urlsplit(address if "://" in address else f"//{address}")
        if not given.scheme:
            scheme = "http" if is_loopback(given.hostname or "") else "https"
            given = given._replace(scheme=scheme)
        _ = given.port  # raises for a port that is no number from 0 to 65535
    except ValueError as error:
        raise ValueError("the gateway's address cannot be read: its host or port is wrong") from (
            None if "@" in address else error
        )
    return given
