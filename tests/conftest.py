"""What tests of several folders share: a PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .postgres.server import Server, why_not


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all, without fsync: each test makes its own database, nobody restarts it.

    A test that stops, kills or reconfigures one asks for `own_postgres`.
    """
    skip_without_postgres()
    with Server(durable=False) as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Server]:
    """A server for this test alone, durable as in production."""
    skip_without_postgres()
    with Server() as server:
        yield server


def skip_without_postgres() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
