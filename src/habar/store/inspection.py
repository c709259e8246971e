"""What is told of a database to the one who looks after it: its state, and broken promises.

Guarantees: bounded, however much is wrong; no message's text and no password is in it. Values only.
Each engine asks the same questions by statements of its own (`checks.sql`), named as in KINDS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SHOWN = 20
"""Findings of a kind that are told one by one."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a database whose schema fits."""

    size: int | None
    """Octets; None: the engine does not say."""
    accounts: int
    messages: int
    """About so many: counting a billion rows takes too long."""
    oldest_at: int | None
    """When the message of the lowest id was created, UTC milliseconds."""
    spans: int | None
    """Days' spans of message ids; None: the engine has none."""
    partitions: int | None
    alive: tuple[str, ...]
    """Names of the nodes that live."""
    unfinished_copy: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """A database, looked at from outside."""

    engine: str
    server: str
    """The engine's version."""
    schema: int
    """0: it has none yet."""
    needed: int
    """What this version of Habar needs."""
    contents: Contents | None
    """None: the schema does not fit."""


KINDS = {
    "ledger_sums": "account {} ({}): its balance is {}, its ledger adds up to {} (tiyn)",
    "ledger_strangers": "ledger row {}: there is no account {}",
    "below_nothing": "account {} ({}): below nothing: balance {} tiyn, allowance {}",
    "refs": "customer's id {1} of account {0} points to message {2}, which is not its own",
    "claimed": "message {} is claimed by run {}, which has ended",
    "parts": "part {1} of message {0}: there is no such message, or it has only {2} parts",
    "calls_of_nobody": "call-back {}: there is no subscriber's message {}",
    "owed_by_nobody": "subscriber's message {} waits, and no call-back is open for it",
    "opt_out_changes": "the opt-out of {1} from account {0}: its change {2} will be given again",
    "ids": "message {}: its id will be given a second time, the next one is {}",
}
"""Promises that every engine can be asked for, and the words for one that is broken."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of broken promise."""

    lines: tuple[str, ...]
    """At most SHOWN."""
    count: int

    def told(self) -> Iterator[str]:
        """All of it, a sentence a line."""
        yield from self.lines
        if self.count > len(self.lines):
            yield f"… and {self.count - len(self.lines)} more of this kind"


def finding(words: str, rows: Sequence[Sequence[Any]]) -> Finding | None:
    """From the rows of a check, each with the count of all of them at its end."""
    if not rows:
        return None
    return Finding(tuple(words.format(*row[:-1]) for row in rows), int(rows[0][-1]))


@dataclass(frozen=True, slots=True)
class Report:
    """What a check has found."""

    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    """What may lose data one day: settings, not data."""
