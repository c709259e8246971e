"""inbound/receipts.py: a date that cannot be is no date, and no reason to fail."""

from __future__ import annotations

from habar.inbound.receipts import _done_at
from habar.wire.smpp import ReceiptDate


def test_a_receipt_with_an_impossible_offset_is_read_without_its_date() -> None:
    assert _done_at(ReceiptDate(2024, 1, 1, 10, 0, 0, 24 * 60), "UTC", 1_800_000_000_000) is None
