"""How packages travel (spec/xml.md, "Transport")."""

from __future__ import annotations

import asyncio
from urllib.parse import quote_plus

import pytest

from habar.errors import StoreUnavailable

FORM = "application/x-www-form-urlencoded"
DECLARATION = '<?xml version="1.0" encoding="utf-8" ?>\n'


@pytest.mark.rule("xml.post-body", "xml.path-api")
async def test_a_post_with_the_document_as_its_body(gateway, package, msg):
    document = package(f"<message>{msg()}</message>")
    for target in ("/api", "/api?"):
        answer = await gateway.request("POST", target, document.encode())
        assert answer.codes == [106]


@pytest.mark.rule("xml.get-query")
async def test_a_get_with_the_document_in_its_query(gateway, package, msg):
    answer = await gateway.get(package(f"<message>{msg('Сәлем')}</message>"))
    assert answer.codes == [106]
    assert gateway.link.taken[0].text == "Сәлем"


@pytest.mark.rule("xml.form-field")
async def test_a_form_with_the_document_in_its_field(gateway, package, msg):
    body = "a=1&xml=" + quote_plus(package(f"<message>{msg('Сәлем +7')}</message>"))
    answer = await gateway.ask(body, headers={"Content-Type": FORM})
    assert answer.codes == [106]
    assert gateway.link.taken[0].text == "Сәлем +7"


@pytest.mark.rule("xml.get-body")
async def test_a_get_with_the_document_as_its_body(gateway, package, msg):
    document = package(f"<message>{msg()}</message>").encode()
    assert (await gateway.request("GET", "/api", document)).codes == [106]


@pytest.mark.rule("xml.http-and-https", "xml.tls-and-plain-one-port")
async def test_https_and_http_on_one_port(gateway, package, msg, client_tls):
    document = package(f"<message>{msg()}</message>")
    assert (await gateway.ask(document, ssl=client_tls)).codes == [106]
    assert (await gateway.ask(document)).codes == [106]


@pytest.mark.rule("xml.any-listener")
async def test_every_listener_serves_the_protocol(gateway, package, msg):
    document = package(f"<message>{msg()}</message>")
    for listener in (0, 1):
        assert (await gateway.ask(document, listener=listener)).codes == [106]


@pytest.mark.parametrize(
    ("before", "quote"),
    [
        pytest.param(
            "\r\n \t" + DECLARATION, '"', marks=pytest.mark.rule("xml.leading-white-space")
        ),
        pytest.param("\n\n", '"', marks=pytest.mark.rule("xml.leading-white-space")),
        pytest.param("", '"', marks=pytest.mark.rule("xml.no-declaration")),
        pytest.param(DECLARATION, "'", marks=pytest.mark.rule("xml.single-quotes")),
        pytest.param("\ufeff" + DECLARATION, '"', marks=pytest.mark.rule("xml.bom")),
    ],
)
async def test_ways_of_writing_a_document(gateway, package, msg, before, quote):
    document = before + package(f"<message>{msg()}</message>")
    assert (await gateway.ask(document.replace('"', quote))).codes == [106]


