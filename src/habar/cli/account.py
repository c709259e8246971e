"""`habar account`: customers' accounts."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from habar.admin.accounts import Accounts, AccountView
from habar.admin.money import format_money, parse_money
from habar.admin.settings import setting_names
from habar.cli.place import (
    ConfigOption,
    DataOption,
    actor,
    fail,
    new_password,
    now_ms,
    told,
    with_store,
)
from habar.model.account import AccountKind
from habar.store.port import Store

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


def _accounts(store: Store) -> Accounts:
    return Accounts(store.books, actor=actor(), now=now_ms)


@app.command()
def add(
    login: Login,
    kind: Annotated[
        AccountKind, typer.Option(parser=lambda word: _kind(word), help="test or full.")
    ] = AccountKind.TEST,
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
        wanted, tiyn = _pairs(setting or []), parse_money(balance)
    view = with_store(
        config,
        data,
        lambda store: _accounts(store).add(
            login, password, kind=kind, balance=tiyn, settings=wanted
        ),
    )
    _show(view)
    if generate:
        typer.echo(f"password: {password}")


@app.command("list")
def list_(config: ConfigOption = None, data: DataOption = None) -> None:
    """All accounts."""
    views = with_store(config, data, lambda store: _accounts(store).list())
    table = Table(box=None, header_style="bold")
    for name in ("login", "kind", "state", "balance", "test SMS left", "senders"):
        table.add_column(name, justify="right" if name in {"balance", "test SMS left"} else "left")
    for view in views:
        account, funds = view.account, view.funds
        table.add_row(
            account.login,
            account.kind.name.lower(),
            "blocked" if account.blocked else "open",
            format_money(funds.balance),
            "" if funds.allowance is None else str(funds.allowance),
            " ".join(sorted(account.senders)),
        )
    Console(soft_wrap=True).print(table)


@app.command()
def show(login: Login, config: ConfigOption = None, data: DataOption = None) -> None:
    """One account with all its settings."""
    _show(with_store(config, data, lambda store: _accounts(store).show(login)))


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
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Change an account's settings, password or test allowance."""
    if not (settings or password or password_stdin or allowance is not None):
        fail("nothing to change: give NAME=VALUE, --password or --allowance", 2)
    with told():
        wanted = _pairs(settings or [])
    secret = new_password(password_stdin) if password or password_stdin else None

    async def work(store: Store) -> AccountView:
        accounts = _accounts(store)
        if wanted:
            await accounts.set(login, wanted)
        if secret is not None:
            await accounts.set_password(login, secret)
        if allowance is not None:
            await accounts.set_allowance(login, allowance)
        return await accounts.show(login)

    _show(with_store(config, data, work))


@app.command()
def block(login: Login, config: ConfigOption = None, data: DataOption = None) -> None:
    """Refuse the account's messages (205) from now on; it may still ask for their states."""
    with_store(config, data, lambda store: _accounts(store).block(login))
    typer.echo(f"{login} is blocked for sending")


@app.command()
def unblock(login: Login, config: ConfigOption = None, data: DataOption = None) -> None:
    """Let a blocked account send again."""
    with_store(config, data, lambda store: _accounts(store).unblock(login))
    typer.echo(f"{login} may send")


@app.command()
def topup(
    login: Login,
    amount: Annotated[str, typer.Argument(help="Tenge, for example 500.00; negative takes.")],
    note: Annotated[str, typer.Option(help="What the ledger is to say.")] = "",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Put money on an account."""
    balance = with_store(config, data, lambda store: _accounts(store).top_up(login, amount, note))
    typer.echo(f"{login} has {format_money(balance)} KZT")


@app.command()
def key(
    login: Login,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make an API key (`package key=…`). It is shown once: only its digest is kept."""
    typer.echo(with_store(config, data, lambda store: _accounts(store).add_key(login, label)))


def _kind(word: str) -> AccountKind:
    try:
        return AccountKind[word.upper()]
    except KeyError:
        raise typer.BadParameter(f"{word!r} is neither test nor full") from None


def _pairs(settings: list[str]) -> dict[str, str]:
    pairs = {}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign:
            fail(f"{setting!r}: NAME=VALUE is expected", 2)
        pairs[name.strip()] = value.strip()
    return pairs


def _show(view: AccountView) -> None:
    account, funds = view.account, view.funds
    rows = [
        ("login", account.login),
        ("state", "blocked for sending" if account.blocked else "open"),
        ("balance", f"{format_money(funds.balance)} KZT"),
        ("test SMS left", "-" if funds.allowance is None else str(funds.allowance)),
        ("senders", " ".join(sorted(account.senders))),
        ("API keys", str(view.keys)),
        *view.settings.items(),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name:<{width}}  {value}".rstrip())
