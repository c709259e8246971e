"""`habar send`: a customer's command line, to send messages through any gateway of the protocol."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from habar.cli.customer import (
    FAILED,
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
from habar.cli.moment import FORMS, read_moment
from habar.cli.recipients import LONGEST, BadFile, Entry, read
from habar.cli.rows import Display
from habar.cli.sending import Sending, Template
from habar_client import HabarClientError, Message
from habar_client.conversations import ALMATY, zone_named

STDIN = "-"

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command(no_args_is_help=True)
def send(
    ctx: typer.Context,
    recipient: Annotated[
        str | None,
        typer.Argument(metavar="RECIPIENT", help="77aabbbccdd; or several, with commas."),
    ] = None,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="The text; - or none: from standard input.")
    ] = None,
    recipients: Annotated[
        str | None,
        typer.Option(
            help="A file of recipients, one a line, each with ',text' or without; -: from "
            "standard input. TEXT is then the only argument.",
        ),
    ] = None,
    sender: Annotated[str | None, typer.Option(help="What the subscriber sees.")] = None,
    own_id: Annotated[
        int | None,
        typer.Option(
            "--id",
            min=1,
            help="Your own number for the message; of several the first one's, then counting up. "
            "With it a repeat sends no second SMS.",
        ),
    ] = None,
    at: Annotated[str | None, typer.Option(help=f"When to send: {FORMS}.")] = None,
    until: Annotated[str | None, typer.Option(help="After this it is not wanted any more.")] = None,
    flash: Annotated[bool, typer.Option("--flash", help="Shown at once, not stored.")] = False,
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
    """Send an SMS, or one to each recipient of a file.

    Prints a line for each: recipient, sms_id, how many SMS, code.

    Exit code 0: all were accepted (with --wait: and delivered). 1: some were not.
    2: wrong usage, wrong credentials, or no answer.
    """
    with _faults_told():
        if recipients is not None and recipient is not None:
            if text is not None:
                fail("with --recipients the text is the only argument")
            recipient, text = None, recipient
        moments = [_moment(word, zone) for word in (at, until)]
        text = _text(text, recipients)
        template = Template(text, sender, own_id, moments[0], moments[1], flash)
        total = _check(recipient, recipients, template)
        client = connect(
            ctx,
            url=url,
            login=login,
            password=password,
            key=key,
            ca=ca,
            zone=zone,
            retries=2 if total == 1 else 8,
        )
    with ExitStack() as stack:
        stack.enter_context(client)
        display = stack.enter_context(Display(as_json=as_json, bar=total != 1))
        sending = Sending(client, display, remember=wait)
        with _told(sending), _messages(recipient, recipients, template) as messages:
            sending.run(messages, total)
            if wait and sending.pending:
                sending.wait(wait_timeout)
    _say(sending)
    raise typer.Exit(REFUSED if sending.failures else 0)


@contextmanager
def _faults_told() -> Iterator[None]:
    """What is wrong with the arguments: one sentence, exit code 2."""
    try:
        yield
    except (ValueError, BadFile) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")


@contextmanager
def _told(sending: Sending) -> Iterator[None]:
    """However the sending breaks off: say what was done and what is not known."""
    try:
        yield
    except HabarClientError as error:
        _break_off(sending, str(error), FAILED, unknown=error.unknown)
    except BadFile as error:
        _break_off(sending, str(error), FAILED, unknown=False)
    except OSError as error:  # the file cannot be read on, or nobody reads what is printed
        _break_off(sending, error.strerror or str(error), FAILED, unknown=True)
    except KeyboardInterrupt:
        _break_off(sending, "interrupted", INTERRUPTED, unknown=True)


def _break_off(sending: Sending, why: str, code: int, *, unknown: bool) -> NoReturn:
    _say(sending)
    lost = sending.under_way() if unknown else ""
    complain(f"{why}; {lost}" if lost else why)
    raise typer.Exit(code)


def _say(sending: Sending) -> None:
    for sentence in sending.summary():
        typer.echo(sentence, err=True)


def _moment(word: str | None, zone: str) -> datetime | None:
    return None if word is None else read_moment(word, zone_named(zone), datetime.now(UTC))


def _text(text: str | None, recipients: str | None) -> str | None:
    """The text for all; None where each recipient of a file brings its own."""
    if recipients is not None and text is None:
        return None
    if text is not None and text != STDIN:
        return text or fail("the text is empty")
    if recipients == STDIN:
        fail("standard input cannot be both the text and the recipients")
    if text is None and sys.stdin.isatty():
        fail("no text: give it after the recipient, or on standard input")
    octets = sys.stdin.buffer.read(LONGEST * 4 + 1)
    if len(octets) > LONGEST * 4:
        fail("the text on standard input is too long")
    try:
        piped = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        fail("the text on standard input is not UTF-8")
    return piped.removesuffix("\n").removesuffix("\r") or fail("the text is empty")


def _check(recipient: str | None, recipients: str | None, template: Template) -> int | None:
    """How many messages there will be; None for standard input.

    A file is read to its end first, so that a fault in its last line does not come after half of
    it was sent.
    """
    if recipients == STDIN:
        return None
    with _messages(recipient, recipients, template) as messages:
        return sum(1 for _ in messages) or fail("there are no recipients")


@contextmanager
def _messages(
    recipient: str | None, recipients: str | None, template: Template
) -> Iterator[Iterator[Message]]:
    """The messages to send. Raises OSError, and BadFile while they are read."""
    if recipients is None:
        words = [word.strip() for word in (recipient or "").split(",")]
        entries = (Entry(word, "", 1) for word in words if word)
        try:
            yield template.messages(entries)
        except BadFile as fault:
            raise ValueError(str(fault).partition(": ")[2] or str(fault)) from None
    elif recipients == STDIN:
        yield template.messages(read(sys.stdin.buffer))
    else:
        with Path(recipients).open("rb") as lines:
            try:
                yield template.messages(read(lines))
            except BadFile as fault:
                raise BadFile(f"{recipients}: {fault}") from None
