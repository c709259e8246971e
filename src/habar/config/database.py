"""The URL of a PostgreSQL database: what is wrong with one, and how it may be shown.

Guarantees: no fault repeats any piece of the URL, which may hold a password anywhere in it; what
`masked` gives has none, whatever the URL looks like. Knows no driver: that there is such a server
is found out by whoever connects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

FORM = "postgresql://user@host:port/database"
MASK = "***"
SECRET = frozenset({"password", "sslpassword"})
"""Parameters of the query whose values nobody is shown."""
_SCHEMES = frozenset({"postgresql", "postgres"})
_DATABASE = frozenset({"dbname", "database"})
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%a-z]+\]|[^\[\]:,]*)(?::(?P<port>\d{1,5}))?")


def faults_of(url: str) -> Iterator[str]:
    """What is wrong with a URL that is not empty, in words without any of it."""
    if not url.isprintable() or " " in url:
        yield f"a space or a control character in it; expected {FORM}"
        return
    parts = _split(url)
    if (
        parts is None
        or parts.scheme not in _SCHEMES
        or not url[len(parts.scheme) :].startswith("://")
    ):
        yield f"expected {FORM}"
        return
    if parts.fragment or "#" in url:
        yield "a # in it, which ends a URL; in a password it is written %23"
    elif "@" in parts.path + parts.query:  # what was meant for a password would be shown
        yield "an @ after the first / or ?; in a password these are written %2F, %3F and %40"
    elif not all(_is_host(host) for host in _hosts(parts).split(",")):
        yield f"the host or its port cannot be read; expected {FORM}"
    elif not parts.path.strip("/") and not _asked(parts, _DATABASE):
        yield f"it names no database; expected {FORM}"


def has_password(url: str) -> bool:
    """Whether a password stands in the URL, before its host or in its query."""
    parts = _split(url)
    return parts is not None and (
        bool(_user(parts).partition(":")[2]) or _asked(parts, frozenset({"password"}))
    )


def with_password(url: str, password: str) -> str:
    """The URL with a password for its user; one that has none yet and no faults."""
    parts = _split(url)
    if parts is None:
        return url
    user = _user(parts).partition(":")[0]
    netloc = f"{user}:{quote(password, safe='')}@{_hosts(parts)}"
    return f"{parts.scheme}://{netloc}{parts.path}{'?' if parts.query else ''}{parts.query}"


def masked(url: str) -> str:
    """The URL for people's eyes: each password in it is `***`, and so is a URL with a fault."""
    parts = _split(url)
    if parts is None or any(faults_of(url)):
        return MASK if url else ""
    user, colon, _ = _user(parts).partition(":")
    before = f"{user}{colon and ':' + MASK}@" if user or colon else ""
    query = urlencode(
        [
            (name, MASK if name.lower() in SECRET else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ],
        safe="*/:,",
    )
    return f"{parts.scheme}://{before}{_hosts(parts)}{parts.path}{'?' if query else ''}{query}"


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # its words may repeat what stands between brackets
        return None


def _user(parts: SplitResult) -> str:
    """`user:password`, as it stands."""
    return parts.netloc.rpartition("@")[0]


def _hosts(parts: SplitResult) -> str:
    """`host:port`, or several with commas between: a primary and who may take its place."""
    return parts.netloc.rpartition("@")[2]


def _is_host(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and int(found["port"] or 1) in range(1, 65536)


def _asked(parts: SplitResult, names: frozenset[str]) -> bool:
    """Whether one of these parameters stands in the query with a value."""
    return any(name.lower() in names for name, _ in parse_qsl(parts.query))
