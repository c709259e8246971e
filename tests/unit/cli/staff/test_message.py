"""`habar message show`; what it tells is admin/messages.py's, told by its own tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from habar.app.database import Place, open_store
from habar.model.message import Submission

from .conftest import Staff

Done = Callable[..., str]
Refused = Callable[..., str]
NOW = 1_760_000_000_000


def keep(data: Path) -> None:
    """A message of the account number 1 in the database."""

    async def work() -> None:
        store, _ = await open_store(Place(data))
        kept = asyncio.get_running_loop().create_future()
        store.journal.submit([SUBMISSION], kept.set_result)
        (outcome,) = await asyncio.wait_for(kept, 30)
        assert outcome.message_id == 1
        await store.close()

    asyncio.run(work())


SUBMISSION = Submission(
    account_id=1,
    customer_id=7,
    protocol=1,
    sender="TEXT_MSG",
    recipient=77771234567,
    text="Сәлем",
    data_coding=8,
    message_type=0,
    parts=1,
    priority=1,
    created_at=NOW,
    due_at=NOW,
    expires_at=None,
    operator_id=1,
    stage=0,
    state=106,
    price=0,
)


def test_a_line_for_everything_that_happened(done: Done, tmp_path: Path) -> None:
    done("account", "add", "acme", "--generate")
    keep(tmp_path / "habar-data")
    told = done("message", "show", "1")
    assert "77771234567" in told
    assert "2025-10-09 13:53:20" in told
    assert "2025-10-09 08:53:20" in done("message", "show", "1", "--zone", "UTC")


def test_one_that_is_not_there(refused: Refused) -> None:
    assert refused("message", "show", "99") == "there is no message 99"


@pytest.mark.parametrize("zone", ["Mars", "Asia", "../etc/passwd", ""])
def test_a_zone_that_is_none(refused: Refused, zone: str) -> None:
    sentence = refused("message", "show", "1", "--zone", zone, code=2)
    assert sentence == f"{zone!r} is not an IANA time zone such as Asia/Almaty"


def test_a_number_that_is_none(staff: Staff) -> None:
    assert staff("message", "show", "abc").exit_code == 2
