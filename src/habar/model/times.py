"""Wall-clock times as customers write and read them (spec/xml.md "Transport", README rule 6).

Guarantees: what is stored is UTC milliseconds; zones are IANA zones with their history, so
Asia/Almaty is UTC+6 until 2024-02-29 and UTC+5 since. They are read from the package tzdata, never
from the machine: many machines in use have zone data from before that change, and would tell every
customer a wrong hour. Knows no clock: "now" is an argument.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?"
    r"(?:\s?(Z|[+-]\d\d:?\d\d))?",
    re.ASCII,
)
LAST_YEAR = 2200
"""Years beyond this are nonsense, not schedules; they would overflow what operators can say."""


def parse_time(text: str, zone: str) -> int | None:
    """UTC milliseconds of `text`, read in `zone` unless it says its own offset; None if unreadable.

    Forms: `YYYY-MM-DD HH:mm:ss`, `YYYY-MM-DDTHH:mm[:ss]`, each with `+0300`, `+03:00` or `Z`.
    """
    found = _FORM.fullmatch(text.strip())
    if not found or int(found[1]) > LAST_YEAR:
        return None
    year, month, day, hour, minute = (int(found[n]) for n in range(1, 6))
    try:
        tz = _offset(found[7]) if found[7] else zone_info(zone)
        at = datetime(year, month, day, hour, minute, int(found[6] or 0), tzinfo=tz)
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def format_time(ms: int, zone: str) -> str:
    """`YYYY-MM-DDTHH:mm:ss` in `zone`: the form of the XML protocol's answers."""
    return _local(ms, zone).strftime("%Y-%m-%dT%H:%M:%S")


def moment(ms: int, zone: str) -> str:
    """`YYYY-MM-DD HH:mm:ss` in `zone`: for people, and in all protocols but the XML one."""
    return _local(ms, zone).strftime("%Y-%m-%d %H:%M:%S")


def day_of(ms: int, zone: str) -> int:
    """The proleptic ordinal of the day in `zone`: what daily limits count by."""
    return _local(ms, zone).toordinal()


@lru_cache(maxsize=256)
def zone_info(zone: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ZoneInfoNotFoundError (a KeyError)."""
    if zone not in _zones():
        raise ZoneInfoNotFoundError(f"no time zone {zone!r}")
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=zone)


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if minutes > 59:
        raise ValueError(text)
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)


def _local(ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(ms / 1000, zone_info(zone))
