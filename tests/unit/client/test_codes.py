"""Every code of the protocol's page has its name and words."""

import pytest

from habar.model.status import MessageState
from habar_client import MessageError, State
from habar_client.codes import error_of, name_of, package_words, state_of, words_of


def test_the_states_are_those_of_the_gateway() -> None:
    assert {state.name: int(state) for state in State} == {
        state.name: int(state) for state in MessageState
    }


@pytest.mark.parametrize("code", [*State, *MessageError, 0, 1])
def test_every_code_has_words(code: int) -> None:
    assert words_of(code)


@pytest.mark.parametrize(
    ("code", "name"), [(106, "ACCEPTED"), (1, "ACCEPTED"), (203, "RECIPIENT"), (299, ""), (0, "")]
)
def test_names(code: int, name: str) -> None:
    assert name_of(code) == name


def test_a_code_is_a_state_or_an_error_or_neither() -> None:
    assert state_of(102) is State.DELIVERED
    assert error_of(102) is None
    assert error_of(207) is MessageError.OVERLIMIT
    assert state_of(207) is None
    assert state_of(250) is None
    assert error_of(250) is None
    assert words_of(250) == ""


def test_package_errors_have_words_known_or_not() -> None:
    assert {package_words(code) for code in (200, 201, 202)}.isdisjoint({package_words(999)})
    assert package_words(999)
