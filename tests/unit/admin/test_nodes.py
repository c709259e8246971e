"""The nodes in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from habar.admin.nodes import NodeState, NodeView, count_states, list_nodes, state_of
from habar.store.nodes import Node

NOW = 1_760_000_000_000


def node(
    *, alive: bool = True, draining: bool = False, lease_until: int | None = NOW + 7_250
) -> Node:
    return Node(
        id=4,
        name="one",
        roles=("front", "dispatch"),
        version="3.1",
        started_at=NOW - 60_000,
        lease_until=lease_until,
        alive=alive,
        draining=draining,
        claimed=12,
        binds=2,
    )


def store(*nodes: Node) -> Any:
    async def listed() -> list[Node]:
        return list(nodes)

    return SimpleNamespace(nodes=listed, now_ms=lambda: NOW)


@pytest.mark.parametrize(
    ("alive", "draining", "state"),
    [
        (True, False, NodeState.UP),
        (True, True, NodeState.DRAINING),
        (False, False, NodeState.GONE),
        (False, True, NodeState.GONE),
    ],
)
def test_a_word_for_how_it_is(alive: bool, draining: bool, state: NodeState) -> None:
    assert state_of(node(alive=alive, draining=draining)) is state


def test_every_state_is_counted() -> None:
    assert count_states([]) == dict.fromkeys(NodeState, 0)
    assert set(count_states([])) == set(NodeState)
    assert count_states([node(), node(), node(alive=False)]) == {
        NodeState.UP: 2,
        NodeState.DRAINING: 0,
        NodeState.GONE: 1,
    }


async def test_a_node_is_told_by_the_databases_clock() -> None:
    (view,) = await list_nodes(store(node()), zone="UTC")
    assert view == NodeView(
        name="one",
        state=NodeState.UP,
        roles="front dispatch",
        since="2025-10-09 08:52:20",
        in_hand=12,
        binds=2,
        version="3.1",
        lease_left="7.2 s",
    )


@pytest.mark.parametrize(
    ("alive", "lease_until", "left"),
    [(True, None, "-"), (False, NOW - 1, "-"), (True, NOW - 1, "0.0 s")],
)
async def test_what_is_left_of_its_lease(alive: bool, lease_until: int | None, left: str) -> None:
    (view,) = await list_nodes(store(node(alive=alive, lease_until=lease_until)), zone="UTC")
    assert view.lease_left == left
