"""Short codes and keywords as staff give them to accounts."""

from __future__ import annotations

import pytest

from habar.admin.shortcodes import ShortCodeRules, Wanted, read_code, read_keyword
from habar.errors import Conflict, InvalidValue, NotFound
from habar.store.inbox import CallMethod

from .conftest import ACTOR, NOW

URL = "http://acme.example/in"


@pytest.fixture
def rules(inbox, books, shop):
    return ShortCodeRules(inbox, books, actor=ACTOR, now=lambda: NOW)


async def test_a_short_code_without_more_is_an_inbox(rules, inbox):
    view = await rules.add("+8785", "", "acme", Wanted())
    assert (view.code, view.keyword, view.account) == ("8785", "", "acme")
    assert view.method is CallMethod.NONE
    assert inbox.writes == [("add", ACTOR, NOW)]
    assert inbox.owned[0].account_id == 1


async def test_a_keyword_is_kept_folded_and_found_however_it_is_written(rules, inbox):
    await rules.add("8785", " ҚАЛЫҢ ", "acme", Wanted(url=URL))
    assert inbox.owned[0].keyword == "қалың"
    assert (await rules.show("+8785", "Қалың")).method is CallMethod.GET


async def test_a_web_service_with_its_credentials(rules, inbox):
    wanted = Wanted(url=URL, method="post", userin="gw", passwordin="s3cret")
    view = await rules.add("8785", "", "acme", wanted)
    assert (view.method, view.userin, view.has_password) == (CallMethod.POST, "gw", True)
    assert inbox.owned[0].passwordin == "s3cret"
    assert "s3cret" not in repr((view, wanted, inbox.owned))


async def test_calls_in_json_need_a_secret(rules):
    wanted = Wanted(url=URL, method="json")
    assert (await rules.add("8785", "a", "acme", wanted)).method is CallMethod.JSON
    with pytest.raises(InvalidValue, match="habar account set shop --callback-secret"):
        await rules.add("8785", "b", "shop", wanted)
    with pytest.raises(InvalidValue, match="are signed"):
        await rules.set("8785", "a", Wanted(account="shop", url=URL, method="json"))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(url="ftp://acme.example"), "url: the URL begins neither"),
        (Wanted(url="http://a:b@acme.example"), "url: the URL has a user name"),
        (Wanted(url=URL, reply="Thanks"), "exclude one another"),
        (Wanted(reply="x" * 161), "reply: longer than one SMS"),
        (Wanted(reply="ж" * 71), "reply: longer than one SMS"),
        (Wanted(reply="\x1b[2J"), "reply: it has signs"),
        (Wanted(reply="\ud800"), "reply: "),
        (Wanted(method="get"), "method: there is no web service"),
        (Wanted(reply="Thanks", method="post"), "method: there is no web service"),
        (Wanted(url=URL, method="put"), "method: 'put' is none of: get, post, json"),
        (Wanted(userin="gw"), "userin and passwordin are for a web service"),
        (Wanted(passwordin="x"), "userin and passwordin are for a web service"),
        (Wanted(url=URL, userin="x" * 256), "userin: one line"),
        (Wanted(url=URL, passwordin="x" * 1025), "passwordin: longer"),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_written(rules, inbox, wanted, words):
    with pytest.raises(InvalidValue, match=words):
        await rules.add("8785", "", "acme", wanted)
    assert inbox.writes == []


@pytest.mark.parametrize("reply", ["x" * 160, "ж" * 70, "One\ntwo"])
async def test_a_reply_of_one_sms(rules, reply):
    view = await rules.add("8785", "", "acme", Wanted(reply=reply))
    assert (view.method, view.reply) == (CallMethod.AUTO, reply)


class TestChanging:
    async def test_what_is_not_said_stays(self, rules, inbox):
        wanted = Wanted(url=URL, method="post", userin="gw", passwordin="s3cret")
        await rules.add("8785", "", "acme", wanted)
        view = await rules.set("8785", "", Wanted(url="https://acme.example/new"))
        assert (view.method, view.userin, view.has_password) == (CallMethod.POST, "gw", True)
        assert view.url == "https://acme.example/new"
        assert inbox.writes[-1] == ("change", ACTOR, NOW)

    async def test_a_web_service_gives_way_to_a_reply(self, rules, inbox):
        await rules.add("8785", "", "acme", Wanted(url=URL, userin="gw", passwordin="s3cret"))
        with pytest.raises(InvalidValue, match="--url ''"):
            await rules.set("8785", "", Wanted(reply="Thanks"))
        view = await rules.set("8785", "", Wanted(url="", reply="Thanks"))
        assert view.method is CallMethod.AUTO
        assert (inbox.owned[0].userin, inbox.owned[0].passwordin) == ("", "")

    async def test_a_reply_gives_way_to_a_web_service(self, rules):
        await rules.add("8785", "", "acme", Wanted(reply="Thanks"))
        view = await rules.set("8785", "", Wanted(url=URL, reply=""))
        assert (view.method, view.reply) == (CallMethod.GET, "")

    async def test_a_password_is_taken_away(self, rules):
        await rules.add("8785", "", "acme", Wanted(url=URL, passwordin="s3cret"))
        assert not (await rules.set("8785", "", Wanted(passwordin=""))).has_password

    async def test_to_another_account(self, rules):
        """It takes over nothing: that was the other's web service, and its password."""
        await rules.add("8785", "", "acme", Wanted(url=URL, userin="gw", passwordin="s3cret"))
        view = await rules.set("8785", "", Wanted(account="shop"))
        assert (view.account, view.method, view.url) == ("shop", CallMethod.NONE, "")
        view = await rules.set("8785", "", Wanted(account="acme", url=URL))
        assert (view.url, view.userin, view.has_password) == (URL, "", False)

    async def test_it_is_removed(self, rules, inbox):
        await rules.add("8785", "win", "acme", Wanted())
        await rules.remove("8785", "WIN")
        assert inbox.owned == []
        assert inbox.writes[-1] == ("remove", ACTOR, NOW)


async def test_what_is_not_there(rules):
    await rules.add("8785", "win", "acme", Wanted())
    for action in (
        rules.show("8785", ""),
        rules.remove("8786", "win"),
        rules.set("8785", "lose", Wanted(reply="x")),
    ):
        with pytest.raises(NotFound, match="there is no short code 878"):
            await action
    with pytest.raises(NotFound):
        await rules.add("8785", "", "nobody", Wanted())
    with pytest.raises(Conflict):
        await rules.add("8785", "WIN", "shop", Wanted())


async def test_all_with_their_accounts(rules):
    await rules.add("8785", "", "acme", Wanted())
    await rules.add("8785", "win", "shop", Wanted(reply="Thanks"))
    assert [(view.keyword, view.account) for view in await rules.list()] == [
        ("", "acme"),
        ("win", "shop"),
    ]


@pytest.mark.parametrize("text", ["", "1", "1" * 16, "87a", "٨٧", "87 85", "8785#1"])
def test_a_code_is_two_to_fifteen_digits(text):
    with pytest.raises(InvalidValue):
        read_code(text)


def test_a_keyword_may_be_several_words():
    assert read_keyword("  Pizza   XL ") == "pizza xl"


@pytest.mark.parametrize("text", ["x" * 65, "a\x00b"])
def test_a_keyword_is_words(text):
    with pytest.raises(InvalidValue):
        read_keyword(text)
