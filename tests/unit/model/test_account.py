"""Accounts: what is true of one that nothing was said of, and what never shows."""

from __future__ import annotations

from habar.model.account import (
    FREE_SENDERS,
    PUBLIC_SENDERS,
    Account,
    AccountKind,
    Compat,
    Credentials,
    DuplicateId,
    HttpReply,
    RecipientForm,
    XmlAcceptCode,
)
from habar.model.price import price_of

FULL = Account(1, "shop", AccountKind.FULL, part_price=1_200)


def test_an_account_begins_as_the_documentation_says() -> None:
    account = Account(1, "demo", AccountKind.TEST)
    assert (account.blocked, account.default_sender, account.max_parts) == (False, "TEXT_MSG", 10)
    assert (account.daily_limit, account.rate_limit, account.priority) == (None, None, 1)
    assert account.senders == frozenset(PUBLIC_SENDERS) == {"TEXT_MSG", "INFO_KAZ"}
    assert account.compat == Compat(
        XmlAcceptCode.DOCUMENTED,
        DuplicateId.REJECT,
        False,
        RecipientForm.STRICT,
        HttpReply.SUPERSET,
        "Asia/Almaty",
    )


def test_no_hash_shows_in_a_repr() -> None:
    assert "$argon2id$" not in repr(Credentials(FULL, "$argon2id$v=19$secret"))


def test_a_message_costs_by_the_part() -> None:
    assert price_of(FULL, "SHOP", 3) == 3_600


def test_a_test_account_and_the_free_sender_cost_nothing() -> None:
    test = Account(2, "demo", AccountKind.TEST, part_price=1_200)
    assert price_of(test, "TEXT_MSG", 3) == 0
    assert [price_of(FULL, sender, 3) for sender in FREE_SENDERS] == [0]
    assert frozenset(PUBLIC_SENDERS) > FREE_SENDERS
