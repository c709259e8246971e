"""An SMSC as bad as they come: it throttles, forgets, muddles the order of things, falls over.

Guarantees: it writes down what it has done (`Book`), so that what the gateway says can be judged by
it; what becomes of a message hangs on its recipient and the seed, not on when or how often it came.
Every choice is drawn from one seeded source. Built on wire.smpp alone and not on habar.simulator,
so that the judge shares no error with the sandbox's operator.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from random import Random
from typing import Any, NamedTuple, cast

from habar.wire.smpp import (
    BINDS,
    Closed,
    CommandId,
    CommandStatus,
    Connection,
    EsmClass,
    Event,
    MessageState,
    Pdu,
    Receipt,
    ReceiptDate,
    Received,
    RequestTimedOut,
    Response,
    Role,
    StateError,
    Tlv,
    encode_submit_body,
    encode_tlvs,
    format_receipt,
)
from habar.wire.smpp import Settings as ConnectionSettings
from habar.wire.smpp.answers import generic_nack
from habar.wire.text import parse_udh

from .loop import VirtualLoop
from .network import Address, End, Network

THROTTLED = frozenset({CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL})
PASSING = (
    CommandStatus.ESME_RSYSERR,
    CommandStatus.ESME_RX_T_APPN,
    CommandStatus.ESME_RSUBMITFAIL,
)
REFUSED = CommandStatus.ESME_RINVDSTADR
PartKey = tuple[int, int]
"""(recipient, part from 1)."""


class Ends(Enum):
    """What becomes of a message that the SMSC has, or that it will not have."""

    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    FIRST_ONLY = "the first part is delivered, the others are not"
    REFUSED = "every part is refused for good"
    SECOND_REFUSED = "every part but the first is refused for good"


class Told(Enum):
    """How its receipts come."""

    PLAINLY = "plainly"
    EARLY = "before the answer"
    TWICE = "twice"
    NOTED = "after a note on the way"
    CONTRADICTED = "with another that says the contrary"
    BROKEN_TEXT = "with a text that cannot be read, but TLVs"
    BROKEN = "in a form that cannot be read"
    NEVER = "not at all"


class Fate(NamedTuple):
    """Of one recipient's message."""

    ends: Ends
    told: Told

    def refuses(self, part: int) -> bool:
        """Whether that part is never taken."""
        return self.ends is Ends.REFUSED or (self.ends is Ends.SECOND_REFUSED and part > 1)

    def state(self, part: int) -> MessageState:
        """What the receipt of that part says."""
        if self.ends is Ends.EXPIRED:
            return MessageState.EXPIRED
        fails = self.ends is Ends.UNDELIVERABLE or (self.ends is Ends.FIRST_ONLY and part > 1)
        return MessageState.UNDELIVERABLE if fails else MessageState.DELIVERED


_ENDS = {
    Ends.DELIVERED: 80,
    Ends.UNDELIVERABLE: 6,
    Ends.EXPIRED: 3,
    Ends.FIRST_ONLY: 4,
    Ends.REFUSED: 4,
    Ends.SECOND_REFUSED: 3,
}
_TOLD = {
    Told.PLAINLY: 70,
    Told.EARLY: 6,
    Told.TWICE: 6,
    Told.NOTED: 4,
    Told.CONTRADICTED: 4,
    Told.BROKEN_TEXT: 4,
    Told.BROKEN: 3,
    Told.NEVER: 3,
}


def fate_of(seed: int, recipient: int) -> Fate:
    """What becomes of that recipient's message, always the same."""
    chance = Random(seed * 100_000_000_007 + recipient)
    (ends,) = chance.choices(list(_ENDS), list(_ENDS.values()))
    (told,) = chance.choices(list(_TOLD), list(_TOLD.values()))
    return Fate(ends, told)


@dataclass(slots=True)
class Mood:
    """What is the matter at the moment; several things may be."""

    throttles: bool = False
    full: bool = False
    fails: bool = False
    """Answers passing errors."""
    nacks: bool = False
    silent: bool = False
    """Takes submit_sm and never answers."""
    late: bool = False
    """Answers after the gateway has given up waiting, or just before."""
    refuses_binds: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """What it is always like."""

    ids_in_hex: bool = False
    """In submit_sm_resp; receipts have them in decimal."""
    receipts: bool = True
    whole_receipts: bool = False
    """One receipt for a message, on the part with which it was complete."""
    reference_tlv: int = 0
    """In which submit_sm says our own name of a part, by which query_sm asks."""
    rate: float = 0.0
    """submit_sm that it takes in a second, over all lines; 0.0: as many as come."""
    cancels: float = 0.0
    """How likely it forgets what it is asked to; 0.0: it does not know cancel_sm."""
    reuses: bool = False
    """Its requests have the lowest sequence_number that is free, the same again and again."""
    window: int = 20
    patience: float = 10.0
    """Seconds that the gateway waits for an answer, as far as we know."""
    forgets: float = 0.004
    """How likely an answer is forgotten on a good day."""


