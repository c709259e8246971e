"""What can be set, section by section: names, types, limits, defaults.

Guarantees: values; no repr shows a password. Each limited type says in words what it expects:
`reading` tells a fault by these words and never by the value, which may be a secret.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from habar.config.database import masked
from habar.config.operator import OperatorSettings
from habar.config.types import (
    CallHours,
    CallProcesses,
    CallSeconds,
    Connections,
    Count,
    Days,
    Hours,
    Lease,
    Minutes,
    Networks,
    NodeName,
    Port,
    Seconds,
    Text,
    address,
)


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


class CallbacksSettings(Struct, frozen=True, kw_only=True):
    """[callbacks]: how customers' web services are called."""

    give_up_hours: CallHours = 24.0
    """How long one that does not answer is tried again; 72 at most."""
    timeout_seconds: CallSeconds = 10.0
    """For a call that tells a message's state."""
    subscriber_timeout_seconds: CallSeconds = 30.0
    """For a call that brings a subscriber's message, whose answer may be sent back."""
    per_host: Connections = 16
    """Calls to one host at a time."""
    total: Count = 256
    """Calls at a time."""
    processes: CallProcesses = 0
    """So many make the calls, and nothing else; 0: the gateway's own process does."""
    allowed_networks: Networks = ()
    """Networks that may be called though they are not public: `["10.0.0.0/8"]`."""
    keep_days: Days = 7
    """Days after its end that an obligation is listed, with its tries; 0: for ever."""


class InboundSettings(Struct, frozen=True, kw_only=True):
    """[inbound]: subscribers' messages."""

    join_minutes: Minutes = 60.0
    """How long the parts of a long message are waited for; then it is passed on without them."""
    stop_words: bool = False
    """Whether STOP, START and HELP, in Russian, Kazakh and English, are answered by the gateway."""
    stop_reply: str = ""
    """The answer to STOP; empty: the built-in text in the word's language."""
    start_reply: str = ""
    """The answer to START."""
    help_reply: str = ""
    """The answer to HELP."""
    keep_days: Days = 0
    """Days after it was delivered that a subscriber's message is deleted; 0: never."""


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
    callbacks: CallbacksSettings = CallbacksSettings()
    inbound: InboundSettings = InboundSettings()
    log: LogSettings = LogSettings()


TABLES: dict[str, type[Struct]] = {
    "gateway": GatewaySettings,
    "database": DatabaseSettings,
    "tls": TlsSettings,
    "http": HttpSettings,
    "messages": MessagesSettings,
    "texts": TextsSettings,
    "callbacks": CallbacksSettings,
    "inbound": InboundSettings,
    "log": LogSettings,
}
"""[name] in the file."""
LISTS: dict[str, type[Struct]] = {"listeners": ListenerSettings, "operators": OperatorSettings}
"""[[name]] in the file."""
