"""One handler for every path that customers' programs use: `/`, the empty one and `/api`.

The XML protocol and the HTTP protocol share them (spec/README.md, rule 4); the body and the query
tell them apart. What is neither is refused by the XML protocol at `/api`, where it always was, and
by the HTTP protocol elsewhere.

Guarantees: passes on every request to one of the two, unread. Knows nothing of either but its look.
"""

from __future__ import annotations

from habar.model.account import HttpReply
from habar.northbound.http import form_rows as rows
from habar.northbound.http.form_rows import Refused
from habar.northbound.http.request import Handler, Request, Respond
from habar.northbound.http.xml_answering import error_body as package_error_body
from habar.wire.http.form import ResponseFormat, is_package, speaks, write

_XML_PATH = b"/api"
_REFUSED = {
    404: Refused(rows.PARAMETER, "there is nothing at this path: it is / or /api"),
    429: Refused(rows.GUESSING, rows.REQUEST_WORDS[rows.GUESSING]),
    500: Refused(rows.FAULT, rows.FAULT_WORDS),
    503: Refused(rows.OVERLOAD, rows.REQUEST_WORDS[rows.OVERLOAD]),
}
"""By HTTP status; all others mean a request that is none."""


class ApiHandler:
    """A handler for the listener: `handlers=ApiHandler(xml, form).handlers`."""

    def __init__(self, xml: Handler, form: Handler) -> None:
        self._xml = xml
        self._form = form

    @property
    def handlers(self) -> dict[bytes, Handler]:
        """Itself at each of its paths; the empty one arrives as `/`."""
        return {_XML_PATH: self, b"/": self}

    def __call__(self, request: Request, respond: Respond) -> None:
        """Pass a request on."""
        query, body = request.query, request.body
        if is_package(query, body):
            self._xml(request, respond)
        elif request.path != _XML_PATH or speaks(query, body):
            self._form(request, respond)
        else:
            self._xml(request, respond)


def error_body(status: int) -> bytes:
    """The document of a refusal by HTTP status, before it is known whose the request is.

    The XML protocol's package error, and in it the HTTP protocol's, with a statuscode wherever its
    programs look for one: they take a missing one for success, and not all look at the status.
    """
    refused = _REFUSED.get(status)
    if refused is None:
        refused = Refused(rows.PARAMETER, f"the request cannot be read: HTTP {status}")
    answer = write(rows.error(*refused), ResponseFormat.XML, HttpReply.SUPERSET)
    inside = answer.partition(b"<response>")[2].rpartition(b"</response>")[0]
    head, end, rest = package_error_body(status).rpartition(b"</package>")
    return head + inside + end + rest
