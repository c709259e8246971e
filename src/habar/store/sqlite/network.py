"""Operators, ranges, ported numbers, routes and reports on one file.

Guarantees (store.network): every write goes between the journal's batches, in the gateway's process
as in a command's. Numbers come a few at a time with pauses twice as long as each took, so that the
gateway beside, which waits for the file's lock for a quarter of a second at most, always gets it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from habar.errors import Conflict, NotFound, StoreUnavailable
from habar.model.route import Route
from habar.store.network import REPORTS_KEPT_MS, BindReport, OperatorRow, Ported, Range
from habar.store.network_rows import (
    changed_names,
    check_range,
    check_route,
    operator_row,
    place_of,
    ported_in_order,
    route_values,
    route_words,
    routes_of,
)
from habar.store.sqlite.batch import Chore
from habar.store.sqlite.reads import Reads
from habar.store.sqlite.sql import NETWORK, QUERIES

_CHUNK = 2_500
"""Numbers a transaction: about 5 ms."""
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0)
"""Seconds between tries for a file that a busy gateway has."""
_CHANGED, _PORTED = "network", "ported"
"""The names of the numbers that say what changed."""


class SqliteNetwork:
    """`store.network.Network`; `run` does a chore of so many rows on the writer's connection."""

    def __init__(self, reads: Reads, run: Callable[[Chore, int], Awaitable[Any]]) -> None:
        self._reads = reads
        self._run = run

    # --- Operators -------------------------------------------------------------------------------
    async def operators(self) -> list[OperatorRow]:
        """See store.network.Network."""
        return [operator_row(row) for row in self._rows("operators")]

    async def put_operator(
        self, name: str, settings: str, *, in_doubt: str, actor: str, now: int
    ) -> int:
        """See store.network.Network."""

        def chore(connection: sqlite3.Connection) -> int:
            row = connection.execute(NETWORK["operator"], (name,)).fetchone()
            before, doubt = (None, in_doubt) if row is None else row[2:]
            names = changed_names(name, before, settings)
            if before is not None and not names and doubt == in_doubt:
                return int(row[0])
            made = connection.execute(NETWORK["make_operator"], (name, settings, in_doubt, now))
            operator_id: int = made.fetchall()[0][0]
            action = "operator add" if before is None else "operator set"
            _changed(connection)
            _audit(connection, actor, now, action, name, ", ".join(names))
            return operator_id

        result: int = await self._run(chore, 1)
        return result

    async def enable_operator(self, name: str, enabled: bool, *, actor: str, now: int) -> None:
        """See store.network.Network."""

        def chore(connection: sqlite3.Connection) -> None:
            operator_id, was, *_ = _operator(connection, name)
            if bool(was) == enabled:
                return
            connection.execute(NETWORK["enable_operator"], (enabled, now, operator_id))
            _changed(connection)
            action = "operator enable" if enabled else "operator disable"
            _audit(connection, actor, now, action, name, "")

        await self._run(chore, 1)

    async def remove_operator(self, name: str, *, actor: str, now: int) -> None:
        """See store.network.Network."""

        def chore(connection: sqlite3.Connection) -> None:
            operator_id = _operator(connection, name)[0]
            route = connection.execute(NETWORK["route_of_operator"], (operator_id,)).fetchone()
            if route is not None:
                raise Conflict(f"route {route[0]} names operator {name}")
            if connection.execute(NETWORK["waits_for_operator"], [operator_id] * 3).fetchone()[0]:
                raise Conflict(f"messages wait for operator {name}")
            connection.execute(NETWORK["forget_operator"], (now, operator_id))
            _changed(connection)
            _audit(connection, actor, now, "operator remove", name, "")

        await self._run(chore, 1)

    # --- Ranges ----------------------------------------------------------------------------------
    async def ranges(self) -> list[Range]:
        """See store.network.Network."""
        return [Range(*row) for row in self._rows("ranges")]

    async def put_range(self, prefix: str, network: str, *, actor: str, now: int) -> None:
        """See store.network.Network."""
        check_range(prefix, network)

        def chore(connection: sqlite3.Connection) -> None:
            if connection.execute(NETWORK["put_range"], (prefix, network)).rowcount > 0:
                _changed(connection)
                _audit(connection, actor, now, "range set", prefix, network)

        await self._run(chore, 1)

    async def remove_range(self, prefix: str, *, actor: str, now: int) -> None:
        """See store.network.Network."""

        def chore(connection: sqlite3.Connection) -> None:
            if not connection.execute(NETWORK["delete_range"], (prefix,)).rowcount:
                raise NotFound(f"range {prefix}")
            _changed(connection)
            _audit(connection, actor, now, "range remove", prefix, "")

        await self._run(chore, 1)

    # --- Routes ----------------------------------------------------------------------------------
    async def routes(self) -> list[Route]:
        """See store.network.Network."""
        return routes_of(self._rows("routes"))

    async def add_route(self, route: Route, *, actor: str, now: int) -> int:
        """See store.network.Network."""
        check_route(route)

        def chore(connection: sqlite3.Connection) -> int:
            [(route_id,)] = connection.execute(NETWORK["next_route_id"]).fetchall()
            place = place_of(route, connection.execute(NETWORK["count_routes"]).fetchone()[0])
            connection.execute(NETWORK["make_room"], (place,))
            values = (route_id, place, *route_values(route))
            _insert(connection, "insert_route", values, f"account number {route.account_id}")
            for target in route.targets:
                what = f"operator number {target.operator_id}"
                _insert(connection, "insert_target", (route_id, *target), what)
            [made] = routes_of(connection.execute(NETWORK["route"], (route_id,)))
            _changed(connection)
            _audit(connection, actor, now, "route add", str(route_id), route_words(made))
            return made.id

        result: int = await self._run(chore, 1)
        return result

    async def remove_route(self, route_id: int, *, actor: str, now: int) -> None:
        """See store.network.Network."""

        def chore(connection: sqlite3.Connection) -> None:
            found = routes_of(connection.execute(NETWORK["route"], (route_id,)))
            if not found:
                raise NotFound(f"route {route_id}")
            connection.execute(NETWORK["delete_route"], (route_id,))
            connection.execute(NETWORK["close_gap"], (found[0].position,))
            _changed(connection)
            _audit(connection, actor, now, "route remove", str(route_id), route_words(found[0]))

        await self._run(chore, 1)

    # --- Ported numbers --------------------------------------------------------------------------
    async def ported(self, after: int, limit: int) -> list[Ported]:
        """See store.network.Network."""
        return await self._reads.aside(
            lambda connection: list(
                map(Ported._make, connection.execute(NETWORK["ported"], (after, limit)))
            )
        )

    async def ported_count(self) -> int:
        """See store.network.Network."""
        count: int = await self._reads.aside(
            lambda connection: connection.execute(NETWORK["count_ported"]).fetchone()[0]
        )
        return count

    async def put_ported(self, rows: Sequence[Ported]) -> None:
        """See store.network.Network."""
        ordered = ported_in_order(rows)
        for start in range(0, len(ordered), _CHUNK):
            part = ordered[start : start + _CHUNK]
            await self._aside(lambda connection, part=part: _put(connection, part), len(part))  # type: ignore[misc]

    async def clear_ported(self, limit: int) -> int:
        """See store.network.Network."""
        deleted = 0
        while deleted < limit:
            most = min(_CHUNK, limit - deleted)
            count = await self._aside(
                lambda connection, most=most: _delete(connection, "clear_ported", most),  # type: ignore[misc]
                most,
            )
            deleted += count
            if count < most:
                break
        return deleted

    async def drop_ported(self, msisdn: int) -> bool:
        """See store.network.Network."""
        count: int = await self._run(lambda c: _delete(c, "drop_ported", msisdn), 1)
        return count > 0

    async def _aside(self, chore: Chore, rows: int) -> int:
        """Do one of many chores that may be repeated, and leave the file to others for a while."""
        for pause in _PAUSES:
            begun = time.perf_counter()
            try:
                count: int = await self._run(chore, rows)
            except StoreUnavailable:  # a gateway that is busy has the file, or the disk is ill
                await asyncio.sleep(pause)
            else:
                await asyncio.sleep(2 * (time.perf_counter() - begun))
                return count
        last: int = await self._run(chore, rows)
        return last

    # --- What changed ----------------------------------------------------------------------------
    async def note(self, action: str, subject: str, detail: str, *, actor: str, now: int) -> None:
        """See store.network.Network."""
        await self._run(lambda c: _audit(c, actor, now, action, subject, detail), 1)

    async def version(self) -> int:
        """See store.network.Network."""
        return self._version(_CHANGED)

    async def ported_version(self) -> int:
        """See store.network.Network."""
        return self._version(_PORTED)

    def _version(self, name: str) -> int:
        [(number,)] = self._rows("version", name)
        return int(number)

    # --- Reports ---------------------------------------------------------------------------------
    async def report_binds(
        self, reports: Sequence[BindReport], gone: Sequence[tuple[str, int, int]]
    ) -> None:
        """See store.network.Network."""
        if not reports and not gone:
            return

        def chore(connection: sqlite3.Connection) -> None:
            connection.executemany(NETWORK["delete_report"], gone)
            connection.executemany(NETWORK["put_report"], reports)
            if reports:
                oldest = max(report.at for report in reports) - REPORTS_KEPT_MS
                connection.execute(NETWORK["delete_old_reports"], (oldest,))

        await self._run(chore, len(reports) + len(gone))

    async def bind_reports(self, newer_than: int) -> list[BindReport]:
        """See store.network.Network."""
        return [BindReport(*row) for row in self._rows("bind_reports", newer_than)]

    def _rows(self, name: str, *values: int | str) -> list[Any]:
        """Something short."""
        return self._reads.here(
            lambda connection: connection.execute(NETWORK[name], values).fetchall()
        )


