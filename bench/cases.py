"""What is measured: the cases by name, their sizes and their targets.

Guarantees: data only; names are unique. Knows nothing of how a case is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatch

from bench.figures import Target

KANNEL_FACTOR = 1.3
KANNEL_WORDS = "1.3 x Kannel without a store"
CALLS_FACTOR = 2.0
CALLS_WORDS = "2 x Kannel without a store"


class Work(Enum):
    """How a case is run."""

    STREAM = "stream"
    """So many messages as fast as the gateway takes them."""
    STEADY = "steady"
    """So many messages a second, whatever comes back."""
    NEIGHBOUR = "neighbour"
    """One message at a time while another account sends packages without pause."""
    OPERATORS = "operators"
    """Packages to many operators, all of them healthy or some of them sick, in turns."""
    SUBSCRIBERS = "subscribers"
    """Subscribers' messages, each of which a web service is called for and answers."""
    CALLBACKS = "callbacks"
    """A stream, and a web service is called for every state of every message."""
    MILLION = "million"
    """Messages that wait for an operator who is not there."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the result."""

    name: str
    title: str
    work: Work
    messages: int
    """To send (of the one who is measured); `seconds` instead for NEIGHBOUR."""
    size: int = 1
    """Messages in a request."""
    connections: int = 16
    window: int = 10
    """The operator's: submit_sm without an answer."""
    deliver_window: int = 100
    """The SMSC's: deliver_sm without an answer."""
    http: bool = False
    """CALLBACKS: by the HTTP protocol with a `reporturl`, not in XML with the account's."""
    receipts: bool = False
    per_second: int = 0
    """STEADY: messages a second."""
    seconds: float = 0.0
    """NEIGHBOUR: how long the neighbour sends; OPERATORS: the account that sends one by one."""
    operators: int = 1
    turns: int = 1
    """OPERATORS: how often each of both is measured, every time with `messages`."""
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything."""

    one_by_one: int
    """Messages over one connection; several connections send three times as many."""
    packaged: int
    seconds: float
    million: int
    turns: int
    """Of what is measured in alternation."""


QUICK = Scale(one_by_one=1_500, packaged=20_000, seconds=2.0, million=50_000, turns=1)
USUAL = Scale(one_by_one=8_000, packaged=150_000, seconds=10.0, million=1_000_000, turns=4)


@dataclass(frozen=True, slots=True)
class Kannel:
    """What Kannel without a store does on this machine, a second; None: not measured."""

    messages: float | None = None
    """Sent, over 16 connections."""
    subscribers: float | None = None
    """Subscribers' messages that it calls a web service for, and sends no answer."""
    receipts: float | None = None
    """Receipts that it calls a web service for, one a message, over 16 connections."""


NO_KANNEL = Kannel()


def all_cases(scale: Scale, kannel: Kannel = NO_KANNEL) -> list[Case]:
    """Every case in the order of the table."""
    cases = [_single(n, receipts, scale, kannel) for n in (1, 16, 64) for receipts in (0, 1)]
    cases += [
        _packages(size, window, bool(receipts), scale)
        for size in (100, 1000)
        for window in (10, 100)
        for receipts in (0, 1)
    ]
    cases += [_neighbour(scale), _steady(scale), _operators(scale)]
    cases += [_callbacks(http, scale, kannel) for http in (False, True)]
    cases += [_subscribers(window, scale, kannel) for window in (10, 100)]
    return [*cases, _million(scale)]


def unfit(case: Case, nodes: int) -> str:
    """Why a case tells nothing of so many nodes; empty where it does."""
    if case.connections < nodes:
        return f"its connections ({case.connections}) do not reach {nodes} nodes"
    return ""


def chosen(cases: Sequence[Case], patterns: Sequence[str], million: bool) -> list[Case]:
    """Cases that a pattern names (`single-*`), or all; the million only where it is asked for.

    Raises ValueError for a pattern that names none.
    """
    if not patterns:
        return [case for case in cases if million or case.work is not Work.MILLION]
    for pattern in patterns:
        if not any(fnmatch(case.name, pattern) for case in cases):
            known = ", ".join(case.name for case in cases)
            raise ValueError(f"no case is named {pattern!r}; there are {known}")
    return [case for case in cases if any(fnmatch(case.name, pattern) for pattern in patterns)]


