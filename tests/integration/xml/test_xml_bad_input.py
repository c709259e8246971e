"""Bad input: a clear error, no effect, no trace, no hang, no lost neighbour."""

from __future__ import annotations

import asyncio
import random

import pytest

from habar.northbound.http import xml
from habar.northbound.http.request import Request
from habar.submit import authenticate

MEGABYTE = 1024 * 1024
LOGIN = b'<package login="shop" password="shop">'


def one(text: bytes) -> bytes:
    message = b'<message><msg recipient="77771234567">' + text + b"</msg></message>"
    return LOGIN + message + b"</package>"


BOMB = b"".join(
    b'<!ENTITY a%d "%b">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)
)
DECLARED = b'<?xml version="1.0" encoding="windows-1251"?>'
NOT_WELL_FORMED = {
    "not XML": b"hello",
    "JSON": b'{"login": "shop"}',
    "nothing": b"",
    "white space": b" \r\n ",
    "cut off": one(b"Test")[:-5],
    "two roots": one(b"Test") * 2,
    "text behind": one(b"Test") + b"more",
    "unquoted": b"<package login=shop password=shop/>",
    "attribute twice": b'<package login="shop" login="shop" password="shop"/>',
    "unescaped &": one(b"a & b"),
    "unescaped <": one(b"a < b"),
    "unknown entity": one(b"&nbsp;"),
    "NUL": one(b"a\0b"),
    "NUL by number": one(b"&#0;"),
    "control character": one(b"a\x01b"),
    "control character by number": one(b"&#7;"),
    "surrogate by number": one(b"&#xD83D;"),
    "nested": LOGIN + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</package>",
}
INVALID_UTF8 = {
    "windows-1251 undeclared": one("Привет".encode("cp1251")),
    "surrogate in UTF-8": one(b"\xed\xa0\xbd"),
    "cut letter": one(b"\xd0"),
    "UTF-16": one(b"Test").decode().encode("utf-16"),
}
OTHER_ENCODINGS = {
    "windows-1251 declared": DECLARED + one("Привет".encode("cp1251")),
    "windows-1251 declared, ASCII sent": DECLARED + one(b"Test"),
    "latin-1": b"<?xml version='1.0' encoding='iso-8859-1'?>" + one(b"Test"),
}
DTDS = {
    "DOCTYPE": b"<!DOCTYPE package>" + one(b"Test"),
    "bomb": b'<!DOCTYPE p [<!ENTITY a0 "ha">' + BOMB + b"]>" + one(b"&a9;"),
    "external entity": b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + one(b"&x;"),
    "external DTD": b'<!DOCTYPE package SYSTEM "http://127.0.0.1:1/x.dtd">' + one(b"Test"),
    "parameter entity": b'<!DOCTYPE p [<!ENTITY % x SYSTEM "http://127.0.0.1:1/">%x;]>'
    + one(b"Test"),
}
NO_PACKAGE = {
    "another root": b'<paket login="shop" password="shop"/>',
    "namespace": b'<package xmlns="urn:x" login="shop" password="shop"/>',
    "HTML": b"<html><body>Test</body></html>",
    "unknown section": LOGIN + b"<send/></package>",
    "unknown row": LOGIN + b"<message><sms/></message></package>",
    "element in a text": one(b"a <b>bold</b> word"),
}


def cases(*tables: dict[str, bytes]) -> list:
    return [pytest.param(body, id=name) for table in tables for name, body in table.items()]


async def refused(gateway, body: bytes) -> None:
    answer = await gateway.ask(body)
    assert (answer.status, answer.error) == (200, 201)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert gateway.link.taken == []


@pytest.mark.rule("xml.not-well-formed", "xml.package-error-201")
@pytest.mark.parametrize("body", cases(NOT_WELL_FORMED))
async def test_what_is_not_well_formed(gateway, body):
    await refused(gateway, body)


@pytest.mark.rule("xml.invalid-utf8")
@pytest.mark.parametrize("body", cases(INVALID_UTF8))
async def test_octets_that_are_not_utf8(gateway, body):
    await refused(gateway, body)


@pytest.mark.rule("xml.other-encoding")
@pytest.mark.parametrize("body", cases(OTHER_ENCODINGS))
async def test_another_encoding(gateway, body):
    await refused(gateway, body)


@pytest.mark.rule("xml.dtd")
@pytest.mark.parametrize("body", cases(DTDS))
async def test_a_dtd(gateway, body):
    await refused(gateway, body)


@pytest.mark.rule("xml.package-error-201")
@pytest.mark.parametrize("body", cases(NO_PACKAGE))
async def test_what_is_no_package(gateway, body):
    await refused(gateway, body)


@pytest.mark.rule("xml.body-limit-413")
async def test_eleven_megabytes(gateway):
    answer = await gateway.ask(one(b"x" * (11 * MEGABYTE)))
    assert (answer.status, answer.error) == (413, 201)
    assert gateway.link.taken == []


