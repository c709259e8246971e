"""What can be set, section by section: names, types, limits, defaults.

Guarantees: values; no repr shows a password. Each limited type says in words what it expects:
`reading` tells a fault by these words and never by the value, which may be a secret.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from habar.config.database import masked

Text = Annotated[str, Meta(min_length=1, description="text in quotes, not empty")]
Port = Annotated[int, Meta(ge=0, le=65535, description="a port from 0 to 65535")]
PeerPort = Annotated[int, Meta(ge=1, le=65535, description="a port from 1 to 65535")]
Seconds = Annotated[
    float, Meta(gt=0, le=31_536_000, description="a number of seconds above 0, at most a year")
]
Hours = Annotated[
    float, Meta(gt=0, le=8784, description="a number of hours above 0, at most a year")
]
Count = Annotated[
    int, Meta(ge=1, le=1_000_000_000, description="a whole number from 1 to 1000000000")
]
CountOrNone = Annotated[
    int, Meta(ge=0, le=1_000_000_000, description="a whole number from 0 to 1000000000")
]
Days = Annotated[int, Meta(ge=0, le=36_500, description="a whole number of days from 0 to 36500")]
Window = Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")]
Name = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[a-z0-9][a-z0-9_-]*\Z",
        description="1 to 64 small letters, digits, - and _",
    ),
]
# What SMPP's C-Octet Strings hold, without their NUL (5.2.1 to 5.2.3).
SystemId = Annotated[
    str,
    Meta(
        max_length=15, pattern=r"^[\x20-\x7e]+\Z", description="1 to 15 ASCII characters in quotes"
    ),
]
SystemPassword = Annotated[
    str,
    Meta(
        max_length=8,
        pattern=r"^[\x20-\x7e]*\Z",
        description="at most 8 ASCII characters in quotes",
    ),
]
SystemType = Annotated[
    str,
    Meta(
        max_length=12,
        pattern=r"^[\x20-\x7e]*\Z",
        description="at most 12 ASCII characters in quotes",
    ),
]
Binds = Annotated[int, Meta(ge=1, le=100, description="a whole number from 1 to 100")]
IdBase = Literal["as-is", "decimal", "hex"]
NodeName = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^([a-z0-9][a-z0-9_-]*)?\Z",
        description="1 to 64 small letters, digits, - and _, or nothing",
    ),
]
Connections = Annotated[int, Meta(ge=1, le=100, description="a whole number from 1 to 100")]
Lease = Annotated[float, Meta(ge=1, le=3600, description="a number of seconds from 1 to 3600")]


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """[gateway]: the house."""

    data: Text = "habar-data"
    """Folder for the database and what else the gateway keeps."""
    timezone: Text = "Asia/Almaty"
    """IANA zone of new accounts: customers' wall-clock times are read and written in it."""
    drain_seconds: Seconds = 30.0
    """How long a stop waits before it cuts: half of it for requests, the rest for open windows."""
    backlog_limit: Count = 100_000
    """Writes waiting for a commit above which the doors answer 503."""
    ahead: Count = 20_000
    """Messages of each operator kept ready in memory; the others wait on disk."""
    expire_after_hours: Hours = 48.0
    """A message that could not be handed to its operator for so long expires."""
    node: NodeName = ""
    """This node's name, its own on the database; empty: the machine's."""


class DatabaseSettings(Struct, frozen=True, kw_only=True):
    """[database]: where everything is kept."""

    url: str = ""
    """Empty: the SQLite file in `[gateway] data`. Else a PostgreSQL's, which nodes may share; once
    read, with the password of `password_file` in it."""
    password_file: str = ""
    """A file that holds the database's password and nothing else, in place of one in `url`."""
    connections: Connections = 4
    """Connections for reading, beside the one that writes."""
    notify: bool = True
    """Wake the other nodes by LISTEN/NOTIFY; switch it off for engines that have none, then they
    look for themselves twice a second."""
    lease_seconds: Lease = 10.0
    """How long a node that is not heard of keeps its work."""

    @property
    def shown(self) -> str:
        """The URL without its password, for logs."""
        return masked(self.url)

    def __repr__(self) -> str:
        return f"DatabaseSettings(url={self.shown!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("url", self.shown)]


class MessagesSettings(Struct, frozen=True, kw_only=True):
    """[messages]: how long they are kept."""

    keep_days: Days = 0
    """Days after its end that a message is deleted; 0: never."""


class TextsSettings(Struct, frozen=True, kw_only=True):
    """[texts]: how long what messages say is kept."""

    keep_days: Days = 0
    """Days after a message's end that its text is removed; 0: never before the message."""


