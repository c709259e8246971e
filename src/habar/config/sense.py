"""Faults that show only when settings are seen together, or beside the files that they name."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from habar.config.certificates import PairNames, UnfitPair, client_context, load_pair
from habar.config.database import faults_of
from habar.config.fields import Unfit
from habar.config.operator import PATHS, OperatorSettings
from habar.config.settings import Settings, TlsSettings
from habar.config.together import contradictions
from habar.config.zones import zone_faults

_PAIR = PairNames("[tls] certificate", "[tls] key", "[tls]")


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
        operators=tuple(_operator(each, place) for each in settings.operators),
    )


def _operator(operator: OperatorSettings, place: Callable[[str], str]) -> OperatorSettings:
    def absolute(path: str) -> str:
        """Kept in the database, where nobody knows the folder that it is relative to."""
        return str(Path(place(path)).absolute()) if path else ""

    replace = msgspec.structs.replace
    return replace(
        operator,
        groups=tuple(replace(g, password_file=absolute(g.password_file)) for g in operator.groups),
        **{name: absolute(getattr(operator, name)) for name in PATHS},
    )


def senseless(settings: Settings) -> Iterator[str]:
    """Every such fault, one sentence each."""
    yield from zone_faults("[gateway] timezone", settings.gateway.timezone)
    if settings.database.url:
        for fault in faults_of(settings.database.url):
            yield f"[database] url: {fault}"
    elif settings.database.password_file:
        yield "[database] password_file: of no use without url"
    if settings.http.bodies_limit < settings.http.body_limit:
        yield "[http] bodies_limit: less than body_limit, so that no body of that size could come"
    if settings.texts.keep_days > settings.messages.keep_days > 0:
        yield "[texts] keep_days: more than [messages] keep_days, and no text outlives its message"
    for network in settings.callbacks.allowed_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            yield "[callbacks] allowed_networks: there is one that is none, such as 10.0.0.0/8"
    taken = [x.address for x in settings.listeners if x.port]
    yield from _doubled("[[listeners]]", taken)
    if settings.tls:
        yield from _pair(settings.tls)
    # As variables write them: HABAR_OPERATOR_A_B_… must mean one operator.
    names = [o.name.replace("-", "_") for o in settings.operators]
    yield from _doubled("[[operators]] name", names)
    for operator in settings.operators:
        where = f"[[operators]] {operator.name}"
        faults = [*contradictions(operator)]
        yield from (f"{where} {fault}" for fault in faults)
        if operator.tls and not faults:
            yield from _client(where, operator)


def _client(where: str, operator: OperatorSettings) -> Iterator[str]:
    try:
        client_context(operator)
    except Unfit as unfit:
        yield f"{where} {unfit}"


def _doubled(where: str, values: list[str]) -> Iterator[str]:
    for value in sorted({v for v in values if values.count(v) > 1}):
        yield f"{where}: {value} stands twice"


def _pair(tls: TlsSettings) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        load_pair(context, tls.certificate, tls.key, _PAIR)
    except UnfitPair as unfit:
        yield from unfit.faults
