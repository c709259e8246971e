"""Ids: one number, written as the place has it."""

import pytest

from habar.simulator import Settings
from habar.simulator.ids import Ids


@pytest.mark.parametrize(
    ("settings", "answered", "receipted"),
    [
        (Settings(), b"748", b"748"),
        (Settings(message_ids="hex"), b"2ec", b"2ec"),
        (Settings(message_ids="hex", receipt_ids="decimal"), b"2ec", b"748"),
        (Settings(receipt_ids="hex-upper"), b"748", b"2EC"),
        (Settings(id_digits=10), b"0000000748", b"0000000748"),
        (Settings(id_digits=10, receipt_id_digits=0), b"0000000748", b"748"),
        (Settings(message_ids="hex", receipt_id_digits=8), b"2ec", b"000002ec"),
    ],
)
def test_forms(settings: Settings, answered: bytes, receipted: bytes) -> None:
    ids = Ids(settings)
    assert (ids.answered(748), ids.receipted(748)) == (answered, receipted)


def test_nobodys_id_is_no_messages() -> None:
    ids = Ids(Settings())
    assert int(ids.nobodys(748)) > 10**18
