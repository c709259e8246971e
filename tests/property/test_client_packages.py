"""Whatever a customer writes, the gateway reads what was meant; whatever comes back, no trace."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from habar.model.times import parse_time
from habar.wire.http import xml
from habar_client import Message, PackageError
from habar_client.answer import Garbled, read, sent
from habar_client.request import Credentials, sending

ALMATY = ZoneInfo("Asia/Almaty")
_CARRIED = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
_TEXT = st.text(_CARRIED | st.sampled_from("\t\n\r<>&\"'] "))
_TIMES = st.none() | st.datetimes(
    datetime.fromisoformat("2024-03-02"),
    datetime.fromisoformat("2199-01-01"),
    timezones=st.just(UTC),
)
_MESSAGES = st.lists(
    st.builds(
        Message,
        recipient=_TEXT,
        text=_TEXT,
        sender=st.none() | _TEXT,
        id=st.none() | st.integers(1, 2**63 - 1),
        at=_TIMES,
        until=_TIMES,
        flash=st.booleans(),
    ),
    max_size=5,
)


@given(_MESSAGES, _TEXT.filter(bool), _TEXT.filter(bool))
def test_the_gateway_reads_what_the_client_wrote(
    messages: list[Message], login: str, password: str
) -> None:
    package = xml.parse(sending(Credentials(login, password), messages, ALMATY))
    assert (package.login, package.password) == (login, password)
    section = package.sections[0]
    assert isinstance(section, xml.MessageSection)
    assert len(section.items) == len(messages)
    for row, message in zip(section.items, messages, strict=True):
        assert (row.recipient, row.text) == (message.recipient, message.text)
        assert row.sender == (message.sender or None)
        assert row.id == (None if message.id is None else str(message.id))
        assert _seconds(row.date_beg) == _whole(message.at)
        assert _seconds(row.date_end) == _whole(message.until)
        assert row.type == ("1" if message.flash else None)


@given(_MESSAGES, st.data())
def test_every_message_gets_its_own_row(messages: list[Message], data: st.DataObject) -> None:
    codes = [data.draw(st.sampled_from([100, 106, 203])) for _ in messages]
    rows = [
        xml.message_row(None if m.id is None else str(m.id), number, 1, code)
        for number, (m, code) in enumerate(zip(messages, codes, strict=True), 1)
    ]
    answer = read(xml.package([xml.message_section(rows)]))
    results = sent(messages, answer.rows("message"), again=False)
    assert [(r.sms_id, r.code) for r in results] == list(enumerate(codes, 1))


_PIECES = st.lists(
    st.sampled_from(
        [
            b"<package>",
            b"</package>",
            b"<message>",
            b"</message>",
            b"<msg id='1' sms_id='2'>106</msg>",
            b"<msg",
            b"<error>20",
            b"2</error>",
            b"<?xml version='1.0'?>",
            b"<!DOCTYPE x>",
            b"&amp;&nope;",
            b"\xff\x00",
        ]
    )
    | st.binary(max_size=20)
).map(b"".join)


@given(_PIECES)
def test_any_answer_is_read_or_refused(body: bytes) -> None:
    try:
        rows = read(body).rows("message")
    except (Garbled, PackageError):
        return
    assert all(row.code >= 0 for row in rows)


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    moment = parse_time(text, "Asia/Almaty")
    assert moment is not None
    return moment // 1000


def _whole(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
