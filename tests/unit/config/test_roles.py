"""What `--roles` may say."""

from __future__ import annotations

import pytest

from habar.config import (
    ALL_ROLES,
    DatabaseSettings,
    ListenerSettings,
    NoSuchRoles,
    Role,
    Settings,
    check_roles,
    roles_of,
)

POSTGRESQL = DatabaseSettings(url="postgresql://habar@db/habar")
FRONT, DISPATCH, CALLBACKS = (Role.FRONT,), (Role.DISPATCH,), (Role.CALLBACKS,)


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("front,dispatch,callbacks", ALL_ROLES),
        ("callbacks,dispatch, front", ALL_ROLES),
        ("dispatch, front", FRONT + DISPATCH),
        ("front", FRONT),
        ("callbacks", CALLBACKS),
        (" dispatch ,dispatch", DISPATCH),
    ],
)
def test_a_list_is_read(text: str, roles: tuple[Role, ...]) -> None:
    assert roles_of(text) == roles


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("front,console", "console"),
        ("front,", ""),
        ("", ""),
        ("Front", "Front"),
    ],
)
def test_another_word_is_told_with_those_that_there_are(text: str, word: str) -> None:
    with pytest.raises(NoSuchRoles) as caught:
        roles_of(text)
    assert str(caught.value) == (
        f"there is no role {word!r}; the roles are front, dispatch and callbacks"
    )


@pytest.mark.parametrize(
    ("roles", "name"), [(FRONT, "dispatch"), (DISPATCH, "front"), (FRONT + DISPATCH, "callbacks")]
)
def test_on_sqlite_one_process_has_all(roles: tuple[Role, ...], name: str) -> None:
    check_roles(Settings(), ALL_ROLES)
    with pytest.raises(NoSuchRoles) as caught:
        check_roles(Settings(), roles)
    assert str(caught.value) == (
        f"a node without the role {name} needs PostgreSQL ([database] url): on SQLite one process"
        " has all roles"
    )


def test_a_node_without_customers_must_be_seen_by_somebody() -> None:
    check_roles(Settings(database=POSTGRESQL), DISPATCH)
    unseen = Settings(database=POSTGRESQL, listeners=(ListenerSettings(),))
    check_roles(unseen, FRONT)
    with pytest.raises(NoSuchRoles) as caught:
        check_roles(unseen, DISPATCH)
    assert str(caught.value) == (
        "a node without the role front needs a listener with ops = true: nobody could watch it"
        " otherwise"
    )
