"""The nodes on the database, as staff and monitoring see them.

Guarantees: one word says how a node is, the same one in the list, in `/readyz` and in the figures.
Only tells: changes nothing. Knows no clock and no engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from habar.model.times import moment
from habar.store.nodes import Node
from habar.store.port import Store


class NodeState(StrEnum):
    """How a node is."""

    UP = "up"
    DRAINING = "draining"
    """It is about to end: it empties its windows and takes nothing new."""
    GONE = "gone"
    """It has ended, or its lease has run out."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node in words. `since` is in the zone that was asked for."""

    name: str
    state: NodeState
    roles: str
    since: str
    in_hand: int
    binds: int
    version: str
    lease_left: str
    """Seconds; `-` where it has none to run out."""


def state_of(node: Node) -> NodeState:
    """How it is."""
    if not node.alive:
        return NodeState.GONE
    return NodeState.DRAINING if node.draining else NodeState.UP


def count_states(nodes: Iterable[Node]) -> Counter[NodeState]:
    """How many are so; every state is there."""
    counted = Counter(dict.fromkeys(NodeState, 0))
    counted.update(state_of(node) for node in nodes)
    return counted


async def list_nodes(store: Store, *, zone: str) -> list[NodeView]:
    """All nodes, by name."""
    now = store.now_ms()
    return [_view(node, now, zone) for node in await store.nodes()]


def _view(node: Node, now: int, zone: str) -> NodeView:
    return NodeView(
        node.name,
        state_of(node),
        " ".join(node.roles),
        moment(node.started_at, zone),
        node.claimed,
        node.binds,
        node.version,
        _lease_left(node, now),
    )


def _lease_left(node: Node, now: int) -> str:
    if node.lease_until is None or not node.alive:
        return "-"
    return f"{max(0, node.lease_until - now) / 1000:.1f} s"
