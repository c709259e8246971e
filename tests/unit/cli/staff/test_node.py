"""`habar node list`; what it tells is admin/nodes.py's, told by its own tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from habar import __version__
from habar.app.database import Place, open_store

from .conftest import Staff
from .test_place import configured

HEAD = ["name", "state", "roles", "since", "in", "hand", "binds", "version", "lease", "left"]


def listed(text: str) -> list[list[str]]:
    head, *rows = [line.split() for line in text.splitlines()]
    assert head == HEAD
    return rows


def test_a_process_that_has_ended(habar: Staff, tmp_path: Path) -> None:
    configured(tmp_path, more="[database]\n")
    result = habar("node", "list", env={"HABAR_GATEWAY_NODE": "one"})
    assert (result.exit_code, result.stderr) == (0, "")
    (row,) = listed(result.stdout)
    assert row[:5] == ["one", "gone", "front", "dispatch", "callbacks"]
    assert row[7:] == ["0", "0", __version__, "-"]


def test_one_that_runs(done: Callable[..., str], tmp_path: Path) -> None:
    store, _ = asyncio.run(open_store(Place(tmp_path / "habar-data")))
    try:
        (row,) = listed(done("node", "list"))
        assert row[1] == "up"
    finally:
        asyncio.run(store.close())
