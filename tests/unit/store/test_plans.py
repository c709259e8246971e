"""How SQLite finds rows: by an index, in order, at any size of the queue."""

from __future__ import annotations

import re
import sqlite3

import pytest

from habar.store.call_rows import conditions
from habar.store.callbacks import CallFilter, CallStage, CallTried, ClaimCalls
from habar.store.sqlite.callbacks import listing
from habar.store.sqlite.calls import claim_calls, write_tries
from habar.store.sqlite.sql import CALLBACKS, INBOX, NETWORK, QUERIES

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
    "due_calls": "callback_queue (host=? AND next_at<?)",
    "call": "INTEGER PRIMARY KEY (rowid=?)",
    "told_messages": "INTEGER PRIMARY KEY (rowid=?)",
    "told_parts": "PRIMARY KEY (message_id=?)",
    "told_accounts": "INTEGER PRIMARY KEY (rowid=?)",
    "told_inbound": "message_reply (reply_to=?)",
    "claim_call": "INTEGER PRIMARY KEY (rowid=?)",
    "claimed_calls": "INTEGER PRIMARY KEY (rowid=?)",
    "settle_call": "INTEGER PRIMARY KEY (rowid=?)",
    "let_next_wait": "callback_subject (kind=? AND subject=?)",
    "old_calls": "callback_since (since<?)",
    "long_blocked": "callback_blocked (next_at<?)",
    "unblock": "callback_subject (kind=? AND subject=?)",
    "release_claimed_calls": "callback_claimed (stage=?)",
    "tries": "PRIMARY KEY (callback_id=?)",
    "delete_ended_calls": "callback_ended (ended_at>? AND ended_at<?)",
    "delete_calls_of_message": "callback_subject (kind=? AND subject=?)",
    "delete_report": "PRIMARY KEY (node=? AND operator_id=? AND number=?)",
}


@pytest.mark.parametrize("name", BY_INDEX)
def test_nothing_is_searched_by_reading_it_all(connection: sqlite3.Connection, name: str) -> None:
    text = {**QUERIES, **NETWORK, **CALLBACKS}[name].replace("(:list)", "(?)")
    rows = connection.execute("EXPLAIN QUERY PLAN " + text, [None] * text.count("?"))
    plan = "\n".join(row[3] for row in rows)
    assert BY_INDEX[name] in plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "")


SEGMENT = "operator_id=? AND sender=? AND short_code=? AND reference=? AND total=?"
OF_INBOX = {
    "known_parts": f"PRIMARY KEY ({SEGMENT} AND generation>?)",
    "complete_groups": "inbound_segment_due (mark=?)",
    "overdue_groups": "inbound_segment_due (mark=? AND at<?)",
    "parts_of_group": f"PRIMARY KEY ({SEGMENT} AND generation=?)",
    "join_group": f"PRIMARY KEY ({SEGMENT} AND generation=?)",
    "old_segments": "inbound_segment_age (joined=? AND at<?)",
    "delete_segment": f"PRIMARY KEY ({SEGMENT} AND generation=? AND part=?)",
    "note_inbound": "INTEGER PRIMARY KEY (rowid=?)",
    "assign_inbound": "INTEGER PRIMARY KEY (rowid=?)",
    "ids_of_all": "INTEGER PRIMARY KEY (rowid<?)",
    "ids_of_account": "inbound_account (account_id=? AND id<?)",
    "ids_of_code": "inbound_code (short_code=? AND id<?)",
    "ids_of_state": "inbound_open (state=? AND id<?)",
    "ids_of_account_in_state": "inbound_owed (account_id=? AND state=? AND id<?)",
    "inbound_row": "inbound USING INTEGER PRIMARY KEY (rowid=?)",
    "calls_of_inbound": "callback_subject (kind=? AND subject=?)",
    "answers_to": "message_reply (reply_to=?)",
    "count_inbound": "COVERING INDEX inbound_open (state=?)",
    "count_segments": "COVERING INDEX inbound_segment_age (joined=?)",
    "forget_calls": "callback_subject (kind=? AND subject=?)",
    "rule": "INTEGER PRIMARY KEY (rowid=?)",
    "move_owed": "callback_queue (host=?)",
    "opt_outs": "opt_out_change (change>?)",
    "opted_out_of": "opt_out_active (account_id=?)",
    "next_number": "PRIMARY KEY (name=?)",
}


@pytest.mark.parametrize("name", OF_INBOX)
def test_nothing_of_subscribers_is_read_from_end_to_end(
    connection: sqlite3.Connection, name: str
) -> None:
    plan = plan_of(connection, name)
    assert OF_INBOX[name] in plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN" not in plan


def test_what_has_ended_is_found_by_its_age(connection: sqlite3.Connection) -> None:
    plan = plan_of(connection, "tidy_inbound")
    assert "inbound_ended (<expr><?)" in plan
    assert "inbound USING INTEGER PRIMARY KEY (rowid=?)" in plan
    assert "callback_subject (kind=? AND subject=?)" in plan
    assert "SCAN" not in plan


