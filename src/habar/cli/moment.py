"""Times as people type them on a command line.

Guarantees: the result is aware. Knows no clock: now is an argument.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

FORMS = "YYYY-MM-DD HH:MM, HH:MM, or +30m, +2h, +1d"
PAST_FORMS = "YYYY-MM-DD HH:MM, HH:MM, or 30m, 2h, 1d ago"

_AHEAD = re.compile(r"\+(\d{1,6})([smhd])", re.ASCII)
_AGO = re.compile(r"-?(\d{1,6})([smhd])", re.ASCII)
_CLOCK = re.compile(r"(\d\d?):(\d\d)", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def read_moment(text: str, zone: tzinfo, now: datetime) -> datetime:
    """The moment that `text` means; wall-clock times are those of `zone`.

    Forms: a date with a time (ISO 8601, `T` or a blank between, an offset if wanted); a time alone,
    the next one to come; `+30m` from now in s, m, h or d. Raises ValueError, which names the forms.
    """
    text = text.strip()
    try:
        ahead = _AHEAD.fullmatch(text)
        if ahead:
            return now + _span(ahead)
        clock = _CLOCK.fullmatch(text)
        if clock:
            return _next(int(clock[1]), int(clock[2]), now.astimezone(zone))
        return _said(text, zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time: {FORMS}") from None


def read_past(text: str, zone: tzinfo, now: datetime) -> datetime:
    """The moment in the past that `text` means; wall-clock times are those of `zone`.

    As `read_moment`, but a time alone is the last one that was, and `30m` is so long ago. Raises
    ValueError, which names the forms.
    """
    text = text.strip()
    try:
        ago = _AGO.fullmatch(text)
        if ago:
            return now - _span(ago)
        clock = _CLOCK.fullmatch(text)
        if clock:
            day = timedelta(days=1)
            return _next(int(clock[1]), int(clock[2]), now.astimezone(zone)) - day
        return _said(text, zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time: {PAST_FORMS}") from None


def _span(found: re.Match[str]) -> timedelta:
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _said(text: str, zone: tzinfo) -> datetime:
    moment = datetime.fromisoformat(text)
    if len(text) <= len("YYYY-MM-DD"):
        raise ValueError("a date without a time")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _next(hour: int, minute: int, now: datetime) -> datetime:
    moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment > now else moment + timedelta(days=1)
