"""What a node may be there for, as `--roles` says it.

Guarantees: a closed list; a word that is none of it is told with those that there are. Knows
nothing of what the roles do.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from habar.config.settings import Settings


class Role(StrEnum):
    """A share of the gateway's work, which a node has or leaves to others."""

    FRONT = "front"
    """The customers' listeners."""
    DISPATCH = "dispatch"
    """Operators' links, what they deliver, and the end of what has waited too long."""
    CALLBACKS = "callbacks"
    """The calls of customers' web services."""


ALL_ROLES = tuple(Role)


class NoSuchRoles(Exception):
    """The roles cannot be had; the text says why, in one sentence."""


def roles_of(text: str) -> tuple[Role, ...]:
    """The roles of a list with commas, in the order of `Role`. Raises NoSuchRoles."""
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in ALL_ROLES:
            there = " and ".join([", ".join(ALL_ROLES[:-1]), ALL_ROLES[-1]])
            raise NoSuchRoles(f"there is no role {word!r}; the roles are {there}")
    return tuple(role for role in Role if role in words)


def check_roles(settings: Settings, roles: Iterable[Role]) -> None:
    """Whether an installation of these settings can have a node of these roles.

    Raises NoSuchRoles.
    """
    roles = tuple(roles)
    missing = [role for role in ALL_ROLES if role not in roles]
    if missing and not settings.database.url:
        raise NoSuchRoles(
            f"a node without the role {missing[0]} needs PostgreSQL ([database] url): on SQLite one"
            " process has all roles"
        )
    if Role.FRONT not in roles and not any(listener.ops for listener in settings.listeners):
        raise NoSuchRoles(
            f"a node without the role {Role.FRONT} needs a listener with ops = true: nobody could"
            " watch it otherwise"
        )
