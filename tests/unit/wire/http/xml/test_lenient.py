"""Texts with unescaped `&` and `<` (compat.xml_lenient): kept to the letter, or refused."""

import pytest

from habar.wire.http.xml import (
    Login,
    MessageSection,
    MsgIn,
    PackageFault,
    PricesSection,
    login_of_broken,
    parse,
)

HEAD = '<package login="demo" password="demo">'


def wrap(inner: str) -> bytes:
    return f"{HEAD}<message>{inner}</message></package>".encode()


def messages(inner: str) -> list[MsgIn]:
    (section,) = parse(wrap(inner), lenient=True).sections
    assert isinstance(section, MessageSection)
    return section.items


@pytest.mark.rule("xml.lenient-texts")
@pytest.mark.parametrize(
    "text",
    [
        "Tom & Jerry <3",
        "a<b && b>c",
        "M&M's",
        "R&D; Q&A;",
        "&",
        "<",
        "x <",
        "&nbsp;пробел&nbsp;",
        "http://kit.kz/?a=1&b=2&amp=3",
        "Your <balance> is < 5",
        "<b>bold</b> and <br/>",
        "<message> to <phone number>",
        "5 <msg",
        "x <phone y='1",
        "a]]>b <",
        "<!-- never closed <",
        "<![CDATA[ never closed &",
        "</b>",
        "<package",
        "<3 Құрметті & 😀",
    ],
)
def test_a_text_is_recovered_to_the_letter(text: str) -> None:
    with pytest.raises(PackageFault) as caught:
        parse(wrap(f'<msg id="1">{text}</msg>'))
    assert caught.value.recoverable
    items = messages(f'<msg id="1">{text}</msg><msg id="2">neighbour</msg>')
    assert [(item.id, item.text) for item in items] == [("1", text), ("2", "neighbour")]


@pytest.mark.rule("xml.lenient-texts")
def test_what_is_escaped_stays_escaped_beside_what_is_not() -> None:
    (item,) = messages("<msg>a &amp; b & c &lt; d < e &#1178; &quot;</msg>")
    assert item.text == 'a & b & c < d < e Қ "'


@pytest.mark.rule("xml.lenient-texts")
def test_cdata_and_comments_stay_what_they_are() -> None:
    items = messages("<!-- & < --><msg>a & <![CDATA[<b> & </msg> ]]><!-- < -->c</msg>")
    assert [item.text for item in items] == ["a & <b> & </msg> c"]


@pytest.mark.rule("xml.lenient-texts")
def test_attributes_are_recovered() -> None:
    items = messages("""<default sender="A&B"/><msg id='<7' recipient = "7">x</msg >""")
    assert items == [MsgIn("<7", "7", "A&B", None, None, None, "x")]
    package = parse(b'<package login="a&b" password="c<d&amp;e"><balance/></package>', lenient=True)
    assert (package.login, package.password) == ("a&b", "c<d&e")


@pytest.mark.rule("xml.lenient-texts")
def test_default_texts_and_phones_are_recovered() -> None:
    assert messages("<default>A & B</default><msg/>")[0].text == "A & B"
    body = f"{HEAD}<prices><phone>7 & 7</phone></prices></package>".encode()
    assert parse(body, lenient=True).sections == (PricesSection(["7 & 7"]),)


def test_a_readable_document_is_read_the_same() -> None:
    body = wrap("<msg>a &amp;lt; <!--c--><![CDATA[&amp;]]></msg>")
    assert parse(body, lenient=True) == parse(body)


@pytest.mark.rule("xml.lenient-texts")
@pytest.mark.parametrize(
    "inner",
    [
        "<msg>open <msg>secret</msg>",
        '<msg id="1">open <msg id="2" recipient="77771234567">secret</msg>',
        "<msg>open",
        "<msg>open & <msg/>",
        "<default>open <msg>x</msg>",
        '<msg>a <phone x="1</msg><msg id="2">b</msg>',
    ],
)
def test_a_text_that_is_never_closed_does_not_swallow_its_neighbour(inner: str) -> None:
    with pytest.raises(PackageFault) as caught:
        parse(wrap(inner), lenient=True)
    assert caught.value.code == 201


@pytest.mark.parametrize(
    "inner", ["<x>&</x>", "&", "<", '<msg id="1>x</msg>', "<msg id=1>&</msg>", "<msg>&\x01</msg>"]
)
def test_what_lenience_does_not_cover_is_201(inner: str) -> None:
    with pytest.raises(PackageFault) as caught:
        parse(wrap(inner), lenient=True)
    assert caught.value.code == 201


def test_a_mended_package_still_needs_credentials() -> None:
    with pytest.raises(PackageFault) as caught:
        parse(b"<package><message><msg>a & b</msg></message></package>", lenient=True)
    assert caught.value.code == 202


def test_the_login_of_a_broken_package_is_found() -> None:
    assert login_of_broken(wrap("<msg>a & b</msg>")) == Login("demo", "demo", None)
    body = b"\n<?xml version='1.0'?><package key = 'k&amp;1' login=\"a&b\"><message><msg>&"
    assert login_of_broken(body) == Login("a&b", None, "k&1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"<message/>",
        b"<package>&",
        b'<package login="a">&',
        b'<package login="" password="">&',
        b" " * 70_000 + b'<package login="a" password="b">',
    ],
)
def test_no_login_is_none(body: bytes) -> None:
    assert login_of_broken(body) is None


def test_a_login_does_not_show_its_secrets() -> None:
    assert "s3cret" not in repr(Login("demo", "s3cret", "s3cret-key"))


@pytest.mark.parametrize(
    "unit",
    [
        '<msg a="<msg" ',
        "<msg a='<msg b=\"' c='\" d='",
        "<![CDATA[",
        "<!--",
        "<msg ",
        "&",
        "<",
        "</msg>",
        "<msg/>",
    ],
)
def test_hostile_repetition_is_201_in_one_pass(unit: str) -> None:
    """A quadratic reading of these would take minutes, and the suite's time limit."""
    for start in ("", "<msg>"):
        body = f"{HEAD}<message>{start}{unit * (1_000_000 // len(unit))}".encode()
        with pytest.raises(PackageFault) as caught:
            parse(body, lenient=True)
        assert caught.value.code == 201
