"""The ported numbers as they are read from the store."""

from __future__ import annotations

from habar.store.ported import read_ported


async def test_they_are_read_in_slices(scripted_network):
    rows = {77_010_000_000 + n * 3: f"n{n % 3}" for n in range(35)}
    scripted_network.ported_rows = dict(rows)
    assert dict(await read_ported(scripted_network, 10)) == rows
    assert scripted_network.calls["ported"] == 5


async def test_numbers_that_cannot_be_a_recipient_are_passed_over(scripted_network):
    scripted_network.ported_rows = {7: "a", 77_010_000_000: "b", 78_000_000_000: "c"}
    assert dict(await read_ported(scripted_network)) == {77_010_000_000: "b"}