class Take(NamedTuple):
    """A submit_sm that was taken."""

    message_id: int
    at: float
    link: int
    """The number of the line."""


@dataclass
class Book:
    """What the SMSC has done."""

    takes: dict[PartKey, list[Take]] = field(default_factory=lambda: defaultdict(list))
    answered: dict[int, float] = field(default_factory=dict)
    """When the answer to a take was written, by message_id; missing: never."""
    named: dict[bytes, int] = field(default_factory=dict)
    """message_id by the gateway's reference, for query_sm."""
    refused: Counter[PartKey] = field(default_factory=Counter)
    """For good."""
    failed: Counter[PartKey] = field(default_factory=Counter)
    """Passing errors but throttling, and nacks."""
    throttled: Counter[PartKey] = field(default_factory=Counter)
    over_rate: int = 0
    """submit_sm that came sooner than it takes them (`Manner.rate`)."""
    cancelled: set[int] = field(default_factory=set)
    """By message_id: cancel_sm was obeyed, and its receipt is not of another end."""
    cancels_refused: int = 0
    told: dict[int, list[MessageState]] = field(default_factory=lambda: defaultdict(list))
    """Receipts that can be read and were acknowledged, by message_id, in order."""
    link_over: dict[int, float] = field(default_factory=dict)
    """When a line came to its end, or vanished; by its number."""
    binds: int = 0


class Delivery(NamedTuple):
    """A deliver_sm that is owed."""

    body: bytes
    message_id: int
    state: MessageState | None
    """None: it cannot be read."""