def test_rules_and_opt_outs_are_read_in_order(connection: sqlite3.Connection) -> None:
    for name in ("rules", "opted_out"):
        assert "TEMP B-TREE" not in plan_of(connection, name)


def plan_of(connection: sqlite3.Connection, name: str) -> str:
    text = INBOX[name]
    values: object = [None] * text.count("?")
    if not values:
        values = dict.fromkeys(re.findall(r":([a-z_]+)", text), 1)
    rows = connection.execute("EXPLAIN QUERY PLAN " + text, values)  # type: ignore[arg-type]
    return "\n".join(row[3] for row in rows)


def test_ported_numbers_are_cleared_from_the_lowest_on(connection: sqlite3.Connection) -> None:
    rows = connection.execute("EXPLAIN QUERY PLAN " + NETWORK["clear_ported"], [None])
    plan = [row[3] for row in rows]
    assert plan[0] == "SEARCH ported_number USING INTEGER PRIMARY KEY (rowid<?)"
    assert "SCAN ported_number" in plan  # in order, up to the limit
    assert not [line for line in plan if "TEMP B-TREE" in line]


def test_a_finished_message_is_in_no_index_of_the_queue(connection: sqlite3.Connection) -> None:
    rows = [
        (n, 1, None, 1, "S", 1, "t", 0, 0, 1, 1, 0, 0, 5, 1, stage, 106, 0, 0, 0, 0, 0)
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


def owe(connection: sqlite3.Connection, hosts: dict[str, int]) -> None:
    """So many obligations for each host; of messages 1, 2, …"""
    connection.execute("BEGIN")
    number = 0
    for host, count in hosts.items():
        rows = [(number + n, host, n, n, n) for n in range(1, count + 1)]
        number += count
        connection.executemany(
            "INSERT INTO callback (account_id, kind, subject, state, at, host, stage, next_at,"
            " since) VALUES (1, 1, ?, 101, ?3, ?2, 0, ?4, ?5)",
            rows,
        )
    connection.execute("COMMIT")


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (CallFilter(subject=5), "callback_subject (kind=? AND subject=?"),
        (CallFilter(account_id=5), "callback_account (account_id=?"),
        (CallFilter(stage=CallStage.GIVEN_UP), "callback"),
        (CallFilter(), "SCAN callback"),
    ],
)
def test_lists_are_read_no_further_than_they_go(
    connection: sqlite3.Connection, wanted: CallFilter, index: str
) -> None:
    told = conditions(wanted, before_id=None)
    text = listing([words for words, _ in told])
    values = [*(value for _, value in told), 50]
    plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + text, values)]
    assert index in plan[0]
    in_order = wanted.subject is None  # of one subject there are a few
    assert in_order == (not [line for line in plan if "TEMP B-TREE" in line])


def steps_of(connection: sqlite3.Connection, name: str, *values: object) -> int:
    """What SQLite had to do for a statement."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(step, 1)
    connection.execute(CALLBACKS[name], values).fetchall()
    connection.set_progress_handler(None, 1)
    return count


def test_hosts_and_claims_are_as_quick_with_a_hundred_thousand_as_with_one(
    connection: sqlite3.Connection,
) -> None:
    owe(connection, {"http://a:80": 1, "http://b:80": 1})
    few = (
        steps_of(connection, "hosts", "", 9),
        steps_of(connection, "due_calls", "http://b:80", 9, 1),
    )
    connection.execute("DELETE FROM callback")
    owe(connection, {"http://a:80": 100_000, "http://b:80": 1})
    many = (
        steps_of(connection, "hosts", "", 9),
        steps_of(connection, "due_calls", "http://b:80", 9, 1),
    )
    assert many == few
    assert connection.execute(CALLBACKS["hosts"], ("", 9)).fetchall() == [
        ("http://a:80", 1, 1, 0, 0, 0, ""),
        ("http://b:80", 1, 1, 0, 0, 0, ""),
    ]


def test_an_obligation_that_ended_is_in_no_index_of_the_queue(
    connection: sqlite3.Connection,
) -> None:
    connection.execute("INSERT INTO message_report VALUES (1, 'http://a/', 'http://a:80')")
    message = (1, 1, None, 1, "S", 1, "t", 0, 0, 1, 1, 0, 0, 5, 1, 1, 106, 0, 0, 1, 0, 0)
    connection.execute(QUERIES["insert_message"], message)
    connection.execute(QUERIES["mark_sent"], (9, 1))
    indexes = {"callback_queue": 0, "callback_since": 0, "callback_claimed": 1}

    def entries() -> dict[str, int]:
        return {
            index: connection.execute(
                f"SELECT count(*) FROM callback INDEXED BY {index} WHERE stage = {stage}"
            ).fetchone()[0]
            for index, stage in indexes.items()
        }

    assert entries() == {"callback_queue": 1, "callback_since": 1, "callback_claimed": 0}
    [call] = claim_calls(connection, ClaimCalls("http://a:80", 5, 9))
    assert entries() == {"callback_queue": 0, "callback_since": 0, "callback_claimed": 1}
    write_tries(connection, [CallTried(call.id, 9, 1, 200, "", "", CallStage.DONE, 0)])
    assert entries() == dict.fromkeys(indexes, 0)
