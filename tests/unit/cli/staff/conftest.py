"""The staff's commands on a database of their own; no gateway runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from habar.app.database import Place, open_store
from habar.cli import app
from habar.cli.place import Installation

from ...admin.scripted import ScriptedCallbacks, ScriptedInbox

Staff = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and an environment that says nothing of Habar."""
    for name in ("CONFIG", "ROLES", "URL", "LOGIN", "PASSWORD", "KEY"):
        monkeypatch.delenv(f"HABAR_{name}", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> ScriptedInbox:
    """What commands find as the installation's inbox, in place of the database's own."""
    scripted = ScriptedInbox()
    monkeypatch.setattr(Installation, "inbox", scripted)
    return scripted


@pytest.fixture
def callbacks(monkeypatch: pytest.MonkeyPatch) -> ScriptedCallbacks:
    """What commands find as the installation's call-backs, in place of the database's own."""
    scripted = ScriptedCallbacks()
    monkeypatch.setattr(Installation, "callbacks", scripted)
    return scripted


@pytest.fixture
def habar() -> Staff:
    """`habar ARGUMENTS`."""

    def run(*arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> Result:
        result = CliRunner().invoke(app, list(arguments), input=stdin, env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run


def made(data: Path) -> None:
    """A data folder with a database in it."""

    async def make() -> None:
        store, _ = await open_store(Place(data))
        await store.close()

    asyncio.run(make())


def beside(data: Path, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """What the gateway itself does on its store meanwhile; it ends before the next command."""

    async def run() -> Any:
        store, _ = await open_store(Place(data))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def written(put: Callable[..., None], what: Any) -> Any:
    """What a journal's method tells when it is on disk."""
    told = asyncio.get_running_loop().create_future()
    put(what, told.set_result)
    return await asyncio.wait_for(told, 30)


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let output go to a terminal of so many columns."""
    return lambda columns: monkeypatch.setattr("habar.cli.columns._width", lambda: columns)


@pytest.fixture
def staff(habar: Staff, tmp_path: Path) -> Staff:
    """The same on an installation that is there: the sandbox's, in this folder."""
    made(tmp_path / "habar-data")
    return habar


@pytest.fixture
def done(staff: Staff) -> Callable[..., str]:
    """The output of a command that succeeds."""

    def run(*arguments: str, stdin: str = "") -> str:
        result = staff(*arguments, stdin=stdin)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout

    return run


@pytest.fixture
def refused(staff: Staff) -> Callable[..., str]:
    """The one sentence of a command that cannot be done."""

    def run(*arguments: str, stdin: str = "", code: int = 1) -> str:
        result = staff(*arguments, stdin=stdin)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        (sentence,) = result.stderr.splitlines()
        assert sentence.startswith("habar: ")
        return sentence.removeprefix("habar: ")

    return run
