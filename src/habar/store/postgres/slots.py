"""Operators' binds, shared out among the nodes that dispatch.

Guarantees: a bind belongs to one living run at a time; a run that was ended has none. Each node may
have as many binds of a group as the operator permits divided by the living nodes, rounded up, so
that each gets transmitters and receivers: one that has more is told which are surplus and gives
them back when it has emptied them; one that drains may have none. Runs in a transaction of the
caller's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from habar.store.nodes import Slot, Slots
from habar.store.postgres.connection import Connection
from habar.store.postgres.sql import QUERIES

_NONE = Slots(frozenset(), frozenset())
_GROUP = 1000
"""Numbers with the same thousands are a group (`Store.slots`)."""


async def share(connection: Connection, node_id: int, wanted: Mapping[int, Sequence[int]]) -> Slots:
    """Take what is free and ours to take; what the run has then."""
    draining = await connection.fetchval(QUERIES["share_run"], node_id)
    if draining is None:
        return _NONE
    pairs = [(operator_id, n) for operator_id, numbers in wanted.items() for n in numbers]
    operators, numbers = [one for one, _ in pairs], [n for _, n in pairs]
    await connection.execute(QUERIES["ensure_binds"], operators, numbers)
    nodes = max(1, await connection.fetchval(QUERIES["dispatching"]))
    own = {Slot(*row) for row in await connection.fetch(QUERIES["own_binds"], node_id)}
    held: set[Slot] = set()
    for operator_id, group in _groups(wanted):
        fair = 0 if draining else -(-len(group) // nodes)
        ours = [slot for n in group if (slot := Slot(operator_id, n)) in own][:fair]
        held.update(ours)
        if len(ours) < fair:
            rows = await connection.fetch(
                QUERIES["take_binds"], node_id, operator_id, group, fair - len(ours)
            )
            held.update(Slot(*row) for row in rows)
    return Slots(frozenset(held), frozenset(own - held))


def _groups(wanted: Mapping[int, Sequence[int]]) -> Iterator[tuple[int, list[int]]]:
    """List each operator's groups, the numbers of each in order."""
    for operator_id, numbers in wanted.items():
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for number in sorted(set(numbers)):
            groups[number // _GROUP].append(number)
        for group in groups.values():
            yield operator_id, group
