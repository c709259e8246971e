"""The settings: a TOML file, `HABAR_*` of the environment over it, every fault told at once.

Guarantees: what `load` returns is complete and of the right types; unknown names are faults, not
surprises; no secret shows in a repr or in a fault. Knows the shape of the settings only: whether a
port is free or an operator answers is found out by the parts that use them.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Octets15 = Annotated[str, Meta(max_length=15)]
Octets8 = Annotated[str, Meta(max_length=8)]


class ConfigError(Exception):
    """The settings cannot be used. `faults` lists every fault found, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """[gateway]: the house."""

    data: str = "habar-data"
    """Folder for the database and what else the gateway keeps."""
    timezone: str = "Asia/Almaty"
    """IANA zone of new accounts: customers' wall-clock times are read and written in it."""
    drain_seconds: Seconds = 30.0
    """How long a stop waits for requests and open windows before it cuts them."""
    max_backlog: Count = 100_000
    """Messages waiting for a commit above which the doors answer 503."""
    ahead: Count = 20_000
    """Messages of each operator kept ready in memory; the others wait on disk."""
    expire_after_hours: Seconds = 48.0
    """A message that could not be handed to its operator for so long expires."""


class ListenerSettings(Struct, frozen=True, kw_only=True):
    """[[listeners]]: an address on which all HTTP protocols are served, plain and TLS."""

    host: str = "127.0.0.1"
    port: Port = 8090
    ops: bool = False
    """Whether /healthz, /readyz and /metrics are served here."""


class TlsSettings(Struct, frozen=True, kw_only=True):
    """[tls]: the certificate of all listeners; without it they speak plain HTTP only."""

    certificate: str
    """PEM file: the certificate and its chain."""
    key: str
    """PEM file: the private key."""


class HttpSettings(Struct, frozen=True, kw_only=True):
    """[http]: limits of the listeners."""

    body_limit: Count = 10 * 1024 * 1024
    """Octets of a request's body; more is answered 413."""
    header_seconds: Seconds = 10.0
    """From the first octet of a request to the end of its headers."""
    body_seconds: Seconds = 60.0
    """From the headers to the end of the body."""
    keep_alive_seconds: Seconds = 75.0
    """How long an idle connection is kept."""
    max_connections: Count = 10_000
    """Connections open at once over all listeners."""
    access_log: bool = False
    """A line a request; passwords are masked."""


class OperatorSettings(Struct, frozen=True, kw_only=True):
    """[[operators]]: a mobile operator's SMSC and how to speak with it."""

    name: Name
    host: str
    port: Port
    system_id: Octets15
    password: Octets8 = ""
    system_type: Annotated[str, Meta(max_length=12)] = ""
    tls: bool = False
    window: Count = 10
    """submit_sm sent and not yet answered."""
    throughput: Annotated[int, Meta(ge=0)] = 0
    """PDUs a second; 0: as many as the operator takes."""
    receipts: bool = True
    """False: the operator gives none; messages end at 101 ENROUTE when it has taken them."""
    enquire_link_seconds: Seconds = 30.0
    response_seconds: Seconds = 60.0
    """How long an answer to a submit_sm is awaited."""
    response_id_base: Literal["as-is", "decimal", "hex"] = "as-is"
    """How it writes message ids in answers to submit_sm."""
    receipt_id_base: Literal["as-is", "decimal", "hex"] = "as-is"
    """How it writes them in receipts."""

    def __repr__(self) -> str:
        return f"OperatorSettings(name={self.name!r}, host={self.host!r}, port={self.port})"


class LogSettings(Struct, frozen=True, kw_only=True):
    """[log]: what is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    """auto: console on a terminal, JSON elsewhere."""


class Settings(Struct, frozen=True, kw_only=True):
    """Everything."""

    gateway: GatewaySettings = GatewaySettings()
    listeners: tuple[ListenerSettings, ...] = (ListenerSettings(ops=True),)
    tls: TlsSettings | None = None
    http: HttpSettings = HttpSettings()
    operators: tuple[OperatorSettings, ...] = ()
    log: LogSettings = LogSettings()


TABLES: dict[str, type[Struct]] = {
    "gateway": GatewaySettings,
    "tls": TlsSettings,
    "http": HttpSettings,
    "log": LogSettings,
}
"""[name] in the file."""
LISTS: dict[str, type[Struct]] = {"listeners": ListenerSettings, "operators": OperatorSettings}
"""[[name]] in the file."""
PREFIX = "HABAR_"
CLIENT_VARIABLES = frozenset({"HABAR_URL", "HABAR_LOGIN", "HABAR_PASSWORD", "HABAR_KEY"})
"""Of the customer's command line (`habar send`): no settings of the gateway."""


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a file, with the environment over it. Raises ConfigError."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: not TOML: {error}"]) from None
    return build(document, environ, base=path.parent)


