"""The calls of the library as conversations: what both clients share, without I/O.

Guarantees: values are checked before anything is posted (ValueError); a package of messages is
repeatable only if every message has an `id` of its own. Keeps no state but its settings, so that
threads may share it. Credentials are in no repr.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from habar_client import answer, request
from habar_client.answer import Garbled
from habar_client.errors import HabarClientError, TransportError
from habar_client.exchange import Conversation, Patience, exchange
from habar_client.request import Credentials, Ref
from habar_client.values import Balance, Deleted, Message, Price, Sent, Status, check_id

T = TypeVar("T")

ALMATY = "Asia/Almaty"
"""The protocol's zone. Since 2024-03-01 it is UTC+5."""

QUESTIONS = 1000
"""How many messages one package asks about."""

LARGEST_PACKAGE = 10_000
"""Messages of a package at most; the gateway's limit of octets comes first for long texts."""


@dataclass(frozen=True, slots=True)
class Conversations:
    """Conversations on behalf of one customer."""

    who: Credentials
    zone: ZoneInfo
    patience: Patience
    retry_lost: bool

    def send(self, messages: Sequence[Message]) -> Conversation[list[Sent]]:
        """Send one package; the rows are in the messages' order."""
        body = request.sending(self.who, messages, self.zone)
        repeatable = self.retry_lost and _all_have_ids(messages)
        try:
            outcome = yield from exchange(body, repeatable=repeatable, patience=self.patience)
        except HabarClientError as error:
            error.messages = tuple(messages)
            raise
        return answer.sent(messages, outcome.answer.rows("message"), again=outcome.again)

    def status(self, refs: Sequence[Ref]) -> Conversation[list[Status]]:
        """Ask where messages are."""
        body = request.asking(self.who, "status", refs)
        outcome = yield from exchange(body, repeatable=True, patience=self.patience)
        return answer.statuses(refs, outcome.answer.rows("status"), self.zone)

    def delete(self, refs: Sequence[Ref]) -> Conversation[list[Deleted]]:
        """Delete messages. To wish it twice does no harm."""
        body = request.asking(self.who, "delete", refs)
        outcome = yield from exchange(body, repeatable=True, patience=self.patience)
        return answer.deletions(refs, outcome.answer.rows("delete"))

    def balance(self) -> Conversation[Balance]:
        """Ask for the balance."""
        body = request.asking_balance(self.who)
        outcome = yield from exchange(body, repeatable=True, patience=self.patience)
        try:
            return outcome.answer.balance()
        except Garbled as garbled:
            raise TransportError(str(garbled), unknown=False, passing=False) from None

    def prices(self, recipients: Sequence[str]) -> Conversation[list[Price]]:
        """Ask what one SMS to each number costs."""
        body = request.asking_prices(self.who, recipients)
        outcome = yield from exchange(body, repeatable=True, patience=self.patience)
        return outcome.answer.prices()


def zone_named(zone: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ValueError.

    From the package tzdata, not from the machine: many have zone data from before 2024-03-01, by
    which every time would be an hour wrong.
    """
    if zone not in _zones():
        raise ValueError(f"there is no time zone {zone!r}")
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=zone)


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


def refs_of(sms_ids: int | Iterable[int], ids: int | Iterable[int]) -> list[Ref]:
    """The messages that a call asks about. Raises ValueError for numbers that cannot be ids."""
    refs = [Ref(sms_id=number) for number in _numbers("sms_id", sms_ids)]
    refs += [Ref(id=number) for number in _numbers("id", ids)]
    return refs


def one_ref(sms_id: int | None, own_id: int | None) -> list[Ref]:
    """The one message that a call is about. Raises ValueError."""
    if (sms_id is None) == (own_id is None):
        raise ValueError("give sms_id or id, one of them")
    return refs_of(() if sms_id is None else sms_id, () if own_id is None else own_id)


def packages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of `size`, reading no further than needed."""
    rest = iter(items)
    while package := list(islice(rest, size)):
        yield package


def check_package_size(size: int) -> None:
    """Raise ValueError for a size that no package can have."""
    if not 1 <= size <= LARGEST_PACKAGE:
        raise ValueError(f"package_size must be from 1 to {LARGEST_PACKAGE}")


def _numbers(name: str, given: int | Iterable[int]) -> list[int]:
    numbers = [given] if isinstance(given, int) else list(given)
    for number in numbers:
        check_id(name, number)
    return numbers


def _all_have_ids(messages: Sequence[Message]) -> bool:
    """Each has its own: of two with one id the second is refused, on a repeat both look so."""
    ids = {message.id for message in messages}
    return None not in ids and len(ids) == len(messages)
