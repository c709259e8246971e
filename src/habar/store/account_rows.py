"""Accounts as rows of the table `account`, in the order of its columns, and back.

Pure: knows no engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habar.errors import InvalidValue
from habar.model.account import (
    Account,
    AccountKind,
    Compat,
    Credentials,
    DuplicateId,
    Funds,
    HttpReply,
    RecipientForm,
    ReportFormat,
    XmlAcceptCode,
)
from habar.model.url import InvalidUrl, host_of
from habar.store.books import AccountRow


def account_row(row: Sequence[Any], senders: frozenset[str], keys: tuple[bytes, ...]) -> AccountRow:
    """`row`: id, login to callback_secret, password_hash, balance, allowance, day, day_used."""
    accept_code, duplicate_id, lenient, recipient, reply, timezone = row[10:16]
    report_url, _, report_format, secret = row[16:20]
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
        report_url=report_url,
        report_format=ReportFormat(report_format),
        callback_secret=secret,
    )
    return AccountRow(Credentials(account, row[20]), Funds(*row[21:25]), keys)


def account_values(account: Account) -> tuple[Any, ...]:
    """The columns of `account` from login to callback_secret. Raises InvalidValue for its URL."""
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
        account.report_url,
        _host(account.report_url),
        account.report_format,
        account.callback_secret,
    )


def _host(url: str) -> str:
    if not url:
        return ""
    try:
        return host_of(url)
    except InvalidUrl as error:
        raise InvalidValue(str(error)) from error
