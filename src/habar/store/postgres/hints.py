"""What nodes call out to one another by LISTEN/NOTIFY: a message waits. Hints; the tables are true.

Guarantees: nobody waits for a hint; many are told at once and each once; one that is lost is found
by the next look at the tables. A connection that breaks is made anew. With `on=False`, and on an
engine that knows no LISTEN/NOTIFY, nothing is listened to or told. Knows no dispatcher.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

import asyncpg
import structlog

from habar.errors import StoreUnavailable
from habar.store.nodes import Hint
from habar.store.postgres.connection import Address, Connection, is_answer, name_of
from habar.store.postgres.pool import Pool
from habar.store.postgres.sql import QUERIES

CHANNEL = "habar_waiting"
_GATHER = 0.01
_PAYLOAD = 100
"""Hints in one notification; PostgreSQL takes 8000 octets."""
_AGAIN = 1.0
_ALIVE_EVERY = 10.0

log = structlog.get_logger(__name__)


class Hints:
    """Made for one run of the process; `start`, then `close`."""

    def __init__(
        self,
        address: Address,
        pool: Pool,
        *,
        own_id: Callable[[], int],
        heard: Callable[[Hint], None],
        on: bool,
    ) -> None:
        self._address = address
        self._pool = pool
        self._own_id = own_id
        self._heard = heard
        self._on = on
        self._untold: dict[tuple[int, int, int], int] = {}
        self._telling: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()

    async def start(self) -> None:
        """Begin to listen; returns when we do, or when the first try has failed."""
        if self._on:
            self._listening = asyncio.get_running_loop().create_task(self._listen())
            await self._tried.wait()

    async def close(self) -> None:
        """Hear and tell nothing more."""
        self._on = False
        for task in (self._listening, self._telling):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])

    def tell(self, hint: Hint) -> None:
        """Call it out, soon."""
        if not self._on:
            return
        key = (hint.operator_id, hint.priority, hint.account_id)
        known = self._untold.get(key)
        self._untold[key] = hint.due_at if known is None else min(known, hint.due_at)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        try:
            while self._untold:
                await asyncio.sleep(_GATHER)
                told, self._untold = self._untold, {}
                rows = [[*key, due_at] for key, due_at in told.items()]
                for start in range(0, len(rows), _PAYLOAD):
                    await self._notify(rows[start : start + _PAYLOAD])
        except StoreUnavailable as error:  # they will be found in the tables
            log.debug("hints were lost", error=str(error))
        except asyncpg.PostgresError as error:
            self._cannot(error)
        finally:
            self._telling = None

    async def _notify(self, rows: list[list[int]]) -> None:
        payload = json.dumps([self._own_id(), rows], separators=(",", ":"))
        await self._pool.ask(
            lambda connection: connection.execute(QUERIES["notify"], CHANNEL, payload)
        )

    async def _listen(self) -> None:
        while self._on:
            try:
                await self._hear(await self._address.connect())
            except StoreUnavailable as error:
                log.debug("not listening", error=str(error))
            except (asyncpg.InterfaceError, OSError) as error:
                log.debug("not listening", error=name_of(error))
            except asyncpg.PostgresError as error:
                if is_answer(error):
                    self._cannot(error)
                else:
                    log.debug("not listening", error=name_of(error))
            self._tried.set()
            await asyncio.sleep(_AGAIN)

    def _cannot(self, error: BaseException) -> None:
        """An engine that has no LISTEN/NOTIFY, though it speaks PostgreSQL's protocol."""
        if self._on:
            self._on = False
            log.warning("this database passes on no hints", error=name_of(error))

    async def _hear(self, connection: Connection) -> None:
        """Listen until the connection breaks; a silent break is found by asking now and then."""
        broken = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: broken.set())
            await connection.add_listener(CHANNEL, self._called)
            self._tried.set()
            while not broken.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(broken.wait(), _ALIVE_EVERY)
                    return
                await connection.fetchval("SELECT 1")
        finally:
            connection.terminate()

    def _called(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        with suppress(ValueError, TypeError):  # another program on our channel
            node_id, rows = json.loads(str(payload))
            if node_id != self._own_id():
                for row in rows:
                    self._heard(Hint(*map(int, row)))
