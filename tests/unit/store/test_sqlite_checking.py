"""The state of a database file, and each promise that its rows may break."""

from __future__ import annotations

import fcntl
import sqlite3
from pathlib import Path

import pytest

from habar.errors import NotFound, SchemaMismatch, StoreUnavailable
from habar.store.inspection import SHOWN
from habar.store.sqlite import migrate as module
from habar.store.sqlite.checking import check, status
from habar.store.sqlite.migrate import migrations

NOW = 1_790_000_000_000
ROWS = f"""
INSERT INTO run (started_at, recovered) VALUES ({NOW}, 0);
UPDATE sequence SET next = 1001 WHERE name = 'message';
INSERT INTO account VALUES (1, 'shop', 1, 0, 'S', 10, 5, NULL, NULL, 1, '', 0, 0, '', '', 'UTC',
    'hash', 70, NULL, 0, 0, {NOW}, '', '', 1, ''),
    (2, 'demo', 0, 0, 'S', 10, 5, NULL, NULL, 1, '', 0, 0, '', '', 'UTC', 'hash', 0, 20, 0, 0,
    {NOW}, '', '', 1, '');
INSERT INTO ledger (account_id, at, kind, amount) VALUES (1, {NOW}, 'opening', 100),
    (1, {NOW}, 'charge', -30);
INSERT INTO message (id, account_id, customer_id, protocol, sender, recipient, text, data_coding,
    flash, parts, priority, created_at, due_at, operator_id, stage, state, price, next_at)
VALUES (5, 1, 50, 1, 'S', 77771234567, 'secret', 0, 0, 2, 1, {NOW}, {NOW}, 1, 1, 106, 15, {NOW}),
    (6, 1, 60, 1, 'S', 77771234567, 'secret', 0, 0, 1, 1, {NOW}, {NOW}, 1, 3, 102, 15, {NOW});
INSERT INTO customer_ref VALUES (1, 50, 5), (1, 60, 6);
INSERT INTO part (message_id, part, operator_id, operator_message_id, sent_at)
VALUES (5, 1, 1, 'a', {NOW}), (6, 1, 1, 'b', {NOW});
INSERT INTO inbound VALUES (2, 0, 0, 1, 'A', '8785', '', 'secret', 0, 1, 0, NULL, {NOW}, 0, '', '',
    NULL), (3, 1, 0, 1, '77771234567', '8785', '', 'secret', 0, 1, 0, NULL, {NOW}, 1, '', '', NULL);
INSERT INTO callback (id, account_id, kind, subject, state, at, host, stage, next_at, since)
VALUES (9, 1, 2, 3, 0, {NOW}, '', 0, {NOW}, {NOW});
INSERT INTO inbound_segment (operator_id, sender, short_code, reference, total, generation, part,
    transaction_id, data_coding, octets, header, at)
VALUES (77, 'A', '8785', 1, 2, 0, 1, '', 0, X'00', X'', {NOW});
INSERT INTO opt_out VALUES (1, 77771234567, '8785', 1, {NOW}, 0);
"""
FAULTS = {
    "UPDATE account SET balance = 71 WHERE id = 1": [
        "account 1 (shop): its balance is 71, its ledger adds up to 70 (tiyn)"
    ],
    "UPDATE account SET balance = 1 WHERE id = 2": [
        "account 2 (demo): its balance is 1, its ledger adds up to 0 (tiyn)"
    ],
    "INSERT INTO ledger (account_id, at, kind, amount) VALUES (77, 1, 'top-up', 1)": [
        "ledger row 3: there is no account 77"
    ],
    "UPDATE account SET allowance = -1 WHERE id = 2": [
        "account 2 (demo): below nothing: balance 0 tiyn, allowance -1"
    ],
    "UPDATE customer_ref SET message_id = 6 WHERE customer_id = 50": [
        "customer's id 50 of account 1 points to message 6, which is not its own"
    ],
    "UPDATE customer_ref SET message_id = 7 WHERE customer_id = 50": [
        "customer's id 50 of account 1 points to message 7, which is not its own"
    ],
    "UPDATE customer_ref SET account_id = 2 WHERE customer_id = 50": [
        "customer's id 50 of account 2 points to message 5, which is not its own"
    ],
    f"UPDATE run SET ended_at = {NOW}": ["message 5 is claimed by run 1, which has ended"],
    "DELETE FROM run": ["message 5 is claimed by run none, which has ended"],
    "UPDATE part SET message_id = 8 WHERE message_id = 6": [
        "part 1 of message 8: there is no such message, or it has only 0 parts"
    ],
    "UPDATE part SET part = 2 WHERE message_id = 6": [
        "part 2 of message 6: there is no such message, or it has only 1 parts"
    ],
    "DELETE FROM inbound WHERE id = 3": ["call-back 9: there is no subscriber's message 3"],
    "UPDATE callback SET stage = 2": [
        "subscriber's message 3 waits, and no call-back is open for it"
    ],
    "UPDATE opt_out SET change = 1": [
        "the opt-out of 77771234567 from account 1: its change 1 will be given again"
    ],
    "UPDATE sequence SET next = 6 WHERE name = 'message'": [
        "message 6: its id will be given a second time, the next one is 6"
    ],
}


