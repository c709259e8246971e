"""What an installation consists of when it moves to another engine: tables, columns, figures.

Guarantees: every table and column of the embedded engine is named here, in TABLES or in LEFT (a
test compares them with the schema). Values only. Knows no engine and no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from typing import Protocol as Port

from habar.model.status import Stage
from habar.store.callbacks import CallStage

BATCH = 5_000
"""Rows that are brought in a transaction."""
Key = tuple[Any, ...]
"""A row's values in its table's key: integers, texts, or the octets of an API key's digest."""
Figures = dict[str, int]
"""What a table adds up to, by the figure's name: number of rows, sums of ids, of money, …"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that moves: its rows go in the order of `key`."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    flags: frozenset[str] = frozenset()
    """Columns that mean yes or no."""
    texts: frozenset[str] = frozenset()
    """Columns in which customers and operators may have written any character."""
    identity: bool = False
    """Whether new rows get their id from the database."""

    @property
    def key_places(self) -> tuple[int, ...]:
        """Where the key's columns stand among the columns."""
        return tuple(self.columns.index(name) for name in self.key)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TABLES = (
    Table(
        "operator",
        _words("id name enabled settings in_doubt changed_at"),
        flags=frozenset({"enabled"}),
        identity=True,
    ),
    Table(
        "account",
        _words(
            "id login kind blocked default_sender max_parts part_price daily_limit rate_limit"
            " priority xml_accept_code duplicate_id xml_lenient recipient http_reply timezone"
            " password_hash balance allowance day day_used created_at report_url report_host"
            " report_format callback_secret"
        ),
        flags=frozenset({"blocked", "xml_lenient"}),
        identity=True,
    ),
    Table("api_key", _words("digest account_id label created_at"), key=("digest",)),
    Table(
        "sender",
        _words("id account_id name free_of_charge created_at"),
        flags=frozenset({"free_of_charge"}),
        identity=True,
    ),
    Table(
        "message",
        _words(
            "id account_id customer_id protocol sender recipient text data_coding flash parts"
            " priority created_at due_at expires_at operator_id stage state price next_at attempts"
            " repeats refunded last_error uncertain_at completed_at route_id"
            " reports reply_to"
        ),
        texts=frozenset({"sender", "text", "last_error"}),
    ),
    Table(
        "part",
        _words(
            "message_id part operator_id operator_key operator_message_id sent_at state error"
            " done_at receipt_at receipts"
        ),
        key=("message_id", "part"),
        texts=frozenset({"operator_message_id", "error"}),
    ),
    Table(
        "customer_ref",
        _words("account_id customer_id message_id"),
        key=("account_id", "customer_id"),
    ),
    Table(
        "receipt_unmatched",
        _words("id operator_id operator_message_id state error done_at at raw whole"),
        flags=frozenset({"whole"}),
        texts=frozenset({"operator_message_id", "error", "raw"}),
        identity=True,
    ),
    Table(
        "receipt_unmatched_key",
        _words("operator_key receipt_id operator_message_id"),
        key=("operator_key", "receipt_id", "operator_message_id"),
        texts=frozenset({"operator_message_id"}),
    ),
    Table("number_range", _words("prefix network"), key=("prefix",)),
    Table("ported_number", _words("msisdn network"), key=("msisdn",)),
    Table(
        "route",
        _words("id position account_id sender network prefix kind priority prefer"),
    ),
    Table(
        "route_target",
        _words("route_id operator_id step weight cost"),
        key=("route_id", "operator_id"),
    ),
    Table(
        "message_report",
        _words("message_id url host"),
        key=("message_id",),
        texts=frozenset({"url"}),
    ),
    Table(
        "shortcode",
        _words("id code keyword account_id method url host userin passwordin reply created_at"),
        identity=True,
    ),
    Table(
        "inbound",
        _words(
            "id account_id shortcode_id operator_id sender short_code transaction_id text"
            " data_coding parts missing sent_at received_at state reply note done_at"
        ),
        texts=frozenset({"sender", "short_code", "transaction_id", "text", "reply", "note"}),
        identity=True,
    ),
    Table(
        "inbound_segment",
        _words(
            "operator_id sender short_code reference total generation part transaction_id"
            " data_coding octets header at sent_at joined mark"
        ),
        key=_words("operator_id sender short_code reference total generation part"),
        flags=frozenset({"joined"}),
        texts=frozenset({"sender", "short_code", "transaction_id"}),
    ),
    Table(
        "opt_out",
        _words("account_id msisdn short_code active at change"),
        key=("account_id", "msisdn"),
        flags=frozenset({"active"}),
        texts=frozenset({"short_code"}),
    ),
    Table(
        "callback",
        _words("id account_id kind subject state at host stage next_at attempts since ended_at"),
        identity=True,
    ),
    Table(
        "callback_try",
        _words("callback_id number at ms status error answer"),
        key=("callback_id", "number"),
        texts=frozenset({"error", "answer"}),
    ),
    Table(
        "callback_host",
        _words("host failures paused_until error since changed_at"),
        key=("host",),
        texts=frozenset({"error"}),
    ),
    Table(
        "ledger",
        _words("id account_id at kind amount first_message_id last_message_id messages note"),
        identity=True,
    ),
    Table("audit", _words("id at actor action subject detail"), identity=True),
)
"""In an order in which a row comes after those it refers to."""
LEFT = frozenset(
    {"run", "sequence", "sqlite_sequence", "probe", "texts_tidied", "text_kept", "bind_report"}
)
"""Tables that do not move as they are: who ran, where numbers go on (told by `Source`), room on
the disk, how far texts were gone through by their age (the target begins anew), and what links
reported, which are down while a copy is made."""

