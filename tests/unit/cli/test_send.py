"""`habar send`: what goes out, what is shown, and what is said when it breaks off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from habar_client.exchange import Lost, Reply

ONE = "77771234567"
REFUSED_CONNECTION = Lost("cannot connect to http://x/api: Connection refused", posted=False)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str | bytes], str]:
    def write(content: str | bytes) -> str:
        path = tmp_path / "numbers.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def test_one_message(gateway: Any, run: Any) -> None:
    result = run("send", ONE, "Salem!")
    assert result.stdout == f"{ONE}           1    1  106 ACCEPTED\n"
    assert (result.stderr, result.exit_code) == ("", 0)
    assert [(row.recipient, row.text) for row in gateway.messages] == [(ONE, "Salem!")]
    assert (gateway.packages[0].login, gateway.packages[0].password) == ("demo", "s3cret")


def test_all_that_can_be_said_of_a_message(gateway: Any, run: Any) -> None:
    run(
        *("send", ONE, "x", "--sender", "SHOP", "--id", "7", "--flash"),
        *("--at", "2030-01-01 09:00", "--until", "2030-01-01T12:00:00+00:00"),
    )
    row = gateway.messages[0]
    assert (row.sender, row.id, row.type) == ("SHOP", "7", "1")
    assert (row.date_beg, row.date_end) == ("2030-01-01 09:00:00", "2030-01-01 17:00:00")


def test_another_zone(gateway: Any, run: Any) -> None:
    run("send", ONE, "x", "--at", "2030-01-01T00:00+00:00", "--zone", "Asia/Tokyo")
    assert gateway.messages[0].date_beg == "2030-01-01 09:00:00"


@pytest.mark.parametrize("arguments", [("send", ONE), ("send", ONE, "-")])
@pytest.mark.parametrize("piped", [b"two\nlines\n", b"two\nlines", b"\xef\xbb\xbftwo\nlines\n"])
def test_the_text_comes_from_standard_input(
    gateway: Any, run: Any, arguments: tuple[str, ...], piped: bytes
) -> None:
    assert run(*arguments, stdin=piped).exit_code == 0
    assert gateway.messages[0].text == "two\nlines"


def test_several_recipients_count_their_ids_up(gateway: Any, run: Any) -> None:
    result = run("send", f"{ONE}, 77011234567,", "x", "--id", "5")
    assert [(row.recipient, row.id) for row in gateway.messages] == [
        (ONE, "5"),
        ("77011234567", "6"),
    ]
    assert result.stderr == "2 accepted (2 SMS)\n"


def test_a_file_with_texts_of_its_own_and_without(gateway: Any, run: Any, file: Any) -> None:
    path = file(f'# people\n\n{ONE}\n77011234567,"Salem, Aigul"\n')
    assert run("send", "--recipients", path, "Salem").exit_code == 0
    assert [(row.recipient, row.text) for row in gateway.messages] == [
        (ONE, "Salem"),
        ("77011234567", "Salem, Aigul"),
    ]


def test_recipients_come_from_standard_input(gateway: Any, run: Any) -> None:
    assert run("send", "--recipients", "-", stdin=f"{ONE};x\n".encode()).exit_code == 0
    assert gateway.messages[0].text == "x"


def test_a_long_file_goes_in_packages(gateway: Any, run: Any, file: Any) -> None:
    path = file("".join(f"7701{number:07}\n" for number in range(600)))
    result = run("send", "--recipients", path, "x")
    assert len(result.stdout.splitlines()) == 600
    assert [len(p.sections[0].items) for p in gateway.packages] == [250, 250, 100]


def test_some_are_refused(gateway: Any, run: Any) -> None:
    gateway.codes = {"8777": 203, "77770000000": 206}
    result = run("send", f"{ONE},8777,8777,77770000000", "x")
    assert result.stdout.splitlines()[1] == (
        "8777                  0    1  203 RECIPIENT      not 11 digits beginning 77"
    )
    assert result.stderr == "1 accepted (1 SMS), 3 refused (2 RECIPIENT, 1 BILLING)\n"
    assert result.exit_code == 1


def test_json(gateway: Any, run: Any, objects: Any) -> None:
    gateway.codes = {"8777": 203}
    result = run("send", f"{ONE},8777", "x", "--json", "--id", "1")
    assert objects(result) == [
        {
            "id": 1,
            "sms_id": 1,
            "sms_count": 1,
            "code": 106,
            "name": "ACCEPTED",
            "recipient": ONE,
            "accepted": True,
        },
        {
            "id": 2,
            "sms_id": 0,
            "sms_count": 1,
            "code": 203,
            "name": "RECIPIENT",
            "recipient": "8777",
            "accepted": False,
        },
    ]


def test_waiting_shows_each_end(gateway: Any, run: Any) -> None:
    gateway.states = {1: [106, 102], 2: [103]}
    result = run("send", f"{ONE},77011234567", "x", "--wait")
    assert result.stdout.splitlines()[2:] == [
        "77011234567           2    1  103 EXPIRED        2026-01-01 12:00:00+05:00",
        f"{ONE}           1    1  102 DELIVERED      2026-01-01 12:00:00+05:00",
    ]
    assert result.stderr == "2 accepted (2 SMS)\n1 EXPIRED, 1 DELIVERED\n"
    assert result.exit_code == 1


def test_waiting_for_a_delivery_is_success(gateway: Any, run: Any) -> None:
    assert run("send", ONE, "x", "--wait").exit_code == 0


def test_waiting_ends_in_time(gateway: Any, run: Any) -> None:
    gateway.states = {1: [106]}
    result = run("send", ONE, "x", "--wait", "--wait-timeout", "0")
    assert result.stdout.splitlines()[1] == f"{ONE}           1    1  106 ACCEPTED"
    assert result.exit_code == 1


def test_nothing_is_waited_for_where_nothing_was_accepted(gateway: Any, run: Any) -> None:
    gateway.codes = {"8777": 203}
    assert run("send", "8777", "x", "--wait").exit_code == 1
    assert len(gateway.packages) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("send", ONE, ""), "the text is empty"),
        (("send", ONE), "the text is empty"),
        (("send", " , ", "x"), "there are no recipients"),
        (("send", ONE, "a\x01b"), "text has the character U+0001, which XML cannot carry"),
        (("send", ONE, "x", "--at", "soon"), "'soon' is no time: YYYY-MM-DD HH:MM"),
        (("send", ONE, "x", "--zone", "Nowhere"), "there is no time zone 'Nowhere'"),
        (("send", ONE, "x", "--zone", "Nowhere", "--at", "+1h"), "there is no time zone"),
        (("send", "--recipients", "/no/such", "x"), "/no/such: No such file or directory"),
        (("send", "--recipients", "/", "x"), "/: Is a directory"),
        (("send", "--recipients", "x", "y", "z"), "the text is the only argument"),
        (("send", "--recipients", "-", "-"), "cannot be both"),
        (("send", ONE, "x", "--url", "ftp://x"), "must begin with http:// or https://"),
        (("send", ONE, "x", "--ca", "/no/such.pem"), "/no/such.pem: No such file"),
    ],
)
def test_wrong_usage_is_said_and_nothing_is_sent(
    gateway: Any, run: Any, arguments: tuple[str, ...], complaint: str
) -> None:
    result = run(*arguments)
    assert complaint in result.stderr
    assert result.stderr.startswith("habar: ")
    assert (result.exit_code, result.stdout, gateway.packages) == (2, "", [])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "there are no recipients"),
        (b"# nobody\n\n", "there are no recipients"),
        (b"77771234567\n\xcf\xf0\n", "numbers.txt: line 2 is not UTF-8"),
        (b"77771234567,x\n77771234567,a\x01\n", "numbers.txt: line 2: text has the character"),
        (b'77771234567,"x\n', "numbers.txt: line 1: the quotes are wrong"),
    ],
)
def test_a_fault_in_the_file_stops_it_before_anything_is_sent(
    gateway: Any, run: Any, file: Any, content: bytes, complaint: str
) -> None:
    result = run("send", "--recipients", file(content), "x")
    assert complaint in result.stderr
    assert (result.exit_code, gateway.packages) == (2, [])


def test_a_line_without_any_text(gateway: Any, run: Any, file: Any) -> None:
    result = run("send", "--recipients", file(f"{ONE},a\n{ONE}\n"))
    assert "line 2 has no text, and the command line gives none" in result.stderr
    assert (result.exit_code, gateway.packages) == (2, [])


def test_a_fault_on_standard_input_says_what_was_sent_before_it(gateway: Any, run: Any) -> None:
    lines = f"{ONE}\n".encode() * 300 + b"\xff\n"
    result = run("send", "--recipients", "-", "x", stdin=lines)
    assert result.stderr.splitlines() == [
        "250 accepted (250 SMS)",
        "habar: line 301 is not UTF-8; save the file as UTF-8",
    ]
    assert (result.exit_code, len(gateway.messages)) == (2, 250)


def test_too_much_text_on_standard_input(gateway: Any, run: Any) -> None:
    result = run("send", ONE, stdin=b"x" * 300_000)
    assert "too long" in result.stderr
    assert run("send", ONE, stdin=b"\xff").stderr == (
        "habar: the text on standard input is not UTF-8\n"
    )


def test_wrong_credentials(gateway: Any, run: Any) -> None:
    gateway.script = [Reply(200, b"<package><error>202</error></package>")]
    result = run("send", ONE, "x")
    assert result.stderr == (
        "habar: package error 202: the gateway does not know this login, password or key\n"
    )
    assert (result.exit_code, result.stdout) == (2, "")


def test_nobody_listens_and_each_attempt_is_told(gateway: Any, run: Any) -> None:
    gateway.script = [REFUSED_CONNECTION] * 3
    result = run("send", ONE, "x")
    words = "habar: cannot connect to http://x/api: Connection refused"
    assert result.stderr.splitlines() == [f"{words}; again in 0 s"] * 2 + [words]
    assert result.exit_code == 2


def test_a_busy_gateway_is_waited_for(gateway: Any, run: Any) -> None:
    gateway.script = [Reply(503, b"", retry_after="0")]
    result = run("send", ONE, "x")
    assert result.exit_code == 0
    assert "the gateway is busy (HTTP 503)" in result.stderr


def test_a_lost_answer_in_the_middle(gateway: Any, run: Any) -> None:
    gateway.script = [None, Lost("the connection ended", posted=True)]
    lines = f"{ONE}\n".encode() * 300
    result = run("send", "--recipients", "-", "x", stdin=lines)
    assert result.stderr.splitlines() == [
        "250 accepted (250 SMS)",
        "habar: the connection ended; whether the last 50 messages were accepted is not known",
    ]
    assert result.exit_code == 2


def test_ctrl_c_in_the_middle_says_what_was_sent(gateway: Any, run: Any, file: Any) -> None:
    gateway.script = [None, KeyboardInterrupt()]
    result = run("send", "--recipients", file(f"{ONE}\n" * 251), "x")
    assert len(result.stdout.splitlines()) == 250
    assert result.stderr.splitlines() == [
        "250 accepted (250 SMS)",
        "habar: interrupted; whether the message was accepted is not known",
    ]
    assert result.exit_code == 130


def test_ctrl_c_while_waiting(gateway: Any, run: Any) -> None:
    gateway.script = [None, KeyboardInterrupt()]
    result = run("send", ONE, "x", "--wait")
    assert (result.stderr, result.exit_code) == ("habar: interrupted\n", 130)


def test_nobody_reads_what_is_printed(
    gateway: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*words: Any, **options: Any) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("habar.cli.rows.print", closed, raising=False)
    result = run("send", ONE, "x")
    assert result.exit_code == 2
    assert "Broken pipe" in result.stderr


def test_a_terminal_sees_a_bar_under_the_lines(
    gateway: Any, terminal: Any, monkeypatch: pytest.MonkeyPatch, file: Any
) -> None:
    from habar.cli import app

    monkeypatch.setenv("HABAR_KEY", "k")
    screen = terminal()
    with pytest.raises(SystemExit) as ended:
        app(["send", "--recipients", file(f"{ONE}\n" * 300), "x"], prog_name="habar")
    assert ended.value.code == 0
    shown = screen.getvalue()
    assert "recipient" in shown.split(ONE)[0]
    assert "sending" in shown
    assert "/300" in shown
    assert shown.count(ONE) == 300
    assert shown.endswith("\r\x1b[2K300 accepted (300 SMS)\n")


def test_one_message_has_no_bar(
    gateway: Any, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from habar.cli import app

    monkeypatch.setenv("HABAR_KEY", "k")
    screen = terminal()
    with pytest.raises(SystemExit):
        app(["send", ONE, "x"], prog_name="habar")
    assert "\x1b[2K" not in screen.getvalue()
    assert "\x1b[32m  106 ACCEPTED\x1b[0m" in screen.getvalue()
