"""The parameters of a request, from its query and its body (spec/http.md; README, rule 5).

What is lenient, because programs are wrong on the wire: names in any letter case; separators that
HTML has garbled (`&amp;`), a second `?`; a form in the query of a POST, in the body of a GET, or in
both; a body with a wrong content type or none; multipart/form-data; raw spaces and raw UTF-8 (the
request line's reader has encoded those of the target); an `%` that begins no escape.

Decided where the specification is silent:
- An empty value counts as absent. Of the same name given twice the last one counts, and the body
  before the query: so PHP reads its requests, too.
- Values are UTF-8 and nothing else. Octets that are not are refused, not guessed to be
  windows-1251: a text cut inside a letter looks alike, and would go out, and be paid, as nonsense.
- NUL stands in no value: no phone shows it and not every store keeps it.

Guarantees: at most MAX_PARAMETERS and MAX_FORM octets are looked at; whatever the octets are, the
outcome is Parameters or FormFault. Pure. Does not know which names there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from habar.wire.http.form.multipart import boundary_of, fields
from habar.wire.http.form.values import FormFault
from habar.wire.http.xml.reading import BLANK

MAX_FORM = 1024 * 1024
"""Octets of query and body together."""
MAX_PARAMETERS = 10_000
_GARBLED = re.compile(r"(?:amp;)+")


class Parameters:
    """Values by lower-case name."""

    __slots__ = ("_read", "_values")

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._values = values
        self._read: dict[str, str | FormFault] = {}
        """Read once: a default for all is asked for by each of a thousand messages."""

    def get(self, name: str) -> str:
        """The value, "" where it is absent. Raises FormFault where it is no text."""
        found = self._read.get(name)
        if found is None:
            found = self._read[name] = _text(name, self._values.get(name, b""))
        if isinstance(found, FormFault):
            raise FormFault(found.words)
        return found

    def required(self, name: str) -> str:
        """The value. Raises FormFault where it is absent or no text."""
        value = self.get(name)
        if not value:
            raise FormFault(f"{name} is missing")
        return value

    def __repr__(self) -> str:
        """Tell no values: a password is among them."""
        return f"<Parameters {sorted(self._values)}>"


def _text(name: str, octets: bytes) -> str | FormFault:
    if b"\0" in octets:
        return FormFault(f"{name} has a NUL character in it")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return FormFault(f"{name} is not UTF-8")


def read(query: bytes, content_type: str, body: bytes) -> Parameters:
    """Read the query (without its `?`) and the body. Raises FormFault."""
    if len(query) + len(body) > MAX_FORM:
        raise FormFault(f"the request is larger than {MAX_FORM} octets")
    values: dict[str, bytes] = {}
    for count, (name, value) in enumerate(_pairs(query, content_type, body)):
        if count == MAX_PARAMETERS:
            raise FormFault(f"there are more than {MAX_PARAMETERS} parameters")
        if value:
            values[_plain(name)] = value
    return Parameters(values)


def _pairs(query: bytes, content_type: str, body: bytes) -> Iterator[tuple[bytes, bytes]]:
    yield from _urlencoded(query)
    content = body.lstrip(BLANK)
    boundary = boundary_of(content_type, content)
    if boundary:
        yield from fields(content, boundary)
    else:
        yield from _urlencoded(content.rstrip())


def _urlencoded(form: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not form:
        return
    # Cut off what is over the limit without making a list of a million pairs.
    for pair in form.replace(b"+", b" ").split(b"&", MAX_PARAMETERS + 1):
        name, _, value = pair.partition(b"=")
        yield (
            unquote_to_bytes(name) if b"%" in name else name,
            unquote_to_bytes(value) if b"%" in value else value,
        )


def _plain(name: bytes) -> str:
    plain = name.strip().lower().decode("latin-1")  # ASCII's white space only, as logs read names
    garbled = _GARBLED.match(plain)  # at one go: a name may be as long as the form
    return plain[garbled.end() if garbled else 0 :].lstrip("?")
