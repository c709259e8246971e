"""What the customer's commands share: how they reach the gateway, and how errors are told.

A customer's command talks to a gateway over the XML protocol, as anybody's program does; it opens
no database and reads no habar.toml. Exit codes: 0 all is well, 1 the gateway refused something,
2 wrong usage, wrong credentials or no answer, 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from habar_client import Client
from habar_client.conversations import ALMATY

REFUSED, FAILED, INTERRUPTED = 1, 2, 130
SANDBOX = "http://127.0.0.1:8090"

UrlOption = Annotated[
    str, typer.Option("--url", envvar="HABAR_URL", help="The gateway: a URL, host or host:port.")
]
LoginOption = Annotated[
    str | None, typer.Option("--login", envvar="HABAR_LOGIN", help="The account's login.")
]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        "--password",
        envvar="HABAR_PASSWORD",
        help="Its password; better in the environment, an option can be seen by others. "
        "Asked for where it is missing.",
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", envvar="HABAR_KEY", help="An API key in place of both."),
]
CaOption = Annotated[
    Path | None,
    typer.Option("--ca", help="Trust this certificate alone (PEM), for example the sandbox's."),
]
ZoneOption = Annotated[str, typer.Option("--zone", help="The account's time zone.")]
JsonOption = Annotated[bool, typer.Option("--json", help="A JSON object a line.")]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait until each message is final.")]
WaitTimeoutOption = Annotated[
    float, typer.Option("--wait-timeout", help="Seconds to wait at most.", min=0)
]


def complain(sentence: str) -> None:
    """Say what is wrong on standard error."""
    typer.echo(f"habar: {sentence}", err=True)


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and stop with exit code 2."""
    complain(sentence)
    raise typer.Exit(FAILED)


def connect(
    ctx: typer.Context,
    *,
    url: str,
    login: str | None,
    password: str | None,
    key: str | None,
    ca: Path | None,
    zone: str = ALMATY,
    retries: int = 2,
) -> Client:
    """A client for the gateway; what is wrong with the options is said, then exit code 2.

    A login on the command line is stronger than a key of the environment, and the other way round.
    """
    if key and login:
        if _said(ctx, "login") and not _said(ctx, "key"):
            key = None
        elif _said(ctx, "key") and not _said(ctx, "login"):
            login = password = None
    if key is not None and not login:
        password = None
    elif login and not password and key is None:
        password = _ask_password()
    if not (login or key):
        fail("whose account? Give --login or --key (in the sandbox: --login demo)")
    try:
        return Client(url, login, password, key=key, zone=zone, ca=ca, retries=retries)
    except ValueError as error:
        fail(str(error))


def _said(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _on_terminal() -> bool:
    return sys.stdin.isatty()


def _ask_password() -> str:
    if not _on_terminal():
        fail("no password: set HABAR_PASSWORD or give --password")
    return str(typer.prompt("Password", hide_input=True, err=True))
