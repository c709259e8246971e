"""Packages as spec/xml.md shows them, as real programs send them, and as nobody should."""

import pytest

from habar.wire.http.xml import (
    BalanceSection,
    DeleteSection,
    MessageSection,
    MsgIn,
    PackageFault,
    PricesSection,
    Ref,
    StatusSection,
    parse,
)

DOCUMENTED = b"""<?xml version="1.0" encoding="utf-8" ?>
<package login="demo" password="demo">
    <message>
        <default sender="INFO_KAZ"/>
        <msg id="1" recipient="77771234567" sender="TEXT_MSG" date_beg="" date_end=""
 type="0">Test</msg>
    </message>
</package>"""
BARE = MsgIn(None, None, None, None, None, None, "x")
HEAD = '<package login="demo" password="demo">'


def wrap(inner: str) -> bytes:
    return f"{HEAD}{inner}</package>".encode()


def messages(inner: str) -> list[MsgIn]:
    (section,) = parse(wrap(f"<message>{inner}</message>")).sections
    assert isinstance(section, MessageSection)
    return section.items


def fault(body: bytes, *, lenient: bool = False) -> PackageFault:
    with pytest.raises(PackageFault) as caught:
        parse(body, lenient=lenient)
    return caught.value


def test_the_documented_package() -> None:
    package = parse(DOCUMENTED)
    assert (package.login, package.password, package.key) == ("demo", "demo", None)
    assert package.sections == (
        MessageSection([MsgIn("1", "77771234567", "TEXT_MSG", "", "", "0", "Test")]),
    )


def test_absent_attributes_are_none() -> None:
    assert messages("<msg/>") == [MsgIn(None, None, None, None, None, None, "")]


@pytest.mark.rule("xml.default-attributes")
def test_default_gives_attributes_to_those_that_lack_them() -> None:
    items = messages(
        '<default recipient="77770000001" sender="A" date_beg="b" date_end="e" type="1"/>'
        "<msg>x</msg>"
        '<msg recipient="77770000002" sender="B" date_beg="" date_end="f" type="0">y</msg>'
    )
    assert items[0] == MsgIn(None, "77770000001", "A", "b", "e", "1", "x")
    assert items[1] == MsgIn(None, "77770000002", "B", "", "f", "0", "y")


@pytest.mark.rule("xml.default-attributes")
def test_default_counts_for_its_own_section_wherever_it_stands() -> None:
    package = parse(
        wrap(
            '<message><msg>x</msg><default sender="A" type="0"/><default sender="B"/></message>'
            "<message><msg>y</msg></message>"
        )
    )
    first, second = package.sections
    assert isinstance(first, MessageSection)
    assert isinstance(second, MessageSection)
    assert (first.items[0].sender, first.items[0].type) == ("B", "0")
    assert second.items[0].sender is None


@pytest.mark.rule("xml.default-not-id")
def test_an_id_on_default_is_passed_over() -> None:
    assert messages('<default id="7"/><msg>x</msg>')[0].id is None


@pytest.mark.rule("xml.default-text")
def test_the_content_of_default_is_the_default_text() -> None:
    items = messages(
        "<default>Sale!</default><msg/><msg></msg><msg>\n  </msg><msg>Own</msg><msg> Own </msg>"
    )
    assert [item.text for item in items] == ["Sale!", "Sale!", "Sale!", "Own", " Own "]


@pytest.mark.rule("xml.default-text")
def test_white_space_in_default_is_no_text() -> None:
    assert [item.text for item in messages("<default>\n  </default><msg/><msg> </msg>")] == [
        "",
        " ",
    ]


@pytest.mark.rule("xml.sender-empty")
def test_an_empty_sender_counts_as_absent() -> None:
    assert messages('<msg sender="">x</msg>')[0].sender is None
    assert messages('<default sender=""/><msg>x</msg>')[0].sender is None
    assert messages('<default sender="A"/><msg sender="">x</msg>')[0].sender == "A"


@pytest.mark.rule("xml.text-white-space")
@pytest.mark.parametrize(
    "text", [" x ", "\n    Test\n  ", "a\n\nb", "\u00a0x", "Әңгіме 😀", "x\ty", "\u2028"]
)
def test_a_text_is_kept_as_sent(text: str) -> None:
    assert messages(f"<msg>{text}</msg>")[0].text == text


