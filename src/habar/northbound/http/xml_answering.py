"""The way an XML package's answer takes back to the client.

Guarantees: HTTP 200 and `text/xml; charset=utf-8`, but for 429 and 503, which carry Retry-After;
a document of the protocol whatever happened. Knows no packages and no accounts.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from habar.northbound.http import xml_rows as rows
from habar.northbound.http.request import Respond
from habar.wire.http.xml import package_error

_log = structlog.get_logger("habar.xml")

RETRY_AFTER = 2
"""Seconds, when the store has too much to do."""
_CONTENT_TYPE = (b"content-type", b"text/xml; charset=utf-8")
_HEADERS = (_CONTENT_TYPE,)


def error_body(status: int) -> bytes:
    """The document of a refusal by HTTP status: the listener's `ErrorBody`."""
    theirs = 400 <= status < 500 and status != 429
    return package_error(rows.FORMAT if theirs else rows.UNKNOWN)


class Reply:
    """Used once."""

    __slots__ = ("_open", "_respond")

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._open = True

    def document(self, body: bytes) -> None:
        """Answer with a package."""
        self._open = False
        self._respond(200, _HEADERS, body)

    def error(self, code: int) -> None:
        """Refuse the package whole with a package error."""
        self.document(package_error(code))

    def later(self, status: int, seconds: int) -> None:
        """Answer 429 or 503: nothing was done, come again in so many seconds."""
        self._open = False
        headers = (_CONTENT_TYPE, (b"retry-after", b"%d" % seconds))
        self._respond(status, headers, error_body(status))

    def attempt(self, step: Callable[[], None]) -> None:
        """Run a step that nobody above us would see fail; the client is answered all the same."""
        try:
            step()
        except Exception:  # noqa: BLE001 - whatever it was, the client waits
            _log.exception("an XML package could not be worked off")
            if self._open:
                self.error(rows.UNKNOWN)
