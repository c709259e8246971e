"""`habar node`: the processes of the gateway on one database."""

from __future__ import annotations

import typer

from habar.admin.nodes import list_nodes
from habar.cli.columns import show_table
from habar.cli.place import ConfigOption, DataOption, with_store

app = typer.Typer(
    help="The processes of the gateway on this database.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
HEAD = ("name", "state", "roles", "since", "in hand", "binds", "version", "lease left")


@app.callback()
def _group() -> None:
    pass


@app.command("list")
def list_(config: ConfigOption = None, data: DataOption = None) -> None:
    """All nodes: how each is, what it does, what it has in hand."""
    views = with_store(config, data, lambda place: list_nodes(place.store, zone=place.timezone))
    rows = [
        (
            view.name,
            view.state,
            view.roles,
            view.since,
            str(view.in_hand),
            str(view.binds),
            view.version,
            view.lease_left,
        )
        for view in views
    ]
    show_table(HEAD, rows, right=frozenset({"in hand", "binds", "lease left"}))
