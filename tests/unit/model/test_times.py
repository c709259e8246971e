"""Wall-clock times as customers write and read them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.model.times import day_of, format_time, moment, parse_time, zone_info

ALMATY = "Asia/Almaty"
NOON_UTC = 1_709_294_400_000
"""2024-03-01 12:00:00 UTC."""
HOUR = 3_600_000


@pytest.mark.rule("xml.request-times")
@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01 12:00:00",
        "2024-03-01 12:00",
        "2024-03-01T12:00",
        "2024-03-01T12:00:00",
        "  2024-03-01 12:00:00\n",
    ],
)
def test_forms_of_a_time(text: str) -> None:
    assert parse_time(text, "UTC") == NOON_UTC
    assert parse_time(text, ALMATY) == NOON_UTC - 5 * HOUR


@pytest.mark.rule("xml.request-time-offsets")
@pytest.mark.parametrize(
    ("offset", "hours"),
    [("+0300", 3), ("+03:00", 3), (" +03:00", 3), ("-0530", -5.5), ("Z", 0), ("+00:00", 0)],
)
@pytest.mark.parametrize("text", ["2024-03-01 12:00:00", "2024-03-01T12:00"])
def test_an_offset_of_its_own_speaks_before_the_zone(text: str, offset: str, hours: float) -> None:
    assert parse_time(text + offset, ALMATY) == NOON_UTC - hours * HOUR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2024-03-01",
        "12:00",
        "2024-13-01 12:00:00",
        "2024-02-30 12:00:00",
        "2024-03-01 24:00:00",
        "2024-03-01 12:60:00",
        "2024-03-01 12:00:60",
        "24-03-01 12:00:00",
        "2024-3-1 12:00:00",
        "2024/03/01 12:00:00",
        "2024-03-01  12:00:00",
        "2024-03-01 12:00:00.5",
        "2024-03-01 12:00:00+03",
        "2024-03-01 12:00:00+0360",
        "2024-03-01 12:00:00+9900",
        "2024-03-01 12:00:00 GMT",
        "9999-12-31 23:59:59",
        "2201-01-01 00:00:00",
        "0000-01-01 00:00:00",
        "٢٠٢٤-03-01 12:00:00",
        "2024-03-01 12:00:00\x00",
    ],
)
def test_nonsense_is_unreadable(text: str) -> None:
    assert parse_time(text, ALMATY) is None


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert parse_time(text, ALMATY) is None or text.strip()[:1].isdigit()


@pytest.mark.rule("xml.zone-almaty")
@pytest.mark.parametrize(
    ("text", "hours"),
    [("2024-02-29 23:59:59", 6), ("2024-03-01 00:00:00", 5), ("2030-07-01 12:00:00", 5)],
)
def test_almaty_is_six_hours_ahead_until_march_2024_and_five_since(text: str, hours: int) -> None:
    local, utc = parse_time(text, ALMATY), parse_time(text, "UTC")
    assert local is not None
    assert utc is not None
    assert utc - local == hours * HOUR


@pytest.fixture
def old_machine(tmp_path: Path) -> Iterator[None]:
    """A machine whose zone data is from before the change: Almaty is six hours ahead for ever."""
    (tmp_path / "Asia").mkdir()
    six_ahead = files("tzdata").joinpath("zoneinfo/Etc/GMT-6").read_bytes()
    (tmp_path / "Asia" / "Almaty").write_bytes(six_ahead)
    zoneinfo.reset_tzpath(to=[str(tmp_path)])
    zone_info.cache_clear()
    yield
    zoneinfo.reset_tzpath()
    zone_info.cache_clear()


@pytest.mark.rule("xml.zone-almaty")
@pytest.mark.usefixtures("old_machine")
def test_the_machines_own_zone_data_is_not_asked() -> None:
    from_machine = zoneinfo.ZoneInfo.no_cache(ALMATY)
    assert datetime(2024, 3, 1, tzinfo=from_machine).utcoffset() == timedelta(hours=6)
    assert parse_time("2024-03-01 12:00:00", ALMATY) == NOON_UTC - 5 * HOUR


@pytest.mark.parametrize(
    "zone", ["Asia/Nowhere", "", "../etc/passwd", "/etc/passwd", "zones", "a\0"]
)
def test_a_zone_that_is_none(zone: str) -> None:
    with pytest.raises(zoneinfo.ZoneInfoNotFoundError):
        zone_info(zone)


@pytest.mark.rule("xml.answer-times")
def test_answers_tell_seconds_in_the_accounts_zone() -> None:
    assert format_time(NOON_UTC + 999, ALMATY) == "2024-03-01T17:00:00"
    assert format_time(NOON_UTC - 24 * HOUR, ALMATY) == "2024-02-29T18:00:00"
    assert format_time(NOON_UTC, "UTC") == "2024-03-01T12:00:00"


def test_people_read_the_same_with_a_space() -> None:
    assert moment(NOON_UTC + 999, ALMATY) == "2024-03-01 17:00:00"
    assert moment(NOON_UTC - 24 * HOUR, ALMATY) == "2024-02-29 18:00:00"


@given(st.integers(0, 4_000_000_000), st.sampled_from([ALMATY, "UTC", "Asia/Aqtobe"]))
def test_what_is_written_reads_back(seconds: int, zone: str) -> None:
    text = format_time(seconds * 1000, zone)
    back = parse_time(text, zone)
    assert back is not None
    assert format_time(back, zone) == text


def test_a_day_begins_at_the_zones_midnight() -> None:
    midnight = parse_time("2024-03-05 00:00:00", ALMATY)
    assert midnight is not None
    today = day_of(midnight, ALMATY)
    assert day_of(midnight - 1, ALMATY) == today - 1
    assert day_of(midnight + 24 * HOUR - 1, ALMATY) == today
    assert day_of(midnight, "UTC") == today - 1
