"""What needs a person's word: messages in doubt, and receipts that match nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from habar.model.status import MessageState
from habar.store.events import Claim, Held, PartAccepted, ReceiptSeen

from .conftest import beside, written
from .test_message import NOW, SUBMISSION
from .test_operator import WHO

Done = Callable[..., str]
Refused = Callable[..., str]


@pytest.fixture
def data(done: Done, tmp_path: Path) -> Path:
    """A message of acme's in the hands of kcell's link."""
    done("operator", "add", "kcell", *WHO, "--no-password")
    done("account", "add", "acme", "--kind", "full", "--balance", "10", "--generate")
    return tmp_path / "habar-data"


async def claimed(store: Any) -> None:
    await written(store.journal.submit, [SUBMISSION])
    await written(store.journal.ask, Claim(1, 1, 1, 10, NOW))


@pytest.fixture
def held(data: Path) -> None:
    async def work(store: Any) -> None:
        await claimed(store)
        await written(store.journal.record, Held((1,), "NO_ANSWER", NOW + 1000))

    beside(data, work)


@pytest.fixture
def orphan(data: Path) -> None:
    """The operator took the message as A1 and reports on B1."""

    async def work(store: Any) -> None:
        await claimed(store)
        taken = PartAccepted(1, 1, 1, "A1", NOW + 1000, last=True)
        await written(store.journal.record, taken)
        raw = "id:B1 stat:DELIVRD\x1b"
        seen = ReceiptSeen(1, ("B1",), MessageState.DELIVERED, "", None, NOW + 2000, raw)
        await written(store.journal.record, seen)

    beside(data, work)


class TestHeld:
    def test_they_are_listed(self, done: Done, held: None) -> None:
        assert done("message", "held").splitlines() == [
            "message  since                operator  recipient    why",
            "      1  2025-10-09 13:53:21  kcell     77771234567  NO_ANSWER",
        ]
        assert ["held,", "in", "doubt", "1"] in [
            line.split() for line in done("operator", "show", "kcell").splitlines()
        ]

    def test_one_is_sent_again(self, done: Done, refused: Refused, held: None) -> None:
        assert done("message", "resend", "1") == "1 goes out again\n"
        assert "it waits in the queue" in done("message", "show", "1")
        assert len(done("message", "held").splitlines()) == 1
        assert refused("message", "resend", "1") == "message 1 is not held"

    def test_one_is_ended(self, done: Done, held: None) -> None:
        assert done("message", "fail", "1") == "1 has ended\n"
        assert "ended: 108 REJECTED" in done("message", "show", "1")

    def test_one_that_is_not_there(self, refused: Refused) -> None:
        for word in ("resend", "fail"):
            assert refused("message", word, "7") == "there is no message 7"


class TestOrphans:
    def test_they_are_listed(self, done: Done, orphan: None) -> None:
        assert done("receipt", "orphans").splitlines() == [
            "receipt  at                   operator  its id  state          error  as it came",
            (
                "      1  2025-10-09 13:53:22  kcell     B1      102 DELIVERED  -"
                "      id:B1 stat:DELIVRD\N{REPLACEMENT CHARACTER}"
            ),
        ]

    def test_one_is_matched(self, done: Done, refused: Refused, orphan: None) -> None:
        assert done("receipt", "match", "1", "1") == "receipt 1 is about message 1, part 1\n"
        assert "ended: 102 DELIVERED" in done("message", "show", "1")
        assert len(done("receipt", "orphans").splitlines()) == 1
        assert refused("receipt", "match", "1", "1") == "there is no receipt 1"

    def test_a_message_that_it_cannot_be_about(self, refused: Refused, orphan: None) -> None:
        assert refused("receipt", "match", "1", "9") == "there is no message 9"
        assert "2" in refused("receipt", "match", "1", "1", "--part", "2")
