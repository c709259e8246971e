"""Operators' passwords from files of their own, and files that too many people may read.

Guarantees: no password is in a fault or a caution.
"""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import msgspec

from habar.config.fields import Unfit, read
from habar.config.settings import OperatorSettings, Settings


def with_passwords(
    operators: tuple[OperatorSettings, ...], faults: list[str]
) -> tuple[OperatorSettings, ...]:
    """The operators with the passwords of their files in place; faults are added to `faults`."""
    made = []
    for operator in operators:
        try:
            made.append(_with_password(operator))
        except Unfit as unfit:
            faults.append(f"[[operators]] {operator.name} password_file: {unfit}")
    return tuple(made)


def _with_password(operator: OperatorSettings) -> OperatorSettings:
    if not operator.password_file:
        return operator
    if operator.password:
        raise Unfit("there is a password too; give one of the two")
    path = Path(operator.password_file)
    try:
        text = path.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise Unfit(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unfit(f"{path}: not text") from None
    password = read(OperatorSettings, "password", text)
    return msgspec.structs.replace(operator, password=password)


def cautions(path: Path, settings: Settings) -> list[str]:
    """What works but should be mended: files with secrets that everybody on the machine may read.

    `path` is the file that the settings were read from.
    """
    secret = [Path(o.password_file) for o in settings.operators if o.password_file]
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
    return any(operator.get("password") for operator in document.get("operators", ()))


def _is_public(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)
