"""Times as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from habar.cli.moment import read_moment, read_past

ALMATY = ZoneInfo("Asia/Almaty")
NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)  # 15:00 in Almaty


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-12-31 18:00", "2026-12-31T13:00:00+00:00"),
        (" 2026-12-31T18:00:05 ", "2026-12-31T13:00:05+00:00"),
        ("2026-12-31T18:00+03:00", "2026-12-31T15:00:00+00:00"),
        ("2026-12-31 18:00:00Z", "2026-12-31T18:00:00+00:00"),
        ("15:01", "2026-03-01T10:01:00+00:00"),
        ("15:00", "2026-03-02T10:00:00+00:00"),
        ("9:30", "2026-03-02T04:30:00+00:00"),
        ("+90s", "2026-03-01T10:01:30+00:00"),
        ("+30m", "2026-03-01T10:30:00+00:00"),
        ("+2h", "2026-03-01T12:00:00+00:00"),
        ("+1d", "2026-03-02T10:00:00+00:00"),
    ],
)
def test_forms(typed: str, meant: str) -> None:
    moment = read_moment(typed, ALMATY, NOW)
    assert moment.utcoffset() is not None
    assert moment.astimezone(UTC).isoformat() == meant


@pytest.mark.parametrize(
    "typed",
    ["", "soon", "2026-12-31", "2026-02-30 10:00", "25:00", "+1w", "+h", "+999999d x", "1e9"],
)
def test_what_is_no_time_is_refused_with_the_forms(typed: str) -> None:
    with pytest.raises(ValueError, match="is no time: YYYY-MM-DD HH:MM"):
        read_moment(typed, ALMATY, NOW)


def test_a_time_beyond_the_calendar() -> None:
    with pytest.raises(ValueError, match="is no time"):
        read_moment("+999999d", ALMATY, datetime(9999, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-02-28 18:00", "2026-02-28T13:00:00+00:00"),
        ("15:01", "2026-02-28T10:01:00+00:00"),
        ("15:00", "2026-03-01T10:00:00+00:00"),
        ("9:30", "2026-03-01T04:30:00+00:00"),
        ("30m", "2026-03-01T09:30:00+00:00"),
        ("-2h", "2026-03-01T08:00:00+00:00"),
        ("1d", "2026-02-28T10:00:00+00:00"),
    ],
)
def test_forms_of_the_past(typed: str, meant: str) -> None:
    moment = read_past(typed, ALMATY, NOW)
    assert moment.utcoffset() is not None
    assert moment.astimezone(UTC).isoformat() == meant


@pytest.mark.parametrize("typed", ["", "+2h", "2026-12-31", "25:00", "1w", "999999d"])
def test_what_is_no_time_of_the_past(typed: str) -> None:
    with pytest.raises(ValueError, match="is no time: YYYY-MM-DD HH:MM, HH:MM, or 30m"):
        read_past(typed, ALMATY, NOW)
