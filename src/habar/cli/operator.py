"""`habar operator`: mobile operators, added and changed while the gateway runs.

Guarantees: no password is taken as an argument, where the list of processes would show it.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from habar.admin.links import Bind, read_binds, read_queue
from habar.admin.operators import Operators, OperatorView, shown
from habar.cli.columns import broken, show_table
from habar.cli.operator_told import Shown, as_json, tell, tell_list
from habar.cli.pairs import read_pairs
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
from habar.config import profiles

app = typer.Typer(
    help="Mobile operators: how each is reached, and how its binds are.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Name = Annotated[str, typer.Argument(help="Your word for the operator.")]
Pairs = Annotated[
    list[str] | None,
    typer.Argument(help="NAME=VALUE …, as docs/reference/operator-profile.md tells them."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: a JSON object a line.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def operators_of(place: Installation) -> Operators:
    """Staff's hand on the installation's operators."""
    store = place.store

    async def holds(operator_id: int) -> bool:
        return bool(await store.held(operator_id, 1))

    return Operators(store.network, actor=actor(), now=now_ms, holds=holds, in_file=place.in_file)


@app.command()
def add(
    name: Name,
    settings: Pairs = None,
    profile: Annotated[
        str | None, typer.Option(help="Whose values hold where nothing is said.")
    ] = None,
    password_stdin: FromStdin = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="The operator wants none: do not ask.")
    ] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make an operator; a running gateway binds to it at once.

    The password is asked for, unless password_file=… or an option says where it comes from.
    """
    wanted = _settings(settings)
    if profile is not None:
        if "profile" in wanted:
            fail("the profile is given twice", 2)
        wanted["profile"] = profile
    if password_stdin or not (no_password or wanted.get("password_file")):
        wanted |= {"password": secret} if (secret := _password(password_stdin)) else {}
    view = with_store(config, data, lambda place: operators_of(place).add(name, wanted), first=True)
    typer.echo(f"{name} is added")
    _tell_settings(view, wanted)


@app.command("set")
def set_(
    name: Name,
    settings: Pairs = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new password.")] = False,
    password_stdin: FromStdin = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Change settings; an empty value gives one back to the profile or its default."""
    wanted = _settings(settings)
    if password or password_stdin:
        wanted["password"] = _password(password_stdin)
    if not wanted:
        fail("nothing to change: give NAME=VALUE, --password or --password-stdin", 2)
    view = with_store(config, data, lambda place: operators_of(place).set(name, wanted))
    typer.echo(f"{name} is changed")
    _tell_settings(view, wanted)


@app.command("list")
def list_(json_: AsJson = False, config: ConfigOption = None, data: DataOption = None) -> None:
    """All operators: how each is, its binds, window, pace and last error."""

    async def work(place: Installation) -> list[tuple[OperatorView, list[Bind]]]:
        binds = await read_binds(place.store, place.store.now_ms())
        return [
            (view, [bind for bind in binds if bind.operator_id == view.id])
            for view in await operators_of(place).list()
        ]

    found = with_store(config, data, work)
    if not json_:
        tell_list(found)
        return
    for view, binds in found:
        typer.echo(as_json(view, binds))


@app.command()
def show(
    name: Name,
    every: Annotated[
        bool, typer.Option("--all", help="All settings, not only the operator's own.")
    ] = False,
    json_: AsJson = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """How each bind of an operator is, what waits for it, and its settings."""

    async def work(place: Installation) -> tuple[Shown, str]:
        view, now = await operators_of(place).show(name), place.store.now_ms()
        every_bind = await read_binds(place.store, now)
        binds = [bind for bind in every_bind if bind.operator_id == view.id]
        return Shown(view, binds, await read_queue(place.store, view.id, now)), place.timezone

    found, zone = with_store(config, data, work)
    if json_:
        typer.echo(as_json(*found))
    else:
        tell(found, zone, every=every)


@app.command()
def enable(name: Name, config: ConfigOption = None, data: DataOption = None) -> None:
    """Let messages go to it again."""
    with_store(config, data, lambda place: operators_of(place).enable(name))
    typer.echo(f"{name} is enabled")


@app.command()
def disable(name: Name, config: ConfigOption = None, data: DataOption = None) -> None:
    """Let nothing go to it: its binds are closed, its messages go to the next of their route."""
    with_store(config, data, lambda place: operators_of(place).disable(name))
    typer.echo(f"{name} is disabled")


@app.command()
def remove(name: Name, config: ConfigOption = None, data: DataOption = None) -> None:
    """Forget its settings; the name stays with its messages."""
    with_store(config, data, lambda place: operators_of(place).remove(name))
    typer.echo(f"{name} is removed")


@app.command("profiles")
def profiles_() -> None:
    """The profiles that are shipped: for which kind of SMSC, and what each says."""
    for profile in profiles().values():
        typer.secho(profile.name, bold=True)
        said = [f"{name}={shown(name, value)}" for name, value in profile.values.items()]
        for text in (profile.summary, ", ".join(said) or "the defaults"):
            for line in broken(text, 2):
                typer.echo(f"  {line}")


def _settings(settings: list[str] | None) -> dict[str, str]:
    """What is to be set; exit code 2 where a password stands in it."""
    wanted = read_pairs(settings or [])
    if wanted.get("password"):
        fail(
            "password=… would stand in the list of processes and in your shell's history: leave it"
            " out and type it when asked, or give --password-stdin or password_file=/PATH",
            2,
        )
    if _holds_password(wanted.get("groups", "")):
        fail(
            "a password in groups=… would stand in the list of processes and in your shell's"
            " history: give the group a password_file",
            2,
        )
    return wanted


def _holds_password(groups: str) -> bool:
    try:
        tables: Any = json.loads(groups)
    except ValueError:
        return False  # what it is is told when it is read
    tables = tables if isinstance(tables, list) else [tables]
    return any(isinstance(table, dict) and table.get("password") for table in tables)


def _password(from_stdin: bool) -> str:
    """An operator may want none: then nothing is typed."""
    if from_stdin:
        return new_password(from_stdin=True)
    text = "Password (Enter for none)"
    return str(
        typer.prompt(
            text, default="", show_default=False, hide_input=True, confirmation_prompt=True
        )
    )


def _tell_settings(view: OperatorView, wanted: dict[str, str]) -> None:
    """What holds now of what was said."""
    rows = [
        (value.name, value.origin.value, value.text or "-")
        for value in view.values
        if value.name in wanted
    ]
    show_table(("setting", "from", "value"), rows, frozenset())
