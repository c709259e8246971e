"""The settings: a TOML file, `HABAR_*` of the environment over it, every fault told at once.

Guarantees: what `load` returns is complete and of the right types; unknown names are faults, not
surprises; no secret shows in a repr or in a fault. Knows the settings and the files they name:
whether a port is free or an operator answers is found out by the parts that use them.
"""

from habar.config.certificates import client_context
from habar.config.effective import (
    Origin,
    check,
    effective,
    from_json,
    origins,
    own_settings,
    parse,
    setting_names,
    to_json,
)
from habar.config.environment import OTHER_VARIABLES, PREFIX
from habar.config.fields import ConfigError, Unfit
from habar.config.operator import PATHS, SECRETS, GroupSettings, OperatorSettings
from habar.config.passwords import cautions, password_of
from habar.config.profiles import Profile, profile, profiles
from habar.config.reading import build, load
from habar.config.roles import ALL_ROLES, NoSuchRoles, Role, check_roles, roles_of
from habar.config.settings import (
    LISTS,
    TABLES,
    CallbacksSettings,
    DatabaseSettings,
    GatewaySettings,
    HttpSettings,
    InboundSettings,
    ListenerSettings,
    LogSettings,
    MessagesSettings,
    Settings,
    TextsSettings,
    TlsSettings,
)
from habar.config.spelling import bind_counts, code_number, state_number
from habar.config.types import address

__all__ = [
    "load",
    "build",
    "cautions",
    "ConfigError",
    "Settings",
    "GatewaySettings",
    "CallbacksSettings",
    "DatabaseSettings",
    "ListenerSettings",
    "TlsSettings",
    "HttpSettings",
    "InboundSettings",
    "OperatorSettings",
    "GroupSettings",
    "LogSettings",
    "MessagesSettings",
    "TextsSettings",
    "Role",
    "ALL_ROLES",
    "NoSuchRoles",
    "roles_of",
    "check_roles",
    "Profile",
    "profile",
    "profiles",
    "effective",
    "check",
    "own_settings",
    "origins",
    "Origin",
    "to_json",
    "parse",
    "setting_names",
    "from_json",
    "password_of",
    "client_context",
    "bind_counts",
    "code_number",
    "state_number",
    "Unfit",
    "SECRETS",
    "PATHS",
    "TABLES",
    "LISTS",
    "PREFIX",
    "OTHER_VARIABLES",
    "address",
]
