"""Whose the sandbox's short code is: demo's once, and then whosoever staff say."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from habar.app.sandbox_inbound import short_code
from habar.errors import Conflict
from habar.store.inbox import CallMethod, Rule

URL = "http://127.0.0.1:40001/thank-you"
NEXT = "http://127.0.0.1:40002/thank-you"
NOW = 1_760_000_000_000


class Rules:
    """The store's rules, as `Inbox` has them."""

    def __init__(self) -> None:
        self.kept: list[Rule] = []
        self.changes = 0

    async def rules(self) -> list[Rule]:
        return list(self.kept)

    async def version(self) -> int:
        return 1 + self.changes

    async def add_rule(self, rule: Rule, *, actor: str, now: int) -> int:
        if any((one.code, one.keyword) == (rule.code, rule.keyword) for one in self.kept):
            raise Conflict("owned")
        self.changes += 1
        self.kept.append(dataclasses.replace(rule, id=self.changes))
        return self.changes

    async def change_rule(self, rule: Rule, *, actor: str, now: int) -> None:
        self.changes += 1
        self.kept = [rule if one.id == rule.id else one for one in self.kept]


class Books:
    async def account(self, login: str) -> Any:
        assert login == "demo"
        return SimpleNamespace(credentials=SimpleNamespace(account=SimpleNamespace(id=7)))


@pytest.fixture
def rules() -> Rules:
    return Rules()


async def start(rules: Any, url: str) -> None:
    books: Any = Books()
    await short_code(rules, books, url, lambda: NOW)


async def test_a_new_database_gives_it_to_demo(rules: Rules) -> None:
    await start(rules, URL)
    [rule] = rules.kept
    assert (rule.code, rule.keyword, rule.account_id) == ("8785", "", 7)
    assert (rule.method, rule.url) == (CallMethod.GET, URL)
    assert (rule.userin, rule.passwordin, rule.created_at) == ("sandbox", "sandbox", NOW)


async def test_the_next_start_finds_the_service_at_its_new_port(rules: Rules) -> None:
    await start(rules, URL)
    [before] = rules.kept
    await start(rules, NEXT)
    assert rules.kept == [dataclasses.replace(before, url=NEXT)]
    changes = rules.changes
    await start(rules, NEXT)
    assert rules.changes == changes


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/", "http://localhost:40001/thank-you", URL + "/mine", ""]
)
async def test_one_that_was_pointed_elsewhere_stays(rules: Rules, url: str) -> None:
    await start(rules, URL)
    changed = dataclasses.replace(rules.kept[0], url=url)
    rules.kept = [changed]
    await start(rules, NEXT)
    assert rules.kept == [changed]


async def test_one_that_was_removed_stays_away(rules: Rules) -> None:
    await start(rules, URL)
    rules.kept.clear()
    await start(rules, NEXT)
    assert rules.kept == []


async def test_a_keyword_of_anothers_is_left_alone(rules: Rules) -> None:
    await start(rules, URL)
    mine = Rule("8785", 9, "game", CallMethod.GET, URL, id=5)
    rules.kept.append(mine)
    await start(rules, NEXT)
    assert [rule.url for rule in rules.kept] == [NEXT, URL]


async def test_who_was_quicker_keeps_it(rules: Rules) -> None:
    class Late(Rules):
        async def add_rule(self, rule: Rule, *, actor: str, now: int) -> int:
            raise Conflict("owned")

    late = Late()
    await start(late, URL)
    assert late.kept == []
