"""What the nodes on one database know of one another: who lives, who holds which bind, what waits.

Values only, part of the store's port. Times are UTC milliseconds by the database's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from typing import Protocol as Port


class Hint(NamedTuple):
    """A message of an account waits in an operator's queue, and when it is due."""

    operator_id: int
    priority: int
    account_id: int
    due_at: int


class Slot(NamedTuple):
    """One of the binds that an operator permits over all nodes.

    Those with the same thousands in their numbers are a group, shared out by itself.
    """

    operator_id: int
    number: int


class Slots(NamedTuple):
    """The binds that belong to this run."""

    held: frozenset[Slot]
    """To be used."""
    surplus: frozenset[Slot]
    """This run's still, but others want them: to be emptied and given back (`Store.give_back`)."""


@dataclass(frozen=True, slots=True)
class Node:
    """A process of the gateway on this database, as all the others see it."""

    id: int
    """Of its run: another one after each start."""
    name: str
    roles: tuple[str, ...]
    version: str
    started_at: int
    lease_until: int | None
    """By the database's clock; after it any other node may take its work. None: while it lives."""
    alive: bool
    draining: bool
    claimed: int
    """Messages that it has in hand."""
    binds: int
    """Operators' binds that it holds, of those that are shared out."""


class Watcher(Port):
    """Whom the store tells what other nodes did. Called in the event loop; must not raise."""

    def lost(self) -> None:
        """This run was ended by others: nothing that was claimed is ours, no bind is.

        Every link must be let go of before this returns; the store has begun a new run.
        """

    def waiting(self, hint: Hint) -> None:
        """Another node has put a message into the queue."""
