"""How requests travel (spec/http.md; spec/README.md, rules 4, 5 and 7)."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from .conftest import FORM, code, words

TEXT = "Сәлем + привет & 100% ё"


@pytest.mark.rule("http.paths")
@pytest.mark.parametrize("path", ["/", "", "/api"])
async def test_every_path_that_programs_use(gateway, caller, path):
    answer = await gateway.request("GET", f"{path}?{caller.query()}")
    assert (answer.status, code(answer)) == (200, "0")
    assert gateway.link.taken[0].recipient == 77771234567


@pytest.mark.rule("http.paths")
@pytest.mark.parametrize("target", ["/api?", "/api", "/", "/?"])
async def test_a_form_at_every_path(gateway, caller, target):
    assert code(await caller.post(target, messagedata=TEXT)) == "0"
    assert caller.texts() == [TEXT]


@pytest.mark.rule("http.get-query")
async def test_a_get_with_a_query(caller):
    assert code(await caller.get(messagedata=TEXT)) == "0"
    assert caller.texts() == [TEXT]


@pytest.mark.rule("http.post-query")
@pytest.mark.parametrize("headers", [{}, {"Content-Type": FORM}, {"Content-Type": "text/xml"}])
async def test_a_post_with_everything_in_the_query(gateway, caller, headers):
    target = "/api?" + caller.query(messagedata=TEXT)
    answer = await gateway.request("POST", target, b"", headers=headers)
    assert code(answer) == "0"
    assert caller.texts() == [TEXT]


@pytest.mark.rule("http.mixture")
async def test_some_in_the_query_and_some_in_the_body(gateway, caller):
    everything = caller.parameters(messagedata=TEXT)
    body = {name: everything.pop(name) for name in ("password", "messagedata")}
    target = "/?" + urlencode({**everything, "messagedata": "not this one"})
    answer = await gateway.request("POST", target, urlencode(body).encode())
    assert code(answer) == "0"
    assert caller.texts() == [TEXT]


@pytest.mark.rule("http.names-any-case")
async def test_names_in_any_case(gateway, caller):
    named = {name.upper(): value for name, value in caller.parameters().items()}
    named |= {"messageType": "sms:text", "MESSAGEDATA": TEXT}
    assert code(await gateway.request("GET", "/?" + urlencode(named))) == "0"
    assert caller.texts() == [TEXT]


@pytest.mark.rule("http.get-body")
async def test_a_get_with_a_body(gateway, caller):
    assert code(await gateway.request("GET", "/", caller.query().encode())) == "0"


@pytest.mark.rule("http.any-content-type")
@pytest.mark.parametrize(
    "content_type", [FORM + "; charset=UTF-8", "text/plain", "application/json", "x;;", None]
)
async def test_any_content_type(gateway, caller, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = caller.query(messagedata=TEXT).encode()
    assert code(await gateway.request("POST", "/api", body, headers=headers)) == "0"
    assert caller.texts() == [TEXT]


@pytest.mark.rule("http.multipart")
@pytest.mark.parametrize("declared", [True, False])
async def test_multipart_form_data(gateway, caller, declared):
    lines: list[bytes] = []
    for name, value in caller.parameters(messagedata=TEXT).items():
        lines += [b"--x1", f'Content-Disposition: form-data; name="{name}"'.encode()]
        lines += [b"", value.encode()]
    body = b"\r\n".join([*lines, b"--x1--", b""])
    headers = {"Content-Type": "multipart/form-data; boundary=x1"} if declared else {}
    for path in ("/api", "/"):
        assert code(await gateway.request("POST", path, body, headers=headers)) == "0"
    assert caller.texts() == [TEXT, TEXT]


@pytest.mark.rule("http.raw-request-line")
@pytest.mark.parametrize("path", ["/api?", "/?", "?"])
async def test_raw_spaces_and_raw_utf8_in_the_request_line(gateway, caller, path):
    query = caller.query(messagedata=None)
    line = f"GET {path}{query}&messagedata=Vash kod 12 привет # 5 HTTP/1.1\r\n"
    answer = await gateway.raw(line.encode() + b"Host: a\r\nConnection: close\r\n\r\n")
    assert code(answer) == "0"
    assert caller.texts() == ["Vash kod 12 привет # 5"]


@pytest.mark.rule("http.absolute-form")
@pytest.mark.parametrize("origin", ["http://gateway", "http://gateway:9507/", "HTTPS://g:1/api"])
async def test_an_absolute_form(gateway, caller, origin):
    line = f"GET {origin}?{caller.query()} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert code(await gateway.raw(line.encode())) == "0"


@pytest.mark.rule("http.expect-continue")
async def test_expect_100_continue(gateway, caller):
    body = caller.query().encode()
    headers = {"Expect": "100-continue", "Content-Type": FORM}
    assert code(await gateway.request("POST", "/api", body, headers=headers)) == "0"


@pytest.mark.rule("http.garbled-separators")
@pytest.mark.parametrize("query", ["?{}", "{}&amp;", "&&{}&", "{}&="])
async def test_garbled_separators(gateway, caller, query):
    garbled = query.format(caller.query().replace("&", "&amp;"))
    assert code(await gateway.request("GET", "/api?" + garbled)) == "0"


@pytest.mark.rule("http.one-path", "http.form-type-on-xml")
@pytest.mark.parametrize("path", ["/", "/api", "", "/?action=sendmessage"])
@pytest.mark.parametrize("content_type", [FORM, "text/xml", "multipart/form-data; boundary=x"])
async def test_packages_and_parameters_share_a_path(
    gateway, caller, package, msg, path, content_type
):
    document = package(f"<message>{msg('a&amp;action=b')}</message>").encode()
    headers = {"Content-Type": content_type}
    answer = await gateway.request("POST", path, b"\xef\xbb\xbf\r\n" + document, headers=headers)
    assert answer.codes == [106]
    assert (
        code(await gateway.request("POST", path.partition("?")[0], caller.query().encode())) == "0"
    )


@pytest.mark.rule("http.one-path")
async def test_a_package_in_a_field_at_the_root(gateway, package, msg):
    document = quote(package(f"<message>{msg()}</message>"))
    assert (await gateway.request("GET", "/?xml=" + document)).codes == [106]


@pytest.mark.rule("http.neither")
async def test_what_is_neither_is_refused_as_its_path_always_did(gateway):
    for target, body in (
        ("/api", b""),
        ("/api?a=1", b""),
        ("/api", b"garbage"),
        ("/api?xml=", b""),
    ):
        assert (await gateway.request("POST", target, body)).error == 201
    for target, body in (("/", b""), ("/?a=1", b""), ("/", b"garbage"), ("", b"")):
        answer = await gateway.request("POST", target, body)
        assert (code(answer), words(answer)) == ("400", "username is missing")


@pytest.mark.rule("http.http-and-https")
async def test_https_and_http_on_one_port(gateway, caller, client_tls):
    for how in ({}, {"ssl": client_tls}):
        assert code(await gateway.request("GET", "/?" + caller.query(), **how)) == "0"


@pytest.mark.rule("http.any-listener")
async def test_every_listener_serves_both_protocols(gateway, caller, package, msg):
    for listener in (0, 1):
        answer = await gateway.request("GET", "/?" + caller.query(), listener=listener)
        assert code(answer) == "0"
        document = package(f"<message>{msg()}</message>").encode()
        assert (await gateway.request("POST", "/", document, listener=listener)).codes == [106]


@pytest.mark.rule("http.passwords-masked")
@pytest.mark.parametrize(
    "name", ["password", "PassWord", "PASSWORD", "pass%77ord", "&amp;password"]
)
async def test_passwords_reach_no_log(gateway, caller, name):
    await gateway.add("s3cret")
    query = caller.query(username="s3cret", password=None)
    answer = await gateway.request("GET", f"/api?{query}&{name}=s3cret")
    assert code(answer) == "0"
    logged = repr(gateway.log)
    assert "/api?action=sendmessage" in logged
    assert logged.count("s3cret") == 1  # the username


@pytest.mark.rule("http.passwords-masked")
async def test_a_body_reaches_no_log(gateway, caller):
    await caller.post(password="s3cret")
    assert gateway.log
    assert "s3cret" not in repr(gateway.log)


@pytest.mark.rule("http.utf8")
@pytest.mark.parametrize("place", ["query", "raw line", "body"])
async def test_another_encoding_is_refused(gateway, caller, place):
    octets = "привет".encode("cp1251")
    usual = caller.query(messagedata=None).encode() + b"&messagedata="
    if place == "body":
        answer = await gateway.request("POST", "/", usual + octets)
    else:
        value = quote(octets).encode() if place == "query" else octets
        line = b"GET /?" + usual + value + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answer = await gateway.raw(line)
    assert (code(answer), words(answer)) == ("400", "messagedata is not UTF-8")
    assert caller.texts() == []


@pytest.mark.rule("http.repeated")
async def test_the_last_of_a_repeated_parameter_counts(gateway, caller):
    query = caller.query(messagedata="first") + "&messagedata=last&messagedata="
    assert code(await gateway.request("GET", "/?" + query)) == "0"
    assert caller.texts() == ["last"]


@pytest.mark.rule("http.limits")
async def test_too_large_and_too_many(gateway, caller):
    for body in (b"&a=" + b"x" * 1_100_000, b"&a=1" * 10_001):
        answer = await gateway.request("POST", "/", caller.query().encode() + body)
        assert (answer.status, code(answer)) == (200, "400")
    assert caller.texts() == []


async def test_a_body_so_large_that_it_is_read_in_a_thread(gateway, caller):
    body = caller.query().encode() + b"&a=" + b"x" * 500_000
    assert code(await gateway.request("POST", "/", body)) == "0"


@pytest.mark.rule("http.listener-refusals")
async def test_what_the_listener_refuses_is_an_error_to_both_protocols(gateway):
    for answer, status in (
        (await gateway.raw(b"GET /?" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n"), 414),
        (await gateway.request("PUT", "/"), 405),
        (await gateway.request("GET", "/api/?action=sendmessage"), 404),
        (await gateway.request("POST", "/send", b"action=sendmessage"), 404),
        (await gateway.raw(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"), 413),
    ):
        assert (answer.status, answer.error, code(answer)) == (status, 201, "400")
        for place in ("statuscode", "errorcode", "data/acceptreport/statuscode"):
            assert answer.root.findtext(place) == "400"
