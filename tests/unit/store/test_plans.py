"""How SQLite finds rows: by an index, in order, at any size of the queue."""

from __future__ import annotations

import sqlite3

import pytest

from habar.store.sqlite.sql import NETWORK, QUERIES

BY_INDEX = {
    "due_messages": "message_queue (operator_id=? AND priority=? AND account_id=? AND next_at<?)",
    "next_account": "message_queue (operator_id=? AND priority=? AND account_id>?)",
    "next_priority": "message_queue (operator_id=? AND priority>?)",
    "past_validity": "message_expiry (expires_at",
    "past_patience": "message_age (stage=? AND due_at<?)",
    "known_refs": "PRIMARY KEY (account_id=? AND customer_id=?)",
    "status_by_ref": "PRIMARY KEY (account_id=? AND customer_id=?)",
    "status_by_id": "INTEGER PRIMARY KEY (rowid=?)",
    "parts_by_keys": "part_operator_key (operator_key=?)",
    "parts_by_key": "part_operator_key (operator_key=? AND operator_id=?)",
    "part_by_number": "PRIMARY KEY (message_id=? AND part=?)",
    "sent_parts": "PRIMARY KEY (message_id=?)",
    "parked_receipts": "PRIMARY KEY (operator_key=?)",
    "held_messages": "message_held (operator_id=? AND uncertain_at<?)",
    "held_of": "message_held (operator_id=?",
    "queued_of_account": "message_queue (operator_id=? AND priority=? AND account_id=? AND next_at",
    "move": "INTEGER PRIMARY KEY (rowid=?)",
    "past_awaiting": "message_awaited (next_at<?)",
    "parts_of_messages": "PRIMARY KEY (message_id=?)",
    "await_on": "INTEGER PRIMARY KEY (rowid=?)",
    "sent_to": "INTEGER PRIMARY KEY (rowid=?)",
    "sent_parts_to": "PRIMARY KEY (message_id=?)",
    "part_operator": "PRIMARY KEY (message_id=? AND part=?)",
    "board": "INTEGER PRIMARY KEY (rowid=?)",
    "hold": "INTEGER PRIMARY KEY (rowid=?)",
    "postpone": "INTEGER PRIMARY KEY (rowid=?)",
    "mark_sent": "INTEGER PRIMARY KEY (rowid=?)",
    "recover_boarded": "message_claimed (stage=?)",
    "recover_claimed": "message_claimed (stage=?)",
    "release_claimed": "message_claimed (stage=?)",
    "count_waiting": "COVERING INDEX message_age (stage=?)",
    "count_claimed": "COVERING INDEX message_claimed (stage=?)",
    "finish": "INTEGER PRIMARY KEY (rowid=?)",
    "ledger_sum": "COVERING INDEX ledger_account (account_id=?)",
    "unpark_receipt": "INTEGER PRIMARY KEY (rowid=?)",
    "delete_messages": "message USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    "delete_parts": "PRIMARY KEY (message_id=?)",
    "delete_ref": "PRIMARY KEY (account_id=? AND customer_id=?)",
    "delete_receipts": "receipt_unmatched USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    "blank_texts": "message USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    "blank_kept_texts": "text_kept USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    "keep_texts": "message USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    "forget_kept_texts": "text_kept USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    "operator": "operator USING INDEX sqlite_autoindex_operator_1 (name=?)",
    "waits_for_operator": "message_queue (operator_id=?)",
    "route_of_operator": "COVERING INDEX route_target_operator (operator_id=?)",
    "delete_range": "PRIMARY KEY (prefix=?)",
    "ported": "INTEGER PRIMARY KEY (rowid>?)",
    "drop_ported": "INTEGER PRIMARY KEY (rowid=?)",
    "version": "PRIMARY KEY (name=?)",
    "changed": "PRIMARY KEY (name=?)",
    "delete_report": "PRIMARY KEY (node=? AND operator_id=? AND number=?)",
}


@pytest.mark.parametrize("name", BY_INDEX)
def test_nothing_is_searched_by_reading_it_all(connection: sqlite3.Connection, name: str) -> None:
    text = {**QUERIES, **NETWORK}[name].replace("(:list)", "(?)")
    rows = connection.execute("EXPLAIN QUERY PLAN " + text, [None] * text.count("?"))
    plan = "\n".join(row[3] for row in rows)
    assert BY_INDEX[name] in plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "")


def test_ported_numbers_are_cleared_from_the_lowest_on(connection: sqlite3.Connection) -> None:
    rows = connection.execute("EXPLAIN QUERY PLAN " + NETWORK["clear_ported"], [None])
    plan = [row[3] for row in rows]
    assert plan[0] == "SEARCH ported_number USING INTEGER PRIMARY KEY (rowid<?)"
    assert "SCAN ported_number" in plan  # in order, up to the limit
    assert not [line for line in plan if "TEMP B-TREE" in line]


def test_a_finished_message_is_in_no_index_of_the_queue(connection: sqlite3.Connection) -> None:
    rows = [
        (n, 1, None, 1, "S", 1, "t", 0, 0, 1, 1, 0, 0, 5, 1, stage, 106, 0, 0, 0)
        for n, stage in enumerate([0, 1, 2, 3, 4, 5], 1)
    ]
    connection.executemany(QUERIES["insert_message"], rows)

    def entries(index: str, where: str) -> int:
        count: int = connection.execute(
            f"SELECT count(*) FROM message INDEXED BY {index} WHERE {where}"
        ).fetchone()[0]
        return count

    assert entries("message_queue", "stage = 0") == 1
    assert entries("message_claimed", "stage IN (1, 4)") == 2
    assert entries("message_awaited", "stage = 2") == 1
    assert entries("message_held", "stage = 5") == 1
    assert entries("message_age", "stage = 0") == 1
    assert entries("message_expiry", "stage = 0 AND expires_at IS NOT NULL") == 1