@pytest.mark.rule("xml.any-content-type")
@pytest.mark.parametrize(
    "content_type", ["text/xml", "application/xml", FORM, "text/plain", "nonsense;;", None]
)
async def test_any_content_type(gateway, package, msg, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    document = package(f"<message>{msg('a&amp;b=c%20d+e')}</message>")
    assert (await gateway.ask(document, headers=headers)).codes == [106]
    assert gateway.link.taken[0].text == "a&b=c%20d+e"


@pytest.mark.rule("xml.package-without-msg")
@pytest.mark.parametrize("sections", ["", "<message/>", "<message></message>"])
async def test_a_package_without_a_message(gateway, package, sections):
    answer = await gateway.ask(package(sections))
    assert [child.tag for child in answer.root] == ["message"]
    assert answer.rows == []


@pytest.mark.rule("xml.many-msgs", "xml.answer-order")
async def test_a_package_of_many_slices(gateway, msg):
    answer = await gateway.send(*(msg(id=str(number)) for number in range(1, 801)))
    assert answer.codes == [106] * 800
    assert [row["id"] for row in answer.rows] == [str(number) for number in range(1, 801)]
    assert len(set(answer.ids)) == 800
    assert len(gateway.link.taken) == 800


async def test_a_document_so_large_that_it_is_read_in_a_thread(gateway, msg):
    answer = await gateway.send(*(msg("x" * 150) for _ in range(2500)), login="shop")
    assert len(answer.rows) == 2500
    assert answer.codes[:833] == [106] * 833  # a million tiyn, 1200 each
    assert set(answer.codes[833:]) == {206}


@pytest.mark.rule("xml.utf8")
async def test_the_document_is_utf8(gateway, msg):
    await gateway.send(msg("Қайырлы таң, привет, 😀"))
    assert gateway.link.taken[0].text == "Қайырлы таң, привет, 😀"


@pytest.mark.rule("xml.answer-200", "xml.answer-content-type")
@pytest.mark.parametrize("document", ["<package", '<package login="x" password="y"/>', ""])
async def test_errors_of_the_protocol_are_http_200(gateway, document):
    answer = await gateway.ask(document)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.error in {201, 202}


@pytest.mark.rule("xml.answer-content-type", "xml.answer-200")
async def test_answers_are_xml(gateway, msg):
    answer = await gateway.send(msg())
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")


@pytest.mark.rule("xml.method-405")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_an_unknown_method(gateway, method):
    answer = await gateway.request(method, "/api", b"<package/>")
    assert (answer.status, answer.error) == (405, 201)


@pytest.mark.rule("xml.overload-retry-after")
async def test_a_store_that_is_down_is_503_and_nothing_is_accepted(gateway, msg, monkeypatch):
    def fail(submissions, done):
        done(StoreUnavailable("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(type(gateway.store.journal), "submit", lambda _, *call: fail(*call))
        answer = await gateway.send(msg(id="7"))
    assert (answer.status, answer.error) == (503, 200)
    assert int(answer.headers["retry-after"]) > 0
    assert gateway.link.taken == []
    assert (await gateway.send(msg(id="7"))).codes == [106]


@pytest.mark.rule("xml.overload-retry-after")
async def test_while_draining_new_messages_are_503_and_statuses_are_told(gateway, msg):
    await gateway.send(msg(id="7"))
    gateway.door.drain()
    answer = await gateway.send(msg(id="8"))
    assert (answer.status, answer.error) == (503, 200)
    assert int(answer.headers["retry-after"]) > 0
    assert (await gateway.status('id="7"', 'id="8"')).codes == [106, 201]


async def test_a_mixed_package_is_503_only_while_nothing_was_done(gateway, package, msg):
    gateway.door.drain()
    message, status = f"<message>{msg()}</message>", '<status><msg sms_id="1"/></status>'
    assert (await gateway.ask(package(status + message))).status == 503


@pytest.mark.rule("xml.raw-request-line")
async def test_a_request_line_with_raw_spaces_and_letters(gateway, package, msg):
    document = package(f"<message>{msg('Код 12 привет')}</message>")
    line = f"GET /api?xml={document} HTTP/1.1\r\nHost: gateway\r\n\r\n"
    assert (await gateway.raw(line.encode())).codes == [106]
    assert gateway.link.taken[0].text == "Код 12 привет"


@pytest.mark.rule("xml.expect-continue")
async def test_expect_100_continue(gateway, package, msg):
    document = package(f"<message>{msg()}</message>")
    assert (await gateway.ask(document, headers={"Expect": "100-continue"})).codes == [106]


@pytest.mark.rule("xml.absolute-target")
async def test_a_target_in_absolute_form(gateway, package, msg):
    document = package(f"<message>{msg()}</message>").encode()
    assert (await gateway.request("POST", "http://gateway:809/api", document)).codes == [106]


@pytest.mark.rule("xml.passwords-not-logged")
async def test_a_password_in_a_url_is_not_logged(gateway, package):
    answer = await gateway.get(package("", "shop", "hunter2"))
    assert answer.error == 202
    assert gateway.log
    assert "hunter2" not in repr(gateway.log)


async def test_requests_of_one_connection_are_answered_in_their_order(gateway, package, msg):
    port = gateway.server.addresses[0].port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sections = [f"<message>{msg(id='1')}</message>", '<status><msg id="1"/></status>'] * 2
    for section in sections:
        body = package(section).encode()
        writer.write(b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
    answers = b""
    async with asyncio.timeout(20):
        while answers.count(b"</package>") < 4:
            answers += await reader.read(65536)
    assert [b"<message>" in part for part in answers.split(b"</package>")[:4]] == [
        True,
        False,
        True,
        False,
    ]
    writer.close()
    await writer.wait_closed()
