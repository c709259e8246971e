"""The customers: what they send and when, and what they do when the gateway does not answer.

Guarantees: one message a recipient, an id of the customer's own for each; a package that was not
answered, because the gateway died or could not take it, is sent again until it is, with the same
ids, as a careful customer does. What is sent, and when, hangs on the seed alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from habar.errors import HabarError, Refusal
from habar.model.account import Account
from habar.model.message import Outcome

from .gateway import Gateway, Wall
from .loop import VirtualLoop

RUSSIAN = "Ваш заказ передан в доставку, курьер позвонит за час. "
LATIN = "Your order is on its way, the courier will call an hour before. "


@dataclass(slots=True)
class Message:
    """One message, from the customer's side."""

    customer_id: int
    account: int
    """Place in the list of accounts."""
    recipient: int
    text: str
    begins_in: int | None
    """date_beg, milliseconds after it is sent."""
    ends_in: int | None
    """date_end likewise."""
    deleted_after: float | None
    """Seconds after the answer until the customer wants it back."""
    message_id: int = 0
    """Once it was accepted."""
    accepted_at: float = 0.0
    wished_away: bool = False
    """The customer has asked for it to be deleted."""
    told_deleted: bool = False

    def draft(self, now_ms: int) -> tuple[Any, ...]:
        """As the doors read it."""
        return (
            self.customer_id,
            str(self.recipient),
            None,
            None if self.begins_in is None else now_ms + self.begins_in,
            None if self.ends_in is None else now_ms + self.ends_in,
            None,
            self.text,
        )


@dataclass(frozen=True, slots=True)
class Package:
    """Messages of one account that are sent together, so many seconds after the beginning."""

    at: float
    messages: list[Message]


def packages(
    random: Random, count: int, seconds: float, shares: dict[int, float], accounts: int
) -> list[Package]:
    """What is sent: half of it in campaigns, half one by one. `shares`: by operator."""
    made: list[Package] = []
    number = 0
    while number < count:
        campaign = random.random() < 0.05
        size = min(count - number, random.randrange(50, 150) if campaign else 1)
        account = random.randrange(accounts)
        messages = []
        for _ in range(size):
            number += 1
            messages.append(_message(random, number, account, shares))
        made.append(Package(random.uniform(0.0, seconds), messages))
    made.sort(key=lambda package: (package.at, package.messages[0].customer_id))
    return made


def _message(random: Random, number: int, account: int, shares: dict[int, float]) -> Message:
    (operator,) = random.choices(list(shares), list(shares.values()))
    text = random.choice((LATIN, RUSSIAN)) * random.choice((1, 1, 1, 1, 3, 6))
    chance = random.random()
    return Message(
        customer_id=number,
        account=account,
        recipient=77_000_000_000 + operator * 10_000_000 + number,
        text=text,
        begins_in=random.randrange(1_000, 240_000) if chance < 0.05 else None,
        ends_in=random.randrange(500, 120_000) if 0.05 <= chance < 0.12 else None,
        deleted_after=random.expovariate(1 / 10) if 0.12 <= chance < 0.16 else None,
    )


class Customers:
    """All of them. `gateway` gives the one that is up, or None."""

    def __init__(
        self,
        loop: VirtualLoop,
        wall: Wall,
        accounts: Sequence[Account],
        sent: Sequence[Package],
        gateway: Callable[[], Gateway | None],
    ) -> None:
        self.refusals: list[tuple[Message, Outcome]] = []
        """There should be none."""
        self._loop = loop
        self._wall = wall
        self._accounts = accounts
        self._sent = sent
        self._gateway = gateway
        self._open: dict[int, tuple[Package, int]] = {}
        """Packages that are not answered, and by which life of the gateway they were taken; -1: by
        none."""
        self._wishes: list[tuple[float, int, Message]] = []

    async def work(self) -> None:
        """Send everything, and come back when all of it is answered."""
        began = self._loop.time()
        for number, package in enumerate(self._sent):
            await asyncio.sleep(max(0.0, began + package.at - self._loop.time()))
            self._try(number, package)
            self._wish()
        while self._open or self._wishes:
            self._again()
            self._wish()
            await asyncio.sleep(0.5)

    def _again(self) -> None:
        gateway = self._gateway()
        if gateway is not None:
            for number, (package, life) in list(self._open.items()):
                if life != gateway.number:
                    self._try(number, package)

    def _try(self, number: int, package: Package) -> None:
        gateway = self._gateway()
        self._open[number] = (package, -1 if gateway is None else gateway.number)
        if gateway is None:
            return
        now = self._wall.now_ms()
        drafts = [message.draft(now) for message in package.messages]
        account = self._accounts[package.messages[0].account]
        gateway.submit(account, drafts, lambda answer: self._answered(number, answer))

    def _answered(self, number: int, answer: list[Outcome] | HabarError) -> None:
        package, _ = self._open[number]
        if isinstance(answer, HabarError):
            self._open[number] = (package, -1)
            return
        unsure = False
        for message, outcome in zip(package.messages, answer, strict=True):
            if outcome.refusal in (None, Refusal.DUPLICATE_ID) and outcome.message_id:
                self._accepted(message, outcome.message_id)
            elif outcome.refusal is Refusal.FAULT:
                unsure = True
            else:
                self.refusals.append((message, outcome))
        if unsure:
            self._open[number] = (package, -1)
        else:
            del self._open[number]

    def _accepted(self, message: Message, message_id: int) -> None:
        if message.message_id:
            assert message.message_id == message_id, "one id, two messages"
            return
        message.message_id, message.accepted_at = message_id, self._loop.time()
        if message.deleted_after is not None:
            self._wishes.append((self._loop.time() + message.deleted_after, message_id, message))
            self._wishes.sort(key=lambda wish: wish[:2])

    def _wish(self) -> None:
        """Ask for what is to be deleted by now."""
        gateway = self._gateway()
        while gateway is not None and self._wishes and self._wishes[0][0] <= self._loop.time():
            _, message_id, message = self._wishes.pop(0)
            message.wished_away = True

            def told(deleted: bool, message: Message = message) -> None:
                message.told_deleted = deleted

            gateway.delete(self._accounts[message.account], message_id, told)