def test_references_cdata_comments_and_instructions_in_a_text() -> None:
    (item,) = messages(
        "<msg>a &amp; &lt;b&gt; &#1178;&#x49B;<![CDATA[<c> & d]]><!--no--><?no?>!</msg>"
    )
    assert item.text == "a & <b> Ққ<c> & d!"


def test_what_stands_between_elements_is_passed_over() -> None:
    package = parse(wrap("<!--x--> stray <?pi?><message>stray<msg>x</msg>stray<!--y--></message>"))
    assert package.sections == (MessageSection([BARE]),)


def test_unknown_attributes_are_passed_over() -> None:
    body = b'<package key="a" version="2"><message x="1"><msg y="2">x</msg></message></package>'
    assert parse(body).sections == (MessageSection([BARE]),)


def test_a_status_section_asks_by_either_id() -> None:
    package = parse(wrap('<status><msg id="1"/><msg sms_id="2"/><msg id="3" sms_id="4"/></status>'))
    assert package.sections == (StatusSection([Ref("1", None), Ref(None, "2"), Ref("3", "4")]),)


def test_a_delete_section() -> None:
    package = parse(wrap('<delete><msg id="1"/><msg sms_id="2"/></delete>'))
    assert package.sections == (DeleteSection([Ref("1", None), Ref(None, "2")]),)


def test_a_balance_section() -> None:
    assert parse(wrap("<balance/>")).sections == (BalanceSection(),)


def test_a_prices_section() -> None:
    package = parse(wrap("<prices><phone>77771234567</phone><phone>\n 77 </phone></prices>"))
    assert package.sections == (PricesSection(["77771234567", "77"]),)


@pytest.mark.rule("xml.sections-in-order")
def test_any_number_of_sections_in_their_order() -> None:
    package = parse(
        wrap('<status><msg id="1"/></status><message/><balance/><status/><message><msg/></message>')
    )
    assert [type(section) for section in package.sections] == [
        StatusSection,
        MessageSection,
        BalanceSection,
        StatusSection,
        MessageSection,
    ]


@pytest.mark.rule("xml.package-without-msg")
@pytest.mark.parametrize("inner", ["", "\n", "<message/>", "<message>\n</message>", "<!-- -->"])
def test_a_package_without_msg_is_an_empty_message(inner: str) -> None:
    assert parse(wrap(inner)).sections == (MessageSection([]),)


@pytest.mark.rule("xml.many-msgs")
def test_a_thousand_msg_keep_their_order() -> None:
    items = messages("".join(f'<msg id="{number}">t{number}</msg>' for number in range(1000)))
    assert [(item.id, item.text) for item in items] == [(str(n), f"t{n}") for n in range(1000)]


@pytest.mark.rule("xml.leading-white-space")
@pytest.mark.parametrize("before", [b"\n", b" \r\n\t", b"\n\n    "])
def test_white_space_before_the_declaration(before: bytes) -> None:
    assert parse(before + DOCUMENTED) == parse(DOCUMENTED)


@pytest.mark.rule("xml.bom")
@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\n\xef\xbb\xbf", b"\xef\xbb\xbf" * 2 + b"\n"]
)
def test_a_byte_order_mark(before: bytes) -> None:
    assert parse(before + DOCUMENTED) == parse(DOCUMENTED)


@pytest.mark.rule("xml.no-declaration")
def test_no_declaration() -> None:
    assert parse(DOCUMENTED.split(b"\n", 1)[1]) == parse(DOCUMENTED)


@pytest.mark.rule("xml.single-quotes")
def test_single_quotes() -> None:
    assert parse(DOCUMENTED.replace(b'"', b"'")) == parse(DOCUMENTED)


@pytest.mark.rule("xml.utf8")
@pytest.mark.parametrize("name", [b"UTF-8", b"utf-8", b"Utf-8", b"utf8"])
def test_utf_8_may_be_declared_in_any_case(name: bytes) -> None:
    assert parse(DOCUMENTED.replace(b"utf-8", name)) == parse(DOCUMENTED)


@pytest.mark.rule("xml.other-encoding")
def test_another_declared_encoding_is_201() -> None:
    for name in (b"windows-1251", b"KOI8-R", b"UTF-16", b"", b"iso-8859-1", b"us-ascii", b"utf-8x"):
        assert fault(DOCUMENTED.replace(b"utf-8", name)).code == 201
    cyrillic = DOCUMENTED.replace(b"Test", "Тест".encode("cp1251"))
    assert fault(cyrillic.replace(b'"utf-8"', b"'windows-1251'")).code == 201


