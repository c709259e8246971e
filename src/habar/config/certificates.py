"""The files of certificates that settings name: what they must hold, and the contexts of them.

Guarantees: a file that cannot be used is told with its name and why, in words; nobody is asked for
the password of an encrypted key.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

from habar.config.fields import Unfit
from habar.config.operator import OperatorSettings


class UnfitPair(Exception):
    """A certificate and its key cannot be used; `faults` are sentences."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class PairNames(NamedTuple):
    """What faults call the two settings, and both together."""

    certificate: str
    key: str
    both: str


_OURS = PairNames("tls_certificate", "tls_key", "tls_certificate")


def client_context(operator: OperatorSettings) -> ssl.SSLContext:
    """The context of a link: its certificate is checked, and ours shown where there is one.

    Raises Unfit, which names the setting.
    """
    context = ssl.create_default_context(cafile=_authorities(operator.tls_ca))
    if operator.tls_certificate:
        try:
            load_pair(context, operator.tls_certificate, operator.tls_key, _OURS)
        except UnfitPair as unfit:
            raise Unfit(str(unfit)) from None
    return context


def load_pair(context: ssl.SSLContext, certificate: str, key: str, names: PairNames) -> None:
    """Put a certificate and its key into a context. Raises UnfitPair."""
    unreadable = [
        f"{name}: {fault}"
        for name, path in ((names.certificate, certificate), (names.key, key))
        if (fault := _unreadable(path))
    ]
    if unreadable:
        raise UnfitPair(unreadable)
    try:
        # Without an answer of ours OpenSSL would ask the terminal for an encrypted key's password.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        what = f"{certificate} and {key} are not a PEM certificate and its unencrypted key"
        raise UnfitPair([f"{names.both}: {what} ({reason})"]) from None


def _authorities(path: str) -> str | None:
    if not path:
        return None
    fault = _unreadable(path)
    if fault:
        raise Unfit(f"tls_ca: {fault}")
    try:
        ssl.create_default_context(cafile=path)
    except (ssl.SSLError, OSError):
        raise Unfit(f"tls_ca: {path}: no PEM certificates") from None
    return path


def _unreadable(path: str) -> str:
    """Why a file cannot be read, or nothing."""
    try:
        with Path(path).open("rb"):
            return ""
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
