"""An XML package from bytes to values, as spec/xml.md says.

Guarantees: for any bytes the outcome is a Package or a PackageFault, soon, with bounded memory: no
DOCTYPE is read, no entity expanded, nothing fetched, nesting ends at 256 levels. A fault's reason
never holds request text.

Decided where the specification is silent:
- Elements other than the protocol's are package error 201, named; unknown attributes, comments,
  processing instructions and text between elements are passed over. Names are case sensitive.
- CDATA is text. Elements inside a text are 201 (recoverable): leaving them out would send another
  text than the customer wrote.
- `default` counts for its whole section wherever it stands; of several the later attribute wins;
  its `id` is passed over. Its text counts unless it is only white space, for every `msg` whose own
  content is empty or only white space.
- A package without any section is read as one empty `message`.
- Structure is judged before credentials: 201 comes before 202.
"""

import re
from collections.abc import Callable

from lxml import etree

from habar.wire.http.xml.lenient import repair
from habar.wire.http.xml.values import (
    AUTHORIZATION,
    FORMAT,
    BalanceSection,
    DeleteSection,
    Login,
    MessageSection,
    MsgIn,
    Package,
    PackageFault,
    PricesSection,
    Ref,
    Section,
    StatusSection,
)
from habar.wire.untrusted_xml import tree_of

MAX_DOCUMENT = 10 * 1024 * 1024
"""The longest document read unless the caller says otherwise, in octets."""

# White space and byte order marks in any order: editors and concatenated files leave several.
BLANK = b" \t\r\n\xef\xbb\xbf"

_PROLOG = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DECLARATION = re.compile(rb"<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([^\"'>]*+)[\"']")


def parse(body: bytes, *, lenient: bool = False, limit: int = MAX_DOCUMENT) -> Package:
    """Read a package of at most `limit` octets.

    `lenient` (compat.xml_lenient) mends unescaped `&` and `<` where the document is not readable
    as it stands; a readable document is read the same either way. Raises PackageFault: 201 for a
    document that is no package, 202 for one without credentials.
    """
    if len(body) > limit:
        raise PackageFault(FORMAT, f"over {limit} octets")
    body = body.lstrip(BLANK)
    _check_prolog(body)
    try:
        return _read(body)
    except PackageFault as fault:
        if not (lenient and fault.recoverable):
            raise
    return _read(repair(body))


def _check_prolog(body: bytes) -> None:
    """Refuse what must not reach the parser: another encoding, and any DOCTYPE."""
    declared = _DECLARATION.match(body)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8"):
        raise PackageFault(FORMAT, "another encoding than UTF-8 is declared")
    prolog = _PROLOG.match(body)
    if prolog and body.startswith(b"<!", prolog.end()):
        raise PackageFault(FORMAT, "a DOCTYPE is not read")


def _read(body: bytes) -> Package:
    root = _tree(body)
    if root.tag != "package":
        raise PackageFault(FORMAT, f"the root is {_name(root)}, not package")
    sections = tuple(_section(element) for element in root) or (MessageSection([]),)
    login = Login(root.get("login") or None, root.get("password") or None, root.get("key") or None)
    if not login.is_complete:
        raise PackageFault(AUTHORIZATION, "no login and password, and no key")
    return Package(login.login, login.password, login.key, sections)


def _tree(body: bytes) -> etree._Element:
    try:
        return tree_of(body)
    except etree.XMLSyntaxError as error:
        # Not the parser's own message: it may quote an unknown entity out of a password.
        line, column = error.position
        reason = f"not well-formed at line {line}, column {column}"
    raise PackageFault(FORMAT, reason, recoverable=True)


def _section(element: etree._Element) -> Section:
    reader = _READERS.get(element.tag)
    if reader is None:
        raise PackageFault(FORMAT, f"unknown element {_name(element)} in package")
    return reader(element)


def _messages(section: etree._Element) -> MessageSection:
    base, default_text = _defaults(section)
    recipient, sender = base.get("recipient"), base.get("sender") or None
    date_beg, date_end, kind = base.get("date_beg"), base.get("date_end"), base.get("type")
    items = []
    for msg in section:
        if msg.tag != "msg":
            if msg.tag == "default":
                continue
            raise _unknown(msg)
        text = _text(msg)
        if default_text and not text.strip():
            text = default_text
        get = msg.get
        items.append(
            MsgIn(
                get("id"),
                get("recipient", recipient),
                get("sender") or sender,
                get("date_beg", date_beg),
                get("date_end", date_end),
                get("type", kind),
                text,
            )
        )
    return MessageSection(items)


def _defaults(section: etree._Element) -> tuple[dict[str, str], str]:
    attributes: dict[str, str] = {}
    text = ""
    for default in section.iterchildren("default"):
        attributes |= {str(name): str(value) for name, value in default.items()}
        own = _text(default)
        if own.strip():
            text = own
    return attributes, text


def _refs(section: etree._Element) -> list[Ref]:
    items = []
    for msg in section:
        if msg.tag != "msg":
            raise _unknown(msg)
        items.append(Ref(msg.get("id"), msg.get("sms_id")))
    return items


def _phones(section: etree._Element) -> PricesSection:
    phones = []
    for phone in section:
        if phone.tag != "phone":
            raise _unknown(phone)
        phones.append(_text(phone).strip())
    return PricesSection(phones)


def _balance(section: etree._Element) -> BalanceSection:
    for child in section:
        raise _unknown(child)
    return BalanceSection()


def _text(element: etree._Element) -> str:
    if len(element):
        reason = f"an element {_name(element[0])} inside the text of {_name(element)}"
        raise PackageFault(FORMAT, reason, recoverable=True)
    return element.text or ""


def _unknown(element: etree._Element) -> PackageFault:
    parent = element.getparent()
    where = _name(parent) if parent is not None else "the document"
    return PackageFault(FORMAT, f"unknown element {_name(element)} in {where}")


def _name(element: etree._Element) -> str:
    return str(element.tag)[:40]


_READERS: dict[str, Callable[[etree._Element], Section]] = {
    "message": _messages,
    "status": lambda section: StatusSection(_refs(section)),
    "delete": lambda section: DeleteSection(_refs(section)),
    "balance": _balance,
    "prices": _phones,
}
