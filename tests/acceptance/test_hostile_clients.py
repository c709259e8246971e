"""Clients that mean ill, or are merely broken, and neighbours that notice nothing of it."""

import asyncio
import random
import re
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from habar.simulator import Simulator

from .conftest import SHOP
from .customer import Answer, Customer, Login, ask, request
from .gateway import PATIENCE, Gateway
from .smsc import Arrivals
from .waiting import eventually

GUESSES = 10_000
GUESSER = "127.0.0.66"
MUTATIONS = 2_000
ELEMENTS = {"message", "status", "delete", "balance", "prices", "msg", "phone", "amount"}
CODES = {1, *range(100, 110), *range(200, 208), 211}


@pytest.fixture
async def gateway(produce, operator: tuple[Simulator, Arrivals]) -> AsyncIterator[Gateway]:
    made = await produce(operator[0].port)
    async with made:
        yield made


async def neighbour_is_served(gateway: Gateway, address: str = "127.0.0.1") -> None:
    answer = await ask(gateway.port, SHOP.message("Salem"), local=address)
    assert (answer.status, answer.rows[0].code) == (200, 106), answer


async def test_one_byte_and_then_nothing(gateway: Gateway) -> None:
    """Three hundred clients, each of which has sent another length of a good request."""
    whole = request(SHOP.message("slow"))
    async with AsyncExitStack() as connections:
        slow = []
        for number in range(300):
            customer = await connections.enter_async_context(Customer(gateway.port))
            sent = number % len(whole)
            customer.writer.write(whole[:sent])
            slow.append((customer, whole[sent:]))
        for _ in range(20):
            await neighbour_is_served(gateway)
        for customer, rest in slow:  # soon enough after all, and answered like anybody
            customer.writer.write(rest)
            assert (await customer.answer()).rows[0].code == 106


