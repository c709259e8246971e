"""What a test has subscribers write."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from habar.store.inbox import CallMethod, DueGroups, Group, InboundStory, Received, Rule, Segment

from .conftest import NOW, Desk

HOST = "https://example.org:443"
WHO: dict[str, Any] = {"actor": "ann", "now": NOW + 7}


def received(desk: Desk, **changes: Any) -> Received:
    """A whole message that somebody is to be called with."""
    values: dict[str, Any] = {
        "account_id": desk.account,
        "shortcode_id": 0,
        "operator_id": desk.operator,
        "sender": "77771234567",
        "short_code": "8785",
        "transaction_id": "",
        "text": "Привет",
        "data_coding": 8,
        "parts": 1,
        "missing": 0,
        "sent_at": None,
        "at": NOW,
        "method": CallMethod.GET,
        "host": HOST,
        "reply": "",
    }
    return Received(**{**values, **changes})


def segment(desk: Desk, part: int = 1, octets: bytes | None = None, **changes: Any) -> Segment:
    """A part of a message of three."""
    values: dict[str, Any] = {
        "operator_id": desk.operator,
        "sender": "77771234567",
        "short_code": "8785",
        "reference": 77,
        "total": 3,
        "part": part,
        "transaction_id": "",
        "data_coding": 0,
        "octets": b"part %d" % part if octets is None else octets,
        "header": b"",
        "at": NOW + part,
        "sent_at": None,
    }
    return Segment(**{**values, **changes})


def whole(desk: Desk, group: Group, segments: Sequence[Segment], **changes: Any) -> Received:
    """What a joiner makes of a group."""
    missing = group.total - len(segments)
    return received(desk, parts=group.total, missing=missing, group=group, **changes)


async def kept(desk: Desk, *segments: Segment) -> list[int | None]:
    """What each is answered, one after the other."""
    return [await desk.recorded(one) for one in segments]


async def due(desk: Desk, before: int = 0, limit: int = 100) -> list[tuple[Group, list[Segment]]]:
    found: list[tuple[Group, list[Segment]]] = await desk.asked(DueGroups(before, limit))
    return found


async def known(desk: Desk, inbound_id: int | None) -> InboundStory:
    story: InboundStory | None = await desk.store.inbox.story(inbound_id)
    assert story is not None
    return story


async def rule(desk: Desk, code: str = "8785", keyword: str = "", **changes: Any) -> int:
    """The id of one of the account's."""
    made: int = await desk.store.inbox.add_rule(
        Rule(code, desk.account, keyword, **changes), actor="ann", now=NOW
    )
    return made


async def together(desk: Desk, *events: Any) -> list[int | None]:
    """Given in one turn of the loop."""
    return list(await asyncio.gather(*[desk.recorded(event) for event in events]))
