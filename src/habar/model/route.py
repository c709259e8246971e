"""Which operator a message goes to. The decision is made once, when the message is accepted."""

from __future__ import annotations

from dataclasses import dataclass


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