def build(document: Mapping[str, Any], environ: Mapping[str, str], base: Path) -> Settings:
    """Settings of a parsed file. Relative paths in it are relative to `base`."""
    faults: list[str] = []
    merged = _with_environment(document, environ, faults)
    parts: dict[str, Any] = {}
    for name, value in merged.items():
        if name in TABLES:
            parts[name] = _table(TABLES[name], value, f"[{name}]", faults)
        elif name in LISTS:
            parts[name] = _list(LISTS[name], value, name, faults)
        else:
            faults.append(f"[{name}]: unknown section{_nearest(name, [*TABLES, *LISTS])}")
    if not faults:
        settings = _anchored(Settings(**parts), base)
        faults = _senseless(settings)
        if not faults:
            return settings
    raise ConfigError(faults)


def _table(kind: type[Struct], value: object, where: str, faults: list[str]) -> Struct | None:
    if not isinstance(value, Mapping):
        faults.append(f"{where}: a table is expected")
        return None
    fields = {f.name: f for f in msgspec.structs.fields(kind)}
    made: dict[str, Any] = {}
    before = len(faults)
    for key, given in value.items():
        if key not in fields:
            faults.append(f"{where} {key}: unknown setting{_nearest(key, list(fields))}")
            continue
        try:
            made[key] = msgspec.convert(given, fields[key].type)
        except msgspec.ValidationError as error:
            faults.append(f"{where} {key}: {error}")
    faults.extend(
        f"{where} {name}: missing" for name, f in fields.items() if f.required and name not in value
    )
    return kind(**made) if len(faults) == before else None


def _list(
    kind: type[Struct], value: object, name: str, faults: list[str]
) -> tuple[Struct | None, ...]:
    if not isinstance(value, list):
        faults.append(f"[[{name}]]: a list of tables is expected, write [[{name}]]")
        return ()
    return tuple(
        _table(kind, item, f"[[{name}]] number {number}", faults)
        for number, item in enumerate(value, 1)
    )


def _with_environment(
    document: Mapping[str, Any], environ: Mapping[str, str], faults: list[str]
) -> dict[str, Any]:
    """HABAR_<SECTION>_<SETTING>, and HABAR_OPERATOR_<NAME>_<SETTING> for an operator."""
    merged = {
        name: dict(value)
        if isinstance(value, Mapping)
        else [dict(item) if isinstance(item, Mapping) else item for item in value]
        if isinstance(value, list)
        else value
        for name, value in document.items()
    }
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in CLIENT_VARIABLES:
            continue
        target, key, kind = _target(variable, merged)
        if target is None or kind is None or key not in kind.__struct_fields__:
            faults.append(f"{variable}: no such setting")
            continue
        target[key] = _typed(kind, key, environ[variable])
    return merged


def _target(
    variable: str, merged: dict[str, Any]
) -> tuple[dict[str, Any] | None, str, type[Struct] | None]:
    words = variable[len(PREFIX) :].lower()
    if words.startswith("operator_"):
        for item in merged.get("operators", ()):
            name = str(item.get("name", "")).replace("-", "_") if isinstance(item, dict) else ""
            if name and words.startswith(f"operator_{name}_"):
                return item, words[len(f"operator_{name}_") :], OperatorSettings
        return None, "", None
    section, _, key = words.partition("_")
    if section not in TABLES:
        return None, key, None
    table = merged.setdefault(section, {})
    return (table if isinstance(table, dict) else None), key, TABLES[section]


def _typed(kind: type[Struct], key: str, text: str) -> Any:
    """The text as the setting's type where it reads as one; else the text, a fault later."""
    type_ = next(f.type for f in msgspec.structs.fields(kind) if f.name == key)
    try:
        return msgspec.convert(text, type_, strict=False)
    except msgspec.ValidationError:
        return text


def _nearest(name: str, known: list[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _anchored(settings: Settings, base: Path) -> Settings:
    gateway = msgspec.structs.replace(settings.gateway, data=str(base / settings.gateway.data))
    tls = settings.tls and TlsSettings(
        certificate=str(base / settings.tls.certificate), key=str(base / settings.tls.key)
    )
    return msgspec.structs.replace(settings, gateway=gateway, tls=tls)


def _senseless(settings: Settings) -> list[str]:
    """Faults that only show when the settings are seen together."""
    faults: list[str] = []
    try:
        ZoneInfo(settings.gateway.timezone)
    except (KeyError, ValueError, OSError):
        faults.append(f"[gateway] timezone: no zone named {settings.gateway.timezone!r}")
    if not settings.operators:
        faults.append("[[operators]]: at least one operator is needed to send messages")
    if not settings.listeners:
        faults.append("[[listeners]]: at least one listener is needed")
    faults += _doubled("[[operators]] name", [o.name for o in settings.operators])
    taken = [f"{x.host}:{x.port}" for x in settings.listeners if x.port]
    faults += _doubled("[[listeners]]", taken)
    if settings.tls:
        faults += [
            f"[tls] {key}: cannot read {path}"
            for key, path in (("certificate", settings.tls.certificate), ("key", settings.tls.key))
            if not os.access(path, os.R_OK)
        ]
    return faults


def _doubled(where: str, values: list[str]) -> list[str]:
    return [
        f"{where}: {v} stands twice" for v in sorted({v for v in values if values.count(v) > 1})
    ]
