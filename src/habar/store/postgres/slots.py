"""Operators' binds, shared out among the nodes that dispatch.

Guarantees: a bind belongs to one living run at a time; a run that was ended has none. Each node may
have as many of an operator's binds as the operator permits divided by the living nodes, rounded up:
one that has more is told which are surplus and gives them back when it has emptied them; one that
drains may have none. Runs in a transaction of the caller's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from habar.store.nodes import Slot, Slots
from habar.store.postgres.connection import Connection
from habar.store.postgres.sql import QUERIES

_NONE = Slots(frozenset(), frozenset())


async def share(connection: Connection, node_id: int, wanted: Mapping[int, int]) -> Slots:
    """Take what is free and ours to take; what the run has then."""
    draining = await connection.fetchval(QUERIES["share_run"], node_id)
    if draining is None:
        return _NONE
    await connection.execute(QUERIES["ensure_binds"], list(wanted), list(wanted.values()))
    nodes = await connection.fetchval(QUERIES["dispatching"])
    own: defaultdict[int, list[int]] = defaultdict(list)
    for operator_id, number in await connection.fetch(QUERIES["own_binds"], node_id):
        own[operator_id].append(number)
    held: set[Slot] = set()
    surplus = {Slot(one, n) for one, numbers in own.items() if one not in wanted for n in numbers}
    for operator_id, binds in wanted.items():
        fair = 0 if draining else -(-binds // max(1, nodes))
        numbers = [n for n in own[operator_id] if n <= binds]
        surplus |= {Slot(operator_id, n) for n in own[operator_id] if n > binds}
        surplus |= {Slot(operator_id, n) for n in numbers[fair:]}
        held |= {Slot(operator_id, n) for n in numbers[:fair]}
        if len(numbers) < fair:
            rows = await connection.fetch(
                QUERIES["take_binds"], node_id, operator_id, binds, fair - len(numbers)
            )
            held |= {Slot(*row) for row in rows}
    return Slots(frozenset(held), frozenset(surplus))
