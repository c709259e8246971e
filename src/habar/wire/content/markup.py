"""Reads the XML in which some message types have their data.

Guarantees: no DTD is read, no entity expanded, nothing fetched, nesting ends at 256 levels; for any
text the outcome is an element or UnreadableContent, whose words hold nothing of the text. Names of
elements and attributes are read without regard to case. Knows no message type.

The examples of the standards begin with a DOCTYPE, and so do customers' data: one that only refers
to a DTD is cut off before the parser sees it; one that declares anything is refused. A declared
encoding says nothing: the data are characters already.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from lxml import etree

from habar.wire.content.values import UnreadableContent
from habar.wire.untrusted_xml import tree_of

_PROLOG = re.compile(r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_PLAIN_DOCTYPE = re.compile(r"<!DOCTYPE\s[^<>\[\]]*+>")
_BLANK = " \t\r\n\ufeff"


def root_of(data: str, *names: str) -> etree._Element:
    """Parse a document whose root is one of `names` (lower case). Raises UnreadableContent."""
    root = _parse(_without_doctype(data.strip(_BLANK)))
    if name_of(root) not in names:
        raise UnreadableContent(f"the root element is not {' or '.join(names)}")
    return root


def name_of(element: etree._Element) -> str:
    """The name, in lower case."""
    return str(element.tag).lower()


def attributes_of(element: etree._Element, known: Collection[str]) -> dict[str, str]:
    """The attributes by their names in lower case. Raises UnreadableContent for any not known."""
    found: dict[str, str] = {}
    for key, value in element.items():
        name = str(key).lower()
        if name not in known:
            raise UnreadableContent(f"{name_of(element)}: an unknown attribute")
        if name in found:
            raise UnreadableContent(f"{name_of(element)}: {name} is there twice")
        found[name] = str(value)
    return found


def text_of(element: etree._Element) -> str:
    """The text, white space at its ends off. Raises UnreadableContent for elements inside it."""
    if len(element):
        raise UnreadableContent(f"{name_of(element)}: an element inside its text")
    return (element.text or "").strip()


def children_of(element: etree._Element, known: Collection[str]) -> list[etree._Element]:
    """The elements inside. Raises UnreadableContent for any not known, and for text among them."""
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        raise UnreadableContent(f"{name_of(element)}: text between its elements")
    if any(name_of(child) not in known for child in element):
        raise UnreadableContent(f"{name_of(element)}: an unknown element inside it")
    return list(element)


def fields_of(element: etree._Element, known: Collection[str]) -> dict[str, str]:
    """The texts of the elements inside, by name. Raises UnreadableContent, also for one twice."""
    fields: dict[str, str] = {}
    for child in children_of(element, known):
        name = name_of(child)
        if name in fields:
            raise UnreadableContent(f"{name_of(element)}: {name} is there twice")
        attributes_of(child, ())
        fields[name] = text_of(child)
    return fields


def _without_doctype(document: str) -> str:
    start = _end_of_prolog(document)
    plain = _PLAIN_DOCTYPE.match(document, start)
    if plain:
        document = document[:start] + document[plain.end() :]
        start = _end_of_prolog(document)
    if document.startswith("<!", start):
        raise UnreadableContent("a DOCTYPE that declares something is not read")
    return document


def _end_of_prolog(document: str) -> int:
    prolog = _PROLOG.match(document)
    return prolog.end() if prolog else 0


def _parse(document: str) -> etree._Element:
    try:
        return tree_of(document.encode("utf-8"))
    except UnicodeEncodeError:
        reason = "a character that is none (half of a surrogate pair)"
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = f"not well-formed XML at line {line}, column {column}"
    raise UnreadableContent(reason)