@pytest.fixture
def sound(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A gateway that died with a message in hand."""
    connection.executescript(ROWS)
    return connection


def findings(path: Path) -> list[str]:
    return [line for finding in check(path).findings for line in finding.told()]


def test_a_sound_file_has_no_findings(path: Path, sound: sqlite3.Connection) -> None:
    assert findings(path) == []
    assert check(path).warnings == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_promise_is_found(path: Path, sound: sqlite3.Connection, fault: str) -> None:
    sound.execute(fault)
    assert findings(path) == FAULTS[fault]


def test_many_findings_are_counted(path: Path, sound: sqlite3.Connection) -> None:
    sound.executemany("INSERT INTO customer_ref VALUES (2, ?, 5)", [(n,) for n in range(50)])
    lines = findings(path)
    assert len(lines) == SHOWN + 1
    assert lines[-1] == "… and 30 more of this kind"


@pytest.mark.parametrize(("place", "octets"), [(0, b"\xff"), (3, b"\x00\x09"), (8, b"\xff" * 99)])
def test_a_damaged_file_is_found(
    path: Path, sound: sqlite3.Connection, place: int, octets: bytes
) -> None:
    """The kind of a page, the number of its cells, and where they are, in turn."""
    sound.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = sound.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'part'").fetchone()
    sound.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096 + place)
        file.write(octets)
    lines = findings(path)
    assert lines
    assert all(line.startswith("the file: ") for line in lines)


def test_one_moment_is_seen(path: Path, sound: sqlite3.Connection) -> None:
    """A transaction that is under way is not seen by half."""
    sound.execute("BEGIN")
    sound.execute("UPDATE account SET balance = balance + 5 WHERE id = 1")
    assert findings(path) == []
    sound.execute("ROLLBACK")


def test_what_there_is(path: Path, sound: sqlite3.Connection) -> None:
    found = status(path)
    contents = found.contents
    assert contents is not None
    assert (found.engine, found.server) == ("SQLite", sqlite3.sqlite_version)
    assert found.schema == found.needed == migrations()[-1][0]
    assert (contents.accounts, contents.messages, contents.oldest_at) == (2, 2, NOW)
    files = [file for file in path.parent.iterdir() if file.name in {"habar.db", "habar.db-wal"}]
    assert contents.size == sum(file.stat().st_size for file in files)
    assert (contents.spans, contents.partitions, contents.alive) == (None, None, ())


def test_a_look_makes_no_lock(path: Path, sound: sqlite3.Connection) -> None:
    status(path)
    check(path)
    assert not Path(f"{path}.lock").exists()


def test_a_gateway_that_runs_is_alive(path: Path, sound: sqlite3.Connection) -> None:
    with Path(f"{path}.lock").open("w") as lock:
        contents = status(path).contents
        assert contents is not None
        assert contents.alive == ()
        fcntl.flock(lock, fcntl.LOCK_EX)
        contents = status(path).contents
        assert contents is not None
        assert len(contents.alive) == 1


def test_an_empty_database(path: Path, connection: sqlite3.Connection) -> None:
    contents = status(path).contents
    assert contents is not None
    assert (contents.messages, contents.oldest_at) == (0, None)
    assert findings(path) == []


def test_a_file_that_is_not_there_is_not_made(path: Path) -> None:
    for look in (status, check):
        with pytest.raises(NotFound):
            look(path)
    assert not path.exists()


def test_another_schema(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version = 1")
    assert (status(path).schema, status(path).contents) == (1, None)
    with pytest.raises(SchemaMismatch, match=module.COMMAND):
        check(path)


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"once upon a time\n" * 100)
    for look in (status, check):
        with pytest.raises(StoreUnavailable):
            look(path)
