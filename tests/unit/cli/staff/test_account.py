"""`habar account`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from habar.admin.settings import setting_names

from .conftest import Staff

Done = Callable[..., str]
Refused = Callable[..., str]


def pairs(output: str) -> dict[str, str]:
    """What `show` tells, by name."""
    lines = (line.split("  ", 1) for line in output.splitlines())
    return {words[0]: words[1].strip() if len(words) > 1 else "" for words in lines}


@pytest.fixture
def acme(done: Done) -> Done:
    """The same commands, with the test account acme there."""
    done("account", "add", "acme", "--password-stdin", stdin="s3cret\n")
    return done


class TestAdd:
    def test_a_test_account_has_its_allowance(self, done: Done) -> None:
        told = pairs(done("account", "add", "acme", "--password-stdin", stdin="s3cret\n"))
        assert (told["login"], told["kind"], told["state"]) == ("acme", "test", "open")
        assert (told["test SMS left"], told["balance"]) == ("20", "0.00 KZT")
        assert told["senders"] == "INFO_KAZ TEXT_MSG"
        assert set(setting_names()) < set(told)

    def test_a_full_one_has_its_balance_and_settings(self, done: Done) -> None:
        told = pairs(
            done(
                *("account", "add", "acme", "--kind", "full", "--balance", "500.00"),
                *("--set", "part_price=12.00", "--set", "compat.duplicate_id=allow", "--generate"),
            )
        )
        assert (told["kind"], told["balance"], told["test SMS left"]) == ("full", "500.00 KZT", "-")
        assert (told["part_price"], told["compat.duplicate_id"]) == ("12.00", "allow")

    def test_a_generated_password_is_shown_once_and_works(self, done: Done) -> None:
        made = pairs(done("account", "add", "acme", "--generate"))["password"]
        assert len(made) >= 16
        assert "password" not in pairs(done("account", "show", "acme"))
        other = pairs(done("account", "add", "other", "--generate"))["password"]
        assert made != other

    def test_a_password_is_asked_for_twice_and_not_shown(self, staff: Staff) -> None:
        result = staff("account", "add", "acme", stdin="s3cret\ns3cret\n")
        assert result.exit_code == 0
        assert "s3cret" not in result.output

    def test_a_password_may_not_be_missing(self, refused: Refused, staff: Staff) -> None:
        words = ("account", "add", "acme", "--password-stdin")
        assert refused(*words, code=2) == "no password on standard input"
        assert staff("account", "add", "acme").exit_code == 1  # nobody answers the question

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            (("a b",), 1, "login: 1 to 64 letters, digits or . _ @ + -, the first a letter or"),
            (("acme", "--balance", "much"), 1, "'much' is not an amount such as 10.52"),
            (("acme", "--set", "max_parts"), 2, "'max_parts': NAME=VALUE is expected"),
            (("acme", "--set", "max_parts=0"), 1, "max_parts: 0 is not from 1 to 255"),
            (("acme", "--set", "maxparts=9"), 1, "did you mean 'max_parts'?"),
            (("acme", "--set", "default_sender=ACME"), 1, "default_sender: 'ACME' is not one of"),
        ],
    )
    def test_what_cannot_be(
        self, refused: Refused, words: tuple[str, ...], code: int, sentence: str
    ) -> None:
        assert sentence in refused("account", "add", *words, "--generate", code=code)
        assert "no account acme" in refused("account", "show", "acme")

    def test_a_login_is_taken_once(self, acme: Done, refused: Refused) -> None:
        assert refused("account", "add", "acme", "--generate") == "account acme exists already"

    def test_a_kind_that_is_none_is_wrong_usage(self, staff: Staff) -> None:
        result = staff("account", "add", "acme", "--kind", "half", "--generate")
        assert result.exit_code == 2
        assert "'full'" in result.stderr


class TestList:
    def test_columns_stand_under_their_heads(self, acme: Done) -> None:
        acme("account", "add", "a-rather-long-login", "--kind", "full", "--generate")
        acme("account", "topup", "a-rather-long-login", "1234567.89")
        acme("account", "block", "acme")
        assert acme("account", "list").splitlines() == [
            "login                kind  state       balance  test SMS left  senders",
            "a-rather-long-login  full  open     1234567.89              -  INFO_KAZ TEXT_MSG",
            "acme                 test  blocked        0.00             20  INFO_KAZ TEXT_MSG",
        ]

    def test_of_no_accounts_is_its_head(self, done: Done) -> None:
        assert done("account", "list").split() == [
            *("login", "kind", "state", "balance", "test", "SMS", "left", "senders")
        ]


class TestSet:
    def test_settings_by_name(self, acme: Done) -> None:
        words = ("kind=full", "compat.timezone=Europe/Moscow", "daily_limit=none", "priority= 0 ")
        told = pairs(acme("account", "set", "acme", *words))
        assert (told["kind"], told["test SMS left"]) == ("full", "-")
        assert (told["compat.timezone"], told["priority"]) == ("Europe/Moscow", "0")
        assert told == pairs(acme("account", "show", "acme"))

    def test_the_allowance(self, acme: Done, refused: Refused) -> None:
        told = pairs(acme("account", "set", "acme", "--allowance", "3"))
        assert told["test SMS left"] == "3"
        acme("account", "set", "acme", "kind=full")
        sentence = refused("account", "set", "acme", "--allowance", "3")
        assert sentence == "account acme is not a test account"

    def test_all_or_nothing(self, acme: Done, refused: Refused) -> None:
        before = acme("account", "show", "acme")
        refused("account", "set", "acme", "max_parts=3", "priority=9")
        assert acme("account", "show", "acme") == before

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            ((), 2, "nothing to change: give NAME=VALUE, --password or --allowance"),
            (("compat.duplicat_id=allow",), 1, "did you mean 'compat.duplicate_id'?"),
            (("colour=red",), 1, "no setting 'colour'; there are: kind, default_sender,"),
            (
                ("compat.duplicate_id=maybe",),
                1,
                "compat.duplicate_id: 'maybe' is none of: reject, idempotent, allow",
            ),
            (("compat.timezone=Mars",), 1, "compat.timezone: 'Mars' is not an IANA time zone"),
            (("max_parts",), 2, "'max_parts': NAME=VALUE is expected"),
        ],
    )
    def test_what_cannot_be(
        self, acme: Done, refused: Refused, words: tuple[str, ...], code: int, sentence: str
    ) -> None:
        assert sentence in refused("account", "set", "acme", *words, code=code)

    def test_a_password(self, acme: Done) -> None:
        assert "0ther" not in acme("account", "set", "acme", "--password-stdin", stdin="0ther\n")


class TestMoney:
    def test_it_is_put_on_and_taken_off(self, acme: Done) -> None:
        assert acme("account", "topup", "acme", "500.00", "--note", "invoice 7") == (
            "acme has 500.00 KZT\n"
        )
        assert acme("account", "topup", "acme", "-120.5") == "acme has 379.50 KZT\n"
        assert acme("account", "topup", "acme", "--", "-379.50") == "acme has 0.00 KZT\n"

    @pytest.mark.parametrize("amount", ["ten", "1.005", "0", "1e3", ""])
    def test_an_amount_is_tenge_and_tiyn(self, acme: Done, refused: Refused, amount: str) -> None:
        assert "amount" in refused("account", "topup", "acme", amount)

    def test_an_option_that_is_none_is_not_taken_for_an_amount(self, staff: Staff) -> None:
        assert staff("account", "topup", "acme", "--nota", "x", "5").exit_code == 2


class TestOther:
    def test_blocking(self, acme: Done) -> None:
        assert acme("account", "block", "acme") == "acme is blocked for sending\n"
        assert pairs(acme("account", "show", "acme"))["state"] == "blocked for sending"
        assert acme("account", "unblock", "acme") == "acme may send\n"
        assert pairs(acme("account", "show", "acme"))["state"] == "open"

    def test_a_key_is_shown_alone(self, acme: Done) -> None:
        key = acme("account", "key", "acme", "--label", "web shop")
        assert len(key.strip()) > 40
        assert key.count("\n") == 1
        assert pairs(acme("account", "show", "acme"))["API keys"] == "1"

    @pytest.mark.parametrize(
        "words",
        [
            ("show", "nobody"),
            ("set", "nobody", "max_parts=3"),
            ("block", "nobody"),
            ("unblock", "nobody"),
            ("topup", "nobody", "5"),
            ("key", "nobody"),
        ],
    )
    def test_an_account_must_be_there(self, refused: Refused, words: tuple[str, ...]) -> None:
        assert refused("account", *words) == "there is no account nobody"


class TestCallbackSecret:
    def test_it_is_made_and_shown_once(self, acme: Done) -> None:
        told = pairs(acme("account", "set", "acme", "--callback-secret"))
        assert len(told["callback secret"]) > 40
        shown = acme("account", "show", "acme")
        assert told["callback secret"] not in shown
        assert pairs(shown)["callback secret"] == "set"

    def test_it_is_asked_for_and_not_shown(self, acme: Done) -> None:
        secret = "0123456789abcdef"
        words = ("account", "set", "acme", "--callback-secret-prompt")
        assert secret not in acme(*words, stdin=f"{secret}\n{secret}\n")

    def test_it_may_be_made_with_the_settings_that_need_it(self, acme: Done) -> None:
        url = "http://acme.example/report"
        settings = (f"report_url={url}", "report_format=json")
        told = pairs(acme("account", "set", "acme", *settings, "--callback-secret"))
        assert (told["report_url"], told["report_format"]) == (url, "json")

    def test_one_way_of_the_two(self, acme: Done, refused: Refused) -> None:
        both = ("--callback-secret", "--callback-secret-prompt")
        assert "give one of the options" in refused("account", "set", "acme", *both, code=2)

    def test_calls_in_json_need_one(self, acme: Done, refused: Refused) -> None:
        sentence = refused("account", "set", "acme", "report_format=json")
        assert "habar account set acme --callback-secret" in sentence
