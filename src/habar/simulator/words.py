"""Faults in words, as the command line says them: `NAME=VALUE`.

    receipts_lost=0.1            a share
    receipts_lost=3x             the first three; 3x/10: after ten that go well
    receipts_shuffled=true       a switch
    response_wait=0.1..2         seconds evenly; 0.1..2/0.5: exponentially, with this mean
    limit=50                     submit_sm a second; 50:ESME_RMSGQFUL answers by this status
    bursts=2/10,1/60:0x14        2 seconds of every 10, and another; a status as with limit
    errors=ESME_RSYSERR:0.1,0x400:2x
    breakages=cut,no-id

Guarantees: all fields of Faults can be said so. Knows nothing of the command line itself.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

from habar.simulator.faults import Breakage, Burst, Chance, Faults, Limit, Times, Wait
from habar.wire.smpp import CommandStatus

_SWITCHES = {"true": True, "false": False}
_TIMES = re.compile(r"(\d+)x(?:/(\d+))?")


def faults_of(words: Iterable[str]) -> Faults:
    """Read faults, each `NAME=VALUE`; raises ValueError that says which cannot be read."""
    given: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        read = _READERS.get(name)
        if read is None:
            raise ValueError(f"no fault has the name {name!r}")
        try:
            given[name] = read(value)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{word!r} cannot be read") from error
    return Faults(**given)


def _chance(value: str) -> Chance:
    times = _TIMES.fullmatch(value)
    return float(value) if times is None else Times(int(times[1]), int(times[2] or 0))


def _status(value: str) -> int:
    named = CommandStatus.__members__.get(value)
    return int(value, 0) if named is None else int(named)


def _wait(value: str) -> Wait:
    ends, _, mean = value.partition("/")
    least, _, most = ends.partition("..")
    return Wait(float(least), float(most), float(mean) if mean else None)


def _limit(value: str) -> Limit:
    number, _, status = value.partition(":")
    return Limit(float(number), _status(status)) if status else Limit(float(number))


def _bursts(value: str) -> tuple[Burst, ...]:
    return tuple(_burst(one) for one in value.split(","))


def _burst(value: str) -> Burst:
    times, _, status = value.partition(":")
    seconds, _, every = times.partition("/")
    burst = Burst(float(seconds), float(every))
    return burst._replace(status=_status(status)) if status else burst


def _errors(value: str) -> dict[int, Chance]:
    pairs = (one.partition(":") for one in value.split(","))
    return {_status(status): _chance(chance) for status, _, chance in pairs}


def _breakages(value: str) -> tuple[Breakage, ...]:
    return tuple(Breakage(one) for one in value.split(","))


_BY_KIND: dict[Any, Callable[[str], Any]] = {
    Chance: _chance,
    bool: _SWITCHES.__getitem__,
    int: _status,
    float: float,
    Wait: _wait,
    Wait | None: _wait,
    Limit | None: _limit,
    tuple[Burst, ...]: _bursts,
    tuple[Breakage, ...]: _breakages,
}
_READERS: dict[str, Callable[[str], Any]] = {
    one.name: _errors if one.name == "errors" else _BY_KIND[one.type] for one in fields(Faults)
}
