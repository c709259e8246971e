"""`habar account`: customers' accounts."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

import typer

from habar.admin.accounts import Accounts, AccountView
from habar.admin.money import format_money, parse_money
from habar.admin.settings import setting_names
from habar.cli.columns import show_pairs, show_table
from habar.cli.pairs import read_pairs
from habar.cli.place import (
    ConfigOption,
    DataOption,
    Installation,
    actor,
    fail,
    new_password,
    now_ms,
    told,
    with_store,
)
from habar.model.account import AccountKind

app = typer.Typer(
    help="Customers' accounts.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Login = Annotated[str, typer.Argument(help="The account's login.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def _accounts(place: Installation) -> Accounts:
    return Accounts(place.store.books, actor=actor(), now=now_ms, timezone=place.timezone)


@app.command()
def add(
    login: Login,
    kind: Annotated[
        Literal["test", "full"],
        typer.Option(help="test: lives on 20 test SMS; full: on its balance."),
    ] = "test",
    balance: Annotated[str, typer.Option(help="First balance in tenge, for example 500.00.")] = "0",
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, NAME=VALUE; may be given several times."),
    ] = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make a password and show it once.")
    ] = False,
    password_stdin: FromStdin = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make an account. The password is asked for, unless an option says where it comes from."""
    password = secrets.token_urlsafe(12) if generate else new_password(password_stdin)
    with told():
        wanted, tiyn = read_pairs(setting or []), parse_money(balance)
    view = with_store(
        config,
        data,
        lambda place: _accounts(place).add(
            login, password, kind=AccountKind[kind.upper()], balance=tiyn, settings=wanted
        ),
        first=True,
    )
    _show(view, *([("password", password)] if generate else []))


@app.command("list")
def list_(config: ConfigOption = None, data: DataOption = None) -> None:
    """All accounts."""
    views = with_store(config, data, lambda place: _accounts(place).list())
    rows = [
        (
            view.account.login,
            view.account.kind.name.lower(),
            "blocked" if view.account.blocked else "open",
            format_money(view.funds.balance),
            _allowance(view),
            " ".join(sorted(view.account.senders)),
        )
        for view in views
    ]
    head = ("login", "kind", "state", "balance", "test SMS left", "senders")
    show_table(head, rows, right=frozenset({"balance", "test SMS left"}))


@app.command()
def show(login: Login, config: ConfigOption = None, data: DataOption = None) -> None:
    """One account with all its settings."""
    _show(with_store(config, data, lambda place: _accounts(place).show(login)))


@app.command("set")
def set_(
    login: Login,
    settings: Annotated[
        list[str] | None,
        typer.Argument(help=f"NAME=VALUE …; names: {', '.join(setting_names())}."),
    ] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new password.")] = False,
    password_stdin: FromStdin = False,
    allowance: Annotated[
        int | None, typer.Option(help="Test SMS left from now on (a test account).", min=0)
    ] = None,
    callback_secret: Annotated[
        bool,
        typer.Option(
            "--callback-secret", help="Make a secret that signs call-backs; it is shown once."
        ),
    ] = False,
    callback_secret_prompt: Annotated[
        bool, typer.Option("--callback-secret-prompt", help="Ask for that secret.")
    ] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Change an account's settings, password, test allowance or the secret of its call-backs."""
    if callback_secret and callback_secret_prompt:
        fail("a secret is made, or asked for: give one of the options", 2)
    signs = callback_secret or callback_secret_prompt
    if not (settings or password or password_stdin or allowance is not None or signs):
        fail("nothing to change: give NAME=VALUE, --password or --allowance", 2)
    with told():
        wanted = read_pairs(settings or [])
    secret = new_password(password_stdin) if password or password_stdin else None
    given = new_password(False, "Callback secret") if callback_secret_prompt else None

    async def work(place: Installation) -> tuple[AccountView, str]:
        accounts = _accounts(place)
        # First: settings may need it.
        signing = await accounts.set_callback_secret(login, given) if signs else ""
        if wanted:
            await accounts.set(login, wanted)
        if secret is not None:
            await accounts.set_password(login, secret)
        if allowance is not None:
            await accounts.set_allowance(login, allowance)
        return await accounts.show(login), signing

    view, signing = with_store(config, data, work)
    _show(view, *([("callback secret", signing)] if signing and given is None else []))


@app.command()
def block(login: Login, config: ConfigOption = None, data: DataOption = None) -> None:
    """Refuse the account's messages (205) from now on; it may still ask for their states."""
    with_store(config, data, lambda place: _accounts(place).block(login))
    typer.echo(f"{login} is blocked for sending")


@app.command()
def unblock(login: Login, config: ConfigOption = None, data: DataOption = None) -> None:
    """Let a blocked account send again."""
    with_store(config, data, lambda place: _accounts(place).unblock(login))
    typer.echo(f"{login} may send")


@app.command(context_settings={"ignore_unknown_options": True})  # -3.00 is an amount
def topup(
    login: Login,
    amount: Annotated[str, typer.Argument(help="Tenge, for example 500.00; negative takes.")],
    note: Annotated[str, typer.Option(help="What the ledger is to say.")] = "",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Put money on an account."""
    balance = with_store(config, data, lambda place: _accounts(place).top_up(login, amount, note))
    typer.echo(f"{login} has {format_money(balance)} KZT")


@app.command()
def key(
    login: Login,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make an API key (`package key=…`). It is shown once: only its digest is kept."""
    typer.echo(with_store(config, data, lambda place: _accounts(place).add_key(login, label)))


def _allowance(view: AccountView) -> str:
    return "-" if view.funds.allowance is None else str(view.funds.allowance)


def _show(view: AccountView, *more: tuple[str, str]) -> None:
    account, funds = view.account, view.funds
    told = {
        "login": account.login,
        "state": "blocked for sending" if account.blocked else "open",
        "balance": f"{format_money(funds.balance)} KZT",
        "test SMS left": _allowance(view),
        "senders": " ".join(sorted(account.senders)),
        "API keys": str(view.keys),
        **view.settings,
        "callback secret": "set" if account.callback_secret else "none",
    }
    show_pairs(list((told | dict(more)).items()))
