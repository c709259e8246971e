"""Packages whose texts hold unescaped `&` and `<`, mended (compat.xml_lenient).

libxml2's own recovery drops what it does not understand; this keeps it: in the content of `msg`,
`default` and `phone`, and in attribute values of the protocol's elements, an `&` that begins no
reference and a `<` that begins no closing tag are escaped, so that `Tom & Jerry <3` is read as it
was written. CDATA and comments stay what they are.

Guarantees: linear time; nothing is dropped; a `msg` that is never closed does not swallow its
neighbour (its text would go to a stranger): such a document is refused. What is mended still goes
through the strict parser.
"""

import html
import re

from habar.wire.http.xml.values import FORMAT, Login, PackageFault

_NAMES = "package|message|default|msg|status|delete|balance|prices|phone"
_WITH_TEXT = frozenset({"msg", "default", "phone"})
# Nothing here gives back what it took, and a tag that is never closed is a token too: so no octet
# is looked at from two beginnings, and hostile quotes cost linear time.
_TOKEN = re.compile(
    rf"(?P<island><!\[CDATA\[|<!--)|<(?P<end>/?)(?P<name>{_NAMES})"
    r"(?P<attributes>(?:\s++[\w:.-]++\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'))*+)(?P<close>\s*+/?>)?+"
)
_ATTRIBUTE = re.compile(r"([\w:.-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_ISLAND_END = {"<![CDATA[": "]]>", "<!--": "-->"}
_HEAD = 65536


def repair(body: bytes) -> bytes:
    """Escape what should have been escaped; the outcome may still not be well-formed.

    Raises PackageFault 201 for invalid UTF-8 and for an element of text that is not closed.
    """
    try:
        source = body.decode("utf-8")
    except UnicodeDecodeError:
        raise PackageFault(FORMAT, "invalid UTF-8") from None
    return _Repair(source).run().encode("utf-8")


def login_of_broken(body: bytes) -> Login | None:
    """Read the credentials of a document that `parse` refused; never raises.

    So that its account can be asked whether it wants lenience. None where the first 64 KiB hold
    no `package` with a key or a login and a password.
    """
    for token in _TOKEN.finditer(body[:_HEAD].decode("utf-8", errors="replace")):
        if token["name"] == "package":
            found = {
                name: html.unescape(_escape(double or single))
                for name, double, single in _ATTRIBUTE.findall(token["attributes"])
            }
            login = Login(
                found.get("login") or None, found.get("password") or None, found.get("key") or None
            )
            return login if login.is_complete else None
    return None


class _Repair:
    """One pass over one document: copies structure, escapes text."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._out: list[str] = []
        self._copied = 0  # everything before this index is in _out
        self._open: str | None = None  # the element whose text we are in
        self._endless: set[str] = set()  # islands known to have no end from here on

    def run(self) -> str:
        at = 0
        while token := _TOKEN.search(self._source, at):
            at = self._island(token) if token["island"] else self._tag(token)
        self._copy_to(len(self._source))
        return "".join(self._out)

    def _island(self, token: re.Match[str]) -> int:
        """Copy CDATA or a comment as it stands; its beginning without its end is just text."""
        kind = token["island"]
        end = -1
        if kind not in self._endless:
            end = self._source.find(_ISLAND_END[kind], token.end())
        if end < 0:
            self._endless.add(kind)
            return token.end()
        self._copy_to(token.start())
        end += len(_ISLAND_END[kind])
        self._copy(self._source[token.start() : end], end)
        return end

    def _tag(self, token: re.Match[str]) -> int:
        name, is_end = token["name"], bool(token["end"])
        if not token["close"]:
            if token["attributes"]:
                raise PackageFault(FORMAT, f"the tag {name} is not closed")
            return token.end()  # only the beginning of a name: text, or not to be mended
        if self._open is not None and not (is_end and name == self._open):
            if is_end or name == self._open:
                raise PackageFault(FORMAT, f"{self._open} is not closed before {name}")
            return token.end()  # another element's name written in a text
        self._copy_to(token.start())
        self._copy(_escape_attributes(token), token.end())
        self._open = None
        if name in _WITH_TEXT and not is_end and "/" not in token["close"]:
            self._open = name
        return token.end()

    def _copy_to(self, end: int) -> None:
        piece = self._source[self._copied : end]
        if self._open is not None:
            piece = _escape(piece).replace("]]>", "]]&gt;")
        self._copy(piece, end)

    def _copy(self, piece: str, end: int) -> None:
        self._out.append(piece)
        self._copied = end


def _escape_attributes(token: re.Match[str]) -> str:
    attributes = _escape(token["attributes"])
    return f"<{token['end']}{token['name']}{attributes}{token['close']}"


def _escape(piece: str) -> str:
    return _BARE_AMPERSAND.sub("&amp;", piece).replace("<", "&lt;")
