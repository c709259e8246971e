"""`habar route`: which operator messages go to, and why."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from habar.admin.links import out_of, read_binds
from habar.admin.operators import served
from habar.admin.routing import RouteView, Routing
from habar.cli.columns import show_table
from habar.cli.operator import operators_of
from habar.cli.place import ConfigOption, DataOption, Installation, actor, now_ms, with_store

app = typer.Typer(
    help="Which operator messages go to, and which one comes after it.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
HEAD = ("at", "route", "takes", "prefers", "operators")
Condition = str | None


def routing(place: Installation) -> Routing:
    """Staff's hand on routes and ranges of this installation."""
    store = place.store
    return Routing(store.network, store.books, served=served, actor=actor(), now=now_ms)


@app.command()
def add(
    targets: Annotated[
        str,
        typer.Argument(help='As "kcell:step=1,weight=70,cost=4.50; beeline:step=2".'),
    ],
    account: Annotated[Condition, typer.Option(help="Only this account's (its login).")] = None,
    sender: Annotated[Condition, typer.Option(help="Only with this sender.")] = None,
    network: Annotated[
        Condition, typer.Option(help="Only to this network; unknown: to numbers of none.")
    ] = None,
    prefix: Annotated[
        Condition, typer.Option(help="Only to numbers that begin so, as 7701.")
    ] = None,
    kind: Annotated[
        Literal["text", "flash"] | None, typer.Option(help="Only such messages.")
    ] = None,
    priority: Annotated[
        int | None, typer.Option(help="Only of accounts with this priority: 0, 1 or 2.")
    ] = None,
    prefer: Annotated[
        Literal["step", "cost"],
        typer.Option(help="step: as the steps say; cost: the cheapest first."),
    ] = "step",
    at: Annotated[
        int | None, typer.Option(help="Its place; 1 is asked first. Without it: the end.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make a route. It takes the messages for which every condition holds."""
    made = with_store(
        config,
        data,
        lambda place: routing(place).add_route(
            targets,
            account=account,
            sender=sender,
            network=network,
            prefix=prefix,
            kind=kind,
            priority=priority,
            prefer=prefer,
            position=at,
        ),
    )
    typer.echo(f"route {made} is added")


@app.command("list")
def list_(config: ConfigOption = None, data: DataOption = None) -> None:
    """All routes, in the order in which they are asked."""
    views = with_store(config, data, lambda place: routing(place).routes())
    rows = [
        (str(view.position), str(view.id), _takes(view), view.prefer, _operators(view))
        for view in views
    ]
    show_table(HEAD, rows, right=frozenset({"at", "route"}))


@app.command()
def remove(
    route: Annotated[int, typer.Argument(help="Its number in the list.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Take a route out; the messages that took it go on."""
    with_store(config, data, lambda place: routing(place).remove_route(route))
    typer.echo(f"route {route} is removed")


@app.command("test")
def way(
    account: Annotated[str, typer.Option(help="Whose message it would be (a login).")],
    to: Annotated[str, typer.Option(help="The recipient's number.")],
    sender: Annotated[
        str | None, typer.Option(help="Its sender; without it the account's default one.")
    ] = None,
    flash: Annotated[bool, typer.Option("--flash", help="It would be a flash message.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Tell the way that a message would take now, line by line; nothing is sent."""

    async def work(place: Installation) -> list[str]:
        operators = operators_of(place)
        binds = await read_binds(place.store, place.store.now_ms())
        down = out_of(await operators.list(), binds)
        return await routing(place).test(account, to, sender, flash=flash, down=down)

    for line in with_store(config, data, work):
        typer.echo(line)


def _takes(view: RouteView) -> str:
    """Its conditions, one a line."""
    conditions = {
        "account": view.account,
        "sender": view.sender,
        "network": view.network,
        "prefix": view.prefix,
        "kind": view.kind,
        "priority": view.priority,
    }
    return "\n".join(f"{name} {value}" for name, value in conditions.items() if value) or "all"


def _operators(view: RouteView) -> str:
    """Its targets, one a line, as `habar route add` takes them."""
    return "\n".join(target.strip() for target in view.targets.split(";"))