@pytest.mark.rule("xml.invalid-utf8")
@pytest.mark.parametrize(
    "octets",
    [
        "Тест".encode("cp1251"),
        b"\xff",
        b"\xc0\x80",  # an overlong NUL
        b"\xed\xa0\x80",  # a surrogate
        b"\xf4\x90\x80\x80",  # beyond U+10FFFF
        b"\xd0",
    ],
)
def test_invalid_utf_8_is_201(octets: bytes) -> None:
    assert fault(DOCUMENTED.replace(b"Test", octets)).code == 201
    assert fault(DOCUMENTED.replace(b"Test", octets), lenient=True).code == 201
    assert fault(DOCUMENTED.replace(b'"demo"', b'"' + octets + b'"')).code == 201


@pytest.mark.rule("xml.dtd")
@pytest.mark.parametrize(
    "doctype",
    [
        b"<!DOCTYPE package>",
        b'<!DOCTYPE package SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE package [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE package [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY x "&b;&b;">]>',
        b'<!--c--><?p?> <!DOCTYPE package [<!ENTITY x "y">]>',
    ],
)
def test_a_doctype_is_201(doctype: bytes) -> None:
    body = doctype + wrap("<message><msg>&x;</msg></message>")
    for document in (body, b'<?xml version="1.0"?>\n' + body, b"\n" + body):
        refused = fault(document)
        assert refused.code == 201
        assert "DOCTYPE" in refused.reason
        assert not refused.recoverable
        assert fault(document, lenient=True).code == 201


def test_a_doctype_after_the_root_began_is_201() -> None:
    assert fault(wrap("<!DOCTYPE x>")).code == 201
    assert fault(wrap("") + b"<!DOCTYPE x>").code == 201


@pytest.mark.rule("xml.not-well-formed")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"\xef\xbb\xbf",
        b"hello",
        b"{}",
        b"<",
        b"<package",
        b"<?xml",
        b"<!--",
        b'<package login="a" password="b">',
        b'<package login="a" login="b" password="c"/>',
        b"<package login=a password=b/>",
        wrap("<message><msg>Tom & Jerry</msg></message>"),
        wrap("<message><msg>I <3 you</msg></message>"),
        wrap("<message><msg>&nbsp;</msg></message>"),
        wrap("<message><msg>x</message></msg>"),
        wrap("") + wrap(""),
        wrap("") + b"junk",
        wrap("<x:message/>"),
        DOCUMENTED.decode().encode("utf-16"),
        DOCUMENTED.decode().encode("utf-32"),
    ],
)
def test_what_is_not_well_formed_is_201(body: bytes) -> None:
    assert fault(body).code == 201


@pytest.mark.rule("xml.not-well-formed")
@pytest.mark.parametrize(
    "inside", [b"\x00", b"\x01", b"\x0b", b"\x1f", b"&#0;", b"&#1;", b"&#x1f;", b"\xef\xbf\xbf"]
)
def test_characters_that_xml_has_not_are_201(inside: bytes) -> None:
    assert fault(DOCUMENTED.replace(b"Test", inside)).code == 201
    assert fault(DOCUMENTED.replace(b"TEXT_MSG", inside)).code == 201
    assert fault(DOCUMENTED.replace(b"Test", inside), lenient=True).code == 201


@pytest.mark.rule("xml.not-well-formed")
@pytest.mark.parametrize("inside", [b"&#xD800;", b"&#55296;", b"&#xD83D;&#xDE00;", b"&#xFFFFFFFF;"])
def test_surrogates_by_reference_are_201(inside: bytes) -> None:
    assert fault(DOCUMENTED.replace(b"Test", inside)).code == 201


@pytest.mark.rule("xml.package-error-201")
@pytest.mark.parametrize("root", ["Package", "packages", "message", "html", "x"])
def test_a_wrong_root_is_201(root: str) -> None:
    refused = fault(f'<{root} login="demo" password="demo"/>'.encode())
    assert refused.code == 201
    assert root in refused.reason


def test_a_package_in_a_namespace_is_another_element() -> None:
    assert fault(b'<package xmlns="urn:x" login="a" password="b"/>').code == 201


