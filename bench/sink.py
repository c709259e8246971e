"""The operators: simulators as sinks in a process of their own, asked over its standard input.

The first line says the settings, each further line is a question; each gets one JSON line, in which
what is told of the SMSCs stands in their order. End of input ends it. Guarantees: moments are
nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share. Knows no gateway.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from array import array
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields
from typing import Any

import structlog
import uvloop

from bench.packages import recipient
from habar.simulator import Faults, Handover, Limit, Received, Settings, Simulator
from habar.simulator import SubscriberMessage as Written

_OUTBOX = 10_000_000
_SEEN = 8_000_000
_LOOK = 0.5  # s between looks whether anything moves
_FOR_EVER = 86_400.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How the sinks behave."""

    port: int = 0
    """0: each takes any free port."""
    operators: int = 1
    """So many SMSCs, numbered from 0."""
    silent: Sequence[int] = ()
    """Of them: those that answer the bind and nothing else."""
    throttled: Sequence[int] = ()
    """Of them: those that take `limit` submit_sm a second."""
    limit: float = 0.0
    receipts: bool = False
    receipt_delay: float = 0.1
    window: int = 100
    """deliver_sm without an answer."""
    arrivals: str = ""
    """Keep when messages to recipients of this prefix came."""

    def faults(self, number: int) -> Faults:
        """What goes wrong at an SMSC."""
        silent = number in self.silent
        return Faults(
            links_silent=float(silent),
            silent_after=int(silent),
            limit=Limit(self.limit) if number in self.throttled else None,
        )