async def test_who_is_too_slow_is_shown_out(produce, operator: tuple[Simulator, Arrivals]) -> None:
    impatient = "[http]\nheader_seconds = 1\nbody_seconds = 1\n"
    gateway = await produce(operator[0].port, more=impatient)
    whole = request(SHOP.message("slow"))
    async with gateway, AsyncExitStack() as connections:
        slow = []
        for number in range(50):
            customer = await connections.enter_async_context(Customer(gateway.port))
            customer.writer.write(whole[: 1 + number * (len(whole) - 2) // 49])
            slow.append(customer)
        await neighbour_is_served(gateway)
        for customer in slow:
            async with asyncio.timeout(PATIENCE):
                said = await customer.reader.read()  # until the gateway hangs up
            assert not said or said.startswith(b"HTTP/1.1 408 "), said
        await neighbour_is_served(gateway)


async def test_hanging_up_in_the_middle(
    gateway: Gateway, operator: tuple[Simulator, Arrivals]
) -> None:
    """With an end and with a reset, before and after the last octet of the request."""
    whole = request(SHOP.message("gone"))
    for number in range(300):
        client = socket.create_connection(("127.0.0.1", gateway.port))
        client.sendall(whole[: number * 5 % (len(whole) + 1)])
        if number % 2:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        if number % 30 == 0:
            await neighbour_is_served(gateway)
    await neighbour_is_served(gateway)
    await operator[0].wait_for(lambda _: operator[1].links.get("Salem", []) != [])
    async with Customer(gateway.port) as customer:
        assert await customer.figure("habar_http_faults_total") == 0


@pytest.mark.rule("xml.package-error-202", "xml.passwords-not-logged")
async def test_ten_thousand_wrong_passwords(gateway: Gateway) -> None:
    """The guesser is slowed; the account's owner and all others get in as if nobody guessed."""
    numbers = iter(range(GUESSES))
    answers: Counter[tuple[int, int]] = Counter()
    gateway.secrets += ("guessed-",)

    async def guess() -> None:
        async with Customer(gateway.port, local=GUESSER) as customer:
            for number in numbers:
                who = Login("shop" if number % 50 else f"shop{number}", f"guessed-{number}")
                answer = await customer.post(who.message("mine"))
                answers[answer.status, answer.error] += 1
                if answer.status == 429:
                    assert int(answer.headers["retry-after"]) >= 1

    async with asyncio.TaskGroup() as group:
        guessing = [group.create_task(guess()) for _ in range(16)]
        for number in range(GUESSES):
            # Each from an address that has never been here before.
            await neighbour_is_served(gateway, f"127.1.{number // 200}.{1 + number % 200}")
            if number > 20 and all(task.done() for task in guessing):
                break
    assert set(answers) <= {(200, 202), (429, 200)}, answers
    assert sum(answers.values()) == GUESSES
    assert answers[200, 202] >= 4  # people mistype: the first few are judged
    assert answers[429, 200] > GUESSES * 0.9, answers


@pytest.mark.rule("xml.package-error-201")
async def test_mutated_packages(gateway: Gateway, dice: random.Random) -> None:
    """Whatever comes, what goes back is a document of the protocol, on a connection that lives."""
    made = await gateway.command("account", "key", SHOP.name, "--config", "habar.toml")
    key = made.out.strip()
    gateway.secrets += (key,)
    good = [package.replace("KEY", key).encode() for package in PACKAGES]
    codes: Counter[int] = Counter()
    async with Customer(gateway.port) as customer:

        async def key_is_known() -> bool:
            return (await customer.post(good[1])).error == 0

        await eventually(key_is_known)
        for _ in range(MUTATIONS):
            document = mutated(dice, good)
            answer = await customer.post(document)
            hold_protocol(answer, document)
            codes[answer.error] += 1
        for document in good:
            assert (await customer.post(document)).error == 0
        assert await customer.figure("habar_http_faults_total") == 0
    assert set(codes) <= {0, 201, 202}, codes
    assert min(codes[0], codes[201]) > MUTATIONS // 20, codes
    assert gateway.runs


PACKAGES = (
    """<?xml version="1.0" encoding="utf-8" ?>
<package key="KEY"><message><default sender="TEXT_MSG" type="0">Сәлем &amp; қош</default>
<msg recipient="77015550001">Тест</msg><msg recipient="77015550002" date_beg=""
 date_end="2030-01-01 10:00:00" type="1"/></message></package>""",
    "<package key='KEY'><status><msg id='1'/><msg sms_id='2'/></status><balance/></package>",
    """<package key="KEY"><prices><phone>77015550001</phone></prices>
<delete><msg sms_id="1"/></delete><message>
<msg id="77" recipient="77015550001" sender="INFO_KAZ"><![CDATA[<a>]]></msg></message></package>""",
)
SNIPPETS = (
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"&#x0;", b"&#xD800;", b"&amp;", b"&lol;", b"]]>"),
    *(b"<", b">", b'"', b"'", b"</msg>", b"<msg>", b"<package>", b"<!--", b"-->", b"<?x ?>"),
    *(b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>", b"encoding='windows-1251'"),
    *(b"<msg " * 50, b"9" * 400, b"xmlns='a'", b"\xef\xbb\xbf", " \u0661\u0662".encode()),
)


VALUE = re.compile(rb"""(?<= )(?!key|version)(\w+)=(["'])[^"'<>]*\2|>[^<]*<""")
VALUES = (b"", b"0", b"-1", b"9" * 19, b"9" * 400, b"abc", "\u0661".encode(), b"2026-13-45 99:99")
NAMES = (b"id", b"sms_id", b"recipient", b"type", b"date_beg", b"date_end", b"sender", b"x")


def mutated(dice: random.Random, good: list[bytes]) -> bytes:
    """Half are spoiled octets, half are well-formed nonsense."""
    octets = dice.choice(good)
    for _ in range(dice.randint(1, 3)):
        octets = reworded(dice, octets)
    for _ in range(dice.choice((0, 0, 1, 2, 3))):
        octets = spoiled(dice, octets, dice.choice(good))
    return octets


def reworded(dice: random.Random, octets: bytes) -> bytes:
    """Another value, name or text."""
    place = dice.choice(list(VALUE.finditer(octets)))
    value = dice.choice(VALUES)
    name = dice.choice(NAMES) if dice.random() < 0.3 else place[1]
    new = b">%b<" % value if place[1] is None else b'%b="%b"' % (name, value)
    return octets[: place.start()] + new + octets[place.end() :]


def spoiled(dice: random.Random, document: bytes, other: bytes) -> bytes:
    """Octets flipped, cut out, doubled, put in, or taken from another package."""
    octets = bytearray(document)
    at, length = dice.randrange(len(octets) + 1), dice.randint(1, 40)
    match dice.randrange(5):
        case 0:
            octets[at : at + 1] = dice.randbytes(1)
        case 1:
            del octets[at : at + length]
        case 2:
            octets[at:at] = octets[at : at + length] * dice.randint(1, 3)
        case 3:
            octets[at:at] = dice.choice(SNIPPETS)
        case _:
            octets[at:at] = other[dice.randrange(len(other)) :][:length]
    return bytes(octets)


def hold_protocol(answer: Answer, document: bytes) -> None:
    assert answer.status == 200, (answer, document)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = answer.document
    assert root.tag == "package", document
    if root.find("error") is not None:
        assert answer.error in {200, 201, 202}
        assert len(root) == 1
        return
    for element in root.iter():
        assert element is root or element.tag in ELEMENTS | {"currency"}, (element.tag, document)
    assert {row.code for row in answer.rows} <= CODES, (answer, document)
