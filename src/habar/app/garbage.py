"""The cyclic garbage collector, kept from stopping the gateway in the middle of its work.

With ten thousand messages in memory a full collection takes 30 to 40 ms, and Python's thresholds
bring one twice a second under load, though messages make no cycles. Closed connections and errors
do: so the oldest generation is swept by the clock instead.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator

from habar.app.periodic import Periodic

THRESHOLDS = (50_000, 20, 1_000_000)
"""New objects before a young collection, young ones before a middle one; a full one never."""
SWEEP_SECONDS = 60.0


@contextlib.asynccontextmanager
async def collected_by_the_clock() -> AsyncIterator[None]:
    """Until the end of the block: what exists now is not looked at again, the rest once a minute.

    Changes the whole process; to be entered when all that lasts has been made.
    """
    before = gc.get_threshold()
    sweeper = Periodic("sweep garbage", SWEEP_SECONDS, _sweep)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    sweeper.start()
    try:
        yield
    finally:
        await sweeper.stop()
        gc.set_threshold(*before)
        gc.unfreeze()


async def _sweep() -> None:
    gc.collect()
