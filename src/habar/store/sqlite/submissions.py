"""Writes down a batch of submissions: what `model.admission` decides, and nothing else.

Guarantees: what is read (ids used before, funds) and what is written belong to one transaction; an
account is charged by one ledger row a commit. Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from habar.model.account import DuplicateId, Funds
from habar.model.admission import Admission, CustomerKey, admit, as_inserted
from habar.model.message import MESSAGE_COLUMNS, Known, Outcome, Reports, Submission
from habar.model.status import MessageState, Stage
from habar.store.sqlite.ids import Ids
from habar.store.sqlite.sql import QUERIES, insert, slices

_COLUMNS = len(MESSAGE_COLUMNS)


def write_submissions(
    connection: sqlite3.Connection, ids: Ids, submissions: Sequence[Submission]
) -> list[Outcome]:
    """Admit and store; the outcomes in the same order. Raises LookupError for no such account."""
    admission = admit(
        submissions,
        _known(connection, submissions),
        _funds(connection, {submission.account_id for submission in submissions}),
        ids.first_of(len(submissions), connection),
    )
    if admission.accepted:
        _insert(connection, admission)
        _charge(connection, admission)
        ids.used(len(admission.accepted))
    return admission.outcomes


def _known(
    connection: sqlite3.Connection, submissions: Sequence[Submission]
) -> dict[CustomerKey, Known]:
    """The messages that hold the customers' ids of this batch already."""
    asked: defaultdict[int, list[int]] = defaultdict(list)
    for submission in submissions:
        if submission.customer_id is not None and submission.on_duplicate != DuplicateId.ALLOW:
            asked[submission.account_id].append(submission.customer_id)
    known: dict[CustomerKey, Known] = {}
    for account_id, customer_ids in asked.items():
        for statement, values in slices("known_refs", customer_ids):
            for ref, message_id, parts, later, recipient, text in connection.execute(
                statement, (account_id, *values)
            ):
                state = MessageState.SCHEDULED if later else MessageState.ACCEPTED
                known[account_id, ref] = Known(message_id, parts, state, recipient, text)
    return known


def _funds(connection: sqlite3.Connection, account_ids: set[int]) -> dict[int, Funds]:
    funds = {}
    for account_id in account_ids:
        row = connection.execute(QUERIES["funds"], (account_id,)).fetchone()
        if row is None:
            raise LookupError(f"no account {account_id}")
        funds[account_id] = Funds(*row)
    return funds


def _insert(connection: sqlite3.Connection, admission: Admission) -> None:
    insert(
        connection,
        "insert_message",
        [
            (message_id, *as_inserted(submission)[:_COLUMNS], submission.due_at)
            for message_id, submission in admission.accepted
        ],
    )
    own = [
        (found, one.report_url, one.report_host)
        for found, one in admission.accepted
        if one.reports == Reports.OWN
    ]
    if own:
        connection.executemany(QUERIES["insert_report"], own)
    at_once = [(found,) for found, one in admission.accepted if one.stage == Stage.DONE]
    if at_once:
        connection.executemany(QUERIES["complete_at_once"], at_once)
    if admission.refs:
        refs = [(*key, found) for key, found in admission.refs.items()]
        insert(connection, "insert_ref", refs)


def _charge(connection: sqlite3.Connection, admission: Admission) -> None:
    for account_id, charge in admission.charges.items():
        if not charge.messages:
            continue
        after = charge.funds_after()
        connection.execute(
            QUERIES["set_funds"],
            (after.balance, after.allowance, after.day, after.day_used, account_id),
        )
        if charge.price:
            span = (charge.first_id, charge.last_id, charge.messages)
            connection.execute(
                QUERIES["insert_charge"], (account_id, charge.at, -charge.price, *span)
            )
