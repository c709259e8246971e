"""`habar sender`."""

from collections.abc import Callable

import pytest

Done = Callable[..., str]
Refused = Callable[..., str]


@pytest.fixture
def acme(done: Done) -> Done:
    done("account", "add", "acme", "--generate")
    return done


def test_added_listed_removed(acme: Done) -> None:
    assert acme("sender", "add", "acme", "ACME") == "acme may send as ACME\n"
    assert acme("sender", "list", "acme") == "ACME\nINFO_KAZ\nTEXT_MSG\n"
    assert acme("sender", "remove", "acme", "ACME") == "acme may no longer send as ACME\n"
    assert acme("sender", "list", "acme") == "INFO_KAZ\nTEXT_MSG\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "acme", "A"), "'A' is no sender: 3 to 11 Latin letters"),
        (("add", "acme", "TEXT_MSG"), "TEXT_MSG is every account's"),
        (("add", "nobody", "ACME"), "there is no account nobody"),
        (("remove", "acme", "ACME"), "there is no sender ACME of account acme"),
        (("list", "nobody"), "there is no account nobody"),
    ],
)
def test_what_cannot_be(
    acme: Done, refused: Refused, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused("sender", *words)


def test_a_sender_belongs_to_an_account_once(acme: Done, refused: Refused) -> None:
    acme("sender", "add", "acme", "ACME")
    assert refused("sender", "add", "acme", "ACME") == "sender ACME exists already"
