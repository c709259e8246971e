"""The first signal asks for an orderly end, the second one ends the process at once.

Guarantees: after the first SIGTERM or SIGINT both have the system's own action again, so that a
second one of either works even where the event loop hangs. What that loses is what any kill loses:
nothing that was accepted. Knows nothing of what is being stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import structlog

log = structlog.get_logger("habar")
CAUGHT = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def stop_asked() -> Iterator[asyncio.Event]:
    """An event that the first signal sets. To be used in the main thread's running loop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    before = {number: signal.getsignal(number) for number in CAUGHT}

    def asked(first: signal.Signals) -> None:
        for number in CAUGHT:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        log.info("stopping", signal=first.name)
        stop.set()

    for number in CAUGHT:
        loop.add_signal_handler(number, asked, number)
    try:
        yield stop
    finally:
        for number in CAUGHT:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number] or signal.SIG_DFL)
