"""`python -m habar.callbacks.child`: a process that makes calls for a gateway, and nothing else.

Its arguments are the descriptor of a socket, over which it learns everything (see `pipe`), and the
gateway's process id. Guarantees: each call that it is asked for is answered as it ends; the process
ends when the other end of the socket closes, with the gateway even while it is stopped or hangs,
and by SIGTERM at once. Ctrl-C in a terminal is no
matter of its own: the gateway decides what it means. Knows no store, no customers and no settings
but the networks that may be called.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from functools import partial

import msgspec
import uvloop

from habar.callbacks.client import Client
from habar.callbacks.exchange import Answer
from habar.callbacks.guard import Guard
from habar.callbacks.pipe import READY, Ask, Begin, Pipe, Tell, encode
from habar.parent import end_with

_FAULT = Answer(0, "a fault of the gateway, see its log", asked=False)


class Serving:
    """One gateway's calls. To be made in a running loop."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        """The gateway is gone."""
        self.pipe = Pipe(self._begin, self.over.set)
        self._client: Client | None = None
        self._calls: set[asyncio.Task[Answer]] = set()
        self._asked = msgspec.msgpack.Decoder(Ask)

    async def end(self) -> None:
        """Give up the calls under way: nobody is there who would hear what comes of them."""
        for task in self._calls:
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    def _begin(self, document: bytes) -> None:
        begin = msgspec.msgpack.decode(document, type=Begin)
        self._client = Client(Guard(begin.allowed_networks))
        self.pipe.hear(self._ask)
        self.pipe.say(READY)

    def _ask(self, document: bytes) -> None:
        if self._client is not None:
            number, seconds, request = self._asked.decode(document)
            task = asyncio.create_task(self._client.call(request, seconds))
            self._calls.add(task)
            task.add_done_callback(partial(self._ended, number))

    def _ended(self, number: int, task: asyncio.Task[Answer]) -> None:
        self._calls.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:  # its words may quote what is a secret
            sys.stderr.write(f"habar: a call failed by a fault: {type(error).__name__}\n")
        answer = _FAULT if error is not None else task.result()
        self.pipe.say(encode(Tell(number, answer)))


async def serve(descriptor: int) -> None:
    """Make calls until the gateway is gone."""
    serving = Serving()
    await asyncio.get_running_loop().create_unix_connection(
        lambda: serving.pipe, sock=socket.socket(fileno=descriptor)
    )
    await serving.over.wait()
    await serving.end()


def main() -> None:
    """Run."""
    descriptor, gateway = map(int, sys.argv[1:])
    end_with(gateway)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(descriptor))


if __name__ == "__main__":
    main()
