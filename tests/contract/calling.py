"""Call-backs under contract: a desk whose account has a URL, and subscribers' messages by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from habar.model.account import ReportFormat
from habar.model.message import Reports
from habar.store.callbacks import (
    Call,
    CallFilter,
    CallsReleased,
    CallStage,
    CallTried,
    ClaimCalls,
    GiveUpCalls,
)

NOW = 1_790_000_000_000
HOUR = 3_600_000
LATER = NOW + HOUR
OWN, OWN_HOST = "https://shop.example/told?n=1", "https://shop.example:443"
URL, HOST = "http://example.org/report", "http://example.org:80"
WHO: dict[str, Any] = {"actor": "ann", "now": LATER}


async def told_at(
    desk: Any, url: str = URL, report_format: ReportFormat = ReportFormat.GET, login: str = "shop"
) -> None:
    """The account has that URL from now on."""
    account = (await desk.store.books.account(login)).credentials.account
    await desk.store.books.change_account(
        replace(account, report_url=url, report_format=report_format), actor="test", now=NOW
    )


async def own(desk: Any, url: str = OWN, host: str = OWN_HOST, **changes: Any) -> int:
    """A message in hand, of which an URL of its own is told."""
    message: int = await desk.claimed(
        reports=Reports.OWN, report_url=url, report_host=host, **changes
    )
    return message


async def account_s(desk: Any, **changes: Any) -> int:
    """A message in hand, of which the account's URL is told."""
    message: int = await desk.claimed(reports=Reports.ACCOUNT, **changes)
    return message


async def accepted(desk: Any, name: str = "1", **changes: Any) -> int:
    """A message of which the customer is owed its first word."""
    message = await own(desk, **changes)
    assert await desk.accept(message, name) == message
    return message


async def claim(desk: Any, host: str = OWN_HOST, limit: int = 100, now: int = LATER) -> list[Call]:
    calls: list[Call] = await desk.asked(ClaimCalls(host, limit, now))
    return calls


async def one(desk: Any, host: str = OWN_HOST, now: int = LATER) -> Call:
    [call] = await claim(desk, host, now=now)
    return call


def tried(number: int, stage: CallStage = CallStage.DONE, **changes: Any) -> CallTried:
    values: dict[str, Any] = {
        "at": LATER - 100,
        "ms": 40,
        "status": 200,
        "error": "",
        "answer": "ok",
        "next_at": LATER + HOUR,
    }
    return CallTried(number, stage=stage, **{**values, **changes})


async def end(desk: Any, number: int, stage: CallStage = CallStage.DONE, **changes: Any) -> Any:
    return await desk.recorded(tried(number, stage, **changes))


async def release(desk: Any, *numbers: int) -> Any:
    return await desk.recorded(CallsReleased(numbers))


async def give_up(desk: Any, before: int = NOW, now: int = LATER, limit: int = 100) -> int:
    count: int = await desk.asked(GiveUpCalls(before, limit, now))
    return count


async def owed(desk: Any, **wanted: Any) -> list[Any]:
    """Obligations, the oldest first."""
    rows = await desk.store.callbacks.listed(CallFilter(**wanted), limit=10_000)
    return list(rows[::-1])


async def words(desk: Any, message: int) -> list[tuple[int, int]]:
    """State and stage of each obligation of a message."""
    return [(row.state, int(row.stage)) for row in await owed(desk, subject=message)]


def rule(engine: Any, desk: Any, url: str = URL, host: str = HOST, method: int = 1) -> None:
    """Short code 8785, whose id is 1."""
    engine.change(
        "INSERT INTO shortcode (id, code, keyword, account_id, method, url, host, userin,"
        " passwordin, reply, created_at)"
        f" VALUES (1, '8785', '', {desk.account}, {method}, '{url}', '{host}', 'gate', 's3cr3t',"
        " 'by the rule', 0)"
    )


def inbound(
    engine: Any, desk: Any, number: int = 1, host: str = HOST, reply: str = "", rule: int = 1
) -> None:
    """A subscriber's message with what is owed for it."""
    engine.change(
        "INSERT INTO inbound (id, account_id, shortcode_id, operator_id, sender, short_code,"
        " transaction_id, text, data_coding, parts, missing, sent_at, received_at, state, reply)"
        f" VALUES ({number}, {desk.account}, {rule}, {desk.operator}, '77771234567', '8785', '12',"
        f" 'Сәлем', 8, 2, 1, {NOW - 9}, {NOW}, 1, '{reply}')",
        "INSERT INTO callback (account_id, kind, subject, state, at, host, stage, next_at, since)"
        f" VALUES ({desk.account}, 2, {number}, 0, {NOW}, '{host}', 0, {NOW}, {NOW})",
    )