class Smsc:
    """One operator's. `now_ms` is the wall clock."""

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        network: Network,
        address: Address,
        *,
        seed: int,
        now_ms: Callable[[], int],
        manner: Manner,
    ) -> None:
        self.name = name
        self.address = address
        self.manner = manner
        self.mood = Mood()
        self.book = Book()
        self.loop = loop
        self.random = Random(f"{seed}/{name}")
        self.trace = network.trace
        self._seed = seed
        self._network = network
        self._now_ms = now_ms
        self._next_id = self.random.randrange(10**9, 2 * 10**9)
        self._links: dict[int, Link] = {}
        self._later: list[tuple[float, int, Delivery]] = []
        self._ready: deque[Delivery] = deque()
        self._order = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ended: set[int] = set()
        """message_ids of which a receipt has been sent."""
        self._saved_up, self._saved_at = manner.rate, 0.0
        network.listen(lambda: Link(self), *address)

    @property
    def owes(self) -> int:
        """deliver_sm that are not acknowledged yet, but for those on their way."""
        return len(self._later) + len(self._ready)

    def links(self) -> Iterable[Link]:
        """Those that are bound."""
        return [link for link in self._links.values() if link.bound]

    def joined(self, link: Link) -> None:
        """A new line."""
        self._links[link.number] = link

    def left(self, link: Link) -> None:
        """A line has ended."""
        self._links.pop(link.number, None)
        line_over = link.over_at
        self.book.link_over[link.number] = self.loop.time() if line_over is None else line_over

    # --- submit_sm -------------------------------------------------------------------------------
    def submit(self, link: Link, pdu: Pdu) -> None:
        """Take it or not, and answer it, or not."""
        key = _part_key(pdu)
        status = self._status(key)
        self.trace.note("submit", self.name, key, status)
        if status:
            self._count(key, status)
            self._answer(link, pdu, status)
            return
        message_id, self._next_id = self._next_id, self._next_id + self.random.randrange(1, 50)
        self.book.takes[key].append(Take(message_id, self.loop.time(), link.number))
        if self.manner.reference_tlv:
            reference = pdu.tlv_octets(self.manner.reference_tlv) or b""
            self.book.named[reference.rstrip(b"\0")] = message_id
        delay = self._answer_delay(key)
        if delay is not None:
            self.loop.call_later(delay, self._take, link, pdu, message_id)
        self._owe_receipts(key, pdu, message_id, delay or 0.0)

    def _status(self, key: PartKey) -> int:
        """Why it is not taken; 0: it is."""
        mood, chance = self.mood, self.random.random()
        if self.manner.rate and not self._in_time():
            self.book.over_rate += 1
            return CommandStatus.ESME_RTHROTTLED
        if mood.throttles and chance < 0.8:
            return CommandStatus.ESME_RTHROTTLED
        if mood.full and chance < 0.8:
            return CommandStatus.ESME_RMSGQFUL
        if mood.fails and chance < 0.6:
            return self.random.choice(PASSING)
        if mood.nacks and chance < 0.5:
            return -1
        refuses = fate_of(self._seed, key[0]).refuses(key[1])
        return REFUSED if refuses else CommandStatus.ESME_ROK

    def _in_time(self) -> bool:
        """Whether it takes one more by now: a second's worth at once, at most."""
        rate, now = self.manner.rate, self.loop.time()
        self._saved_up = min(rate, self._saved_up + (now - self._saved_at) * rate)
        self._saved_at = now
        if self._saved_up < 1.0:
            return False
        self._saved_up -= 1.0
        return True

    def _count(self, key: PartKey, status: int) -> None:
        book = self.book
        if status == REFUSED:
            book.refused[key] += 1
        elif status in THROTTLED:
            book.throttled[key] += 1
        else:
            book.failed[key] += 1

    def _answer(self, link: Link, pdu: Pdu, status: int) -> None:
        def answer() -> None:
            if status == -1:
                link.write(generic_nack(CommandStatus.ESME_RSYSERR, pdu.sequence_number))
            else:
                link.answer(pdu, status)

        self.loop.call_later(self.random.uniform(0.0, 0.05), answer)

    def _answer_delay(self, key: PartKey) -> float | None:
        """Seconds; None: never."""
        patience = self.manner.patience
        chance = self.random.random()
        if chance < self.manner.forgets or (self.mood.silent and chance < 0.7):
            return None
        if self.mood.late and chance < 0.7:
            return self.random.uniform(0.5, 1.5) * patience
        if fate_of(self._seed, key[0]).told is Told.EARLY:
            return self.random.uniform(0.3, 0.9) * patience / 2
        return self.random.uniform(0.0, 0.15)

    def _take(self, link: Link, pdu: Pdu, message_id: int) -> None:
        form = b"%x" if self.manner.ids_in_hex else b"%d"
        if link.answer(pdu, 0, message_id=form % message_id):
            self.book.answered[message_id] = self.loop.time()

    def query(self, link: Link, pdu: Pdu) -> None:
        """Say whether a part is known by that reference, or say nothing."""
        message_id = self.book.named.get(pdu.octets("message_id"))
        self.trace.note("query", self.name, message_id)
        if self.mood.silent and self.random.random() < 0.7:
            return
        delay = self.random.uniform(0.0, 0.1)
        if message_id is None:
            self.loop.call_later(delay, link.answer, pdu, CommandStatus.ESME_RQUERYFAIL)
            return
        form = b"%x" if self.manner.ids_in_hex else b"%d"
        known = {"message_id": form % message_id, "message_state": int(MessageState.ENROUTE)}
        self.loop.call_later(delay, lambda: link.answer(pdu, 0, **known))

    def cancel(self, link: Link, pdu: Pdu) -> None:
        """Forget a message of which nothing was said yet, if it likes, or say nothing."""
        message_id = int(pdu.octets("message_id"), 16 if self.manner.ids_in_hex else 10)
        obeys = message_id not in self._ended and self.random.random() < self.manner.cancels
        self.trace.note("cancel", self.name, message_id, obeys)
        if obeys:
            self._forget(message_id, pdu)
        else:
            self.book.cancels_refused += 1
        if self.mood.silent and self.random.random() < 0.7:
            return
        status = CommandStatus.ESME_ROK if obeys else CommandStatus.ESME_RCANCELFAIL
        self.loop.call_later(self.random.uniform(0.0, 0.1), link.answer, pdu, status)

    def _forget(self, message_id: int, pdu: Pdu) -> None:
        """Tell of no other end, and now and then of this one."""
        self.book.cancelled.add(message_id)
        self._ready = deque(one for one in self._ready if one.message_id != message_id)
        self._later = [one for one in self._later if one[2].message_id != message_id]
        heapq.heapify(self._later)
        if self.random.random() < 0.5:
            body, _ = self._body(pdu, message_id, MessageState.DELETED, Told.PLAINLY)
            wait = self.random.expovariate(1 / 8)
            self._owe(Delivery(body, message_id, MessageState.DELETED), wait)

    # --- Receipts --------------------------------------------------------------------------------
    def _owe_receipts(self, key: PartKey, pdu: Pdu, message_id: int, answered_in: float) -> None:
        recipient, part = key
        fate = fate_of(self._seed, recipient)
        if not (pdu.number("registered_delivery") & 3) or not self.manner.receipts:
            return
        if fate.told is Told.NEVER or (
            self.manner.whole_receipts and not self._completes(key, pdu)
        ):
            return
        state = fate.state(part)
        wait = 0.0 if fate.told is Told.EARLY else answered_in + self.random.expovariate(1 / 8)
        states = [state]
        if fate.told is Told.TWICE:
            states = [state, state]
        elif fate.told is Told.NOTED:
            states = [MessageState.ENROUTE, state]
        elif fate.told is Told.CONTRADICTED:
            states = [MessageState.DELIVERED, MessageState.UNDELIVERABLE]
            self.random.shuffle(states)
        for told in states:
            body, readable = self._body(pdu, message_id, told, fate.told)
            self._owe(Delivery(body, message_id, told if readable else None), wait)
            wait += self.random.uniform(0.0, 5.0)

    def _completes(self, key: PartKey, pdu: Pdu) -> bool:
        """Whether with this part, taken for the first time, there are all of them."""
        takes = self.book.takes
        parts = [(key[0], part) for part in range(1, _parts(pdu) + 1)]
        return len(takes[key]) == 1 and all(takes.get(part) for part in parts)

    def _body(
        self, pdu: Pdu, message_id: int, state: MessageState, told: Told
    ) -> tuple[bytes, bool]:
        """A receipt's deliver_sm, and whether anybody could read it."""
        moment = datetime.fromtimestamp(self._now_ms() // 1000, UTC)
        date = ReceiptDate(*moment.timetuple()[:6])
        text = format_receipt(
            Receipt(str(message_id), state, "000", submit_date=date, done_date=date)
        )
        tlvs = encode_tlvs(
            (
                (Tlv.RECEIPTED_MESSAGE_ID, b"%d" % message_id),
                (Tlv.MESSAGE_STATE, int(state)),
            )
        )
        if told is Told.BROKEN_TEXT:
            text = b"\xff\x00sta" + text[:7]
        elif told is Told.BROKEN:
            text, tlvs = b"delivery: ok?", b""
        elif self.random.random() < 0.5:
            tlvs = b""
        body = encode_submit_body(
            pdu.octets("destination_addr"),
            pdu.octets("source_addr"),
            text,
            esm_class=EsmClass.DELIVERY_RECEIPT,
            tlvs=tlvs,
        )
        return body, told is not Told.BROKEN

    def _owe(self, delivery: Delivery, wait: float) -> None:
        self._order += 1
        heapq.heappush(self._later, (self.loop.time() + wait, self._order, delivery))
        self._arm()

    def _arm(self) -> None:
        if self._later:
            due = self._later[0][0]
            if self._timer is None or due < self._timer.when():
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = self.loop.call_at(due, self._due)

    def _due(self) -> None:
        self._timer = None
        self.deliver()

    def deliver(self) -> None:
        """Send what is due on links with room."""
        while self._later and self._later[0][0] <= self.loop.time():
            self._ready.append(heapq.heappop(self._later)[2])
        self._arm()
        links = [link for link in self.links() if link.room]
        while self._ready and links:
            link = self.random.choice(links)
            delivery = self._ready.popleft()
            self._ended.add(delivery.message_id)
            link.deliver(delivery)
            links = [link for link in links if link.room]

    def delivered(self, delivery: Delivery, status: int) -> None:
        """It was acknowledged, or not."""
        if status:
            self._owe(delivery, 1.0)
        elif delivery.state is not None:
            self.book.told[delivery.message_id].append(delivery.state)

    def put_back(self, deliveries: Iterable[Delivery]) -> None:
        """They were not answered: again, later."""
        for delivery in deliveries:
            self._owe(delivery, 0.5)


class Link(asyncio.Protocol):
    """One line, from the SMSC's side."""

    def __init__(self, smsc: Smsc) -> None:
        self.number = 0
        self._smsc = smsc
        self._loop = smsc.loop
        self._end: End | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._gone = False
        self._smpp = Connection(
            Role.SMSC,
            self._loop.time(),
            ConnectionSettings(
                window=smsc.manner.window,
                response=smsc.manner.patience,
                session_init=10.0,
                enquire_link=30.0,
                enquire_link_response=5.0,
                inactivity=120.0,
            ),
        )

    @property
    def bound(self) -> bool:
        """Whether messages may pass."""
        return self._smpp.is_bound and not self._gone

    @property
    def room(self) -> bool:
        """Whether a deliver_sm may be sent."""
        able = self._smpp.can_send(CommandId.DELIVER_SM) and not self._gone
        return able and self._smpp.window_free > 0

    @property
    def over_at(self) -> float | None:
        """When the line ended or vanished."""
        return self._end.line.over_at if self._end is not None else None

    # --- asyncio.Protocol ------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A gateway has connected."""
        self._end = cast("End", transport)
        self.number = self._end.line.number
        self._smsc.joined(self)
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Octets of the gateway."""
        self._handle(self._smpp.receive_data(data, self._loop.time()))

    def connection_lost(self, exc: Exception | None) -> None:
        """What was not answered is owed again."""
        self._gone = True
        if self._timer is not None:
            self._timer.cancel()
        for event in self._smpp.closed():
            if isinstance(event, Closed):
                self._smsc.put_back([t for t in event.tokens if isinstance(t, Delivery)])
        self._smsc.left(self)

    def _handle(self, events: list[Event]) -> None:
        smsc = self._smsc
        for event in events:
            if isinstance(event, Received):
                self._request(event.pdu)
            elif isinstance(event, Response) and isinstance(event.token, Delivery):
                smsc.delivered(event.token, event.pdu.command_status)
            elif isinstance(event, RequestTimedOut) and isinstance(event.token, Delivery):
                smsc.put_back([event.token])
        smsc.deliver()
        self._flush()

    def _request(self, pdu: Pdu) -> None:
        if pdu.command_id in BINDS:
            refused = self._smsc.mood.refuses_binds
            self._smsc.trace.note("bind", self._smsc.name, self.number, refused)
            if refused:
                self._smpp.send_response(pdu, CommandStatus.ESME_RBINDFAIL)
            else:
                self._smsc.book.binds += 1
                self._smpp.send_response(pdu, system_id=b"MISERY")
        elif pdu.command_id == CommandId.SUBMIT_SM:
            self._smsc.submit(self, pdu)
        elif pdu.command_id == CommandId.QUERY_SM:
            self._smsc.query(self, pdu)
        elif pdu.command_id == CommandId.CANCEL_SM and self._smsc.manner.cancels:
            self._smsc.cancel(self, pdu)
        else:
            self._smpp.send_response(pdu, CommandStatus.ESME_RINVCMDID)

    # --- What the SMSC wants ---------------------------------------------------------------------
    def answer(self, pdu: Pdu, status: int, **fields: Any) -> bool:
        """Answer a submit_sm; False where the line is gone."""
        if self._gone or self.over_at is not None:
            return False
        self._smpp.send_response(pdu, status, **fields)
        self._flush()
        return True

    def write(self, octets: bytes) -> None:
        """Write something that the session knows nothing of."""
        if self._end is not None and not self._gone:
            self._end.write(octets)

    def deliver(self, delivery: Delivery) -> None:
        """Send a deliver_sm."""
        if self._smsc.manner.reuses:
            self._smpp._window._next = 1
        self._smpp.send_deliver(delivery.body, delivery, self._loop.time())
        self._flush()

    def unbind(self) -> None:
        """Say goodbye in the middle of everything."""
        try:
            self._smpp.unbind(self._loop.time())
        except StateError:
            return
        self._flush()

    def _flush(self) -> None:
        if self._end is None or self._gone:
            return
        data = self._smpp.bytes_to_send()
        if data:
            self._end.write(data)
        self._arm()
        if self._smpp.should_close:
            self._end.close()

    def _arm(self) -> None:
        due = self._smpp.next_timer()
        if due is None or self._gone or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._handle(self._smpp.tick(self._loop.time()))


def _part_key(pdu: Pdu) -> PartKey:
    concatenation = _concatenation(pdu)
    return int(pdu.octets("destination_addr")), concatenation[0]


def _parts(pdu: Pdu) -> int:
    return _concatenation(pdu)[1]


def _concatenation(pdu: Pdu) -> tuple[int, int]:
    """(part, parts)."""
    if not pdu.number("esm_class") & EsmClass.UDHI:
        return 1, 1
    found = parse_udh(pdu.message).concatenation
    return (found.sequence, found.total) if found is not None else (1, 1)
