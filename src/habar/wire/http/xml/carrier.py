"""Where in an HTTP request the XML document stands.

The body wins over the query; the declared content type decides nothing that can be seen from the
body, because real programs declare the wrong one. Knows the request line's query and the body
only; a multipart body is not read. The method decides nothing: real programs send a body on GET.
"""

from urllib.parse import unquote_to_bytes

from habar.wire.http.xml.reading import BLANK
from habar.wire.http.xml.values import FORMAT, PackageFault

_FORM = "application/x-www-form-urlencoded"


def document_of(target_query: bytes, content_type: str, body: bytes) -> bytes:
    """Find the document: the body itself, its form field `xml`, or the query parameter `xml`.

    `target_query` is the raw query string without `?` (raw spaces and raw UTF-8 are fine);
    `content_type` is "" where absent. A body is a document when it begins with `<` behind white
    space and byte order marks; it is a form when declared so or when it begins with `xml=`. An
    empty field counts as absent. Raises PackageFault 201 where there is no document.
    """
    content = body.lstrip(BLANK)
    if content.startswith(b"<"):
        return body
    document = None
    if content.startswith(b"xml=") or content_type.strip().lower().startswith(_FORM):
        document = _field(content)
    document = document or _field(target_query)
    if document is None:
        raise PackageFault(FORMAT, "no document in body or query")
    return document


def _field(form: bytes) -> bytes | None:
    """Decode the first field `xml` that is not empty."""
    for pair in form.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == b"xml" and value:
            return unquote_to_bytes(value.replace(b"+", b" "))
    return None
