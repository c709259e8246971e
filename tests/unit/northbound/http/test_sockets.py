"""Accepting when the process has no descriptors left."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from habar.northbound.http.sockets import Acceptor, bind, close_all, reserve


class Exhausted(socket.socket):
    """Fails to accept as a process without free descriptors does, until told otherwise."""

    failures = 0
    code = errno.EMFILE

    def accept(self):
        if type(self).failures:
            type(self).failures -= 1
            raise OSError(self.code, "no")
        return super().accept()


def listening_socket(kind: type[socket.socket]) -> socket.socket:
    listening = kind(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    listening.setblocking(False)
    return listening


async def admitted_in_spite_of(code: int, monkeypatch) -> int:
    monkeypatch.setattr("habar.northbound.http.sockets._REST", 0.001)
    kind = type("Once", (Exhausted,), {"failures": 1, "code": code})
    listening = listening_socket(kind)
    admitted: asyncio.Queue[socket.socket] = asyncio.Queue()
    acceptor = Acceptor(asyncio.get_running_loop(), listening, admitted.put_nowait)
    with socket.create_connection(listening.getsockname()):
        async with asyncio.timeout(20):
            (await admitted.get()).close()
    acceptor.close()
    return kind.failures


async def test_accepting_rests_and_goes_on_when_descriptors_run_out(monkeypatch, capsys):
    assert await admitted_in_spite_of(errno.EMFILE, monkeypatch) == 0
    assert "cannot accept" in capsys.readouterr().out


async def test_a_client_that_has_gone_again_does_not_stop_it(monkeypatch):
    assert await admitted_in_spite_of(errno.ECONNABORTED, monkeypatch) == 0


async def test_who_waits_in_the_queue_at_the_close_is_accepted():
    (listening,) = await bind("127.0.0.1", 0)
    admitted: list[socket.socket] = []
    acceptor = Acceptor(asyncio.get_running_loop(), listening, admitted.append)
    with socket.create_connection(listening.getsockname()):
        acceptor.close()
        assert len(admitted) == 1
        admitted[0].close()
    assert listening.fileno() == -1


async def test_a_reserved_port_is_for_those_who_share_it():
    held = await reserve("127.0.0.1", 0)
    port = held[0].getsockname()[1]
    try:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))  # nobody listens yet
        first = await bind("127.0.0.1", port, shared=True)
        second = await bind("127.0.0.1", port, shared=True)
        with pytest.raises(OSError, match="in use"):
            await bind("127.0.0.1", port)
        close_all(first)
        close_all(second)
    finally:
        close_all(held)


@pytest.mark.parametrize("shared", [False, True])
async def test_nobody_reserves_what_another_program_listens_on(shared):
    """Not even one that would share it: its clients would be served by two gateways in turns."""
    taken = await bind("127.0.0.1", 0, shared=shared)
    with pytest.raises(OSError, match="in use") as caught:
        await reserve("127.0.0.1", taken[0].getsockname()[1])
    assert caught.value.errno == errno.EADDRINUSE
    close_all(taken)


async def test_a_port_is_reserved_on_every_address_of_a_name():
    held = await reserve("localhost", 0)
    assert len({each.getsockname()[1] for each in held}) == 1
    close_all(held)
