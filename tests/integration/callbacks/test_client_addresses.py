"""No trick with an address gets behind the guard: what counts is what is connected to."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
from aiohttp.abc import AbstractResolver

from habar.callbacks.client import Client
from habar.callbacks.exchange import Request
from habar.callbacks.guard import Guard

FORBIDDEN = "refused: the host has no public address, and its network is not allowed"


class Names(AbstractResolver):
    """A name server of the test's: for each look-up the next answer; the last one stays."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        self.asked.append(host)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in addresses
        ]

    async def close(self):
        pass


async def called(url, *answers, allowed=()):
    client = Client(Guard(allowed), resolver=Names(*answers))
    try:
        return await client.call(Request("GET", url, {}), 5)
    finally:
        await client.close()


@pytest.mark.parametrize(
    "name",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "public@127.0.0.1",
        "127.0.0.1%00.example.org",
    ],
)
async def test_spellings_of_this_machine(strict, host, name):
    answer = await strict.call(Request("GET", f"http://{name}:{host.port}/", {}), 5)
    assert answer.status == 0
    assert answer.error
    assert host.connections == 0


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "fe80::1"],
)
async def test_a_name_of_an_inner_address(address):
    answer = await called("http://shop.example.org/", [address])
    assert (answer.error, answer.forbidden) == (FORBIDDEN, True)


async def test_all_of_several_addresses_are_refused(host):
    answer = await called(f"http://a.example.org:{host.port}/", ["127.0.0.1", "::1", "10.0.0.1"])
    assert answer.error == FORBIDDEN
    assert host.connections == 0


async def test_of_several_addresses_the_permitted_one_is_called(host):
    url = f"http://a.example.org:{host.port}/"
    answer = await called(url, ["10.0.0.1", "127.0.0.1"], allowed=["127.0.0.1"])
    assert answer.status == 200


async def test_a_name_that_means_another_address_a_moment_later(host, monkeypatch):
    monkeypatch.setattr("habar.callbacks.client._NAMES_KEPT", 0)
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    client = Client(Guard(["127.0.0.1/32"]), resolver=names)
    request = Request("GET", f"http://a.example.org:{host.port}/", {"Connection": "close"})
    host.answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    try:
        assert (await client.call(request, 5)).status == 200
        assert (await client.call(request, 5)).error == FORBIDDEN
    finally:
        await client.close()
    assert names.asked == ["a.example.org", "a.example.org"]
    assert host.connections == 1


async def test_names_that_hang_are_one_customers_trouble(host, monkeypatch):
    """However many of them; whoever waits for one no longer has not freed its thread."""
    ask_on, begun, loop = threading.Event(), asyncio.Semaphore(0), asyncio.get_running_loop()

    def look_up(name, port, _family):
        if name.endswith(".slow.kz"):
            loop.call_soon_threadsafe(begun.release)
            ask_on.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    def of(customer, name):
        url = f"http://{name}.kz:{host.port}/"
        return asyncio.create_task(client.call(Request("GET", url, {}, None, customer), 5))

    monkeypatch.setattr("habar.callbacks.client._look_up", look_up)
    client = Client(Guard(["127.0.0.0/8"]))
    hanging = [of(1, f"a{number}.slow") for number in range(50)]
    try:
        for _ in range(8):
            await begun.acquire()
        for task in hanging:
            task.cancel()
        hanging += [of(1, "b.slow")]
        assert (await of(2, "quick")).status == 200
        assert begun.locked(), "eight look-ups, and no more"
    finally:
        ask_on.set()
        hanging[-1].cancel()
        await client.close()


async def test_a_name_that_nobody_knows():
    class Nobody(Names):
        async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

    client = Client(Guard(), resolver=Nobody([]))
    try:
        answer = await client.call(Request("GET", "http://nowhere.example.org/", {}), 5)
    finally:
        await client.close()
    assert answer.error == "the host's name is not known"


@pytest.mark.parametrize("host_name", ["a" * 300 + ".kz", "a..kz", "-", "*", "xn--"])
async def test_a_name_that_is_none(strict, host_name):
    answer = await strict.call(Request("GET", f"http://{host_name}/", {}), 5)
    assert answer.status == 0
    assert answer.error


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("/%41/%2f?a=%42&b=%2F+%20", "/%41/%2f?a=%42&b=%2F+%20"),
        ("/a/../b/./c//d", "/a/../b/./c//d"),
        ("/хабар?т=ә b", "/%D1%85%D0%B0%D0%B1%D0%B0%D1%80?%D1%82=%D3%99%20b"),
        ("?a=1#part", "/?a=1"),
        ("#part", "/"),
        ("", "/"),
        ('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
    ],
)
async def test_the_url_is_called_as_it_was_written(client, host, written, asked):
    """Its owner may have signed it."""
    await client.call(Request("GET", f"http://127.0.0.1:{host.port}{written}", {}), 5)
    [visit] = host.visits
    assert visit.line == f"GET {asked} HTTP/1.1"


async def test_a_header_cannot_be_smuggled_in(client, host):
    url = host.url + "?a=%0d%0aX-Evil:%201&b=1%20HTTP/1.1%0d%0aHost:%20evil"
    await client.call(Request("GET", url, {}), 5)
    [visit] = host.visits
    assert "x-evil" not in visit.headers
    assert visit.line.count("HTTP/") == 2  # one of them is in the query, encoded around
    assert visit.headers["host"] == f"127.0.0.1:{host.port}"


async def test_the_url_arrives_as_it_was_written(client, host):
    await client.call(Request("GET", host.url + "?sig=a%26b%3D&t=a+b&x=%2B&p=%D0%9F", {}), 5)
    assert host.visits[0].line == "GET /cb?sig=a%26b%3D&t=a+b&x=%2B&p=%D0%9F HTTP/1.1"