class ListenerSettings(Struct, frozen=True, kw_only=True):
    """[[listeners]]: an address on which all HTTP protocols are served, plain and TLS."""

    host: Text = "127.0.0.1"
    port: Port = 8090
    ops: bool = False
    """Whether /healthz, /readyz and /metrics are served here."""

    @property
    def address(self) -> str:
        """As people write it."""
        return address(self.host, self.port)


class TlsSettings(Struct, frozen=True, kw_only=True):
    """[tls]: the certificate of all listeners; without it they speak plain HTTP only."""

    certificate: Text
    """PEM file: the certificate and its chain."""
    key: Text
    """PEM file: the private key, not encrypted."""


class HttpSettings(Struct, frozen=True, kw_only=True):
    """[http]: limits of the listeners."""

    body_limit: Count = 10 * 1024 * 1024
    """Octets of a request's body; more is answered 413."""
    bodies_limit: Count = 256 * 1024 * 1024
    """Octets of all bodies being received at one time; more is answered 503."""
    connection_limit: Count = 10_000
    """Connections open at once over all listeners; one more is answered 503."""
    handshake_seconds: Seconds = 10.0
    """For the TLS handshake."""
    header_seconds: Seconds = 20.0
    """From the first octet of a request to the end of its headers."""
    body_seconds: Seconds = 300.0
    """From the headers to the end of the body; one that comes too slowly is cut earlier."""
    keep_alive_seconds: Seconds = 75.0
    """How long an idle connection is kept."""
    send_seconds: Seconds = 60.0
    """How long a client may leave its answers unread."""
    access_log: bool = False
    """A line a request; passwords are masked."""


class OperatorSettings(Struct, frozen=True, kw_only=True):
    """[[operators]]: a mobile operator's SMSC and how to speak with it."""

    name: Name
    host: Text
    port: PeerPort
    system_id: SystemId
    password: SystemPassword = ""
    password_file: str = ""
    """A file that holds the password and nothing else, in place of `password`."""
    system_type: SystemType = ""
    tls: bool = False
    tls_ca: str = ""
    """PEM file: trust these authorities with `tls` in place of the system's."""
    binds: Binds = 1
    """Binds that the operator permits, over all nodes together."""
    window: Window = 10
    """submit_sm sent and not yet answered, of each bind."""
    throughput: CountOrNone = 0
    """PDUs a second over all binds together; 0: as many as the operator takes."""
    receipts: bool = True
    """False: the operator gives none; messages end at 101 ENROUTE when it has taken them."""
    validity: Literal["relative", "absolute", "none"] = "relative"
    """How a message's end goes out as validity_period."""
    enquire_link_seconds: Seconds = 30.0
    response_seconds: Seconds = 60.0
    """How long an answer to a submit_sm is awaited."""
    reconnect_seconds: Seconds = 60.0
    """The longest pause between attempts to bind; the first is 1 s."""
    response_id_base: IdBase = "as-is"
    """How it writes message ids in answers to submit_sm."""
    receipt_id_base: IdBase = "as-is"
    """How it writes them in receipts."""
    receipt_timezone: Text = "UTC"
    """IANA zone of the dates in receipts that do not say their own."""

    @property
    def address(self) -> str:
        """As people write it."""
        return address(self.host, self.port)

    def __repr__(self) -> str:
        return f"OperatorSettings(name={self.name!r}, host={self.host!r}, port={self.port})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("name", self.name), ("host", self.host), ("port", self.port)]


class LogSettings(Struct, frozen=True, kw_only=True):
    """[log]: what is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    """auto: console on a terminal, JSON elsewhere."""


class Settings(Struct, frozen=True, kw_only=True):
    """Everything."""

    gateway: GatewaySettings = GatewaySettings()
    database: DatabaseSettings = DatabaseSettings()
    listeners: tuple[ListenerSettings, ...] = (ListenerSettings(ops=True),)
    tls: TlsSettings | None = None
    http: HttpSettings = HttpSettings()
    operators: tuple[OperatorSettings, ...] = ()
    messages: MessagesSettings = MessagesSettings()
    texts: TextsSettings = TextsSettings()
    log: LogSettings = LogSettings()


TABLES: dict[str, type[Struct]] = {
    "gateway": GatewaySettings,
    "database": DatabaseSettings,
    "tls": TlsSettings,
    "http": HttpSettings,
    "messages": MessagesSettings,
    "texts": TextsSettings,
    "log": LogSettings,
}
"""[name] in the file."""
LISTS: dict[str, type[Struct]] = {"listeners": ListenerSettings, "operators": OperatorSettings}
"""[[name]] in the file."""


def address(host: str, port: int) -> str:
    """host:port, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
