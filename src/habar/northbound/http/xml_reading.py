"""From a request to a package, or to what is known of one that cannot be read.

Plain functions that can run in a thread: they touch nothing but their arguments. Know no accounts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from habar.northbound.http.request import Request
from habar.wire.http.xml import (
    Login,
    Package,
    PackageFault,
    document_of,
    login_of_broken,
    parse,
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A package that is refused whole with `code`.

    `login` is set where the document could be mended for an account that may have that.
    """

    code: int
    login: Login | None = None
    document: bytes = field(default=b"", repr=False)


def read(request: Request, limit: int) -> Package | Broken:
    """Find and read the request's document of at most `limit` octets."""
    document = b""
    try:
        document = document_of(
            request.query,
            request.header(b"content-type").decode("latin-1"),
            request.body,
        )
        return parse(document, limit=limit)
    except PackageFault as fault:
        if not fault.recoverable:
            return Broken(fault.code)
        return Broken(fault.code, login_of_broken(document), document)


def mend(broken: Broken, limit: int) -> Package | Broken:
    """Read the document leniently (compat.xml_lenient); a second Broken has no login."""
    try:
        return parse(broken.document, lenient=True, limit=limit)
    except PackageFault as fault:
        return Broken(fault.code)
