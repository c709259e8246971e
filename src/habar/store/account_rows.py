"""Accounts as rows of the table `account`, in the order of its columns, and back.

Pure: knows no engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habar.model.account import (
    Account,
    AccountKind,
    Compat,
    Credentials,
    DuplicateId,
    Funds,
    HttpReply,
    RecipientForm,
    XmlAcceptCode,
)
from habar.store.port import AccountRow


def account_row(row: Sequence[Any], senders: frozenset[str], keys: tuple[bytes, ...]) -> AccountRow:
    """`row`: id, login to timezone, password_hash, balance, allowance, day, day_used."""
    accept_code, duplicate_id, lenient, recipient, reply, timezone = row[10:16]
    account = Account(
        id=row[0],
        login=row[1],
        kind=AccountKind(row[2]),
        blocked=bool(row[3]),
        default_sender=row[4],
        max_parts=row[5],
        part_price=row[6],
        daily_limit=row[7],
        rate_limit=row[8],
        priority=row[9],
        compat=Compat(
            xml_accept_code=XmlAcceptCode(accept_code),
            duplicate_id=DuplicateId(duplicate_id),
            xml_lenient=bool(lenient),
            recipient=RecipientForm(recipient),
            http_reply=HttpReply(reply),
            timezone=timezone,
        ),
        senders=senders,
    )
    return AccountRow(Credentials(account, row[16]), Funds(*row[17:21]), keys)


def account_values(account: Account) -> tuple[Any, ...]:
    """The columns of `account` from login to timezone."""
    compat = account.compat
    return (
        account.login,
        account.kind,
        account.blocked,
        account.default_sender,
        account.max_parts,
        account.part_price,
        account.daily_limit,
        account.rate_limit,
        account.priority,
        compat.xml_accept_code.value,
        compat.duplicate_id,
        compat.xml_lenient,
        compat.recipient.value,
        compat.http_reply.value,
        compat.timezone,
    )
