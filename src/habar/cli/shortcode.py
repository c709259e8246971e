"""`habar shortcode`: short codes and keywords, whose they are, and what is done with the messages.

Guarantees: no password is taken as an argument, where the list of processes would show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from habar.admin.inbox import does
from habar.admin.shortcodes import RuleView, ShortCodeRules, Wanted, named
from habar.cli.columns import printable, show_pairs, show_table
from habar.cli.place import (
    ConfigOption,
    DataOption,
    Installation,
    actor,
    fail,
    new_password,
    now_ms,
    with_store,
)
from habar.model.times import moment

app = typer.Typer(
    help="Short codes and keywords: whose subscribers' messages are.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
HEAD = ("code", "keyword", "account", "does")
Code = Annotated[str, typer.Argument(help="The short code, as 8785.")]
Keyword = Annotated[
    str, typer.Option(help="The word with which texts begin; without it: all others' texts.")
]
Url = Annotated[str | None, typer.Option(help="The customer's web service.")]
Method = Annotated[
    Literal["get", "post", "json"] | None, typer.Option(help="How it is called; get at first.")
]
UserIn = Annotated[
    str | None, typer.Option(help="Login by which the web service knows the gateway.")
]
AskPassword = Annotated[
    bool, typer.Option("--passwordin", help="Ask for the password that goes with it.")
]
PasswordStdin = Annotated[
    bool, typer.Option("--passwordin-stdin", help="Read it from standard input.")
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="Read it from a file's first line.", dir_okay=False)
]
Reply = Annotated[
    str | None, typer.Option(help="Answer so, without a web service; at most one SMS.")
]


def _rules(place: Installation) -> ShortCodeRules:
    return ShortCodeRules(place.inbox, place.store.books, actor=actor(), now=now_ms)


@app.command()
def add(
    code: Code,
    account: Annotated[str, typer.Option(help="Whose it is (a login).")],
    keyword: Keyword = "",
    url: Url = None,
    method: Method = None,
    userin: UserIn = None,
    passwordin: AskPassword = False,
    passwordin_stdin: PasswordStdin = False,
    passwordin_file: PasswordFile = None,
    reply: Reply = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Give a short code, or a keyword of one, to an account.

    Its messages are in the account's inbox; a web service may be called with each, or the gateway
    may answer by itself.
    """
    password = _password(passwordin, passwordin_stdin, passwordin_file)
    wanted = Wanted(None, url, method, userin, password, reply)
    view = with_store(config, data, lambda place: _rules(place).add(code, keyword, account, wanted))
    typer.echo(f"{named(view.code, view.keyword)} is {view.account}'s: {_does(view)}")


@app.command("list")
def list_(config: ConfigOption = None, data: DataOption = None) -> None:
    """All short codes and keywords."""
    views = with_store(config, data, lambda place: _rules(place).list())
    rows = [(view.code, view.keyword or "-", view.account, _does(view)) for view in views]
    show_table(HEAD, rows, frozenset(), keys=2)


@app.command()
def show(
    code: Code, keyword: Keyword = "", config: ConfigOption = None, data: DataOption = None
) -> None:
    """One of them with all that is said of it, but for the password."""

    async def work(place: Installation) -> tuple[RuleView, str]:
        return await _rules(place).show(code, keyword), place.timezone

    view, zone = with_store(config, data, work)
    show_pairs(
        [
            ("code", view.code),
            ("keyword", view.keyword or "-"),
            ("account", view.account),
            ("does", _does(view)),
            ("userin", printable(view.userin) or "-"),
            ("passwordin", "set" if view.has_password else "-"),
            ("added", moment(view.created_at, zone)),
        ]
    )


@app.command("set")
def set_(
    code: Code,
    keyword: Keyword = "",
    account: Annotated[str | None, typer.Option(help="Give it to another account.")] = None,
    url: Url = None,
    method: Method = None,
    userin: UserIn = None,
    passwordin: AskPassword = False,
    passwordin_stdin: PasswordStdin = False,
    passwordin_file: PasswordFile = None,
    reply: Reply = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Change what is done with its messages, or whose it is; '' takes a thing away."""
    password = _password(passwordin, passwordin_stdin, passwordin_file)
    wanted = Wanted(account, url, method, userin, password, reply)
    if wanted == Wanted():
        fail("nothing to change: give --url, --reply or another option", 2)
    view = with_store(config, data, lambda place: _rules(place).set(code, keyword, wanted))
    typer.echo(f"{named(view.code, view.keyword)} is {view.account}'s: {_does(view)}")


@app.command()
def remove(
    code: Code, keyword: Keyword = "", config: ConfigOption = None, data: DataOption = None
) -> None:
    """Take it away; messages that came by it stay their account's."""
    with_store(config, data, lambda place: _rules(place).remove(code, keyword))
    typer.echo(f"{named(code, keyword)} is removed")


def _does(view: RuleView) -> str:
    return printable(does(view.method, view.url, view.reply))


def _password(ask: bool, from_stdin: bool, file: Path | None) -> str | None:
    """What is to be the password; None: nothing is said of it."""
    ways: Sequence[bool] = (ask, from_stdin, file is not None)
    if sum(ways) > 1:
        fail("the password is asked for, or read from one place: give one of the options", 2)
    if file is not None:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{file} cannot be read: {getattr(error, 'strerror', '') or 'not UTF-8'}", 2)
        return (lines[0] if lines else "") or fail(f"{file}: no password on its first line", 2)
    return new_password(from_stdin) if ask or from_stdin else None
