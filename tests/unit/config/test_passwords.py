"""Passwords in files of their own, and files that everybody may read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from habar.config import Settings, cautions, load, password_of

Faults = Callable[..., list[str]]
Read = Callable[..., Settings]
FILE = 'password_file = "kcell.password"\n'


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "kcell.password"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    return path


@pytest.mark.usefixtures("secret")
class TestFile:
    def test_it_holds_the_password_and_a_line_end(self, read: Read) -> None:
        assert password_of(read(FILE).operators[0]) == "s3cret"

    def test_it_is_read_when_it_is_needed(self, read: Read, secret: Path) -> None:
        """So that the database knows where it is and not what it is, and another may be put."""
        (operator,) = read(FILE).operators
        assert operator.password == ""
        secret.write_text("another\n")
        assert password_of(operator) == "another"

    def test_a_group_of_binds_may_have_its_own(self, read: Read, secret: Path) -> None:
        secret.with_name("group.password").write_text("gr0up")
        groups = '[[operators.groups]]\npassword_file = "group.password"\n[[operators.groups]]\n'
        first, second = read(FILE + groups).operators[0].groups
        assert password_of(first) == "gr0up"
        assert password_of(second) == ""

    def test_a_groups_file_must_be_there_too(self, faults: Faults, tmp_path: Path) -> None:
        assert faults('[[operators.groups]]\npassword_file = "none"\n') == [
            (
                f"[[operators]] kcell password_file: cannot read {tmp_path}/none:"
                " No such file or directory"
            )
        ]

    def test_the_environment_may_name_it(self, read: Read, secret: Path) -> None:
        """systemd: LoadCredential=, and Environment=HABAR_…_PASSWORD_FILE=%d/…"""
        settings = read('password = "old"', HABAR_OPERATOR_KCELL_PASSWORD_FILE=str(secret))
        assert password_of(settings.operators[0]) == "s3cret"

    def test_a_password_of_the_environment_stands_over_it(self, read: Read) -> None:
        settings = read(FILE, HABAR_OPERATOR_KCELL_PASSWORD="other")
        assert settings.operators[0].password == "other"

    def test_two_passwords_are_one_too_many(self, faults: Faults, secret: Path) -> None:
        two = "[[operators]] kcell password_file: there is a password too; give one of the two"
        assert faults(FILE + 'password = "s3cret"') == [two]
        assert faults(
            HABAR_OPERATOR_KCELL_PASSWORD="s3cret", HABAR_OPERATOR_KCELL_PASSWORD_FILE=str(secret)
        ) == [two]

    @pytest.mark.parametrize("octets", [b"s3cret-much-too-long", b"s3cr\nt", "сырқат".encode()])
    def test_it_must_hold_what_a_password_can_be(
        self, faults: Faults, secret: Path, octets: bytes
    ) -> None:
        secret.write_bytes(octets)
        assert faults(FILE) == [
            "[[operators]] kcell password_file: expected at most 8 ASCII characters in quotes"
        ]

    def test_it_must_be_text(self, faults: Faults, secret: Path) -> None:
        secret.write_bytes(b"s3cr\xff")
        assert faults(FILE) == [f"[[operators]] kcell password_file: {secret}: not text"]

    def test_it_must_be_there(self, faults: Faults, secret: Path) -> None:
        secret.unlink()
        assert faults(FILE) == [
            f"[[operators]] kcell password_file: cannot read {secret}: No such file or directory"
        ]


class TestCautions:
    def test_a_secret_that_everybody_may_read(
        self, write: Callable[..., Path], secret: Path, pair: object, tmp_path: Path
    ) -> None:
        path = write(
            FILE + "[[operators]]\nname = 'b'\nhost = 'b'\nport = 1\nsystem_id = 'x'\n"
            'password = "s3cret"\n[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
        )
        key = tmp_path / "key.pem"
        files = [path, secret, key]
        settings = load(path, {})
        for file in files:
            file.chmod(0o644)
        assert cautions(path, settings) == [
            f"{file} holds a secret and everybody on this machine may read it: chmod o= {file}"
            for file in files
        ]
        for file in files:
            file.chmod(0o640)
        assert cautions(path, settings) == []

    def test_a_groups_password_is_one_too(self, write: Callable[..., Path]) -> None:
        path = write('[[operators.groups]]\npassword = "s3cret"\n')
        path.chmod(0o644)
        assert len(cautions(path, load(path, {}))) == 1

    def test_a_file_without_a_password_may_be_read(self, write: Callable[..., Path]) -> None:
        path = write('password = ""')
        path.chmod(0o644)
        settings = load(path, {"HABAR_OPERATOR_KCELL_PASSWORD": "s3cret"})
        assert cautions(path, settings) == []
