"""The collector is set when the gateway runs, and as it was when it has stopped."""

from __future__ import annotations

import gc
import weakref

from habar.app.garbage import THRESHOLDS, collected_by_the_clock


class Ring:
    def __init__(self) -> None:
        self.ring = self


async def test_the_collector_is_set_for_the_block_and_given_back() -> None:
    before = gc.get_threshold()
    frozen = gc.get_freeze_count()
    async with collected_by_the_clock():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > frozen
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


async def test_what_is_made_later_is_still_collected() -> None:
    async with collected_by_the_clock():
        ring = weakref.ref(Ring())
        gc.collect()
        assert ring() is None
