"""Absolute and relative times of section 7.1.1, both ways."""

import pytest

from habar.wire.smpp import TimeError, format_absolute, format_relative, parse_time

NOW = 1_706_801_400_500  # 2024-02-01T15:30:00.5Z


@pytest.mark.parametrize(
    ("offset", "written"),
    [
        (0, b"240201153000500+"),
        (300, b"240201203000520+"),
        (-210, b"240201120000514-"),
        (720, b"240202033000548+"),
    ],
)
def test_absolute(offset: int, written: bytes) -> None:
    assert format_absolute(NOW, offset) == written
    assert parse_time(written, 0) == NOW


@pytest.mark.parametrize(
    ("epoch_ms", "offset"), [(NOW, 7), (NOW, 735), (NOW, -735), (0, 0), (4_102_444_800_000, 0)]
)
def test_absolute_refuses_what_it_cannot_say(epoch_ms: int, offset: int) -> None:
    with pytest.raises(ValueError):
        format_absolute(epoch_ms, offset)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, b"000000000000000R"),
        (59, b"000000000059000R"),
        (3600, b"000000010000000R"),
        (86400 * 31 + 86399, b"000031235959000R"),
    ],
)
def test_relative(seconds: int, written: bytes) -> None:
    assert format_relative(seconds) == written
    assert parse_time(written, NOW) == NOW + seconds * 1000


@pytest.mark.parametrize("seconds", [-1, 86400 * 32])
def test_relative_refuses_what_it_cannot_say(seconds: int) -> None:
    with pytest.raises(ValueError):
        format_relative(seconds)


@pytest.mark.parametrize(
    ("written", "absolute"),
    [
        (b"000100000000000R", b"240301153000500+"),
        (b"010000000000000R", b"250201153000500+"),
        (b"020610233429000R", b"260812150429500+"),
    ],
)
def test_relative_years_and_months_go_by_the_calendar(written: bytes, absolute: bytes) -> None:
    assert parse_time(written, NOW) == parse_time(absolute, 0)


def test_a_month_after_the_31st_is_the_months_last_day() -> None:
    end_of_january = parse_time(b"240131120000000+", 0)
    assert end_of_january is not None
    assert parse_time(b"000100000000000R", end_of_january) == parse_time(b"240229120000000+", 0)


def test_the_empty_string_is_the_default() -> None:
    assert parse_time(b"", NOW) is None


@pytest.mark.parametrize(
    "value",
    [
        b"0",
        b"2402011530",
        b"240201153000500",
        b"240201153000500*",
        b"24020115300050x+",
        b"241301153000500+",
        b"240230153000500+",
        b"240201243000500+",
        b"240201153000549+",
        b"240201153000500++",
        b"-40201153000500+",
    ],
)
def test_what_is_no_time(value: bytes) -> None:
    with pytest.raises(TimeError):
        parse_time(value, NOW)
