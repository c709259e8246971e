"""The operator: the simulator as a sink in a process of its own, asked over its standard input.

The first line says the settings, each further line is a question; each gets one JSON line. End of
input ends it. Guarantees: moments are nanoseconds of CLOCK_MONOTONIC, which all processes of a
machine share. Knows nothing of the gateway.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from array import array
from dataclasses import asdict, dataclass
from typing import Any

import structlog
import uvloop

from habar.simulator import Received, Settings, Simulator

_OUTBOX = 10_000_000
_SEEN = 8_000_000
_LOOK = 0.5  # s between looks whether anything moves
_FOR_EVER = 86_400.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How the sink behaves."""

    port: int = 0
    receipts: bool = False
    receipt_delay: float = 0.1
    window: int = 100
    """deliver_sm without an answer."""
    arrivals: str = ""
    """Keep when messages to recipients of this prefix came."""


class Sink:
    """A simulator that remembers when its counts last moved."""

    def __init__(self, plan: Plan) -> None:
        self.simulator = Simulator(
            Settings(
                port=plan.port,
                receipts=plan.receipts,
                receipt_delay=plan.receipt_delay,
                window=plan.window,
                record=False,
                outbox_limit=_OUTBOX,
                seen_limit=_SEEN,
            ),
            on_message=self._arrived if plan.arrivals else None,
        )
        self._prefix = plan.arrivals
        self._numbers = array("q")
        self._moments = array("q")
        self.submitted = 0
        self.receipts = 0
        self.submitted_ns = 0
        self.receipts_ns = 0

    def _arrived(self, message: Received) -> None:
        if message.destination.startswith(self._prefix):
            self._moments.append(time.monotonic_ns())
            self._numbers.append(int(message.destination[len(self._prefix) :]))

    def look(self, simulator: Simulator) -> bool:
        """Note what has moved; never says that the wait is over."""
        counts = simulator.counts
        if counts.submitted != self.submitted:
            self.submitted, self.submitted_ns = counts.submitted, time.monotonic_ns()
        if counts.receipts_acknowledged != self.receipts:
            self.receipts, self.receipts_ns = counts.receipts_acknowledged, time.monotonic_ns()
        return False

    def told(self) -> dict[str, Any]:
        """All counts and the moments of the last submit_sm and deliver_sm_resp."""
        return {
            **asdict(self.simulator.counts),
            "submitted_ns": self.submitted_ns,
            "receipts_ns": self.receipts_ns,
            "sessions": len(self.simulator.sessions),
        }

    async def bound(self, binds: int, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109
        """Wait for so many binds."""
        try:
            await self.simulator.wait_for(lambda s: len(s.sessions) >= binds, timeout)
        except TimeoutError:
            return {"error": f"no {binds} binds within {timeout} s"}
        return self.told()

    async def until(self, unique: int, receipts: int, still: float) -> dict[str, Any]:
        """Wait for so many in all, or until nothing has moved for `still` seconds."""
        begin = time.monotonic_ns()
        while True:
            try:
                await self.simulator.wait_for(
                    lambda s: (
                        s.counts.unique >= unique and s.counts.receipts_acknowledged >= receipts
                    ),
                    _LOOK,
                )
            except TimeoutError:
                moved = max(begin, self.submitted_ns, self.receipts_ns)
                if time.monotonic_ns() - moved < still * 1e9:
                    continue
            self.look(self.simulator)
            return self.told()

    def arrivals(self) -> dict[str, Any]:
        """Numbers and moments of the messages that are kept; forget them."""
        found = {"numbers": self._numbers.tolist(), "moments": self._moments.tolist()}
        self._numbers, self._moments = array("q"), array("q")
        return found

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question."""
        match question.pop("ask"):
            case "bound":
                return await self.bound(**question)
            case "until":
                return await self.until(**question)
            case "arrivals":
                return self.arrivals()
            case "counts":
                return self.told()
            case unknown:
                return {"error": f"no question is named {unknown!r}"}


async def serve(plan: Plan, lines: asyncio.StreamReader) -> None:
    """Be an operator until the input ends."""
    sink = Sink(plan)
    async with sink.simulator as simulator:
        watch = asyncio.create_task(simulator.wait_for(sink.look, _FOR_EVER))
        print(json.dumps({"port": simulator.port}), flush=True)
        while line := await lines.readline():
            print(json.dumps(await sink.answer(json.loads(line))), flush=True)
        watch.cancel()


async def _main() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    await serve(Plan(**json.loads(await lines.readline())), lines)


if __name__ == "__main__":
    gc.disable()  # the counts make no cycles
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    uvloop.run(_main())