def _single(connections: int, receipts: int, scale: Scale, kannel: Kannel) -> Case:
    targets: tuple[Target, ...] = ()
    if connections == 16 and not receipts:
        bound = kannel.messages and KANNEL_FACTOR * kannel.messages
        targets = (Target("sent_rate", KANNEL_WORDS, at_least=bound),)
    return Case(
        name=f"single-{connections}" + "-receipts" * receipts,
        title=f"one a request, {connections} connection" + "s" * (connections > 1),
        work=Work.STREAM,
        messages=scale.one_by_one * (1 if connections == 1 else 3),
        connections=connections,
        receipts=bool(receipts),
        targets=targets,
    )


_PACKAGES = {10: 12_000, 100: 25_000}
"""Messages a second with receipts recorded, in packages of 1000, by window."""


def _packages(size: int, window: int, receipts: bool, scale: Scale) -> Case:
    targets: tuple[Target, ...] = ()
    if size == 1000 and receipts:
        least = _PACKAGES[window]
        targets = (Target("receipts_rate", f"receipts/s >= {least}", at_least=least),)
    return Case(
        name=f"packages-{size}-window-{window}" + "-receipts" * receipts,
        title=f"packages of {size}, window {window}",
        work=Work.STREAM,
        messages=scale.packaged // size * size,
        size=size,
        connections=4,
        window=window,
        receipts=receipts,
        targets=targets,
    )


def _neighbour(scale: Scale) -> Case:
    return Case(
        name="neighbour",
        title="one at a time beside a neighbour's packages of 1000",
        work=Work.NEIGHBOUR,
        messages=0,
        size=1000,
        connections=4,
        window=100,
        receipts=True,
        seconds=scale.seconds,
        targets=(Target("submitted_p99_ms", "p99 < 20 ms", below=20.0),),
    )


def _steady(scale: Scale) -> Case:
    return Case(
        name="steady",
        title="1000 msg/s, one a request",
        work=Work.STEADY,
        messages=int(1000 * scale.seconds),
        connections=64,
        receipts=True,
        per_second=1000,
        targets=(Target("handed_p99_ms", "p99 < 5 ms", below=5.0),),
    )


def _operators(scale: Scale) -> Case:
    return Case(
        name="operators-20",
        title="20 operators, packages of 1000, window 10",
        work=Work.OPERATORS,
        messages=scale.packaged,
        size=1000,
        connections=4,
        operators=20,
        seconds=scale.seconds / 2,
        turns=scale.turns,
        targets=(Target("kept", "sick / healthy >= 0.95", at_least=0.95),),
    )


def _callbacks(http: bool, scale: Scale, kannel: Kannel) -> Case:
    bound = kannel.receipts and CALLS_FACTOR * kannel.receipts
    return Case(
        name="single-16-callbacks" + "-http" * http,
        title="one a request, 16 connections, " + ("HTTP" if http else "XML"),
        work=Work.CALLBACKS,
        messages=3 * scale.one_by_one,
        receipts=True,
        http=http,
        targets=(Target("told_rate", CALLS_WORDS, at_least=bound),),
    )


def _subscribers(window: int, scale: Scale, kannel: Kannel) -> Case:
    bound = kannel.subscribers and KANNEL_FACTOR * kannel.subscribers
    return Case(
        name=f"subscribers-window-{window}",
        title=f"{window} deliver_sm without an answer",
        work=Work.SUBSCRIBERS,
        messages=3 * scale.one_by_one,
        deliver_window=window,
        targets=(Target("replies_rate", KANNEL_WORDS, at_least=bound),),
    )


def _million(scale: Scale) -> Case:
    return Case(
        name="million",
        title=f"{scale.million} messages wait for a stopped operator",
        work=Work.MILLION,
        messages=scale.million,
        size=1000,
        connections=4,
        window=100,
        targets=(Target("waiting_rss_mb", "< 300 MB", below=300.0),),
    )
