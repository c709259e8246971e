"""Passwords from files of their own, and files that too many people may read.

Guarantees: no password is in a fault or a caution.
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from habar.config.database import faults_of, has_password, with_password
from habar.config.fields import Unfit, read
from habar.config.settings import DatabaseSettings, OperatorSettings, Settings

S = TypeVar("S", DatabaseSettings, OperatorSettings)


def with_passwords(settings: Settings, faults: list[str]) -> Settings:
    """The settings with the passwords of their files in place; faults are added to `faults`."""
    operators = tuple(
        _mended(f"[[operators]] {operator.name}", operator, _operator, faults)
        for operator in settings.operators
    )
    database = _mended("[database]", settings.database, _database, faults)
    return msgspec.structs.replace(settings, operators=operators, database=database)


def _mended(where: str, part: S, mend: Callable[[S], S], faults: list[str]) -> S:
    try:
        return mend(part)
    except Unfit as unfit:
        faults.append(f"{where} password_file: {unfit}")
        return part


def _operator(operator: OperatorSettings) -> OperatorSettings:
    text = _text(operator.password_file, given=bool(operator.password))
    if text is None:
        return operator
    password = read(OperatorSettings, "password", text)
    return msgspec.structs.replace(operator, password=password)


def _database(database: DatabaseSettings) -> DatabaseSettings:
    text = _text(database.password_file, given=has_password(database.url))
    if text is None or any(faults_of(database.url)):
        return database
    if not text or not text.isprintable():
        raise Unfit("expected one line with the password in it")
    return msgspec.structs.replace(database, url=with_password(database.url, text))


def _text(name: str, *, given: bool) -> str | None:
    """What a password file holds; None where none is named. `given`: there is a password too."""
    if not name:
        return None
    if given:
        raise Unfit("there is a password too; give one of the two")
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
    secret = [Path(o.password_file) for o in settings.operators if o.password_file]
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
        operator.get("password") for operator in document.get("operators", ())
    )


def _is_public(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)