class Smsc:
    """A simulator that remembers when its counts last moved."""

    def __init__(self, plan: Plan, number: int = 0) -> None:
        self.simulator = Simulator(
            Settings(
                port=plan.port,
                receipts=plan.receipts,
                receipt_delay=plan.receipt_delay,
                window=plan.window,
                record=False,
                outbox_limit=_OUTBOX,
                seen_limit=_SEEN,
                faults=plan.faults(number),
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
        self.others = 0
        self.others_ns = 0
        self.delivered = 0
        self.delivered_ns = 0
        self._handed = (array("q"), array("q"))

    def _arrived(self, message: Received) -> None:
        if message.destination.startswith(self._prefix):
            self._moments.append(time.monotonic_ns())
            self._numbers.append(int(message.destination[len(self._prefix) :]))
        else:
            self.others += 1
            self.others_ns = time.monotonic_ns()

    def look(self, simulator: Simulator) -> bool:
        """Note what has moved; never says that the wait is over."""
        counts = simulator.counts
        if counts.submitted != self.submitted:
            self.submitted, self.submitted_ns = counts.submitted, time.monotonic_ns()
        if counts.receipts_acknowledged != self.receipts:
            self.receipts, self.receipts_ns = counts.receipts_acknowledged, time.monotonic_ns()
        if counts.delivered_acknowledged != self.delivered:
            self.delivered = counts.delivered_acknowledged
            self.delivered_ns = time.monotonic_ns()
        return False

    def told(self) -> dict[str, Any]:
        """All counts and the moments of the last submit_sm and deliver_sm_resp.

        Where arrivals are kept, `others` are the submit_sm to other recipients, and the last's.
        """
        self.look(self.simulator)
        counts = self.simulator.counts
        numbers = {one.name: getattr(counts, one.name) for one in fields(counts)}
        del numbers["refusals"]  # of which `refused` and `throttled` are the sums
        return {
            **numbers,
            "submitted_ns": self.submitted_ns,
            "receipts_ns": self.receipts_ns,
            "delivered_ns": self.delivered_ns,
            "others": self.others,
            "others_ns": self.others_ns,
            "sessions": len(self.simulator.sessions),
        }

    async def bound(self, binds: int, timeout: float) -> None:  # noqa: ASYNC109
        """Wait for so many binds. Raises TimeoutError."""
        await self.simulator.wait_for(lambda s: len(s.sessions) >= binds, timeout)

    async def until(self, unique: int, receipts: int, timeout: float) -> None:  # noqa: ASYNC109
        """Wait for so many in all. Raises TimeoutError."""
        await self.simulator.wait_for(
            lambda s: s.counts.unique >= unique and s.counts.receipts_acknowledged >= receipts,
            timeout,
        )

    def subscribers(self, prefix: str, short: str, count: int) -> None:
        """Write so many subscribers' messages, which wait for `release`.

        The SMSC says nothing meanwhile; numbers and moments of earlier ones are forgotten.
        """
        self._handed = numbers, moments = array("q"), array("q")
        self.simulator.stall(on=True)
        for number in range(count):

            def watch(handover: Handover, number: int = number) -> None:
                if handover.status is None:
                    numbers.append(number)
                    moments.append(time.monotonic_ns())

            message = Written(recipient(prefix, number), short, f"m{number:08d} good morning")
            self.simulator.hand_on(message, watcher=watch)

    def deliveries(self) -> dict[str, Any]:
        """Numbers of the last subscribers' messages, and when each went out."""
        numbers, moments = self._handed
        return {"numbers": numbers.tolist(), "moments": moments.tolist()}

    def arrivals(self) -> dict[str, Any]:
        """Numbers and moments of the messages that are kept; forget them."""
        found = {"numbers": self._numbers.tolist(), "moments": self._moments.tolist()}
        self._numbers, self._moments = array("q"), array("q")
        return found


class Sink:
    """All of them."""

    def __init__(self, plan: Plan) -> None:
        self.smscs = [Smsc(plan, number) for number in range(plan.operators)]

    def told(self) -> dict[str, Any]:
        """What each tells."""
        return {"smscs": [smsc.told() for smsc in self.smscs]}

    async def bound(self, binds: int, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109
        """Wait for so many binds at each."""
        end = time.monotonic() + timeout
        try:
            for smsc in self.smscs:
                await smsc.bound(binds, max(0.0, end - time.monotonic()))
        except TimeoutError:
            return {"error": f"no {binds} binds within {timeout} s"}
        return self.told()

    async def until(
        self, unique: Sequence[int], receipts: Sequence[int], still: float
    ) -> dict[str, Any]:
        """Wait for so many in all at each, or until nothing has moved for `still` seconds."""
        begin = time.monotonic_ns()
        for smsc, least, acknowledged in zip(self.smscs, unique, receipts, strict=True):
            while True:
                try:
                    await smsc.until(least, acknowledged, _LOOK)
                    break
                except TimeoutError:
                    if time.monotonic_ns() - max(begin, self._moved()) > still * 1e9:
                        return self.told()
        return self.told()

    def _moved(self) -> int:
        return max(
            max(smsc.submitted_ns, smsc.receipts_ns, smsc.delivered_ns) for smsc in self.smscs
        )

    def arrivals(self) -> dict[str, Any]:
        """Numbers and moments of the messages that are kept, of all; forget them."""
        found: dict[str, Any] = {"numbers": [], "moments": []}
        for smsc in self.smscs:
            for name, values in smsc.arrivals().items():
                found[name] += values
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
            case "subscribers":
                self.smscs[0].subscribers(**question)
                return {}
            case "release":
                self.smscs[0].simulator.stall(on=False)
                return {}
            case "deliveries":
                return self.smscs[0].deliveries()
            case "counts":
                return self.told()
            case unknown:
                return {"error": f"no question is named {unknown!r}"}


async def serve(plan: Plan, lines: asyncio.StreamReader) -> None:
    """Be operators until the input ends."""
    sink = Sink(plan)
    async with AsyncExitStack() as stack:
        simulators = [await stack.enter_async_context(smsc.simulator) for smsc in sink.smscs]
        watches = [
            asyncio.create_task(smsc.simulator.wait_for(smsc.look, _FOR_EVER))
            for smsc in sink.smscs
        ]
        ports = [simulator.port for simulator in simulators]
        print(json.dumps({"ports": ports}), flush=True)
        while line := await lines.readline():
            print(json.dumps(await sink.answer(json.loads(line))), flush=True)
        for watch in watches:
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
