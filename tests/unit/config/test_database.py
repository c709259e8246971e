"""[database]: a PostgreSQL's URL, the password in it, and what may be seen of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from habar.config import DatabaseSettings, Settings, cautions, load
from habar.config.database import faults_of, has_password, masked, with_password

Faults = Callable[..., list[str]]
Read = Callable[..., Settings]
GOOD = [
    "postgresql://habar@db.example:5432/habar",
    "postgres://habar@db.example/habar?sslmode=verify-full",
    "postgresql://habar@one:5432,two:5433/habar?target_session_attrs=read-write",
    "postgresql://[::1]:5432/habar",
    "postgresql:///habar?host=/run/postgresql",
    "postgresql://db/?dbname=habar",
]
FORM = "expected postgresql://user@host:port/database"
BAD = {
    "mysql://h:s3cret@db/habar": FORM,
    "db.example": FORM,
    "s3cret": FORM,
    "postgresql:habar": FORM,
    "POSTGRESQL:/habar": FORM,
    "postgresql://[s3cret/habar": FORM,
    "postgresql://[s3cret]/habar": FORM,
    "postgresql://h:s3 cret@db/habar": "a space or a control character in it; " + FORM,
    "postgresql://h:s3cret\n@db/habar": "a space or a control character in it; " + FORM,
    "postgresql://h:s3#cret@db/habar": (
        "a # in it, which ends a URL; in a password it is written %23"
    ),
    "postgresql://h:s3cret@db/habar#": (
        "a # in it, which ends a URL; in a password it is written %23"
    ),
    "postgresql://h:5/s3cret@db/habar": (
        "an @ after the first / or ?; in a password these are written %2F, %3F and %40"
    ),
    "postgresql://h:5?s3cret@db/habar&dbname=habar": (
        "an @ after the first / or ?; in a password these are written %2F, %3F and %40"
    ),
    "postgresql://h@db:s3cret/habar": "the host or its port cannot be read; " + FORM,
    "postgresql://h@db:0/habar": "the host or its port cannot be read; " + FORM,
    "postgresql://h@one:1,two:70000/habar": "the host or its port cannot be read; " + FORM,
    "postgresql://h:s3cret@db": "it names no database; " + FORM,
    "postgresql://h:s3cret@db/": "it names no database; " + FORM,
}


class TestUrl:
    @pytest.mark.parametrize("url", GOOD)
    def test_what_a_database_may_be_called(self, read: Read, url: str) -> None:
        assert list(faults_of(url)) == []
        assert masked(url) == url
        assert read(f'[database]\nurl = "{url}"\n').database.url == url

    @pytest.mark.parametrize(("url", "fault"), BAD.items())
    def test_what_is_wrong_is_said_and_the_url_is_not(
        self, faults: Faults, url: str, fault: str
    ) -> None:
        assert faults(HABAR_DATABASE_URL=url) == [f"[database] url: {fault}"]
        assert masked(url) == "***"

    def test_the_environment_stands_over_the_file(self, read: Read) -> None:
        settings = read(
            "[database]\nurl = 5\nconnections = 2\n",
            HABAR_DATABASE_URL=GOOD[0],
            HABAR_DATABASE_NOTIFY="false",
            HABAR_DATABASE_LEASE_SECONDS="2.5",
            HABAR_GATEWAY_NODE="one",
        )
        assert settings.gateway.node == "one"
        database = settings.database
        assert (database.url, database.connections) == (GOOD[0], 2)
        assert (database.notify, database.lease_seconds) == (False, 2.5)

    @pytest.mark.parametrize(
        ("line", "fault"),
        [
            ("[database]\nurl = 5", "[database] url: expected text in quotes"),
            (
                "[database]\nconnections = 0",
                "[database] connections: expected a whole number from 1 to 100",
            ),
            (
                "[database]\nlease_seconds = 0.5",
                "[database] lease_seconds: expected a number of seconds from 1 to 3600",
            ),
            ("[database]\nnotify = 1", "[database] notify: expected true or false"),
            (
                '[gateway]\nnode = "One"',
                "[gateway] node: expected 1 to 64 small letters, digits, - and _, or nothing",
            ),
        ],
    )
    def test_limits(self, faults: Faults, line: str, fault: str) -> None:
        assert faults(line) == [fault]


class TestMask:
    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("postgresql://h:s3cret@db/habar", "postgresql://h:***@db/habar"),
            ("postgresql://h:s3:c@ret@db/habar", "postgresql://h:***@db/habar"),
            ("postgresql://:s3cret@db/habar", "postgresql://:***@db/habar"),
            (
                "postgresql://h@db/habar?password=s3cret&sslmode=require",
                "postgresql://h@db/habar?password=***&sslmode=require",
            ),
            (
                "postgresql://h@db/habar?Password=s3cret&sslpassword=s3cret",
                "postgresql://h@db/habar?Password=***&sslpassword=***",
            ),
            ("postgresql://h@db/habar?p%61ssword=s3cret", "postgresql://h@db/habar?password=***"),
            ("", ""),
        ],
    )
    def test_passwords_are_not_shown_wherever_they_stand(self, url: str, shown: str) -> None:
        assert masked(url) == shown
        database = DatabaseSettings(url=url)
        assert database.shown == shown
        settings = Settings(database=database)
        for text in (repr(settings), str(database), pretty_repr(settings)):
            assert "s3" not in text

    def test_a_password_is_known_by_its_place(self) -> None:
        assert has_password("postgresql://h:p@db/habar")
        assert has_password("postgresql://h@db/habar?password=p")
        assert not has_password("postgresql://h:@db/habar?password=")
        assert not any(has_password(url) for url in GOOD)


class TestPasswordFile:
    @pytest.fixture
    def secret(self, tmp_path: Path) -> Path:
        path = tmp_path / "db.password"
        path.write_text("s3@/cr?et\n")
        path.chmod(0o600)
        return path

    def table(self, url: str) -> str:
        return f'[database]\nurl = "{url}"\npassword_file = "db.password"\n'

    @pytest.mark.usefixtures("secret")
    @pytest.mark.parametrize(
        ("url", "complete"),
        [
            (
                "postgresql://habar@db:5432/habar?sslmode=require",
                "postgresql://habar:s3%40%2Fcr%3Fet@db:5432/habar?sslmode=require",
            ),
            ("postgresql:///habar", "postgresql://:s3%40%2Fcr%3Fet@/habar"),
        ],
    )
    def test_its_password_goes_into_the_url(self, read: Read, url: str, complete: str) -> None:
        settings = read(self.table(url))
        assert settings.database.url == complete
        assert list(faults_of(complete)) == []
        assert "s3" not in settings.database.shown

    @pytest.mark.usefixtures("secret")
    @pytest.mark.parametrize(
        "url", ["postgresql://h:s3cret@db/habar", "postgresql://h@db/habar?password=s3cret"]
    )
    def test_two_passwords_are_one_too_many(self, faults: Faults, url: str) -> None:
        assert faults(self.table(url)) == [
            "[database] password_file: there is a password too; give one of the two"
        ]

    def test_a_password_of_the_environment_stands_over_it(
        self, read: Read, faults: Faults, secret: Path
    ) -> None:
        url = "postgresql://h:other@db/habar"
        table = self.table(GOOD[0])
        assert read(table, HABAR_DATABASE_URL=url).database.url == url
        kept = read(table, HABAR_DATABASE_URL="postgresql://h@two/habar").database
        assert kept.url.endswith("@two/habar")
        assert has_password(kept.url)
        both = {"HABAR_DATABASE_URL": url, "HABAR_DATABASE_PASSWORD_FILE": str(secret)}
        assert len(faults(table, **both)) == 1

    def test_it_must_hold_a_password(self, faults: Faults, secret: Path) -> None:
        for octets in (b"", b"\n", b"s3\ncret"):
            secret.write_bytes(octets)
            assert faults(self.table(GOOD[0])) == [
                "[database] password_file: expected one line with the password in it"
            ]

    def test_it_must_be_there_and_of_use(self, faults: Faults, tmp_path: Path) -> None:
        missing = tmp_path / "db.password"
        assert faults(self.table(GOOD[0])) == [
            f"[database] password_file: cannot read {missing}: No such file or directory"
        ]
        missing.write_text("s3cret")
        assert faults(self.table("")) == ["[database] password_file: of no use without url"]

    def test_everybodys_eyes(
        self, read: Read, write: Callable[..., Path], secret: Path, tmp_path: Path
    ) -> None:
        def told(table: str, **environ: str) -> list[str]:
            path = write(table)
            path.chmod(0o644)
            return [line.split(" ")[0] for line in cautions(path, load(path, environ))]

        file = str(tmp_path / "habar.toml")
        secret.chmod(0o644)
        assert told(self.table(GOOD[0])) == [str(secret)]
        assert told('[database]\nurl = "postgresql://h:s3cret@db/habar"\n') == [file]
        assert told('[database]\nurl = "postgresql://h@db/habar?password=s3cret"\n') == [file]
        assert told("[database]\nurl = 5\n", HABAR_DATABASE_URL="postgres://h:s3cret@d/h") == []


def test_a_password_put_in_can_be_seen_to_be_there() -> None:
    assert has_password(with_password(GOOD[0], "p"))
