"""Answers of the HTTP protocol: `write` in any format, of any shape.

| format | |
|---|---|
| xml | by the account's shape, compat.http_reply: `superset`, `documented`, `ozeki` |
| html | a page with a table for each message |
| urlencoded | a query string: the first message's fields, all messages' again with numbers |

The shape is XML's alone: the other formats are flat, so nobody can look for an element in them.

Guarantees: the layout is spec/http.md's; of an error the first `statuscode` in the text is not 0;
everything that came from a request is escaped, and characters that XML cannot hold are U+FFFD. A
continueurl is a last element `continueurl` of the root (a link in HTML, a last field): what a
program reads stands before it and where it always stood. Knows no codes and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote_plus

from habar.model.account import HttpReply
from habar.wire.http.form.values import ERROR, Answer, Item, ResponseFormat

CONTENT_TYPES = {
    ResponseFormat.XML: b"text/xml; charset=utf-8",
    ResponseFormat.HTML: b"text/html; charset=utf-8",
    ResponseFormat.URLENCODED: b"application/x-www-form-urlencoded",
}
_DECLARATION = '<?xml version="1.0" encoding="utf-8" ?>\n'
_FIRST_LINE = frozenset({"statuscode", "statusmessage", "messageid"})
_COPIED = ("statuscode", "statusmessage", "messageid", "recipient", "status")
"""What of the first message stands at the root, too."""
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_TO_ESCAPE = re.compile('[&<>"\r\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_UNKNOWN = "\ufffd"


def write(answer: Answer, wanted: ResponseFormat, shape: HttpReply) -> bytes:
    """The answer's octets."""
    match wanted:
        case ResponseFormat.HTML:
            text = _html(answer)
        case ResponseFormat.URLENCODED:
            text = _urlencoded(answer)
        case ResponseFormat.XML:
            text = _DECLARATION + _xml(answer, shape)
    return text.encode()


def _xml(answer: Answer, shape: HttpReply) -> str:
    if shape is HttpReply.DOCUMENTED:
        return _documented(answer)
    if answer.action == ERROR:
        return _error(answer, root=shape is HttpReply.SUPERSET)
    lines = ["<response>", f"  {_element('action', answer.action)}"]
    if shape is HttpReply.SUPERSET:
        first = answer.first
        lines.append("  " + _elements((name, first[name]) for name in _COPIED if name in first))
    inside = "".join(_item(answer.element, item, "  ") for item in answer.items)
    lines.append(f"  <data>{inside}</data>")
    if answer.continueurl:
        lines.append(f"  {_link(answer)}")
    return "\n".join([*lines, "</response>", ""])


def _error(answer: Answer, *, root: bool) -> str:
    code, words = answer.first["statuscode"], answer.first["statusmessage"]
    error = _elements((("errorcode", code), ("errormessage", words)))
    copies = _element("statuscode", code) + error if root else ""
    items = "".join(_one_line(answer.element, item) for item in answer.items)
    action = _element("action", ERROR)
    return f"<response>{action}{copies}<data>{error}{items}</data>{_link(answer)}</response>\n"


def _documented(answer: Answer) -> str:
    """The bare item; several stand in an element of their plural."""
    if len(answer.items) > 1:
        inside = "".join(_one_line(answer.element, item) + "\n" for item in answer.items)
        return f"<{answer.element}s>\n{inside}{_link(answer)}</{answer.element}s>\n"
    inside = _elements(answer.first.items()) + _link(answer)
    return f"<{answer.element}>{inside}</{answer.element}>\n"


def _item(element: str, item: Item, margin: str) -> str:
    """An item in the documentation's two lines."""
    first = _elements(pair for pair in item.items() if pair[0] in _FIRST_LINE)
    more = _elements(pair for pair in item.items() if pair[0] not in _FIRST_LINE)
    lines = "".join(f"\n{margin}  {line}" for line in (first, more) if line)
    return f"<{element}>{lines}\n{margin}</{element}>"


def _one_line(element: str, item: Item) -> str:
    return f"<{element}>{_elements(item.items())}</{element}>"


def _link(answer: Answer) -> str:
    return _element("continueurl", answer.continueurl) if answer.continueurl else ""


def _elements(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(_element(name, value) for name, value in pairs)


def _element(name: str, value: str) -> str:
    return f"<{name}>{_escape(value)}</{name}>"


def _escape(value: str) -> str:
    if value.isalnum():
        return value
    return _TO_ESCAPE.sub(lambda match: _ESCAPES.get(match[0], _UNKNOWN), value)


def _html(answer: Answer) -> str:
    title = _escape(answer.action)
    tables = "".join(f"<table>\n{_rows(item)}</table>\n" for item in answer.items)
    link = ""
    if answer.continueurl:
        link = f'<p><a href="{_escape(answer.continueurl)}">continue</a></p>\n'
    head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
    return (
        f"<!DOCTYPE html>\n<html>{head}\n<body>\n<h1>{title}</h1>\n{tables}{link}</body></html>\n"
    )


def _rows(item: Item) -> str:
    return "".join(
        f"<tr><th>{name}</th><td>{_escape(value)}</td></tr>\n" for name, value in item.items()
    )


def _urlencoded(answer: Answer) -> str:
    first = answer.first
    pairs = [("action", answer.action), ("statuscode", first["statuscode"])]
    if answer.action == ERROR:
        pairs += [("errorcode", first["statuscode"]), ("errormessage", first["statusmessage"])]
    pairs += [pair for pair in first.items() if pair[0] != "statuscode"]
    if len(answer.items) > 1:
        for number, item in enumerate(answer.items):
            pairs += [(f"{name}{number}", value) for name, value in item.items()]
    if answer.continueurl:
        pairs.append(("continueurl", answer.continueurl))
    return "&".join(f"{name}={quote_plus(value, errors='replace')}" for name, value in pairs)
