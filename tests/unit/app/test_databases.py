"""Which database is meant, and that nobody is shown its password."""

from __future__ import annotations

from pathlib import Path

import pytest

from habar.app.databases import PostgresServer, SqliteFile, configured, named
from habar.config import DatabaseSettings, GatewaySettings, Settings
from habar.errors import InvalidValue

URL = "postgresql://habar:s3cret@db/habar"


def test_a_path_may_be_relative_or_absolute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert named("sqlite:data/habar.db") == SqliteFile(Path("data/habar.db"))
    assert named("sqlite:/var/lib/habar/habar.db") == SqliteFile(Path("/var/lib/habar/habar.db"))


@pytest.mark.parametrize("form", ["{}", "{}/", "sqlite:{}", "sqlite:{}/", "sqlite:{}/habar.db"])
def test_a_data_folder_may_be_named(tmp_path: Path, form: str) -> None:
    assert named(form.format(tmp_path)) == SqliteFile(tmp_path / "habar.db")


@pytest.mark.parametrize("url", [URL, "postgres://db/habar", "postgresql:///habar?host=/run/pg"])
def test_a_url_may_be_named(url: str) -> None:
    assert named(url) == PostgresServer(url)


@pytest.mark.parametrize(
    "url", ["mysql://a:s3cret@db/x", "postgresql://a:s3cret@db", "postgresql://a:s3cret#@db/x", ":"]
)
def test_a_url_that_is_none_is_refused_without_a_piece_of_it(url: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        named(url)
    assert "s3cret" not in str(caught.value)
    assert "sqlite:PATH" in str(caught.value)


def test_the_password_is_in_nothing_that_is_shown() -> None:
    database = PostgresServer(URL)
    assert "s3cret" not in f"{database!r} {database} {database.shown} {database.setting}"
    assert database.shown == "postgresql://habar:***@db/habar"
    assert database.setting == "postgresql://habar@db/habar"


def test_the_settings_say_which_database_an_installation_has() -> None:
    here = Settings(gateway=GatewaySettings(data="/var/lib/habar"))
    assert configured(here) == SqliteFile(Path("/var/lib/habar/habar.db"))
    assert configured(Settings(database=DatabaseSettings(url=URL))) == PostgresServer(URL)
