"""inbound/rules.py: the rules in memory follow the store's."""

from typing import Any

import pytest

from habar.errors import StoreUnavailable
from habar.inbound import Rules
from habar.store.inbox import CallMethod, Rule

from ...inbound.memory import MemoryInbox

RULE = Rule("8785", 1, method=CallMethod.GET, url="http://example.org/", passwordin="geheim")


def account(rules: Rules) -> int | None:
    owner = rules.owners.choose("8785", "hello")
    return None if owner is None else owner.rule.account_id


async def test_rules_are_read_when_they_have_changed() -> None:
    inbox: Any = MemoryInbox(RULE)
    rules = Rules()
    assert account(rules) is None
    assert await rules.follow(inbox)
    assert account(rules) == 1
    inbox.stored = []
    assert not await rules.follow(inbox)
    assert account(rules) == 1
    inbox.number += 1
    assert await rules.follow(inbox)
    assert account(rules) is None


async def test_a_failed_reading_leaves_the_old_view_and_is_tried_again() -> None:
    inbox: Any = MemoryInbox(RULE)
    rules = Rules()
    await rules.follow(inbox)
    inbox.stored, inbox.number, inbox.down = [], 1, True
    with pytest.raises(StoreUnavailable):
        await rules.follow(inbox)
    assert account(rules) == 1
    inbox.down = False
    assert await rules.follow(inbox)
    assert account(rules) is None


def test_no_password_is_shown() -> None:
    owner = Rules([RULE]).owners.choose("8785", "")
    assert "geheim" not in repr(owner)
