"""The staff's commands on a database of their own; no gateway runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from habar.app.database import Place, open_store
from habar.cli import app

Staff = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and an environment that says nothing of Habar."""
    for name in ("CONFIG", "ROLES", "URL", "LOGIN", "PASSWORD", "KEY"):
        monkeypatch.delenv(f"HABAR_{name}", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


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
