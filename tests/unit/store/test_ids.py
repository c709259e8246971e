"""The sequence of message ids."""

from __future__ import annotations

import sqlite3

from habar.store.sqlite.ids import BLOCK, Ids


def stored(connection: sqlite3.Connection) -> int:
    number: int = connection.execute("SELECT next FROM sequence WHERE name = 'message'").fetchone()[
        0
    ]
    return number


def take(ids: Ids, count: int, connection: sqlite3.Connection) -> int:
    first = ids.first_of(count, connection)
    ids.used(count)
    return first


def test_ids_follow_each_other(connection: sqlite3.Connection) -> None:
    ids = Ids(connection)
    assert [take(ids, count, connection) for count in (1, 3, 2)] == [1, 2, 5]


def test_the_database_is_asked_once_a_block(connection: sqlite3.Connection) -> None:
    ids = Ids(connection)
    take(ids, 1, connection)
    assert stored(connection) == 1 + 1 + BLOCK
    changes = connection.total_changes
    for _ in range(BLOCK):
        take(ids, 1, connection)
    assert connection.total_changes == changes
    take(ids, 1, connection)
    assert connection.total_changes == changes + 1


def test_an_id_is_reserved_before_it_is_given(connection: sqlite3.Connection) -> None:
    ids = Ids(connection)
    for count in (1, 999, 5, 5000, 1):
        assert take(ids, count, connection) + count <= stored(connection)


def test_what_is_not_used_is_given_next_time(connection: sqlite3.Connection) -> None:
    ids = Ids(connection)
    ids.first_of(10, connection)
    ids.used(4)
    assert ids.first_of(1, connection) == 5


def test_a_rolled_back_block_is_reserved_again(connection: sqlite3.Connection) -> None:
    ids = Ids(connection)
    mark = ids.mark
    connection.execute("BEGIN")
    take(ids, 5, connection)
    connection.execute("ROLLBACK")
    ids.restore(mark)
    assert stored(connection) == 1
    assert take(ids, 5, connection) == 1
    assert stored(connection) == 6 + BLOCK


def test_a_death_skips_what_is_left_of_the_block(connection: sqlite3.Connection) -> None:
    take(Ids(connection), 5, connection)
    assert take(Ids(connection), 1, connection) == 6 + BLOCK


def test_a_clean_stop_skips_nothing(connection: sqlite3.Connection) -> None:
    ids = Ids(connection)
    take(ids, 5, connection)
    ids.give_back(connection)
    assert take(Ids(connection), 1, connection) == 6
