"""Operators, ranges, ported numbers, routes and reports, for all nodes on one database.

Guarantees (store.network): a transaction of its own for each write, on the pool's connections;
changes of routes come one after the other, and an operator is not removed while a route that names
it is being made. No statement touches the rows of messages on their way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from habar.errors import Conflict, NotFound
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
from habar.store.postgres.connection import Connection
from habar.store.postgres.pool import Pool
from habar.store.postgres.sql import NETWORK, QUERIES

_CHANGED, _PORTED = "network", "ported"
"""The names of the numbers that say what changed."""


class PostgresNetwork:
    """`store.network.Network` on the pool's connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # --- Operators -------------------------------------------------------------------------------
    async def operators(self) -> list[OperatorRow]:
        """See store.network.Network."""
        return [operator_row(row) for row in await self._rows("operators")]

    async def put_operator(
        self, name: str, settings: str, *, in_doubt: str, actor: str, now: int
    ) -> int:
        """See store.network.Network."""

        async def work(connection: Connection) -> int:
            row = await connection.fetchrow(NETWORK["operator"], name)
            before, doubt = (None, in_doubt) if row is None else (row[2], row[3])
            names = changed_names(name, before, settings)
            if before is not None and not names and doubt == in_doubt:
                return int(row[0])
            values = (name, settings, in_doubt, now)
            operator_id: int = await connection.fetchval(NETWORK["make_operator"], *values)
            action = "operator add" if before is None else "operator set"
            await _changed(connection)
            await _audit(connection, actor, now, action, name, ", ".join(names))
            return operator_id

        return await self._pool.transact(work)

    async def enable_operator(self, name: str, enabled: bool, *, actor: str, now: int) -> None:
        """See store.network.Network."""

        async def work(connection: Connection) -> None:
            operator_id, was, *_ = await _operator(connection, name)
            if was == enabled:
                return
            await connection.execute(NETWORK["enable_operator"], enabled, now, operator_id)
            await _changed(connection)
            action = "operator enable" if enabled else "operator disable"
            await _audit(connection, actor, now, action, name, "")

        await self._pool.transact(work)

    async def remove_operator(self, name: str, *, actor: str, now: int) -> None:
        """See store.network.Network."""

        async def work(connection: Connection) -> None:
            await _changed(connection)  # first: a route that is being made waits for this row
            operator_id = (await _operator(connection, name))[0]
            route_id = await connection.fetchval(NETWORK["route_of_operator"], operator_id)
            if route_id is not None:
                raise Conflict(f"route {route_id} names operator {name}")
            if await connection.fetchval(NETWORK["waits_for_operator"], operator_id):
                raise Conflict(f"messages wait for operator {name}")
            await connection.execute(NETWORK["forget_operator"], now, operator_id)
            await _audit(connection, actor, now, "operator remove", name, "")

        await self._pool.transact(work)

    # --- Ranges ----------------------------------------------------------------------------------
    async def ranges(self) -> list[Range]:
        """See store.network.Network."""
        return [Range(*row) for row in await self._rows("ranges")]

    async def put_range(self, prefix: str, network: str, *, actor: str, now: int) -> None:
        """See store.network.Network."""
        check_range(prefix, network)

        async def work(connection: Connection) -> None:
            if await _count(connection, "put_range", prefix, network):
                await _changed(connection)
                await _audit(connection, actor, now, "range set", prefix, network)

        await self._pool.transact(work)

    async def remove_range(self, prefix: str, *, actor: str, now: int) -> None:
        """See store.network.Network."""

        async def work(connection: Connection) -> None:
            if not await _count(connection, "delete_range", prefix):
                raise NotFound(f"range {prefix}")
            await _changed(connection)
            await _audit(connection, actor, now, "range remove", prefix, "")

        await self._pool.transact(work)

    # --- Routes ----------------------------------------------------------------------------------
    async def routes(self) -> list[Route]:
        """See store.network.Network."""
        return routes_of(await self._rows("routes"))

    async def add_route(self, route: Route, *, actor: str, now: int) -> int:
        """See store.network.Network."""
        check_route(route)

        async def work(connection: Connection) -> int:
            await _changed(connection)  # first: whoever changes routes as well waits for this row
            route_id = await connection.fetchval(NETWORK["next_route_id"])
            place = place_of(route, await connection.fetchval(NETWORK["count_routes"]))
            await connection.execute(NETWORK["make_room"], place)
            values = (route_id, place, *route_values(route))
            await _insert(connection, "insert_route", values, f"account number {route.account_id}")
            for target in route.targets:
                what = f"operator number {target.operator_id}"
                await _insert(connection, "insert_target", (route_id, *target), what)
            [made] = routes_of(await connection.fetch(NETWORK["route"], route_id))
            await _audit(connection, actor, now, "route add", str(route_id), route_words(made))
            return made.id

        return await self._pool.transact(work)

    async def remove_route(self, route_id: int, *, actor: str, now: int) -> None:
        """See store.network.Network."""

        async def work(connection: Connection) -> None:
            await _changed(connection)  # first, as above
            found = routes_of(await connection.fetch(NETWORK["route"], route_id))
            if not found:
                raise NotFound(f"route {route_id}")
            await connection.execute(NETWORK["delete_route"], route_id)
            await connection.execute(NETWORK["close_gap"], found[0].position)
            words = route_words(found[0])
            await _audit(connection, actor, now, "route remove", str(route_id), words)

        await self._pool.transact(work)

    # --- Ported numbers --------------------------------------------------------------------------
    async def ported(self, after: int, limit: int) -> list[Ported]:
        """See store.network.Network."""
        return list(map(Ported._make, await self._rows("ported", after, limit)))

    async def ported_count(self) -> int:
        """See store.network.Network."""
        [(count,)] = await self._rows("count_ported")
        return int(count)

    async def put_ported(self, rows: Sequence[Ported]) -> None:
        """See store.network.Network. In order, so that two imports do not wait for one another."""
        ordered = ported_in_order(rows)
        numbers, networks = [row[0] for row in ordered], [row[1] for row in ordered]
        await self._pool.transact(lambda c: _ported(c, "put_ported", numbers, networks))

    async def clear_ported(self, limit: int) -> int:
        """See store.network.Network."""
        return await self._pool.transact(lambda c: _ported(c, "clear_ported", limit))

    async def drop_ported(self, msisdn: int) -> bool:
        """See store.network.Network."""
        return await self._pool.transact(lambda c: _ported(c, "drop_ported", msisdn)) > 0

    # --- What changed ----------------------------------------------------------------------------
    async def note(self, action: str, subject: str, detail: str, *, actor: str, now: int) -> None:
        """See store.network.Network."""
        await self._pool.transact(lambda c: _audit(c, actor, now, action, subject, detail))

    async def version(self) -> int:
        """See store.network.Network."""
        return await self._version(_CHANGED)

    async def ported_version(self) -> int:
        """See store.network.Network."""
        return await self._version(_PORTED)

    async def _version(self, name: str) -> int:
        [(number,)] = await self._rows("version", name)
        return int(number)

    # --- Reports ---------------------------------------------------------------------------------
    async def report_binds(
        self, reports: Sequence[BindReport], gone: Sequence[tuple[str, int, int]]
    ) -> None:
        """See store.network.Network."""
        if not reports and not gone:
            return

        async def work(connection: Connection) -> None:
            if gone:
                await connection.execute(NETWORK["delete_reports"], *_columns(gone))
            if reports:
                last = {report[:3]: report for report in reports}
                await connection.execute(NETWORK["put_reports"], *_columns([*last.values()]))
                oldest = max(report.at for report in reports) - REPORTS_KEPT_MS
                await connection.execute(NETWORK["delete_old_reports"], oldest)

        await self._pool.transact(work)

    async def bind_reports(self, newer_than: int) -> list[BindReport]:
        """See store.network.Network."""
        return [BindReport(*row) for row in await self._rows("bind_reports", newer_than)]

    async def _rows(self, name: str, *values: int | str) -> list[Any]:
        return await self._pool.ask(lambda connection: connection.fetch(NETWORK[name], *values))


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _operator(connection: Connection, name: str) -> Sequence[Any]:
    """One that has settings, locked: id, enabled, settings, in_doubt."""
    row: Sequence[Any] | None = await connection.fetchrow(NETWORK["operator"], name)
    if row is None or row[2] is None:
        raise NotFound(f"operator {name}")
    return row


async def _insert(connection: Connection, name: str, values: Sequence[Any], what: str) -> None:
    try:
        await connection.execute(NETWORK[name], *values)
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound(what) from error


async def _count(connection: Connection, name: str, *values: Any) -> int:
    """Do a statement: how many rows it wrote, the last of the server's words."""
    return int((await connection.execute(NETWORK[name], *values)).rsplit(maxsplit=1)[-1])


async def _ported(connection: Connection, name: str, *values: Any) -> int:
    """Change ported numbers: how many."""
    count = await _count(connection, name, *values)
    if count:
        await _changed(connection, _PORTED)
    return count


async def _changed(connection: Connection, what: str = _CHANGED) -> None:
    await connection.execute(NETWORK["changed"], what)


async def _audit(
    connection: Connection, actor: str, now: int, action: str, subject: str, detail: str
) -> None:
    await connection.execute(QUERIES["insert_audit"], now, actor, action, subject, detail)
