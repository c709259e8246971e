"""Takes secrets out of a URL before it is logged: here passwords travel in query strings.

Guarantees: of a parameter whose name stands in SECRET_NAMES (in any letter case, percent-encoded
or numbered), of `xml`, of a customer's own URL (URL_NAMES) that has a query, and of any parameter
that carries a document or a URL with a secret of its own, nothing but the name is left. What it
lets through is printable ASCII if its input was.
Does not know: which parameters a protocol has.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

SECRET_NAMES = frozenset({"password", "passwordin", "pass", "pwd", "key", "token", "xml"})
URL_NAMES = frozenset({"reporturl", "continueurl", "redirecturl"})
"""Customers' own URLs: what lets the gateway in there stands in the query, under any name."""
MASK = "***"
_DECODE_DEPTH = 3
_BEFORE_NAME = re.compile(r"[?&;\s]")
"""`/api??password=`, `&amp;password=`: what wrong programs leave before a name."""
_SECRET = "|".join(sorted(SECRET_NAMES)) + r")\d*\s*="
_QUERY = "|".join(sorted(URL_NAMES)) + r")\d*\s*=[^&]*\?"
_NESTED = re.compile(rf"[?&;\s\"'](?:(?:{_SECRET}|(?:{_QUERY})", re.IGNORECASE)

_USER_INFO = re.compile(r"://[^/?#\s@]*@")
"""`reporturl=http://shop:s3cret@shop.kz/`: refused, and yet in a log."""


def mask_target(target: bytes | str) -> str:
    """Mask the query of a request's target or of a URL; the path stays, if it is no query."""
    text = target.decode("latin-1") if isinstance(target, bytes) else target
    path, mark, query = text.partition("?")
    if _carries_secret(_decode(path)):  # its question mark was encoded, or forgotten
        path = MASK
    return path + mark + mask_query(query)


def mask_query(query: bytes | str) -> str:
    """Mask a query string (or a form's body), pair by pair."""
    text = query.decode("latin-1") if isinstance(query, bytes) else query
    shown: list[str] = []
    after_secret = False
    for pair in text.split("&"):
        name, mark, value = pair.partition("=")
        decoded = _decode(name)
        if "<" in decoded:  # a bare document: its own ampersands cut it, so all that follows goes
            shown.append(MASK)
            break
        if not mark and after_secret:  # the rest of a secret with a raw ampersand in it
            shown.append(MASK)
            continue
        after_secret = _is_secret(decoded, _decode(value))
        shown.append(_masked(name, decoded) if after_secret else pair)
    return "&".join(shown)


def _masked(name: str, decoded: str) -> str:
    return f"{MASK}={MASK}" if "=" in decoded else f"{name}={MASK}"


def _is_secret(name: str, value: str) -> bool:
    bare = _BEFORE_NAME.split(name.partition("=")[0].strip())[-1].lower().rstrip("0123456789[]")
    if bare in SECRET_NAMES or (bare in URL_NAMES and ("?" in value or "=" in name)):
        return True
    return _carries_secret(value)


def _carries_secret(decoded: str) -> bool:
    if "<" in decoded or _NESTED.search(decoded) is not None:
        return True
    return _USER_INFO.search(decoded) is not None


def _decode(text: str) -> str:
    for _ in range(_DECODE_DEPTH):
        if "%" not in text and "+" not in text:
            break
        text = unquote_plus(text, errors="replace")
    return text
