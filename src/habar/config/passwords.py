"""Passwords from files of their own, and files that too many people may read.

Guarantees: no password is in a fault or a caution.
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from habar.config.database import faults_of, has_password, with_password
from habar.config.fields import Unfit, read
from habar.config.operator import Credentials, parts_of
from habar.config.settings import DatabaseSettings, Settings


def password_of(part: Credentials) -> str:
    """The password of an operator or of a group of its binds, from its file where it has one.

    Raises Unfit.
    """
    text = _text(part.password_file)
    return part.password if text is None else read(type(part), "password", text)


def password_faults(settings: Settings) -> Iterator[str]:
    """What is wrong with the files of operators' passwords.

    They are only looked at: whoever makes the links reads them, so that a password that is
    changed there needs no change of the settings.
    """
    for operator in settings.operators:
        for part in parts_of(operator):
            try:
                password_of(part)
            except Unfit as unfit:
                yield f"[[operators]] {operator.name} password_file: {unfit}"


def with_password_of_database(settings: Settings, faults: list[str]) -> Settings:
    """The settings with the password of its file in `[database] url`; faults go to `faults`."""
    try:
        return msgspec.structs.replace(settings, database=_database(settings.database))
    except Unfit as unfit:
        faults.append(f"[database] password_file: {unfit}")
        return settings


def _database(database: DatabaseSettings) -> DatabaseSettings:
    if database.password_file and has_password(database.url):
        raise Unfit("there is a password too; give one of the two")
    text = _text(database.password_file)
    if text is None or any(faults_of(database.url)):
        return database
    if not text or not text.isprintable():
        raise Unfit("expected one line with the password in it")
    return msgspec.structs.replace(database, url=with_password(database.url, text))


def _text(name: str) -> str | None:
    """What a password file holds; None where none is named."""
    if not name:
        return None
    path = Path(name)
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise Unfit(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unfit(f"{path}: not text") from None


def cautions(path: Path, settings: Settings) -> list[str]:
    """What works but should be mended: files with secrets that everybody on the machine may read.

    `path` is the file that the settings were read from.
    """
    secret = [
        Path(name)
        for operator in settings.operators
        for name in (
            *(part.password_file for part in parts_of(operator)),
            operator.tls_key,
        )
        if name
    ]
    if settings.database.password_file:
        secret.append(Path(settings.database.password_file))
    if settings.tls:
        secret.append(Path(settings.tls.key))
    if _holds_password(path):
        secret.insert(0, path)
    return [
        f"{file} holds a secret and everybody on this machine may read it: chmod o= {file}"
        for file in secret
        if _is_public(file)
    ]


def _holds_password(path: Path) -> bool:
    document = tomllib.loads(path.read_text("utf-8"))
    url = document.get("database", {}).get("url", "")
    return has_password(str(url)) or any(  # the environment may stand over what is no text
        part.get("password")
        for operator in document.get("operators", ())
        for part in (operator, *operator.get("groups", ()))
    )


def _is_public(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)
