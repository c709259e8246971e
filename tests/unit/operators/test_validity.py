"""operators/validity.py: how long the operator is to try, and how long its word is awaited."""

from dataclasses import replace

import pytest

from habar.operators import OperatorSettings, Validity, awaited_until
from habar.operators.validity import validity_period
from habar.wire.smpp import parse_time

NOW = 1_790_000_000_000  # 2026-09-21 14:13:20 UTC
HOUR = 3_600_000
DAY = 24 * HOUR
OPERATOR = OperatorSettings(1, "op", "127.0.0.1", 2775, "id", "secret")  # 3 days, and an hour


@pytest.mark.parametrize(
    ("ends_in", "most_days", "written"),
    [
        (HOUR + 61_000, 3, b"000000010101000R"),
        (2 * DAY, 3, b"000002000000000R"),
        (3 * DAY, 3, b"000003000000000R"),
        (4 * DAY, 3, b"000003000000000R"),
        (400 * DAY, 400, b"000031000000000R"),  # a relative time says no more
        (300, 3, b"000000000001000R"),
        (-5000, 3, b"000000000001000R"),
    ],
)
def test_relative(ends_in: int, most_days: int, written: bytes) -> None:
    operator = replace(OPERATOR, max_validity=most_days * 86_400.0)
    assert validity_period(NOW + ends_in, NOW, operator) == written


@pytest.mark.parametrize(
    ("zone", "ends_in", "written"),
    [
        ("UTC", HOUR, b"260921151320000+"),
        ("Asia/Almaty", HOUR, b"260921201320020+"),  # 5 hours are 20 quarters (7.1.1.1)
        ("Asia/Kathmandu", HOUR, b"260921205820023+"),  # 5:45
        ("America/St_Johns", HOUR, b"260921124320010-"),  # 2:30 behind, in summer
        ("Pacific/Apia", HOUR, b"260922031320048+"),  # 13 hours: told by a clock of 12
        ("UTC", 4 * DAY, b"260924141320000+"),  # max_validity
        ("UTC", HOUR + 250, b"260921151320200+"),
    ],
)
def test_absolute(zone: str, ends_in: int, written: bytes) -> None:
    operator = replace(OPERATOR, validity=Validity.ABSOLUTE, zone=zone)
    octets = validity_period(NOW + ends_in, NOW, operator)
    assert octets == written
    assert parse_time(octets, NOW) == NOW + min(ends_in, 3 * DAY) // 100 * 100


def test_the_offset_is_the_one_at_the_end() -> None:
    """Almaty was at +6 until 2024-02-29, and is at +5 since."""
    before = 1_709_200_000_000  # 2024-02-29 09:46:40 UTC
    operator = replace(OPERATOR, validity=Validity.ABSOLUTE, zone="Asia/Almaty")
    assert validity_period(before + HOUR, before, operator).endswith(b"24+")
    assert validity_period(before + DAY, before, operator).endswith(b"20+")


def test_it_can_be_left_to_the_operator() -> None:
    assert validity_period(NOW + HOUR, NOW, replace(OPERATOR, validity=Validity.NONE)) == b""


@pytest.mark.parametrize(
    ("expires_at", "until"),
    [
        (NOW + HOUR, NOW + 2 * HOUR),
        (NOW + 10 * DAY, NOW + 3 * DAY + HOUR),
        (None, NOW + 3 * DAY + HOUR),
        (NOW - DAY, NOW - DAY + HOUR),
    ],
)
def test_receipts_are_awaited_until_the_end_and_a_grace(expires_at: int | None, until: int) -> None:
    assert awaited_until(expires_at, NOW, OPERATOR) == until


def test_the_grace_is_the_operator_s() -> None:
    operator = replace(OPERATOR, max_validity=0.5, receipt_grace=1.5)
    assert awaited_until(None, NOW, operator) == NOW + 2000