@pytest.mark.rule("xml.package-error-201")
@pytest.mark.parametrize(
    ("inner", "name"),
    [
        ("<send/>", "send"),
        ("<message/><Message/>", "Message"),
        ("<message><sms/></message>", "sms"),
        ("<status><default/></status>", "default"),
        ("<delete><phone/></delete>", "phone"),
        ("<prices><msg/></prices>", "msg"),
        ("<balance><x/></balance>", "x"),
    ],
)
def test_an_unknown_element_is_201_and_named(inner: str, name: str) -> None:
    refused = fault(wrap(inner))
    assert refused.code == 201
    assert name in refused.reason
    assert not refused.recoverable


@pytest.mark.parametrize(
    "inner",
    [
        "<message><msg>a <b>bold</b> word</msg></message>",
        "<message><default>a<br/></default></message>",
        "<prices><phone>77<x/></phone></prices>",
    ],
)
def test_an_element_inside_a_text_is_201(inner: str) -> None:
    refused = fault(wrap(inner))
    assert refused.code == 201
    assert refused.recoverable


@pytest.mark.rule("xml.package-error-202")
@pytest.mark.parametrize(
    "attributes",
    [
        "",
        'login="demo"',
        'password="demo"',
        'login="" password="demo"',
        'login="a" password=""',
        'key=""',
    ],
)
def test_a_package_without_credentials_is_202(attributes: str) -> None:
    assert fault(f"<package {attributes}><balance/></package>".encode()).code == 202


@pytest.mark.rule("xml.key")
def test_a_key_takes_the_place_of_login_and_password() -> None:
    package = parse(b'<package key="k-1"><balance/></package>')
    assert (package.login, package.password, package.key) == (None, None, "k-1")


def test_structure_is_judged_before_credentials() -> None:
    assert fault(b"<package><nonsense/></package>").code == 201


def test_secrets_are_not_shown() -> None:
    package = parse(b'<package login="demo" password="s3cret" key="k3y"/>')
    assert "s3cret" not in repr(package)
    assert "k3y" not in repr(package)
    for body in (
        b'<package login="demo" password="a&s3cret;b"/>',
        b'<package login="demo" password="s3cret"<',
        b'<package login="demo" password="s3cret"><x/></package>',
    ):
        refused = fault(body)
        assert "s3cret" not in refused.reason + str(refused) + repr(refused)
        assert refused.__cause__ is None
        assert refused.__context__ is None


@pytest.mark.rule("xml.package-error-201")
@pytest.mark.parametrize("depth", [300, 200_000])
def test_deep_nesting_is_201(depth: int) -> None:
    for opening in (b"<package>", b"<msg>"):
        assert fault(opening * depth).code == 201
    assert fault(wrap("<message>" * depth + "</message>" * depth)).code == 201
    inside = wrap("<message><msg>" + "<b>" * depth + "</b>" * depth + "</msg></message>")
    assert fault(inside).code == 201
    (section,) = parse(inside, lenient=True).sections  # to lenience that is a text, if a long one
    assert isinstance(section, MessageSection)
    assert section.items[0].text == "<b>" * depth + "</b>" * depth


@pytest.mark.rule("xml.package-error-201")
def test_eleven_megabytes_are_201() -> None:
    for filler in (b"x", b"<msg/>", b"&amp;", b" ", "я".encode()):
        inner = filler * (11 * 1024 * 1024 // len(filler))
        body = HEAD.encode() + b"<message>" + inner + b"</message></package>"
        for lenient in (False, True):
            refused = fault(body, lenient=lenient)
            assert refused.code == 201
            assert not refused.recoverable


def test_the_limit_is_the_callers() -> None:
    assert parse(DOCUMENTED, limit=len(DOCUMENTED)).login == "demo"
    with pytest.raises(PackageFault, match="over 10 octets"):
        parse(DOCUMENTED, limit=10)


def test_nearly_ten_megabytes_of_messages_are_read() -> None:
    one = '<msg id="1" recipient="77771234567">' + "я" * 100 + "</msg>"
    assert len(messages(one * 36_000)) == 36_000


def test_what_is_found_is_taken_whole_where_names_are_long() -> None:
    refused = fault(wrap("<" + "x" * 10_000 + "/>"))
    assert len(refused.reason) < 100
