"""What a message costs an account, in tiyn."""

from __future__ import annotations

from habar.model.account import FREE_SENDERS, Account, AccountKind


def price_of(account: Account, sender: str, parts: int) -> int:
    """The price of a whole message. A test account and the free senders pay nothing."""
    if account.kind is AccountKind.TEST or sender in FREE_SENDERS:
        return 0
    return account.part_price * parts
