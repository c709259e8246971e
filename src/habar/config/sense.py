"""Faults that show only when settings are seen together, or beside the files that they name."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from habar.config.database import faults_of
from habar.config.fields import nearest
from habar.config.settings import Settings, TlsSettings


def anchored(settings: Settings, base: Path) -> Settings:
    """The settings with relative paths made relative to `base`."""

    def place(path: str) -> str:
        return str(base / path) if path else ""

    replace = msgspec.structs.replace
    tls = settings.tls
    return replace(
        settings,
        gateway=replace(settings.gateway, data=place(settings.gateway.data)),
        database=replace(settings.database, password_file=place(settings.database.password_file)),
        tls=tls and TlsSettings(certificate=place(tls.certificate), key=place(tls.key)),
        operators=tuple(
            replace(o, password_file=place(o.password_file), tls_ca=place(o.tls_ca))
            for o in settings.operators
        ),
    )


def senseless(settings: Settings) -> Iterator[str]:
    """Every such fault, one sentence each."""
    yield from _zone("[gateway] timezone", settings.gateway.timezone)
    if settings.database.url:
        for fault in faults_of(settings.database.url):
            yield f"[database] url: {fault}"
    elif settings.database.password_file:
        yield "[database] password_file: of no use without url"
    if settings.http.bodies_limit < settings.http.body_limit:
        yield "[http] bodies_limit: less than body_limit, so that no body of that size could come"
    if settings.texts.keep_days > settings.messages.keep_days > 0:
        yield "[texts] keep_days: more than [messages] keep_days, and no text outlives its message"
    taken = [x.address for x in settings.listeners if x.port]
    yield from _doubled("[[listeners]]", taken)
    if settings.tls:
        yield from _pair(settings.tls)
    # As variables write them: HABAR_OPERATOR_A_B_… must mean one operator.
    names = [o.name.replace("-", "_") for o in settings.operators]
    yield from _doubled("[[operators]] name", names)
    for operator in settings.operators:
        where = f"[[operators]] {operator.name}"
        yield from _zone(f"{where} receipt_timezone", operator.receipt_timezone)
        if operator.tls_ca and not operator.tls:
            yield f"{where} tls_ca: of no use without tls = true"
        elif operator.tls_ca:
            yield from _authorities(f"{where} tls_ca", operator.tls_ca)


def _zone(where: str, zone: str) -> Iterator[str]:
    if zone not in _zones():
        yield f"{where}: no zone named {zone!r}{nearest(zone, _zones())}"


@cache
def _zones() -> frozenset[str]:
    """The zones that the gateway will know: tzdata's, not the machine's (see model.times)."""
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


def _doubled(where: str, values: list[str]) -> Iterator[str]:
    for value in sorted({v for v in values if values.count(v) > 1}):
        yield f"{where}: {value} stands twice"


def _pair(tls: TlsSettings) -> Iterator[str]:
    unreadable = [
        f"[tls] {name}: {fault}"
        for name, path in (("certificate", tls.certificate), ("key", tls.key))
        if (fault := _unreadable(path))
    ]
    yield from unreadable
    if unreadable:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without an answer of ours OpenSSL would ask the terminal for an encrypted key's password.
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        yield (
            f"[tls]: {tls.certificate} and {tls.key} are not a PEM certificate and its"
            f" unencrypted key ({reason})"
        )


def _authorities(where: str, path: str) -> Iterator[str]:
    fault = _unreadable(path)
    if fault:
        yield f"{where}: {fault}"
        return
    try:
        ssl.create_default_context(cafile=path)
    except (ssl.SSLError, OSError):
        yield f"{where}: {path}: no PEM certificates"


def _unreadable(path: str) -> str:
    """Why a file cannot be read, or nothing."""
    try:
        with Path(path).open("rb"):
            return ""
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
