"""The settings: a TOML file, `HABAR_*` of the environment over it, every fault told at once.

Guarantees: what `load` returns is complete and of the right types; unknown names are faults, not
surprises; no secret shows in a repr or in a fault. Knows the settings and the files they name:
whether a port is free or an operator answers is found out by the parts that use them.
"""

from habar.config.environment import OTHER_VARIABLES, PREFIX
from habar.config.passwords import cautions
from habar.config.reading import ConfigError, build, load
from habar.config.roles import ALL_ROLES, NoSuchRoles, Role, check_roles, roles_of
from habar.config.settings import (
    LISTS,
    TABLES,
    DatabaseSettings,
    GatewaySettings,
    HttpSettings,
    ListenerSettings,
    LogSettings,
    MessagesSettings,
    OperatorSettings,
    Settings,
    TextsSettings,
    TlsSettings,
    address,
)

__all__ = [
    "load",
    "build",
    "cautions",
    "ConfigError",
    "Settings",
    "GatewaySettings",
    "DatabaseSettings",
    "ListenerSettings",
    "TlsSettings",
    "HttpSettings",
    "OperatorSettings",
    "LogSettings",
    "MessagesSettings",
    "TextsSettings",
    "Role",
    "ALL_ROLES",
    "NoSuchRoles",
    "roles_of",
    "check_roles",
    "TABLES",
    "LISTS",
    "PREFIX",
    "OTHER_VARIABLES",
    "address",
]
