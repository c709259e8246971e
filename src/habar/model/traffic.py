"""What routing speaks of: operators, routes and their targets, and the traffic that takes them.

Guarantees: what `conditions` yields is all that decides whether a route is taken. Pure values;
which routes make sense is seen to where they are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple

from habar.model.message_type import MessageType


class Kind(IntEnum):
    """What sort of message, for routes."""

    TEXT = 0
    FLASH = 1
    BINARY = 4

    @classmethod
    def of(cls, message_type: int) -> Kind:
        """A text for the phone or the SIM is a text; whatever is no text is binary."""
        if message_type >= MessageType.BINARY:
            return cls.BINARY
        return cls.FLASH if message_type == MessageType.FLASH else cls.TEXT


class Prefer(Enum):
    """In which order a route's targets are asked."""

    STEP = "step"
    """Step by step."""
    COST = "cost"
    """The cheapest first, whatever its step."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as routing and the customers' answers need to know it."""

    id: int
    name: str
    receipts: bool = True
    """False: gives no receipts, so a message ends at 101 ENROUTE when it is taken."""
    sends: bool = True
    """False: its binds only receive."""


class Target(NamedTuple):
    """An operator that a route leads to."""

    operator_id: int
    step: int = 1
    """1 is asked first, then 2: the order of fail-over."""
    weight: int = 1
    """Its share among the targets of the same step (or cost)."""
    cost: int = 0
    """Tiyn a part."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where traffic goes of which every condition holds; None is no condition."""

    id: int
    position: int
    """The first in this order whose conditions hold decides."""
    targets: tuple[Target, ...]
    account_id: int | None = None
    sender: str | None = None
    network: str | None = None
    """"" is the traffic to numbers of which no network is known."""
    prefix: str | None = None
    """Digits that the recipient's MSISDN begins with: `7701`."""
    kind: Kind | None = None
    priority: int | None = None
    prefer: Prefer = Prefer.STEP

    def group_of(self, target: Target) -> int:
        """Those with the same one share by weight; the smallest is asked first."""
        return target.cost if self.prefer is Prefer.COST else target.step

    def conditions(self, traffic: Traffic, network: str) -> Iterator[tuple[str, object, object]]:
        """What each is called, what it wants and what this traffic has; all must be the same.

        `network` is the recipient's.
        """
        if self.account_id is not None:
            yield "account", self.account_id, traffic.account_id
        if self.sender is not None:
            yield "sender", self.sender, traffic.sender
        if self.network is not None:
            yield "network", self.network, network
        if self.prefix is not None:
            yield "prefix", self.prefix, str(traffic.recipient)[: len(self.prefix)]
        if self.kind is not None:
            yield "kind", self.kind, traffic.kind
        if self.priority is not None:
            yield "priority", self.priority, traffic.priority

    def takes(self, traffic: Traffic, network: str) -> bool:
        """Whether every condition holds."""
        return all(wanted == given for _, wanted, given in self.conditions(traffic, network))


class Traffic(NamedTuple):
    """What of a message decides its way."""

    recipient: int
    sender: str
    account_id: int
    kind: int
    priority: int


class Plan(NamedTuple):
    """All operators that may have a message, in order of preference; route 0 is the default."""

    route_id: int
    operators: tuple[Operator, ...]
