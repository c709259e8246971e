"""Who a command speaks for: options, environment, prompt."""

from typing import Any

import pytest
from typer.testing import CliRunner

from habar.cli import app

SEND = ("send", "77771234567", "x")


def _who(gateway: Any) -> tuple[Any, Any, Any]:
    package = gateway.packages[-1]
    return package.login, package.password, package.key


@pytest.mark.parametrize(
    ("options", "environment", "who"),
    [
        ((), {"LOGIN": "a", "PASSWORD": "b"}, ("a", "b", None)),
        ((), {"KEY": "k"}, (None, None, "k")),
        (("--login", "c", "--password", "d"), {"LOGIN": "a", "PASSWORD": "b"}, ("c", "d", None)),
        (("--login", "c", "--password", "d"), {"KEY": "k"}, ("c", "d", None)),
        (("--key", "k"), {"LOGIN": "a", "PASSWORD": "b"}, (None, None, "k")),
        ((), {"KEY": "k", "PASSWORD": "b"}, (None, None, "k")),
    ],
)
def test_options_are_stronger_than_the_environment(
    gateway: Any, run: Any, options: Any, environment: dict[str, str], who: Any
) -> None:
    env = {f"HABAR_{name}": value for name, value in environment.items()}
    assert run(*SEND, *options, env=env).exit_code == 0
    assert _who(gateway) == who


@pytest.mark.parametrize(
    ("options", "environment", "complaint"),
    [
        ((), {}, "whose account? Give --login or --key"),
        (("--login", "c"), {}, "no password: set HABAR_PASSWORD or give --password"),
        (("--login", "c", "--password", "d", "--key", "k"), {}, "not both"),
        ((), {"LOGIN": "a", "PASSWORD": "b", "KEY": "k"}, "not both"),
    ],
)
def test_who_does_not_say_who_it_is(
    gateway: Any, run: Any, options: Any, environment: dict[str, str], complaint: str
) -> None:
    env = {f"HABAR_{name}": value for name, value in environment.items()}
    result = run(*SEND, *options, env=env)
    assert complaint in result.stderr
    assert (result.exit_code, gateway.packages) == (2, [])


def test_a_password_is_asked_for_on_a_terminal(
    gateway: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("habar.cli.customer._on_terminal", lambda: True)
    result = CliRunner().invoke(app, [*SEND, "--login", "c"], input="typed\n")
    assert (result.exit_code, _who(gateway)) == (0, ("c", "typed", None))
    assert "typed" not in result.output
    assert "Password" in result.stderr


def test_the_url_and_its_default(gateway: Any, run: Any) -> None:
    run(*SEND)
    run(*SEND, "--url", "gateway.example:809")
    account = {"HABAR_KEY": "k"}
    run(*SEND, env=account | {"HABAR_URL": "https://other.example"})
    assert [client.url for client in gateway.clients] == [
        "http://127.0.0.1:8090/api",
        "https://gateway.example:809/api",
        "https://other.example/api",
    ]


@pytest.mark.parametrize("command", ["send", "status"])
def test_the_help_names_no_secret_of_the_environment(run: Any, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "HABAR_PASSWORD" in result.stdout
    assert "s3cret" not in result.stdout