async def test_nine_megabytes_are_read_and_refused_for_their_length(gateway):
    answer = await gateway.ask(one(b"x" * (9 * MEGABYTE)))
    assert answer.codes == [204]
    assert answer.rows[0]["sms_count"] == str(-(-9 * MEGABYTE // 153))


async def test_neighbours_are_answered_while_a_large_document_is_read(gateway, msg):
    large = asyncio.create_task(
        gateway.ask(LOGIN + b"<status>" + b"<msg/>" * 300_000 + b"</status>" + b"</package>")
    )
    assert (await gateway.send(msg())).codes == [106]
    assert not large.done()
    assert (await large).codes.count(201) == 300_000


@pytest.mark.rule("xml.package-error-200")
async def test_a_fault_of_our_own_is_200_and_no_trace(gateway, package, msg, monkeypatch):
    def fail(*_):
        raise LookupError("hunter2")

    monkeypatch.setattr(type(gateway.door), "submit", fail)
    plain = await gateway.send(msg())
    mixed = await gateway.ask(package(f"<message>{msg()}</message><balance/>"))
    for answer in (plain, mixed):
        assert (answer.status, answer.error) == (200, 200)
        assert b"hunter2" not in answer.body


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    """A package with some octets changed, left out, doubled or put elsewhere."""
    octets = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 6)):
        at, end = sorted(chance.randrange(len(octets) + 1) for _ in range(2))
        end = min(end, at + 12)
        match chance.randrange(5):
            case 0:
                octets[at:end] = b""
            case 1:
                octets[at:at] = octets[at:end]
            case 2:
                octets[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                octets[at:at] = chance.choice(
                    [b"<", b">", b"&", b'"', b"\0", b"\xff", b"]]>", b"-"]
                )
            case _:
                octets[at:at] = chance.choice(seeds)[at:end]
    return bytes(octets)


@pytest.mark.rule("xml.answer-200")
async def test_ten_thousand_mutated_packages(gateway, package, msg, monkeypatch):
    """Every one is answered in the protocol's words; passwords are compared cheaply here."""
    monkeypatch.setattr(authenticate, "password_matches", lambda _, password: password == "shop")
    sections = (
        f"<message><default sender='SHOP'/>{msg(id='1', type='1')}{msg('Қалың', id='2')}</message>",
        '<status><msg id="1"/><msg sms_id="2"/></status>',
        '<delete><msg id="1"/></delete><balance/><prices><phone>77771234567</phone></prices>',
    )
    seeds = [package(section).encode() for section in sections]
    chance = random.Random(7)  # the same packages in every run
    codes = {*range(100, 110), *range(200, 208), 211}
    errors: set[int | None] = set()
    for number in range(100):
        bodies = [mutated(chance, seeds) for _ in range(100)]
        asked = (ask(gateway, body, f"10.{number}.0.{at}") for at, body in enumerate(bodies))
        for answer in await asyncio.gather(*asked):
            assert (answer.status, answer.error) in {(200, None), (200, 201), (200, 202)}
            assert set(answer.codes) <= codes
            errors.add(answer.error)
    assert errors == {None, 201, 202}
    assert (await gateway.send(msg())).codes in ([106], [206])


async def ask(gateway, body: bytes, ip: str):
    """Ask the endpoint without a connection."""
    answered = asyncio.get_running_loop().create_future()

    def respond(*answer):
        answered.set_result(gateway.answer(*answer))

    gateway.endpoint(Request(b"POST", b"/api", body=body, client=(ip, 1)), respond)
    async with asyncio.timeout(20):
        return await answered


async def test_a_client_that_hangs_up_in_the_middle(gateway, msg, package):
    port = gateway.server.addresses[0].port
    body = package(f"<message>{msg(id='7')}</message>").encode()
    head = b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    for octets in (head + body[:-20], head + body):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(octets)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(20):
        await gateway.link.until_taken(1)
    again = await gateway.send(msg(id="7"))  # the repeat after a lost answer is told the truth
    assert (again.codes, again.ids) == ([201], [gateway.link.taken[0].message_id])


@pytest.mark.parametrize("section", ["<message/>", "<message><msg/></message>", "<prices/>"])
async def test_neighbours_have_their_turn_between_sections_that_wait_for_nothing(
    gateway, package, section
):
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    await gateway.ask(package("<balance/>"))  # the password is known now
    counting = asyncio.create_task(count())
    answer = await gateway.ask(package(section * 2_000))
    counting.cancel()
    assert answer.status == 200
    assert turns > 2_000


async def test_large_documents_at_one_time_are_limited(gateway, package, msg, monkeypatch):
    monkeypatch.setattr(xml, "_LARGE_AT_ONCE", 3_000_000)
    large = package(f"<message>{'<msg/>' * 300_000}</message>")
    answers = await asyncio.gather(*(gateway.ask(large) for _ in range(6)))
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {200, 503}
    assert {a.headers["retry-after"] for a in answers if a.status == 503} == {"2"}
    assert (await gateway.ask(large)).status == 200  # what was answered counts no more
