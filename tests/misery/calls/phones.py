"""Subscribers: what they write, cut into parts that come in any order, some twice, some never.

Guarantees: a sender for each message, so that whoever judges knows it again; a deliver_sm that was
not acknowledged comes again, as operators send it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from habar.wire.smpp import CommandId, EsmClass, Pdu, make_pdu
from habar.wire.text import split

from .insistent import Insistent
from .station import Station, short_code

_SENTENCE = "Сәлем, қашан жеткізесіз? Мен үйде боламын. "
_WORDS = "When will it be delivered, I am at home after six. "


@dataclass(slots=True)
class Said:
    """One message of a subscriber."""

    sender: str
    account: int
    text: str
    parts: int
    never: int
    """The part (from 1) that never comes; 0: all come."""
    given: int = 0
    """How often a gateway was given one of its PDUs."""


def say(random: Random, number: int, accounts: int) -> Said:
    """Draw one."""
    text = f"{number} " + random.choice((_SENTENCE, _WORDS)) * random.choice((1, 1, 1, 4, 7))
    parts = len(split(text, reference=0).parts)
    never = random.randrange(1, parts + 1) if parts > 1 and random.random() < 0.1 else 0
    sender = f"7777{number:07d}"
    return Said(sender, random.randrange(accounts), text, parts, never)


def pdus(said: Said, reference: int) -> list[Pdu]:
    """Its parts, as an SMSC delivers them."""
    cut = split(said.text, reference=reference)
    return [
        make_pdu(
            CommandId.DELIVER_SM,
            source_addr=said.sender.encode(),
            destination_addr=short_code(said.account).encode(),
            esm_class=int(EsmClass.UDHI) if part.udh else 0,
            data_coding=int(cut.encoding),
            short_message=part.udh + part.payload,
        )
        for part in cut.parts
    ]


class Phones:
    """All of them, and the operator's outbox."""

    def __init__(self, station: Callable[[], Station | None], random: Random) -> None:
        self.outbox = Insistent(station)
        self._random = random

    async def work(self, all_said: Sequence[Said], seconds: float) -> None:
        """Say everything within so many seconds, and come back when all of it is acknowledged."""
        again = asyncio.ensure_future(self.outbox.work())
        random = self._random
        saying = [
            self._say(said, random.uniform(0.0, seconds), Random(random.random()))
            for said in all_said
        ]
        try:
            await asyncio.gather(*saying)
            await self.outbox.answered()
        finally:
            again.cancel()

    async def _say(self, said: Said, after: float, random: Random) -> None:
        await asyncio.sleep(after)
        parts = pdus(said, random.randrange(256))
        order = [number for number in range(1, len(parts) + 1) if number != said.never]
        if len(parts) > 1:
            order += random.sample(order, random.randrange(len(order)))  # these come twice
        random.shuffle(order)
        for number in order:
            self.hand_on(said, parts[number - 1])
            await asyncio.sleep(random.expovariate(0.5))

    def hand_on(self, said: Said, pdu: Pdu) -> None:
        """The operator delivers it, until it is acknowledged."""

        def give(station: Station, done: Callable[[Any], None]) -> None:
            said.given += 1
            station.deliver(pdu, done)

        self.outbox.add(give)
