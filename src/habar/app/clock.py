"""The clock that rules: where several nodes share a database, the database says what time it is.

Guarantees: all parts of the gateway tell the time alike, however wrong this machine's clock is.
"""

from __future__ import annotations

from habar.operators.clock import SystemClock
from habar.store.port import Store


class StoreClock(SystemClock):
    """The store's time, and the running loop's timers."""

    def __init__(self, store: Store) -> None:
        self._store_ms = store.now_ms

    def now_ms(self) -> int:
        """UTC milliseconds of the epoch."""
        return self._store_ms()
