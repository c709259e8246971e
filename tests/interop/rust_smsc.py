"""smpp34's server (Rust), which we did not write, inside the test: what reached it.

Guarantees: every wait ends; after the `async with` it does not listen. It accepts every password
and tells nothing of binds but who and which way: what it has no word for is not tested with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import smpp34

from .ports import reserved_port

SOON = 30.0
"""Seconds until a test gives up waiting: far longer than anything here takes."""


class RustSmsc:
    """`async with`; `start` and `stop` inside it as often as the test wants."""

    def __init__(self) -> None:
        self.sessions: dict[str, smpp34.Esme] = {}
        """Those that are bound."""
        self.binds: list[smpp34.Esme] = []
        """All there have been."""
        self.submitted: list[tuple[str, smpp34.SubmitSmEvent]] = []
        """What was taken, by the id that was answered."""
        self.receipt_statuses: list[int] = []
        """The answers to receipts."""
        self.refuse = 0
        """So many submit_sm are answered that we are too fast."""
        self._reserved, self.port = reserved_port()
        self._changed = asyncio.Condition()
        self._server: smpp34.Server | None = None
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with self._reserved:
            await self._end()

    async def start(self) -> None:
        """Listen."""
        self._server = smpp34.Server("127.0.0.1", self.port, system_id="rust")
        await self._server.start()
        self._listening = asyncio.create_task(self._listen(self._server))

    async def stop(self) -> None:
        """Listen no more and unbind all links, which the server's own `stop` lets live."""
        assert self._server is not None
        await self._server.stop()
        for session in tuple(self.sessions.values()):
            await session.unbind()
        await self.until(lambda: not self.sessions)
        await self._end()

    async def _end(self) -> None:
        server, self._server = self._server, None
        if server is None or self._listening is None:
            return
        await server.stop()
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until this is true of what has reached it."""
        async with asyncio.timeout(SOON), self._changed:
            await self._changed.wait_for(condition)

    async def _listen(self, server: smpp34.Server) -> None:
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self.sessions[event.session_id] = event
                self.binds.append(event)
            elif isinstance(event, smpp34.SubmitSmEvent):
                await self._take(event)
            else:
                self.sessions.pop(event.session_id, None)
            async with self._changed:
                self._changed.notify_all()

    async def _take(self, event: smpp34.SubmitSmEvent) -> None:
        if self.refuse:
            self.refuse -= 1
            event.reject(smpp34.ESME_RTHROTTLED)
            return
        message_id = f"rust-{len(self.submitted) + 1}"
        self.submitted.append((message_id, event))
        event.accept(message_id)
        if event.registered_delivery:
            with suppress(smpp34.SmppError):  # the link was gone before its answer
                await self.receipt(message_id, event)

    async def receipt(self, message_id: str, event: smpp34.SubmitSmEvent) -> None:
        """Tell over a link that takes receipts that a message was delivered."""
        way = next(one for one in self.sessions.values() if one.can_receive)
        text = (
            f"id:{message_id} sub:001 dlvrd:001 submit date:2601011200 "
            f"done date:2601011201 stat:DELIVRD err:000 text:"
        )
        answer = await way.deliver_sm(
            event.source_addr,
            text.encode(),
            source_addr=event.destination_addr,
            esm_class=0x04,
            tlvs=[
                smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
                smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\x02"),
            ],
        )
        self.receipt_statuses.append(answer.command_status)
