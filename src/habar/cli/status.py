"""`habar status`: a customer's command line, to ask where messages are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from habar.cli.customer import (
    INTERRUPTED,
    REFUSED,
    SANDBOX,
    CaOption,
    JsonOption,
    KeyOption,
    LoginOption,
    PasswordOption,
    UrlOption,
    WaitOption,
    WaitTimeoutOption,
    ZoneOption,
    complain,
    connect,
    fail,
)
from habar.cli.rows import Display
from habar_client import Client, HabarClientError, Status, WaitTimeout
from habar_client.conversations import ALMATY

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command(no_args_is_help=True)
def status(
    ctx: typer.Context,
    sms_ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="SMS_ID", help="The gateway's numbers.", min=1),
    ] = None,
    ids: Annotated[
        list[int] | None, typer.Option("--id", min=1, help="Your own number; several times.")
    ] = None,
    wait: WaitOption = False,
    wait_timeout: WaitTimeoutOption = 300.0,
    as_json: JsonOption = False,
    url: UrlOption = SANDBOX,
    login: LoginOption = None,
    password: PasswordOption = None,
    key: KeyOption = None,
    ca: CaOption = None,
    zone: ZoneOption = ALMATY,
) -> None:
    """Ask where messages are.

    Prints a line for each: sms_id, how many SMS, state, and when it became final.

    Exit code 0: the account has them all (with --wait: and all are final). 1: not so.
    2: wrong usage, wrong credentials, or no answer.
    """
    asked = sms_ids or [], ids or []
    if not any(asked):
        fail("which messages? Give their sms_id, or --id for your own numbers")
    client = connect(ctx, url=url, login=login, password=password, key=key, ca=ca, zone=zone)
    missing = 0
    try:
        with client, Display(as_json=as_json, first="id") as display:
            for row in _rows(client, asked, wait_timeout if wait else None):
                missing += row.error is not None or (wait and not row.final)
                display.status(row)
    except (HabarClientError, ValueError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(REFUSED if missing else 0)


def _rows(
    client: Client, asked: tuple[list[int], list[int]], timeout: float | None
) -> Iterator[Status]:
    """Each message's status, or its last one known when the time is up."""
    sms_ids, ids = asked
    if timeout is None:
        yield from client.status(sms_ids, ids=ids)
        return
    try:
        yield from client.wait_all(sms_ids, ids=ids, timeout=timeout)
    except WaitTimeout as late:
        yield from late.pending
