"""The sample web services for subscribers' messages, as processes, asked as the gateway asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from habar.wire.text import count_parts

from .programs import NO_PHP, SETTINGS, Program, php, python, signed

Run = Callable[..., AbstractContextManager[Program]]
FIELDS = {
    "userin": SETTINGS["USERIN"],
    "passwordin": SETTINGS["PASSWORDIN"],
    "sender": "77771234567",
    "short": "8785",
    "msgdata": "Hello",
    "senttime": "2026-11-24 12:00:00",
    "receivedtime": "2026-11-24 12:00:01",
    "messageid": "1",
}
KINDS = [
    pytest.param((python, "service.py"), id="python"),
    pytest.param((php, "index.php"), id="php", marks=NO_PHP),
]


@pytest.fixture(scope="module", params=KINDS)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    run, name = request.param
    with run(name, tmp_path_factory.mktemp("service")) as program:
        yield program


def given(**changes: str | None) -> dict[str, str]:
    """The parameters with these changed, of a message without an id unless it is said."""
    fields = FIELDS | {"messageid": ""} | changes
    return {name: value for name, value in fields.items() if value is not None}


def test_get_and_post_are_answered_in_the_format(service: Program) -> None:
    answer = "{SMS:TEXT}{}{8785}{77771234567}{Thank you: Hello}"
    assert service.get(given()) == (200, answer)
    assert service.post(given()) == (200, answer)


@pytest.mark.parametrize(
    "text", ["Сәлем, әлем!", "{braces} } {", "a&b=c+d%20e", "", "x\ny", "€ 😀"]
)
def test_a_text_comes_back_as_it_came(service: Program, text: str) -> None:
    answer = f"{{SMS:TEXT}}{{}}{{8785}}{{77771234567}}{{Thank you: {text}}}"
    assert service.get(given(msgdata=text)) == (200, answer)
    assert service.post(given(msgdata=text)) == (200, answer)


def in_json(**changes: object) -> bytes:
    return json.dumps({**given(), "senttime": None, "parts": 1, "missing": 0, **changes}).encode()


def test_signed_json_is_answered_in_the_same_format(service: Program) -> None:
    body = in_json(msgdata="Сәлем, {әлем}")
    answer = "{SMS:TEXT}{}{8785}{77771234567}{Thank you: Сәлем, {әлем}}"
    assert service.post_json(body, signed(body)) == (200, answer)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(b"another body"),
        signed(in_json(), secret="wrong"),
        signed(in_json(), age=900),
        signed(in_json()) | {"X-Habar-Timestamp": "now"},
    ],
)
def test_json_that_is_not_the_gateways_is_refused(
    service: Program, headers: dict[str, str]
) -> None:
    assert service.post_json(in_json(), headers) == (403, "the signature is wrong or old")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (in_json(passwordin="wrong"), 403),
        (in_json(passwordin=None), 403),
        (in_json(msgdata=7), 400),
    ],
)
def test_json_has_its_credentials_and_parameters_too(
    service: Program, body: bytes, status: int
) -> None:
    assert service.post_json(body, signed(body))[0] == status


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{}"])
def test_what_is_no_object_is_refused(service: Program, body: bytes) -> None:
    assert service.post_json(body, signed(body))[0] in (400, 403)


def test_a_transaction_id_stays_and_plus_goes(service: Program) -> None:
    status, answer = service.get(given(sender="+77771234567", short="+8785#12345"))
    assert (status, answer) == (200, "{SMS:TEXT}{}{8785#12345}{77771234567}{Thank you: Hello}")


@pytest.mark.parametrize("text", ["x" * 500, "€" * 500, "Қ" * 500, "😀" * 500, "x" * 148 + "Қ"])
def test_a_reply_fits_one_sms(service: Program, text: str) -> None:
    _, answer = service.post(given(msgdata=text))
    reply = answer.split("{", 5)[5][:-1]
    assert count_parts(reply)[1] == 1
    assert ("Thank you: " + text).startswith(reply)
    assert count_parts(("Thank you: " + text)[: len(reply) + 1])[1] > 1


@pytest.mark.parametrize("name", ["userin", "passwordin"])
@pytest.mark.parametrize("value", ["wrong", "", None])
def test_wrong_credentials_are_refused(service: Program, name: str, value: str | None) -> None:
    assert service.get(given(**{name: value})) == (403, "userin or passwordin is wrong")
    assert service.post(given(**{name: value}))[0] == 403


@pytest.mark.parametrize("name", ["sender", "short", "msgdata"])
def test_a_missing_parameter_is_named(service: Program, name: str) -> None:
    assert service.get(given(**{name: None})) == (400, f"missing: {name}")


def test_a_message_that_comes_twice_is_answered_as_the_first_time(service: Program) -> None:
    first = service.get(given(messageid="17"))
    assert service.post(given(messageid="17", msgdata="another text")) == first
    assert service.get(given(messageid="18", msgdata="another text")) != first


def test_no_password_is_written_into_the_log(tmp_path: Path) -> None:
    with python("service.py", tmp_path) as program:
        program.get(given())
        program.post(given())
    log = "".join(program.said)
    assert "GET 200" in log
    assert SETTINGS["PASSWORDIN"] not in log


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_answered_is_known_after_a_restart(kind: tuple[Run, str], tmp_path: Path) -> None:
    run, name = kind
    with run(name, tmp_path) as program:
        first = program.get(given(messageid="17"))
    with run(name, tmp_path) as program:
        assert program.get(given(messageid="17", msgdata="another text")) == first


@NO_PHP
def test_php_without_its_settings_lets_nobody_in(tmp_path: Path) -> None:
    with php("index.php", tmp_path, USERIN="", PASSWORDIN="") as program:
        assert program.get(given(userin="", passwordin=""))[0] == 500


@NO_PHP
def test_php_takes_no_id_that_could_be_a_path(tmp_path: Path) -> None:
    with php("index.php", tmp_path) as program:
        assert program.get(given(messageid="../../17"))[0] == 400
        assert program.get(given(**{"sender": None, "sender[]": "7"}))[0] == 400
