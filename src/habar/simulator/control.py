"""The simulator's control socket: whoever may open it can have a subscriber write.

Guarantees: the socket is its owner's only (mode 0600, from before anybody can connect); one that a
dead process has left is replaced, one that somebody listens on is not; whatever a peer sends, or
fails to read, ends with its connection and harms nobody else; how long and how many is bounded.
A message that was taken stays the SMSC's when the peer goes. Knows nothing of the gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import structlog

from habar.simulator.control_lines import (
    ACKNOWLEDGED_WITHIN,
    LONGEST_LINE,
    Acknowledged,
    ControlError,
    Deliver,
    End,
    Kept,
    Line,
    Refused,
    Replied,
    Sent,
    UnreadableLine,
    checked_path,
    octets_of,
    request_of,
)
from habar.simulator.outbox import Handover, OutboxFullError
from habar.simulator.record import Received
from habar.simulator.server import Simulator
from habar.simulator.subscribers import SubscriberMessage
from habar.wire.smpp import CommandStatus, status_name

_log = structlog.get_logger("habar.simulator")
_MOST_PEERS = 32
_ASKED_WITHIN = 10.0  # s for a peer to say what it wants
_READ_WITHIN = 10.0  # s for a peer to read what it is told


class Control:
    """Listens for one simulator. `start`, then `close`; both once."""

    def __init__(
        self,
        smsc: Simulator,
        path: Path,
        *,
        on_message: Callable[[SubscriberMessage], None] | None = None,
    ) -> None:
        """`on_message` is told each message that is taken."""
        self.path = path
        self._smsc = smsc
        self._on_message = on_message
        self._server: asyncio.Server | None = None
        self._peers: set[asyncio.Task[None]] = set()
        self._file: tuple[int, int] | None = None

    async def start(self) -> None:
        """Listen. Raises ControlError, OSError."""
        listener = _listener(self.path)
        self._file = _file_of(self.path)
        self._server = await asyncio.start_unix_server(
            self._connected, sock=listener, limit=LONGEST_LINE
        )

    async def close(self) -> None:
        """Stop listening, end every connection, remove the socket if it is still ours."""
        if self._server is not None:
            self._server.close()
        peers = list(self._peers)
        for peer in peers:
            peer.cancel()
        await asyncio.gather(*peers, return_exceptions=True)
        with contextlib.suppress(FileNotFoundError):
            if self._file is not None and _file_of(self.path) == self._file:
                self.path.unlink()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._peers) >= _MOST_PEERS:
            writer.write(octets_of(Refused("too many ask at once")))
            writer.close()
            return
        peer = asyncio.create_task(self._serve(reader, writer))
        self._peers.add(peer)
        peer.add_done_callback(self._peers.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _request(reader)
            if isinstance(request, Refused):
                await _tell(writer, request)
            else:
                await _Handing(self._smsc, request, writer).run(self._on_message)
        except (OSError, TimeoutError):
            _log.debug("simulator.control_peer_gone")
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Deliver | Refused:
    try:
        async with asyncio.timeout(_ASKED_WITHIN):
            line = await reader.readuntil(b"\n")
        return request_of(line)
    except asyncio.IncompleteReadError:
        return Refused("the request has no end: it must be one line")
    except asyncio.LimitOverrunError:
        return Refused(f"the request is longer than {LONGEST_LINE} octets")
    except UnreadableLine as error:
        return Refused(str(error))


async def _tell(writer: asyncio.StreamWriter, line: Line) -> None:
    writer.write(octets_of(line))
    async with asyncio.timeout(_READ_WITHIN):
        await writer.drain()


class _Handing:
    """One message, from its request to the end of what is told of it."""

    def __init__(self, smsc: Simulator, request: Deliver, writer: asyncio.StreamWriter) -> None:
        self._smsc = smsc
        self._request = request
        self._writer = writer
        self._lines: asyncio.Queue[Line] = asyncio.Queue()
        self._over = 0
        self._good = 0
        self._parts = 0
        self._replied = False

    async def run(self, on_message: Callable[[SubscriberMessage], None] | None) -> None:
        message = self._request.message
        with self._smsc.watching(self._taken):
            receivers = self._smsc.receivers
            try:
                self._parts = self._smsc.hand_on(message, watcher=self._handed)
            except (ValueError, OutboxFullError) as error:
                await _tell(self._writer, Refused(str(error)))
                return
            if on_message is not None:
                on_message(message)
            await _tell(self._writer, Kept(self._parts, receivers))
            await self._told_for(ACKNOWLEDGED_WITHIN, lambda: not self._settled)
            if self._acknowledged:
                await self._told_for(self._request.wait, lambda: not self._replied)
        await _tell(self._writer, End(self._acknowledged, self._replied))

    @property
    def _settled(self) -> bool:
        return 0 < self._parts <= self._over  # some may be over before `hand_on` returns

    @property
    def _acknowledged(self) -> bool:
        return self._settled and self._good == self._parts

    async def _told_for(self, seconds: float, go_on: Callable[[], bool]) -> None:
        """Tell what happens, as long as it is to go on; and what has happened by its end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while go_on():
                    await self._told(await self._lines.get())
        while not self._lines.empty():
            await self._told(self._lines.get_nowait())

    async def _told(self, line: Line) -> None:
        await _tell(self._writer, line)

    # The simulator speaks

    def _handed(self, handover: Handover) -> None:
        part, status, again, why = handover
        if why:
            self._over += 1
            self._lines.put_nowait(Refused(why, part))
        elif status is None:
            self._lines.put_nowait(Sent(part))
        elif status == CommandStatus.ESME_ROK:
            self._over += 1
            self._good += 1
            self._lines.put_nowait(Acknowledged(part))
        else:
            self._over += not again
            self._lines.put_nowait(Refused(status_name(status), part, again))

    def _taken(self, received: Received) -> None:
        if conversation_of(received) == conversation_of(self._request.message):
            self._replied = True
            told = Replied(
                received.source, received.destination, received.text, received.message_id
            )
            self._lines.put_nowait(told)


def conversation_of(one: Received | SubscriberMessage) -> tuple[str, str]:
    """The subscriber and the short code between whom it goes: a reply has those of its question."""
    if isinstance(one, SubscriberMessage):
        subscriber, code = one.source, one.destination
    else:
        subscriber, code = one.destination, one.source.partition("#")[0]
    return subscriber.lstrip("+"), code.lstrip("+")


# The socket's file


def _listener(path: Path) -> socket.socket:
    """Bind, make it its owner's, and only then listen: before, nobody can connect."""
    name = checked_path(path)
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(name)
        path.chmod(0o600)
        listener.setblocking(False)
        listener.listen(_MOST_PEERS)
    except BaseException:
        listener.close()
        raise
    return listener


def _clear(path: Path) -> None:
    """Remove the socket of a process that is no more. Raises ControlError for anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ControlError(f"{path} is there and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        code = caller.connect_ex(str(path))
    if code not in (errno.ECONNREFUSED, errno.ENOENT):
        raise ControlError(f"another simulator listens on {path}")
    path.unlink(missing_ok=True)


def _file_of(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino
