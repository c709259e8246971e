"""10 000 mutated packages, and any octets: a Package or a PackageFault, never anything else."""

import random
from contextlib import suppress
from xml.sax.saxutils import escape, quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from habar.wire.http.xml import (
    MessageSection,
    Package,
    PackageFault,
    document_of,
    login_of_broken,
    message_row,
    message_section,
    package,
    parse,
)

SEEDS = [
    b"""<?xml version="1.0" encoding="utf-8" ?>
<package login="demo" password="demo">
    <message>
        <default sender="INFO_KAZ">Sale</default>
        <msg id="1" recipient="77771234567" date_beg="" type="0">T &amp; &#1178; <![CDATA[<]]></msg>
        <msg id="2" recipient="77771234568"/>
    </message>
</package>""",
    '<package login="demo" password="demo"><status><msg id="1"/><msg sms_id="2"/></status>'
    "<!-- c --><message><msg recipient='77'>Құрметті 😀 & <3</msg></message></package>".encode(),
    b"\xef\xbb\xbf<package key='k'><balance/><prices><phone>7</phone></prices><delete/></package>",
]
SCRAPS = [
    b"<", b">", b"&", b'"', b"'", b"/", b"</msg>", b"<msg>", b"<msg ", b"<![CDATA[", b"]]>",
    b"<!--", b"-->", b"<!DOCTYPE x>", b'<!DOCTYPE a [<!ENTITY b "c">]>', b"&b;", b"&#0;",
    b"&#xD800;", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"<?xml", b"?>",
    b'encoding="cp1251"', b"<package>", b"</package>", b"<a:b/>", b' xmlns="u"', b"\xd0", b"=",
    b" ", b"%", b"xml=",
]  # fmt: skip


def mutate(body: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 6)):
        at, to = sorted((chance.randint(0, len(body)), chance.randint(0, len(body))))
        kind = chance.randrange(6)
        if kind == 0:
            body = body[:at] + chance.choice(SCRAPS) + body[at:]
        elif kind == 1:
            body = body[:at] + body[min(to, at + chance.randint(1, 20)) :]
        elif kind == 2:
            body = body[:at] + body[at:to] * chance.randint(0, 3) + body[to:]
        elif kind == 3:
            body = body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
        elif kind == 4:
            body = body[:at]
        else:
            body = body[:at] + chance.choice(SCRAPS) + body[to:]
    return body


def outcome(body: bytes, *, lenient: bool) -> Package | PackageFault:
    found: Package | PackageFault
    try:
        found = parse(body, lenient=lenient)
    except PackageFault as fault:
        found = fault
    if isinstance(found, PackageFault):
        assert found.code in (201, 202)
        assert found.reason
    else:
        assert found.key or (found.login and found.password)
        assert found.sections
    return found


def check(body: bytes) -> tuple[bool, bool]:
    """Judge one body both ways; tell what was read strictly, and leniently."""
    strict, lenient = outcome(body, lenient=False), outcome(body, lenient=True)
    login_of_broken(body)
    if isinstance(strict, Package):
        assert lenient == strict
    elif not strict.recoverable:
        assert isinstance(lenient, PackageFault)
    if isinstance(lenient, Package):
        for section in lenient.sections:
            if isinstance(section, MessageSection):
                rows = [message_row(item.id, 0, 1, 201) for item in section.items]
                answer = etree.fromstring(package([message_section(rows)]))
                echoed = [row.get("id") for row in answer.iter("msg")]
                assert echoed == [item.id for item in section.items]
    return isinstance(strict, Package), isinstance(lenient, Package)


def test_ten_thousand_mutated_packages() -> None:
    chance = random.Random(338)
    read = [check(mutate(chance.choice(SEEDS), chance)) for _ in range(10_000)]
    strictly, leniently = (sum(column) for column in zip(*read, strict=True))
    # Mutants of every sort were met, so that neither branch above was idle.
    assert 0 < strictly < leniently < len(read)


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=300))
def test_any_octets(body: bytes) -> None:
    check(body)
    check(b'<package login="a" password="b"><message><msg>' + body + b"</msg></message></package>")
    for content_type in ("", "application/x-www-form-urlencoded"):
        with suppress(PackageFault):
            assert document_of(b"xml=" + body, content_type, body)


xml_text = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"],
        exclude_characters="\ufffe\uffff",
        include_characters="\n\t",
    ),
    max_size=200,
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(xml_text, xml_text), max_size=8))
def test_what_is_written_is_read(messages: list[tuple[str, str]]) -> None:
    entities = {"\n": "&#10;", "\t": "&#9;"}
    inner = "".join(
        f"<msg id={quoteattr(own, entities)}>{escape(text)}</msg>" for own, text in messages
    )
    body = f'<package login="a" password="b"><message>{inner}</message></package>'.encode()
    (section,) = parse(body).sections
    assert isinstance(section, MessageSection)
    assert [(item.id, item.text) for item in section.items] == messages


@settings(max_examples=1000, deadline=None)
@given(xml_text.filter(lambda text: "<!--" not in text and "<![CDATA[" not in text))
def test_unescaped_texts_are_recovered_to_the_letter(text: str) -> None:
    text = text.replace("&#", "& #")  # a reference to a character is one, also by accident
    for name in ("amp", "lt", "gt", "quot", "apos"):
        text = text.replace(f"&{name};", name)
    text += " & <3"
    body = (
        f'<package login="a" password="b"><message><msg>{text}</msg></message></package>'.encode()
    )
    (section,) = parse(body, lenient=True).sections
    assert isinstance(section, MessageSection)
    assert section.items[0].text == text
