"""Writes down a batch of submissions: what `model.admission` decides, and nothing else.

Guarantees: the accounts' rows are locked first, in the order of their ids; what is read after that
(ids used before, funds) and what is written belong to one transaction, so that no two nodes accept
the same id or spend the same money. An account is charged by one ledger row a commit. Runs inside
a transaction that its caller holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from habar.model.account import DuplicateId, Funds
from habar.model.admission import Admission, CustomerKey, admit, as_inserted
from habar.model.message import MESSAGE_COLUMNS, Known, Outcome, Reports, Submission
from habar.model.status import MessageState, Stage
from habar.store.postgres.connection import Connection
from habar.store.postgres.ids import Ids
from habar.store.postgres.sql import QUERIES
from habar.store.postgres.texts import pack, unpack

_COLUMNS = len(MESSAGE_COLUMNS)
_CHARGE_COLUMNS = 10
_SENDER, _TEXT = MESSAGE_COLUMNS.index("sender"), MESSAGE_COLUMNS.index("text")


async def write_submissions(
    connection: Connection, ids: Ids, node_id: int, submissions: Sequence[Submission]
) -> list[Outcome]:
    """Admit and store; the outcomes in the same order. Raises LookupError for no such account.

    `ids` must have as many at hand as there are submissions.
    """
    if not submissions:
        return []
    funds = await _funds(connection, sorted({one.account_id for one in submissions}))
    admission = admit(submissions, await _known(connection, submissions), funds, ids.first)
    if admission.accepted:
        await _store(connection, admission, node_id)
        ids.used(len(admission.accepted))
    return admission.outcomes


async def _funds(connection: Connection, account_ids: list[int]) -> dict[int, Funds]:
    rows = await connection.fetch(QUERIES["funds"], account_ids)
    if len(rows) < len(account_ids):
        raise LookupError("no such account")
    return {account_id: Funds(*funds) for account_id, *funds in rows}


async def _known(
    connection: Connection, submissions: Sequence[Submission]
) -> dict[CustomerKey, Known]:
    """The messages that hold the customers' ids of this batch already."""
    asked = {
        (one.account_id, one.customer_id)
        for one in submissions
        if one.customer_id is not None and one.on_duplicate != DuplicateId.ALLOW
    }
    if not asked:
        return {}
    account_ids, customer_ids = zip(*asked, strict=True)
    refs = await connection.fetch(QUERIES["known_refs"], account_ids, customer_ids)
    if not refs:  # as a rule; then no partition of messages is asked
        return {}
    message_ids = sorted({row[2] for row in refs})
    rows = await connection.fetch(QUERIES["known_messages"], message_ids)
    messages = {row[0]: _known_message(*row) for row in rows}
    return {
        (account_id, customer_id): messages[message_id]
        for account_id, customer_id, message_id in refs
        if message_id in messages
    }


def _known_message(message_id: int, parts: int, later: bool, recipient: int, text: str) -> Known:
    state = MessageState.SCHEDULED if later else MessageState.ACCEPTED
    return Known(message_id, parts, state, recipient, unpack(text))


async def _store(connection: Connection, admission: Admission, node_id: int) -> None:
    """One statement, as a rule: each costs the batch a journey to the server."""
    rows = [as_inserted(one)[:_COLUMNS] for _, one in admission.accepted]
    columns = list(zip(*rows, strict=True))
    for place in (_SENDER, _TEXT):
        columns[place] = tuple(map(pack, columns[place]))
    message_ids = [message_id for message_id, _ in admission.accepted]
    account_ids = [account_id for account_id, _ in admission.refs]
    customer_ids = [customer_id for _, customer_id in admission.refs]
    refs = (account_ids, customer_ids, list(admission.refs.values()))
    values = (message_ids, *columns, node_id, *refs, *_charges(admission), *_own_reports(admission))
    await connection.execute(QUERIES["store_submissions"], *values)
    at_once = [found for found, one in admission.accepted if one.stage == Stage.DONE]
    if at_once:
        await connection.execute(QUERIES["complete_at_once"], at_once)


def _own_reports(admission: Admission) -> Sequence[Sequence[int | str]]:
    """The columns of the messages that came with a URL of their own."""
    rows = [
        (message_id, pack(one.report_url), one.report_host)
        for message_id, one in admission.accepted
        if one.reports == Reports.OWN
    ]
    return list(zip(*rows, strict=True)) or [()] * 3


def _charges(admission: Admission) -> Sequence[Sequence[int | None]]:
    """The columns of what each account has after this, and what it paid."""
    rows: list[tuple[int | None, ...]] = []
    for account_id, charge in admission.charges.items():
        if charge.messages:
            after = charge.funds_after()
            span = (charge.first_id, charge.last_id, charge.messages)
            rows.append((account_id, *_in_order(after), charge.at, charge.price, *span))
    return list(zip(*rows, strict=True)) or [()] * _CHARGE_COLUMNS


def _in_order(funds: Funds) -> tuple[int, int | None, int, int]:
    return funds.balance, funds.allowance, funds.day, funds.day_used
