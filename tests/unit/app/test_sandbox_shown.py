"""What the sandbox shows of a subscriber's message."""

from types import SimpleNamespace
from typing import Any

import pytest

from habar.app.sandbox_shown import Shown, ShownCalls
from habar.simulator import SubscriberMessage

QUERY = "userin=u&passwordin=s3cret&sender=77771234567&short=8785%2312345&msgdata=%D0%94%D0%B0+1"
SHOWN = [
    "          userin=u passwordin=*** sender=77771234567 short=8785#12345",
    "          msgdata='Да 1'",
]


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def shown(lines: list[str]) -> Shown:
    return Shown(lines.append)


def request(method: str, url: str, body: bytes | None = None) -> Any:
    return SimpleNamespace(method=method, url=url, body=body)


def answer(status: int, body: bytes = b"", error: str = "") -> Any:
    return SimpleNamespace(status=status, body=body, error=error)


def submitted(source: str, destination: str, text: str = "Thank you") -> Any:
    return SimpleNamespace(source=source, destination=destination, text=text)


@pytest.mark.parametrize(
    ("call", "first"),
    [
        (request("GET", f"http://127.0.0.1:1/in?{QUERY}"), "GET http://127.0.0.1:1/in"),
        (request("POST", "http://127.0.0.1:1/in", QUERY.encode()), "POST http://127.0.0.1:1/in"),
    ],
)
def test_a_call_is_shown_without_its_password(
    shown: Shown, lines: list[str], call: Any, first: str
) -> None:
    shown.called(call)
    assert lines == [f"  call    {first}", *SHOWN]


def test_a_call_fits_a_terminal_of_80_columns(shown: Shown, lines: list[str]) -> None:
    words = [f"name{number}=value" for number in range(30)]
    shown.called(request("GET", f"http://127.0.0.1:1/in?{'&'.join(words)}&text={'x' * 200}"))
    _, *told, last = lines
    assert {len(line) <= 80 for line in told} == {True}
    assert len(told) < 7
    assert " ".join(told).split() == words
    assert last.strip() == f"text={'x' * 200}"


@pytest.mark.parametrize(
    "call",
    [
        request("GET", "http://127.0.0.1:1/in?%1b%5b2J=x&%0areply=y"),
        request("GET", "http://127.0.0.1:1/\x9b2J"),
        request("POST", "http://127.0.0.1:1/in", b'{"\\u001b[2J": "\\u001b[2J"}'),
    ],
)
def test_nothing_in_a_url_moves_the_cursor(shown: Shown, lines: list[str], call: Any) -> None:
    shown.called(call)
    assert lines
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"passwordin": "s3cret", "msgdata": "Hi", "parts": 2}', "passwordin=*** msgdata=Hi"),
        (b'{"senttime": null, "at": ["\\u009b"]}', r'senttime=null at=["\u009b"]'),
        (b"{broken", "body='{broken'"),
        (b"\xff", "="),
    ],
)
def test_a_json_body_is_shown_likewise(
    shown: Shown, lines: list[str], body: bytes, words: str
) -> None:
    shown.called(request("POST", "http://127.0.0.1:1/", body))
    assert words in lines[1]
    assert "s3cret" not in "".join(lines)


def test_an_answer_is_shown_and_cannot_write_on_the_terminal(
    shown: Shown, lines: list[str]
) -> None:
    shown.answered(answer(200, b"{SMS:TEXT}\x1b[2J\n\xff"))
    shown.answered(answer(0, error="no connection: refused"))
    shown.answered(answer(500, b"x" * 10_000))
    assert lines[0] == "  answer  200 '{SMS:TEXT}\\x1b[2J\\n\ufffd'"
    assert lines[1] == "  answer  none: no connection: refused"
    assert len(lines[2]) < 600


def test_a_message_and_its_reply_are_shown_and_no_other(shown: Shown, lines: list[str]) -> None:
    shown.taken(submitted("8785", "77771234567", "before"))
    shown.asked(SubscriberMessage("+77771234567", "8785", "Hi", "12345"))
    shown.taken(submitted("8785#12345", "77771234567"))
    shown.taken(submitted("INFO_KAZ", "77771234567"))
    shown.taken(submitted("8785", "77770000000"))
    assert lines == [
        "+77771234567 -> 8785#12345  'Hi'",
        "  reply   8785#12345 -> 77771234567  'Thank you'",
    ]


def test_only_the_newest_conversations_are_remembered(shown: Shown, lines: list[str]) -> None:
    for number in range(1_001):
        shown.asked(SubscriberMessage(str(number), "8785", "Hi"))
    lines.clear()
    shown.taken(submitted("8785", "0"))
    shown.taken(submitted("8785", "1"))
    assert lines == ["  reply   8785 -> 1  'Thank you'"]


def test_a_terminal_that_is_gone_stops_nothing() -> None:
    tries: list[str] = []

    def gone(line: str) -> None:
        tries.append(line)
        raise BrokenPipeError

    shown = Shown(gone)
    for _ in range(2):
        shown.asked(SubscriberMessage("77771234567", "8785", "Hi"))
    assert len(tries) == 1


def test_a_terminal_without_cyrillic_shows_it_by_numbers() -> None:
    lines: list[bytes] = []
    shown = Shown(lambda line: lines.append(line.encode("latin-1")))
    shown.asked(SubscriberMessage("77771234567", "8785", "Да"))
    assert lines == [rb"77771234567 -> 8785  '\u0414\u0430'"]


async def test_a_shown_client_calls_as_the_one_inside(shown: Shown, lines: list[str]) -> None:
    class Client:
        closed = False

        async def call(self, request: Any, seconds: float) -> Any:
            assert (request.method, seconds) == ("GET", 30)
            return answer(200, b"{}")

        async def close(self) -> None:
            self.closed = True

    inside = Client()
    client = ShownCalls(inside, shown)
    assert (await client.call(request("GET", "http://127.0.0.1:1/in"), 30)).body == b"{}"
    await client.close()
    assert inside.closed
    assert lines == ["  call    GET http://127.0.0.1:1/in", "  answer  200 '{}'"]
