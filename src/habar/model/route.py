"""Which operator a message goes to. The decision is made once, when the message is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """The kind of traffic that a message is."""

    TEXT = 0
    FLASH = 1


class Prefer(Enum):
    """Which of a route's targets comes first."""

    STEP = "step"
    """As the steps say."""
    COST = "cost"
    """The cheapest; equal costs share by weight."""


class Target(NamedTuple):
    """An operator to which a route leads."""

    operator_id: int
    step: int = 1
    """1 first: the order of fail-over."""
    weight: int = 1
    """Share of the traffic inside a step."""
    cost: int = 0
    """Tiyn a part."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where messages go that meet all its conditions; one that is None asks for nothing."""

    id: int
    position: int
    """1 is asked first."""
    targets: tuple[Target, ...]
    account_id: int | None = None
    sender: str | None = None
    network: str | None = None
    prefix: str | None = None
    """With which the recipient's number begins: digits, "7701"."""
    kind: Kind | None = None
    priority: int | None = None
    prefer: Prefer = Prefer.STEP


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as routing and the customers' answers need to know it."""

    id: int
    name: str
    receipts: bool = True
    """False: gives no receipts, so a message ends at 101 ENROUTE when it is taken."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The operators in the order in which they are preferred; the first takes every recipient."""

    operators: tuple[Operator, ...]

    def choose(self, recipient: int, sender: str, account_id: int) -> Operator:
        """The operator for this message."""
        del recipient, sender, account_id  # a single default route needs none of them
        return self.operators[0]
