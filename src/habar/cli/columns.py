"""Rows in columns: the same on a terminal and in a pipe, nothing cut off."""

from __future__ import annotations

from collections.abc import Sequence

import typer

_GAP = "  "


def show_table(head: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[str]) -> None:
    """Print a table; columns named in `right` are flush right. Only a terminal sees bold."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = (
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(head, cells, widths, strict=True)
        )
        return _GAP.join(placed).rstrip()

    typer.secho(line(head), bold=True)
    for row in rows:
        typer.echo(line(row))


def show_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """Print names and values, a pair a line."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        typer.echo(f"{name:<{width}}{_GAP}{value}".rstrip())
