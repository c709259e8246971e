"""Which installation a command works on, and `habar config check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Staff, made

OPERATOR = "[[operators]]\nname = 'kcell'\nhost = 'smsc.example'\nport = 2775\nsystem_id = 'h'\n"


def configured(
    folder: Path, name: str = "habar.toml", more: str = "", *, database: bool = True
) -> Path:
    """An installation with a configuration of its own; its database is in `data-of-…`."""
    path = folder / name
    data = f"data-of-{path.stem}"
    path.write_text(f"[gateway]\ndata = '{data}'\ntimezone = 'Asia/Tashkent'\n{OPERATOR}{more}")
    if database:
        made(folder / data)
    return path


def accounts(habar: Staff, *where: str, **environ: str) -> str:
    result = habar("account", "list", *where, env=environ)
    assert result.exit_code == 0, result.output
    return " ".join(line.split()[0] for line in result.stdout.splitlines()[1:])


class TestWhich:
    def test_the_sandboxs_where_nothing_is_said(self, staff: Staff, tmp_path: Path) -> None:
        staff("account", "add", "here", "--generate")
        assert accounts(staff) == "here"
        assert accounts(staff, "--data", str(tmp_path / "habar-data")) == "here"

    def test_each_word_stands_over_the_next(self, staff: Staff, tmp_path: Path) -> None:
        """--data, --config, HABAR_CONFIG, habar.toml in this folder, ./habar-data."""
        other, third = configured(tmp_path, "other.toml"), configured(tmp_path, "third.toml")
        configured(tmp_path)
        for login, where in (
            ("sandbox", ("--data", "habar-data")),
            ("other", ("--config", str(other))),
            ("third", ("-c", str(third))),
            ("here", ()),
        ):
            assert staff("account", "add", login, "--generate", *where).exit_code == 0
        assert accounts(staff) == "here"
        assert accounts(staff, HABAR_CONFIG=str(third)) == "third"
        assert accounts(staff, "--config", str(other), HABAR_CONFIG=str(third)) == "other"
        assert accounts(staff, "--data", "habar-data", HABAR_CONFIG=str(third)) == "sandbox"

    def test_new_accounts_have_the_gateways_zone(self, habar: Staff, tmp_path: Path) -> None:
        configured(tmp_path)
        assert "Asia/Tashkent" in habar("account", "add", "acme", "--generate").stdout
        words = ("--set", "compat.timezone=UTC", "--generate")
        assert "Asia/Tashkent" not in habar("account", "add", "other", *words).stdout

    def test_where_there_is_none(self, habar: Staff, tmp_path: Path) -> None:
        result = habar("account", "list")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            "habar: there is no gateway's database at habar-data/habar.db;"
            " --config or --data says where\n"
        )
        assert list(tmp_path.iterdir()) == []  # and none was made

    def test_the_first_account_makes_the_database_that_a_configuration_names(
        self, habar: Staff, tmp_path: Path
    ) -> None:
        configured(tmp_path, database=False)
        assert habar("sender", "list", "acme").exit_code == 1
        assert not (tmp_path / "data-of-habar").exists()
        assert habar("account", "add", "acme", "--generate").exit_code == 0
        assert accounts(habar) == "acme"
        assert (tmp_path / "data-of-habar").stat().st_mode & 0o777 == 0o700

    def test_it_makes_none_where_no_configuration_says_so(
        self, habar: Staff, tmp_path: Path
    ) -> None:
        for where in ((), ("--data", "elsewhere")):
            assert habar("account", "add", "acme", "--generate", *where).exit_code == 1
        assert list(tmp_path.iterdir()) == []

    def test_a_faulty_file_stops_the_command(self, habar: Staff, tmp_path: Path) -> None:
        configured(tmp_path, more="window = 0\n")
        result = habar("account", "list")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "[[operators]] kcell window: expected" in result.stderr

    def test_a_file_that_is_no_database(self, habar: Staff, tmp_path: Path) -> None:
        (tmp_path / "habar-data").mkdir()
        (tmp_path / "habar-data" / "habar.db").write_text("Dear diary, " * 1000)
        result = habar("account", "list")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "not a database" in result.stderr


class TestCheck:
    def test_a_good_file_is_told_in_a_line(self, habar: Staff, tmp_path: Path) -> None:
        configured(tmp_path)
        for result in (
            habar("config", "check"),
            habar("config", "check", "habar.toml"),
            habar("config", "check", env={"HABAR_CONFIG": "habar.toml"}),
        ):
            assert (result.exit_code, result.stderr) == (0, "")
            assert result.stdout == (
                "habar.toml: good. Listeners 127.0.0.1:8090; operators kcell (smsc.example:2775).\n"
            )

    def test_every_fault_has_a_line(self, habar: Staff, tmp_path: Path) -> None:
        configured(tmp_path, more="window = 0\n[htp]\n")
        result = habar("config", "check")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.splitlines() == [
            "habar: habar.toml cannot be used:",
            "  [[operators]] kcell window: expected a whole number from 1 to 10000",
            "  [htp]: unknown section; did you mean 'http'?",
        ]

    @pytest.mark.parametrize("words", [(), ("nowhere.toml",)])
    def test_a_file_must_be_there(self, habar: Staff, words: tuple[str, ...]) -> None:
        result = habar("config", "check", *words)
        name = words[0] if words else "habar.toml"
        assert result.exit_code == 2
        assert result.stderr == (
            f"habar: {name} cannot be used:\n  {name}: No such file or directory\n"
        )

    def test_a_password_for_everybodys_eyes_is_told(self, habar: Staff, tmp_path: Path) -> None:
        path = configured(tmp_path, more="password = 's3cret'\n")
        path.chmod(0o644)
        result = habar("config", "check")
        assert result.exit_code == 0
        assert "everybody on this machine may read it: chmod o= habar.toml" in result.stderr
        assert "s3cret" not in result.output


class TestTheFirstAccount:
    ADD = ("account", "add", "acme", "--kind", "full", "--password-stdin")
    SETTINGS = (
        '[gateway]\ndata = "store"\n'
        '[[operators]]\nname = "one"\nhost = "127.0.0.1"\nport = 2775\nsystem_id = "habar"\n'
    )

    def test_it_may_be_made_before_the_gateway_has_ever_run(
        self, habar: Staff, tmp_path: Path
    ) -> None:
        (tmp_path / "habar.toml").write_text(self.SETTINGS)
        added = habar(*self.ADD, "--config", "habar.toml", stdin="secret-of-acme\n")
        assert added.exit_code == 0, added.output
        assert habar("account", "list", "--config", "habar.toml").output.count("acme") == 1
        assert (tmp_path / "store" / "habar.db").exists()

    def test_without_a_configuration_nothing_is_made(self, habar: Staff, tmp_path: Path) -> None:
        refused = habar(*self.ADD, stdin="secret-of-acme\n")
        assert refused.exit_code == 1
        assert not (tmp_path / "habar-data").exists()


class TestSeveralProcesses:
    def test_a_port_that_they_would_need_is_told(self, habar: Staff, tmp_path: Path) -> None:
        configured(
            tmp_path,
            more='[database]\nurl = "postgresql://habar@db.example/habar"\n'
            "[[listeners]]\nport = 8090\nops = true\n[[listeners]]\nport = 8092\n",
            database=False,
        )
        result = habar("serve", "--config", "habar.toml", "--processes", "2")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            "habar: [[listeners]] 127.0.0.1:8090: each process has a port of its own beside it,"
            " 8091 to 8092, and 8092 is taken\n"
        )

    def test_on_sqlite_there_is_one(self, habar: Staff, tmp_path: Path) -> None:
        configured(tmp_path)
        result = habar("serve", "--config", "habar.toml", "--processes", "2")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            "habar: --processes above 1 needs PostgreSQL ([database] url): on SQLite there is one"
            " process\n"
        )
