"""Addresses of customers' web services: which are acceptable, and whose host they are.

Guarantees: what `host_of` gives is the same for all URLs that a client would connect for to the
same scheme, host and port. Whether that host may be called is decided where the connection is made
(callbacks/guard.py), never by how it is written. Pure.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LONGEST = 2_000
"""Characters."""
_PORTS = {"http": 80, "https": 443}
_UNFIT = re.compile(r"[\x00-\x20\x7f]")


class InvalidUrl(ValueError):
    """It is none that could be called; the text says why, without the URL."""


def host_of(url: str) -> str:
    """The scheme, host and port: `https://example.org:443`. Raises InvalidUrl."""
    if len(url) > LONGEST:
        raise InvalidUrl(f"the URL is longer than {LONGEST} characters")
    if _UNFIT.search(url):
        raise InvalidUrl("the URL has a space or a control character in it")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidUrl("the URL's host or port cannot be read") from None
    if parts.scheme not in _PORTS:
        raise InvalidUrl("the URL begins neither with http:// nor with https://")
    if not host:
        raise InvalidUrl("the URL has no host")
    if port == 0:
        raise InvalidUrl("the URL's host or port cannot be read")
    if parts.username is not None or parts.password is not None:
        raise InvalidUrl("the URL has a user name or password in it")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port or _PORTS[parts.scheme]}"
