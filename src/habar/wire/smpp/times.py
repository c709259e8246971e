"""SMPP's time formats, absolute and relative (7.1.1), to and from UTC epoch milliseconds.

Guarantees: what format_absolute writes, parse_time reads back, to the tenth of a second; anything
that is not of the standard's form is a TimeError.
Does not know: the clock (now is an argument) and time zones by name: offsets are minutes.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

_LENGTH = 16
_QUARTER = 15
_MOST_QUARTERS = 48
_DAY = 86400
_MOST_DAYS = 31


class TimeError(ValueError):
    """Octets that are no SMPP time."""


def format_absolute(epoch_ms: int, utc_offset: int = 0) -> bytes:
    """Write `YYMMDDhhmmsstnnp` in the local time of an offset of minutes, a multiple of 15.

    Raises ValueError: an offset out of range, a year outside 2000 to 2099.
    """
    quarters, odd = divmod(abs(utc_offset), _QUARTER)
    if odd or quarters > _MOST_QUARTERS:
        raise ValueError("an offset is a multiple of 15 minutes, 12 hours at most")
    seconds, ms = divmod(epoch_ms + utc_offset * 60_000, 1000)
    local = datetime.fromtimestamp(seconds, UTC)
    if not 2000 <= local.year <= 2099:
        raise ValueError("SMPP writes the years 2000 to 2099")
    sign = "-" if utc_offset < 0 else "+"
    return f"{local:%y%m%d%H%M%S}{ms // 100}{quarters:02d}{sign}".encode()


def format_relative(seconds: int) -> bytes:
    """Write `YYMMDDhhmmss000R`: so many seconds from when the SMSC reads it.

    Days only: months and years differ in length. Raises ValueError over 31 days 23:59:59.
    """
    days, rest = divmod(seconds, _DAY)
    if not 0 <= days <= _MOST_DAYS:
        raise ValueError("a relative time is from 0 seconds to 31 days 23:59:59")
    return f"0000{days:02d}{rest // 3600:02d}{rest // 60 % 60:02d}{rest % 60:02d}000R".encode()


def parse_time(value: bytes, now_ms: int) -> int | None:
    """Read either form as UTC epoch milliseconds; None for the empty string, which means default.

    Raises TimeError.
    """
    if not value:
        return None
    if len(value) != _LENGTH or not value[:15].isdigit() or value[15:] not in (b"+", b"-", b"R"):
        raise TimeError("a time is 15 digits and one of +, - and R")
    pairs = [int(value[i : i + 2]) for i in range(0, 12, 2)]
    try:
        if value[15:] == b"R":
            return _relative(pairs, now_ms)
        return _absolute(pairs, int(value[12:13]), int(value[13:15]), value[15:])
    except (ValueError, OverflowError) as error:
        raise TimeError(str(error)) from error


def _absolute(pairs: list[int], tenths: int, quarters: int, sign: bytes) -> int:
    if quarters > _MOST_QUARTERS:
        raise TimeError("an offset is 48 quarters of an hour at most")
    year, month, day, hour, minute, second = pairs
    local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    offset = quarters * _QUARTER * 60 * (-1 if sign == b"-" else 1)
    return (int(local.timestamp()) - offset) * 1000 + tenths * 100


def _relative(pairs: list[int], now_ms: int) -> int:
    """Add years and months by the calendar, a day that does not exist becoming the month's last."""
    years, months, days, hours, minutes, seconds = pairs
    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    year, month = divmod(now.year * 12 + now.month - 1 + years * 12 + months, 12)
    day = min(now.day, monthrange(year, month + 1)[1])
    moved = now.replace(year=year, month=month + 1, day=day)
    moved += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return int(moved.timestamp()) * 1000 + now_ms % 1000
