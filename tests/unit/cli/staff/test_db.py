"""`habar db` on a database file, and what its sentences say."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from habar.cli import db
from habar.store.copied import Copied, Difference
from habar.store.sqlite.migrate import APPLICATION_ID as OURS
from habar.store.sqlite.migrate import migrations, newest

from .conftest import Staff

Done = Callable[..., str]
Refused = Callable[..., str]


def change(statement: str) -> None:
    connection = sqlite3.connect("habar-data/habar.db", isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_there_is_nothing_to_migrate_after_a_start(done: Done) -> None:
    end = f"sqlite:habar-data/habar.db has schema {newest()}"
    assert done("db", "migrate").splitlines() == ["nothing to do", end]


def test_each_step_is_told(done: Done) -> None:
    for file in Path("habar-data").glob("habar.db*"):
        file.unlink()
    first = migrations()[0][1]
    connection = sqlite3.connect("habar-data/habar.db")
    connection.executescript(f"{first} PRAGMA user_version = 1; PRAGMA application_id = {OURS}")
    connection.close()
    assert done("db", "migrate").splitlines()[:-1] == [
        f"step {number} is taken" for number in range(2, newest() + 1)
    ]


def test_the_state_is_told(done: Done) -> None:
    told = dict(line.split(maxsplit=1) for line in done("db", "status").splitlines())
    assert told["database"] == "sqlite:habar-data/habar.db"
    assert told["engine"] == f"SQLite {sqlite3.sqlite_version}"
    assert told["schema"] == f"{newest()}, this version needs {newest()}"
    assert told["accounts"] == "0"
    assert told["messages"] == "about 0"
    assert told["nodes"] == "alive  none"


def test_an_older_schema_says_what_to_run(done: Done, refused: Refused) -> None:
    change("PRAGMA user_version = 1")
    assert "this version needs" in done("db", "status")
    assert "run: habar db migrate" in done("db", "status")
    assert refused("db", "check").endswith("run: habar db migrate")


def test_a_sound_database(done: Done) -> None:
    assert done("db", "check") == "sqlite:habar-data/habar.db keeps its promises\n"


def test_a_broken_promise_is_exit_code_1(staff: Staff) -> None:
    change("INSERT INTO ledger (account_id, at, kind, amount) VALUES (7, 1, 'top-up', 5)")
    result = staff("db", "check")
    assert result.exit_code == 1
    assert result.stdout == "ledger row 1: there is no account 7\n"
    assert result.stderr == "habar: sqlite:habar-data/habar.db: 1 broken promise\n"


@pytest.mark.parametrize("command", ["migrate", "status", "check"])
def test_another_database_may_be_named(done: Done, refused: Refused, command: str) -> None:
    assert "habar-data" in done("db", command, "--url", "sqlite:habar-data/habar.db")
    assert "habar-data" in done("db", command, "--data", "habar-data")
    assert refused("db", command, "--data", "other") == (
        "there is no gateway's database at other/habar.db"
    )
    told = refused("db", command, "--url", "mysql://a:s3cret@db/x")
    assert told.startswith("the database's URL: ")
    assert "s3cret" not in told


def test_the_configuration_names_the_database(
    staff: Staff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = '[[operators]]\nname = "kcell"\nhost = "h"\nport = 1\nsystem_id = "x"\n'
    url = 'url = "postgresql://habar@127.0.0.1:1/habar"\n'
    password = tmp_path / "password"
    password.write_text("s3cret")
    (tmp_path / "pg.toml").write_text(f'[database]\n{url}password_file = "{password}"\n{operator}')
    (tmp_path / "habar.toml").write_text(operator)
    assert "habar-data" in staff("db", "status").stdout
    result = staff("db", "status", "--config", "pg.toml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("habar: the database cannot be reached: ")
    assert "s3cret" not in result.stderr


def test_a_copy_needs_a_database_to_go_to(refused: Refused) -> None:
    told = refused("db", "copy", "--from", "habar-data")
    assert told.startswith("only from SQLite to PostgreSQL")
    told = refused("db", "copy", "--from", "nowhere", "--to", "postgresql://a:s3cret@h:1/x")
    assert told == "there is no gateway's database at nowhere/habar.db"


def test_what_is_not_the_same_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    difference = Difference("ledger", "amounts", 5, 6)
    db._tell_copied(Copied({"ledger": 2}, 1, None, (difference,), 3, changed=True))
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "copied: 2 ledger",
        "1 rows of these had been brought by an earlier try",
    ]
    assert told.err.splitlines() == [
        "ledger: amounts: 5 there, 6 here",
        "somebody wrote into the source while it was copied",
    ]


def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = io.StringIO()
    for terminal in (False, True):
        console = Console(file=drawn, force_terminal=terminal, width=80)
        monkeypatch.setattr("rich.console.Console", lambda console=console: console)
        with db._watching() as watch:
            watch.stage("message", 10)
            watch.advance(4)
        assert ("message" in drawn.getvalue()) is terminal
