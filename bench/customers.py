"""What the measured account has beside its messages: a short code, an address for call-backs.

Guarantees: it is made as staff's commands make it. Knows nothing of loads and figures.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bench.database import MEASURED
from bench.web import STATES, SUBSCRIBERS
from habar.admin.accounts import Accounts
from habar.admin.shortcodes import ShortCodeRules, Wanted
from habar.app.database import Place, books_of
from habar.config import load

SHORT = "8785"
_ACTOR = "bench"


def report(settings: Path, port: int) -> None:
    """Have the web service at this port called for the states of the account's messages."""
    asyncio.run(_report(settings, _url(port, STATES)))


def listen(settings: Path, port: int) -> None:
    """Have it called for subscribers' messages to SHORT."""
    asyncio.run(_listen(settings, _url(port, SUBSCRIBERS)))


def _url(port: int, path: str) -> str:
    return f"http://127.0.0.1:{port}{path}"


async def _report(settings: Path, url: str) -> None:
    async with books_of(Place.of(load(settings)), make=True) as store:
        accounts = Accounts(store.books, actor=_ACTOR, now=_now)
        await accounts.set(MEASURED, {"report_url": url})


async def _listen(settings: Path, url: str) -> None:
    async with books_of(Place.of(load(settings)), make=True) as store:
        rules = ShortCodeRules(store.inbox, store.books, actor=_ACTOR, now=_now)
        await rules.add(SHORT, "", MEASURED, Wanted(url=url, method="get"))


def _now() -> int:
    return time.time_ns() // 1_000_000