_MESSAGE = {table.name: table for table in TABLES}["message"].columns
_STAGE, _REPEATS, _UNCERTAIN = map(_MESSAGE.index, ("stage", "repeats", "uncertain_at"))

_CALLBACK_STAGE = {table.name: table for table in TABLES}["callback"].columns.index("stage")

_LEFT_BY_THE_DEAD = {Stage.CLAIMED: Stage.WAITING, Stage.BOARDED: Stage.HELD}


def recovered(row: Sequence[Any], at: int) -> Sequence[Any]:
    """A message's row as a start after a death would leave it: nobody has it in hand any more.

    It is in doubt whatever its operator's `in_doubt` says: a doubt too many does no harm.
    """
    stage = _LEFT_BY_THE_DEAD.get(row[_STAGE])
    if stage is None:
        return row
    new = list(row)
    new[_STAGE], new[_UNCERTAIN] = int(stage), at
    new[_REPEATS] += 1
    return tuple(new)


def released(row: Sequence[Any]) -> Sequence[Any]:
    """A call-back's row as the next start would leave it."""
    if row[_CALLBACK_STAGE] != CallStage.CLAIMED:
        return row
    new = list(row)
    new[_CALLBACK_STAGE] = int(CallStage.WAITING)
    return tuple(new)


class FirstOfDay(NamedTuple):
    """A UTC day on which messages came, and the smallest id among them."""

    day: int
    first_id: int


class Source(Port):
    """A database that does not change while it is read."""

    identity: str
    """Which installation it is, however far it has come."""
    state: str
    """How far it has come: other words where anything was written since."""
    next_id: int
    """The first message id that nobody was told."""
    numbers: Mapping[str, int]
    """Where all else goes on that is counted: the state of the books, ids of routes, …"""

    def days(self) -> list[FirstOfDay]:
        """The days on which messages came, in any order."""

    def count(self, table: Table) -> int:
        """How many rows there are."""

    def rows(self, table: Table, after: Key | None, limit: int) -> list[Sequence[Any]]:
        """The next rows in the order of the key."""

    def highest(self, table: Table) -> int | None:
        """The largest `id` that was ever given; None where there was none."""

    def figures(self, table: Table) -> Figures:
        """What the table adds up to; claimed messages as `recovered` leaves them."""

    def unchanged(self) -> bool:
        """Whether nobody has written there since it was opened."""


class Watch(Port):
    """Somebody who looks on."""

    def stage(self, words: str, total: int) -> None:
        """What is done from now on, and how many rows that are."""

    def advance(self, count: int = 1) -> None:
        """So many more are done, and on the target's disk."""


class Difference(NamedTuple):
    """A figure that is not the same on both sides."""

    table: str
    figure: str
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to."""

    rows: dict[str, int] = field(default_factory=dict)
    """Of each table, all that are there now."""
    earlier: int = 0
    """Rows that an earlier try had brought."""
    done_at: int | None = None
    """When it was finished before: then there was nothing to do."""
    differences: tuple[Difference, ...] = ()
    figures: int = 0
    """So many were compared."""
    changed: bool = False
    """Somebody wrote into the source in the meantime."""

    @property
    def good(self) -> bool:
        """Whether the target has all that the source has."""
        return not self.differences and not self.changed
