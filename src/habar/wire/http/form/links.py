"""A URL of a customer's with parameters behind its own query: continueurl, redirecturl, call-backs.

Guarantees: what comes out is printable ASCII, so that no header and no attribute is broken by it;
every result parameter stands in it, those that are not known yet with an empty value. Pure.
"""

from __future__ import annotations

from urllib.parse import quote

from habar.model.url import host_of
from habar.wire.http.form.values import Item

RESULTS = (
    "statuscode",
    "statusmessage",
    "messageid",
    "recipient",
    "originator",
    "messagetype",
    "messagedata",
    "submitdate",
    "deliveredtonetworkdate",
    "deliveredtohandsetdate",
    "status",
)
"""spec/http.md, "Call-backs"."""
LONGEST_VALUE = 5_000
"""Characters of a value as it stands in a URL, where a Russian letter takes six; a longer value is
left empty, for hardly a server takes a URL of more than 8 kB."""
_KEPT = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>\\^`{|}')


def link(url: str, result: Item) -> str:
    """The URL with the result parameters. Raises model.url.InvalidUrl."""
    host_of(url)
    before, mark, fragment = quote(url, safe=_KEPT).partition("#")
    query = "&".join(f"{name}={bounded(result.get(name, ''))}" for name in RESULTS)
    return f"{with_query(before, query)}{mark}{fragment}"


def with_query(url: str, query: str) -> str:
    """A URL without a fragment, with more parameters behind its own."""
    if "?" not in url:
        return f"{url}?{query}"
    return url + ("" if url.endswith(("?", "&")) else "&") + query


def quoted(value: str) -> str:
    """A value as a URL or a form has it: nothing in it can become more than a value."""
    if value.isalnum() and value.isascii():  # most of them
        return value
    return quote(value, safe="", errors="replace")


def bounded(value: str) -> str:
    """The same for a URL that a server has to take; "" where it is too long."""
    written = quoted(value)
    return written if len(written) <= LONGEST_VALUE else ""
