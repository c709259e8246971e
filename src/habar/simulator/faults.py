"""What the simulated SMSC does wrong, as data; nothing by default.

Guarantees: values, checked when made. What is drawn from them is dice.py's.
Knows nothing of sockets, messages or how a fault is carried out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from habar.wire.smpp import CommandStatus


@dataclass(frozen=True, slots=True)
class Times:
    """An exact number of occasions: the first `after` go well, the next `count` meet the fault."""

    count: int
    after: int = 0


Chance: TypeAlias = float | Times
"""A share of all occasions, 0.0 to 1.0, or an exact number of them."""


class Wait(NamedTuple):
    """Seconds, drawn evenly between `least` and `most`.

    With `mean`, exponentially: `mean` seconds beyond `least` on the average, cut at `most`.
    """

    least: float
    most: float
    mean: float | None = None


class Limit(NamedTuple):
    """At most so many submit_sm in a second, over all links; a further one is answered `status`."""

    per_second: float
    status: int = CommandStatus.ESME_RTHROTTLED


class Burst(NamedTuple):
    """For the first `seconds` of `every` seconds, everything is answered `status`."""

    seconds: float
    every: float
    status: int = CommandStatus.ESME_RTHROTTLED


class Breakage(Enum):
    """How the text of a receipt is broken."""

    CUT = "cut"
    """It ends somewhere."""
    GARBAGE = "garbage"
    """Octets of no meaning."""
    EMPTY = "empty"
    ENCODING = "encoding"
    """Two octets a character, though data_coding says its default alphabet."""
    NO_ID = "no-id"
    UNKNOWN_STATE = "unknown-state"
    """`stat:` has a word that the standard does not know."""
    DATES = "dates"
    """Dates that are none."""


_LATE = Wait(0.05, 0.5)
_NO_ERRORS: Mapping[int, Chance] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything that can go wrong. Times are seconds; raises ValueError for what cannot be.

    An occasion is a submit_sm unless the field says another. Each fault draws from a stream of its
    own, so that the same occasions in the same order meet the same faults again.
    """

    seed: int = 0

    receipts_lost: Chance = 0.0
    """Never sent."""
    receipts_early: Chance = 0.0
    """Sent before the submit_sm_resp, on the same link where that may receive."""
    receipts_repeated: Chance = 0.0
    """Sent twice."""
    receipts_contradicted: Chance = 0.0
    """Two receipts: UNDELIV and then DELIVRD."""
    delivered_last: bool = True
    """False: a contradiction is DELIVRD and then UNDELIV."""
    receipts_broken: Chance = 0.0
    """In one of the `breakages`, evenly."""
    breakages: tuple[Breakage, ...] = tuple(Breakage)
    broken_tlvs: bool = False
    """Whether a broken receipt has its TLVs all the same."""
    receipts_orphaned: Chance = 0.0
    """One more receipt, for an id that nobody knows."""
    receipts_shuffled: bool = False
    """Those that are due and not sent yet go in any order."""
    receipt_wait: Wait | None = None
    """Beyond `receipt_delay`."""
    receipt_batch: float = 0.0
    """Receipts become due together, at each multiple of so many seconds."""

    sequences_reused: Chance = 0.0
    """Each deliver_sm an occasion: it comes twice with one sequence_number."""

    limit: Limit | None = None
    bursts: tuple[Burst, ...] = ()
    """Of submit_sm, counted from the first occasion of any fault."""
    errors: Mapping[int, Chance] = field(default_factory=lambda: _NO_ERRORS)
    """By command_status; shares together are at most 1."""
    submits_ignored: Chance = 0.0
    """Neither taken nor answered."""
    nacks: Chance = 0.0
    """Not taken, answered by generic_nack with its sequence_number."""
    nacks_unnumbered: Chance = 0.0
    """Not taken, answered by generic_nack with sequence_number 0."""
    nack_status: int = CommandStatus.ESME_RSYSERR
    responses_lost: Chance = 0.0
    """Taken and never answered."""
    responses_late: Chance = 0.0
    """Taken and answered after `response_wait`; other answers do not wait for it."""
    response_wait: Wait = _LATE
    """Unless given, evenly 0.05 to 0.5."""
    responses_repeated: Chance = 0.0
    """Answered twice: the second answers a sequence_number that is used already."""
    responses_stray: Chance = 0.0
    """After the answer there is one to a sequence_number that never was."""
    operations_ignored: Chance = 0.0
    """query_sm, cancel_sm, replace_sm that are carried out and not answered; each an occasion."""

    links_silent: Chance = 0.0
    """Each connection an occasion: after `silent_after` requests it reads and says nothing more."""
    silent_after: int = 0
    """0: not even the bind is answered; 1: only the bind is; enquire_link does not count."""
    enquire_links_ignored: bool = False
    unbinds: Chance = 0.0
    """After the answer the SMSC says unbind, and goes on answering what still comes."""
    resets: Chance = 0.0
    """Half of the answer is written, and the TCP connection is reset."""
    outbinds: Chance = 0.0
    """Each connection an occasion: it begins with an outbind."""

    binds_refused: Chance = 0.0
    """Each bind an occasion."""
    bind_status: int = CommandStatus.ESME_RBINDFAIL
    bind_bursts: tuple[Burst, ...] = ()
    """As `bursts`, of binds."""

    def __post_init__(self) -> None:
        for name, chance in self._chances():
            _check(name, chance)
        if sum(one for one in self.errors.values() if not isinstance(one, Times)) > 1:
            raise ValueError("the shares of errors are together at most 1")
        for burst in (*self.bursts, *self.bind_bursts):
            if not 0 < burst.seconds <= burst.every:
                raise ValueError("a burst is so many seconds of at least as many")
        for wait in (self.receipt_wait, self.response_wait):
            if wait is not None and (not 0 <= wait.least <= wait.most or (wait.mean or 0) < 0):
                raise ValueError("a wait is from least to most, and not negative")
        if self.limit is not None and self.limit.per_second <= 0:
            raise ValueError("a limit is a positive number of submit_sm a second")
        if not self.breakages or min(self.silent_after, self.receipt_batch) < 0:
            raise ValueError("breakages are some; silent_after and receipt_batch are not negative")

    def _chances(self) -> Iterator[tuple[str, Chance]]:
        for one in fields(self):
            if one.type == Chance:
                yield one.name, getattr(self, one.name)
        for status, chance in self.errors.items():
            yield f"errors[{status:#x}]", chance


def _check(name: str, chance: Chance) -> None:
    if isinstance(chance, Times):
        if min(chance.count, chance.after) < 0:
            raise ValueError(f"{name}: a number of times is not negative")
    elif not 0 <= chance <= 1:
        raise ValueError(f"{name}: a share is from 0 to 1")


NO_FAULTS = Faults()