def _operator(connection: sqlite3.Connection, name: str) -> tuple[Any, ...]:
    """One that has settings: id, enabled, settings, in_doubt."""
    row: tuple[Any, ...] | None = connection.execute(NETWORK["operator"], (name,)).fetchone()
    if row is None or row[2] is None:
        raise NotFound(f"operator {name}")
    return row


def _insert(connection: sqlite3.Connection, name: str, values: Sequence[Any], what: str) -> None:
    try:
        connection.execute(NETWORK[name], values)
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            raise
        raise NotFound(what) from error


def _put(connection: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> int:
    count = connection.executemany(NETWORK["put_ported"], rows).rowcount
    if count:
        _changed(connection, _PORTED)
    return count


def _delete(connection: sqlite3.Connection, name: str, value: int) -> int:
    """Of ported numbers."""
    count = connection.execute(NETWORK[name], (value,)).rowcount
    if count:
        _changed(connection, _PORTED)
    return count


def _changed(connection: sqlite3.Connection, what: str = _CHANGED) -> None:
    connection.execute(NETWORK["changed"], (what,))


def _audit(
    connection: sqlite3.Connection, actor: str, now: int, action: str, subject: str, detail: str
) -> None:
    connection.execute(QUERIES["insert_audit"], (now, actor, action, subject, detail))
