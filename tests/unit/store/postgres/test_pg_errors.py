"""Which of the server's errors mean what."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from habar.store.postgres.connection import (
    is_answer,
    is_forbidden,
    is_unavailable,
    may_be_repeated,
    name_of,
    told,
)


def error(state: str, severity: str = "ERROR") -> asyncpg.PostgresError:
    fields = {"C": state, "V": severity, "S": severity, "M": "words"}
    made = asyncpg.PostgresError.new(fields)
    assert isinstance(made, asyncpg.PostgresError)
    return made


@pytest.mark.parametrize("state", ["40001", "40P01", "23505", "53100", "58030", "25006"])
def test_a_commit_that_was_refused_has_not_happened(state: str) -> None:
    assert is_answer(error(state))


@pytest.mark.parametrize("severity", ["FATAL", "PANIC"])
@pytest.mark.parametrize("state", ["58030", "53100", "57P01", "XX000"])
def test_last_words_are_no_answer(state: str, severity: str) -> None:
    """A commit that could not be brought to the disk may be found there by the next start."""
    assert not is_answer(error(state, severity))


@pytest.mark.parametrize(
    "lost",
    [
        error("40003"),  # statement_completion_unknown
        error("57014"),  # cancelled: while the standby was waited for, for one
        error("08006"),
        asyncpg.ConnectionDoesNotExistError("closed in the middle"),
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncio.IncompleteReadError(b"", 5),
    ],
    ids=repr,
)
def test_who_did_not_answer_may_have_committed(lost: Exception) -> None:
    assert not is_answer(lost)
    assert not may_be_repeated(lost)
    assert is_unavailable(lost)


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_lost_against_another_is_repeated(state: str) -> None:
    assert may_be_repeated(error(state))
    assert is_unavailable(error(state))


@pytest.mark.parametrize("state", ["42P01", "42501", "42703", "3F000"])
def test_what_is_missing_is_no_values_fault(state: str) -> None:
    assert is_unavailable(error(state))
    assert is_forbidden(error(state))


@pytest.mark.parametrize(
    "fault",
    [
        error("22003"),
        error("23505"),
        error("22021"),
        error("54000"),
        asyncpg.DataError("value out of int64 range"),
        LookupError("no such account"),
        UnicodeEncodeError("utf-8", "\udc80", 0, 1, "surrogates"),
    ],
    ids=repr,
)
def test_a_value_that_is_refused_is_no_trouble_of_the_servers(fault: Exception) -> None:
    assert not is_unavailable(fault)
    assert not is_forbidden(fault)


def test_no_value_is_named() -> None:
    assert name_of(asyncpg.UniqueViolationError("Key (login)=(ann) exists")) == (
        "UniqueViolationError 23505"
    )
    assert name_of(ValueError("secret")) == "ValueError"
    assert told(ValueError("secret")) == "ValueError"
