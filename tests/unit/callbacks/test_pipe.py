"""Documents over a socket, whatever pieces they come in."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from habar.callbacks.exchange import Answer, Request
from habar.callbacks.pipe import Ask, Pipe, Tell, encode


class Written:
    """A transport that keeps what is written."""

    def __init__(self):
        self.writes = []
        self.closed = False

    def write(self, octets):
        self.writes.append(octets)

    def close(self):
        self.closed = True


async def sent(*documents):
    """What goes over the socket for these, said in one turn."""
    pipe, transport = Pipe(pytest.fail, pytest.fail), Written()
    pipe.connection_made(transport)
    for document in documents:
        pipe.say(document)
    assert transport.writes == []
    await asyncio.sleep(0)
    [octets] = transport.writes
    return octets


DOCUMENTS = [b"", b"x", b"y" * 70_000, b"\0\0\0\1"]


@pytest.mark.parametrize("size", [1, 3, 4, 5, 4_096, 1 << 20])
async def test_documents_arrive_whole_and_in_order(size):
    octets = await sent(*DOCUMENTS)
    received = []
    pipe = Pipe(received.append, pytest.fail)
    for at in range(0, len(octets), size):
        pipe.data_received(octets[at : at + size])
    assert received == DOCUMENTS


async def test_each_turn_is_one_write():
    pipe, transport = Pipe(pytest.fail, pytest.fail), Written()
    pipe.connection_made(transport)
    for _ in range(2):
        pipe.say(b"a")
        pipe.say(b"b")
        await asyncio.sleep(0)
    assert transport.writes == [b"\0\0\0\1a\0\0\0\1b"] * 2


async def test_what_was_said_goes_out_before_the_end():
    pipe, transport = Pipe(pytest.fail, pytest.fail), Written()
    pipe.connection_made(transport)
    pipe.say(b"a")
    pipe.close()
    assert (transport.writes, transport.closed) == ([b"\0\0\0\1a"], True)


async def test_the_end_is_told_and_nothing_is_written_after_it():
    ends = []
    pipe, transport = Pipe(pytest.fail, lambda: ends.append(1)), Written()
    pipe.connection_made(transport)
    pipe.connection_lost(None)
    pipe.say(b"a")
    await asyncio.sleep(0)
    assert (ends, transport.writes) == ([1], [])


async def test_another_hears_the_next_document():
    first, second = [], []

    def hear(document):
        first.append(document)
        pipe.hear(second.append)

    pipe = Pipe(hear, pytest.fail)
    pipe.data_received(await sent(b"a", b"b", b"c"))
    assert (first, second) == ([b"a"], [b"b", b"c"])


@pytest.mark.parametrize(
    "said",
    [
        Ask(7, 1.5, Request("POST", "http://a.kz/?x=é", {"A": "б"}, b"\0\xff")),
        Ask(1 << 40, 0.1, Request("GET", "http://a.kz/", {})),
        Tell(7, Answer(200, "", b"\0\xff", "too large")),
        Tell(8, Answer(0, "refused", forbidden=True)),
    ],
)
def test_what_is_said_is_what_is_heard(said):
    assert msgspec.msgpack.decode(encode(said), type=type(said)) == said


def test_no_secret_is_shown():
    said = Ask(7, 1.5, Request("GET", "http://a.kz/?password=sesame", {"A": "sesame"}, b"sesame"))
    assert "sesame" not in repr(said)
