"""Packages as they go over the wire, read back by the gateway's own parser."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from habar.wire.http import xml
from habar_client import Message
from habar_client.request import (
    Credentials,
    Ref,
    asking,
    asking_balance,
    asking_prices,
    sending,
    wall_clock,
)

ALMATY = ZoneInfo("Asia/Almaty")
DEMO = Credentials("demo", "demo")


def _read(*messages: Message) -> list[xml.MsgIn]:
    section = xml.parse(sending(DEMO, messages, ALMATY)).sections[0]
    assert isinstance(section, xml.MessageSection)
    return list(section.items)


def test_the_smallest_package_letter_for_letter() -> None:
    body = sending(DEMO, [Message("77771234567", "Test", "TEXT_MSG", 1)], ALMATY)
    assert body.decode() == (
        '<?xml version="1.0" encoding="utf-8" ?>\n'
        '<package login="demo" password="demo">\n'
        "<message>\n"
        '<msg id="1" recipient="77771234567" sender="TEXT_MSG">Test</msg>\n'
        "</message>\n"
        "</package>\n"
    )


def test_all_attributes_and_several_messages() -> None:
    at = datetime(2026, 12, 31, 13, 0, 5, tzinfo=UTC)
    first, second = _read(
        Message("77771234567", "a", at=at, until=at + timedelta(hours=1), flash=True),
        Message("77011234567", "b", id=7),
    )
    assert first == xml.MsgIn(
        None, "77771234567", None, "2026-12-31 18:00:05", "2026-12-31 19:00:05", "1", "a"
    )
    assert second == xml.MsgIn("7", "77011234567", None, None, None, None, "b")


@pytest.mark.parametrize(
    "text",
    [
        "a < b && c > d ]]> \"e\" 'f'",
        " leading and trailing ",
        "two\nlines\r\nand\rmore\ttab",
        "Сәлем, әлем! 😀",
        "<msg>not an element</msg>",
        "&amp;",
    ],
)
def test_texts_arrive_letter_for_letter(text: str) -> None:
    assert _read(Message("77771234567", text))[0].text == text


def test_attributes_arrive_letter_for_letter() -> None:
    row = _read(Message('7"7\n<&>\t7', "x", "A&B"))[0]
    assert (row.recipient, row.sender) == ('7"7\n<&>\t7', "A&B")


@pytest.mark.parametrize(
    ("moment", "wall"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01 05:00:00"),
        (datetime(2023, 1, 1, tzinfo=UTC), "2023-01-01 06:00:00"),
        (
            datetime(2026, 1, 1, 3, 0, 0, 999999, tzinfo=timezone(timedelta(hours=3))),
            "2026-01-01 05:00:00",
        ),
    ],
)
def test_times_are_the_wall_clock_of_almaty(moment: datetime, wall: str) -> None:
    assert wall_clock(moment, ALMATY) == wall


def test_questions() -> None:
    package = xml.parse(asking(DEMO, "status", [Ref(sms_id=2), Ref(id=1)]))
    assert package.sections == (xml.StatusSection([xml.Ref(None, "2"), xml.Ref("1", None)]),)
    package = xml.parse(asking(DEMO, "delete", [Ref(id=1)]))
    assert package.sections == (xml.DeleteSection([xml.Ref("1", None)]),)
    assert xml.parse(asking_balance(DEMO)).sections == (xml.BalanceSection(),)
    package = xml.parse(asking_prices(DEMO, ["77771234567", "<&>"]))
    assert package.sections == (xml.PricesSection(["77771234567", "<&>"]),)


def test_prices_of_what_xml_cannot_carry_are_refused() -> None:
    with pytest.raises(ValueError, match="recipient has the character"):
        asking_prices(DEMO, ["\0"])


def test_credentials_are_written_and_escaped() -> None:
    package = xml.parse(asking_balance(Credentials('a"b', "<&>")))
    assert (package.login, package.password, package.key) == ('a"b', "<&>", None)
    package = xml.parse(asking_balance(Credentials(key="k&y")))
    assert (package.login, package.password, package.key) == (None, None, "k&y")


@pytest.mark.parametrize(
    "given",
    [(None, None, None), ("demo", None, None), (None, "x", None), ("demo", "", None), ("", "", "")],
)
def test_incomplete_credentials_are_refused(given: tuple[str | None, ...]) -> None:
    with pytest.raises(ValueError, match="a login and a password are needed, or a key"):
        Credentials(*given)


def test_two_kinds_of_credentials_are_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        Credentials("demo", "demo", "key")


def test_credentials_are_in_no_repr() -> None:
    assert "s3cret" not in repr(Credentials("demo", "s3cret"))
    assert "s3cret" not in repr(Credentials(key="s3cret"))
    with pytest.raises(ValueError, match=r"password has the character U\+0000") as caught:
        Credentials("demo", "s3cret\0")
    assert "s3cret" not in str(caught.value)
