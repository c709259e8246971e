"""node_smsc.js as a process of the test: its settings, orders to it, and what it tells.

Guarantees: every wait ends; after the `async with` the process is gone. Its port stays its own
while it is stopped, so that it can come back on it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any, Self

from .ports import reserved_port

SCRIPT = Path(__file__).with_name("node_smsc.js")
SOON = 30.0
"""Seconds until a test gives up waiting: far longer than anything here takes."""
PASSWORD = "node-pw8"
Event = dict[str, Any]


class NodeSmsc:
    """`async with`; `start` and `kill` inside it as often as the test wants."""

    def __init__(self, **settings: Any) -> None:
        """`settings`: as node_smsc.js names them."""
        self.events: list[Event] = []
        """All that was told, by all its processes."""
        self._settings = {"passwords": {"habar": PASSWORD}, **settings}
        self._reserved, self.port = reserved_port()
        self._changed = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with self._reserved:
            await self.kill()

    async def start(self, **settings: Any) -> None:
        """Start a process, and wait until it listens."""
        self._settings.update(settings)
        told = len(self.events)
        given = json.dumps({**self._settings, "port": self.port})
        node = shutil.which("node")
        assert node is not None
        self._process = await asyncio.create_subprocess_exec(
            node, SCRIPT, given, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self._reading = asyncio.create_task(self._read(self._process))
        await self.until("listening", since=told)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            async with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()

    async def kill(self) -> None:
        """SIGKILL: its links are gone without a word."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        await process.wait()
        assert self._reading is not None
        await self._reading

    async def order(self, do: str, **more: Any) -> None:
        """Have it do something, and wait until it has begun."""
        assert self._process is not None
        assert self._process.stdin is not None
        told = len(self.events)
        self._process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        await self.until("done", since=told, order=do)

    # --- What it tells ---------------------------------------------------------------------------
    def told(self, event: str, since: int = 0, **fields: Any) -> list[Event]:
        """The events of this name, and with these values."""
        wanted = {"event": event, **fields}
        return [
            one
            for one in self.events[since:]
            if all(one.get(name) == value for name, value in wanted.items())
        ]

    async def until(
        self, event: str, count: int = 1, *, since: int = 0, **fields: Any
    ) -> list[Event]:
        """Wait for so many of them; TimeoutError shows what was told instead."""
        try:
            async with asyncio.timeout(SOON), self._changed:
                await self._changed.wait_for(
                    lambda: len(self.told(event, since, **fields)) >= count
                )
        except TimeoutError:
            raise TimeoutError(f"{count} {event} {fields} in {self.events[since:]}") from None
        return self.told(event, since, **fields)

    @property
    def texts(self) -> list[str]:
        """The text of each submit_sm that was read, as node's library decodes it."""
        return [one["text"] for one in self.told("submit")]
