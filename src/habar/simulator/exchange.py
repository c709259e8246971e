"""The mind of the simulated SMSC: who may bind, what is taken, which receipts follow.

Guarantees: no I/O; a submit_sm that is answered ESME_ROK is recorded, and if it asked for a
receipt and its recipient gives one, the receipt is in the outbox. Memory is bounded.
Knows nothing of connections: the answer and the drop are for the session to carry out.
"""

import hmac
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from habar.simulator.behaviour import DELIVERED, Behaviour
from habar.simulator.content import Reading, content_of, refusal
from habar.simulator.dice import Dice, Tale, Twist, dice_of
from habar.simulator.faults import Faults
from habar.simulator.ids import Ids
from habar.simulator.ledger import Entry, Ledger
from habar.simulator.outbox import Delivery, Handover, Outbox
from habar.simulator.receipts import ReceiptWriter, Spokesmen
from habar.simulator.record import Received, Record, Told, received_of
from habar.simulator.settings import Settings
from habar.simulator.subscribers import SubscriberMessage, written
from habar.wire.smpp import CommandStatus, MessageState, Pdu

_THROTTLES_KEPT = 10_000
_PASSING = frozenset(
    {
        CommandStatus.ESME_RSYSERR,
        CommandStatus.ESME_RMSGQFUL,
        CommandStatus.ESME_RTHROTTLED,
        CommandStatus.ESME_RX_T_APPN,
    }
)
"""Answers to deliver_sm after which it goes again."""


class Answer(NamedTuple):
    """What to answer to a submit_sm."""

    status: int
    message_id: bytes = b""
    drop: bool = False
    """Close the link once the answer has been flushed."""
    early: bool = False
    """What is due goes before the answer."""
    twist: Twist | None = None
    """What goes wrong with the answer."""
    wait: float = 0.0
    """Seconds until it is sent, where it is late."""


def wants_receipt(registered_delivery: int, state: MessageState) -> bool:
    """Whether the final state is to be told (5.2.17; the value 3 as SMPP 5.0 has it)."""
    asked = registered_delivery & 3
    if asked == 1:
        return True
    failed = state != MessageState.DELIVERED
    return failed if asked == 2 else asked == 3 and not failed


class Exchange:
    """Decisions and memory of one SMSC."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], int],
        on_message: Callable[[Received], None] | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self.watchers = [] if on_message is None else [on_message]
        """Told each submit_sm that is taken."""
        self._behaviours = {
            number.encode("ascii"): behaviour for number, behaviour in settings.behaviours.items()
        }
        self._throttled: OrderedDict[int, int] = OrderedDict()
        self._next_id = clock() * 1000 if settings.first_id is None else settings.first_id
        self._ids = Ids(settings)
        self._reading = Reading(settings.alphabet, settings.ucs2_little_endian)
        self._writer = ReceiptWriter(settings, self._ids)
        self._spokesmen = Spokesmen(settings.receipts_for)
        self._reference = 0
        self.ledger = Ledger(settings.record_limit) if settings.record else None
        self.record = Record(settings.record_limit, settings.seen_limit)
        self.outbox = Outbox(settings.outbox_limit)
        self.bound: Counter[str] = Counter()
        """Links that are bound, by system_id; the sessions count."""
        self.receipt_delay = settings.receipt_delay
        self.bind_status: int | None = None
        """Every bind is answered by it, where set."""
        self.submit_status: int | None = None
        """Every submit_sm is answered by it, where set."""
        self.faults = settings.faults

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self.dice: Dice | None = dice_of(faults)
        shuffles = self.dice is not None and faults.receipts_shuffled
        self.outbox.shuffle = (
            self.dice.stream("receipts_shuffled") if self.dice is not None and shuffles else None
        )

    # Binds

    def authenticate(self, system_id: str, password: bytes, now: float = 0.0) -> int:
        """Return the command_status for a bind; `now` is monotonic seconds."""
        if self.bind_status is not None:
            return self.bind_status
        known = self.settings.passwords.get(system_id)
        if known is None:
            return CommandStatus.ESME_RINVSYSID
        if not hmac.compare_digest(known.encode(), password):
            return CommandStatus.ESME_RINVPASWD
        if self.dice is not None and (status := self.dice.bind_refusal(now)):
            return status
        limit = self.settings.bind_limit
        if limit and self.bound[system_id] >= limit:
            return CommandStatus.ESME_RALYBND
        return CommandStatus.ESME_ROK

    # submit_sm

    def submit(self, session: int, account: str, pdu: Pdu, now: float) -> Answer:
        """Take or refuse a submit_sm; `now` is monotonic seconds."""
        dice = self.dice
        if dice is not None and (answer := self._prevented(dice, now)):
            return answer
        now_ms = self._clock()
        behaviour = self._behaviours.get(pdu.octets("destination_addr"), DELIVERED)
        status = self._refusal(account, pdu, behaviour, now_ms)
        state = behaviour.state
        wants = (
            state is not None
            and self.settings.receipts
            and wants_receipt(pdu.number("registered_delivery"), state)
        )
        if status == CommandStatus.ESME_ROK and wants and self.outbox.full:
            status = CommandStatus.ESME_RMSGQFUL
        if status != CommandStatus.ESME_ROK:
            self._count_refusal(status)
            return Answer(status)
        number = self._next_id
        message_id = self._ids.answered(number)
        self._next_id += 1
        self._keep(session, account, pdu, message_id, now_ms)
        early = behaviour.early
        if wants or self.ledger is not None:
            early = early or (wants and dice is not None and dice.hit("receipts_early"))
            due = now if early else self._due(behaviour, now)
            final_ms = now_ms + int(1000 * (due - now))
            entry = Entry(
                pdu, account, number, message_id, state, behaviour.err, now_ms, due, final_ms
            )
            self._remember(entry)
            if wants:
                self._owe(entry, behaviour)
        if dice is None:
            return Answer(CommandStatus.ESME_ROK, message_id, behaviour.drop, early)
        twist = dice.taken()
        late = twist is Twist.LATE
        wait = dice.wait("response_wait", dice.faults.response_wait) if late else 0.0
        return Answer(CommandStatus.ESME_ROK, message_id, behaviour.drop, early, twist, wait)

    def _prevented(self, dice: Dice, now: float) -> Answer | None:
        """Say by what fault a submit_sm is not taken at all."""
        status = dice.refusal(now)
        counts = self.record.counts
        counts.fastest_second = dice.fastest_second
        if status != CommandStatus.ESME_ROK:
            self._count_refusal(status)
            return Answer(status)
        twist = dice.untaken()
        if twist is None:
            return None
        counts.ignored += 1
        return Answer(dice.faults.nack_status, twist=twist)

    def _refusal(self, account: str, pdu: Pdu, behaviour: Behaviour, now_ms: int) -> int:
        if self.submit_status is not None:
            return self.submit_status
        status = refusal(pdu, now_ms, self._reading) or behaviour.status
        if status == CommandStatus.ESME_ROK and behaviour.throttles:
            return self._throttle(account, pdu, behaviour)
        return status

    def _throttle(self, account: str, pdu: Pdu, behaviour: Behaviour) -> int:
        """Throttle each new message so many times; one that was taken may come anew."""
        parts = (account, pdu.octets("source_addr"), pdu.octets("destination_addr"), pdu.message)
        key = hash((parts, content_of(pdu).concatenation))
        count = self._throttled.pop(key, 0)
        if count >= behaviour.throttles:
            return CommandStatus.ESME_ROK
        self._throttled[key] = count + 1
        if len(self._throttled) > _THROTTLES_KEPT:
            self._throttled.popitem(last=False)
        return behaviour.throttle_status

    def _count_refusal(self, status: int) -> None:
        counts = self.record.counts
        counts.refusals[status] += 1
        if status == CommandStatus.ESME_RTHROTTLED:
            counts.throttled += 1
        else:
            counts.refused += 1

    def _keep(self, session: int, account: str, pdu: Pdu, message_id: bytes, now_ms: int) -> None:
        self.record.count(pdu, now_ms)
        if self.settings.record or self.watchers:
            received = received_of(pdu, session, account, message_id, now_ms, self._reading)
            if self.settings.record:
                self.record.received.append(received)
            for watcher in tuple(self.watchers):
                watcher(received)

    def _remember(self, entry: Entry) -> None:
        if self.ledger is not None:
            tag = self.settings.reference_tlv
            entry.reference = (entry.pdu.tlv_octets(tag) or b"") if tag else b""
            self.ledger.add(entry)

    # Receipts

    def _due(self, behaviour: Behaviour, now: float) -> float:
        due = now + self.receipt_delay + behaviour.delay
        return due if self.dice is None else self.dice.receipt_due(due)

    def _owe(self, entry: Entry, behaviour: Behaviour) -> None:
        """Put the receipts of a message into the outbox, as the faults have them."""
        speaker = self._spokesmen.of(entry)
        if speaker is None or entry.state is None:
            return
        states = (entry.state,) if behaviour.again is None else (entry.state, behaviour.again)
        tales = [Tale(state) for state in states] if self.dice is None else self.dice.tales(states)
        for tale in tales:
            if self.outbox.full:
                break  # there was room for one receipt; more than that nobody was promised
            self._put(speaker, tale, entry.final_ms, entry.final_at)

    def _put(self, entry: Entry, tale: Tale, done_ms: int, due: float) -> None:
        dice = self.dice
        delivery = self._writer.write(
            entry,
            tale,
            done_ms,
            None if dice is None else dice.stream("breakage"),
            broken_tlvs=self._faults.broken_tlvs,
        )
        self.outbox.put(delivery, due)
        self._told(entry, tale)

    def _told(self, entry: Entry, tale: Tale) -> None:
        if self.settings.record:
            name = entry.message_id.decode("ascii")
            told = Told(entry.account, name, tale.state, tale.breakage, tale.orphan)
            self.record.told.append(told)

    def tell(self, message_id: str, state: MessageState, now: float) -> None:
        """Send a receipt of a message that is in the ledger; raises KeyError where it is not."""
        name = message_id.encode()
        for account in self.settings.passwords:
            entry = self.ledger.find(account, name) if self.ledger is not None else None
            if entry is not None:
                return self._put(entry, Tale(state), self._clock(), now)
        raise KeyError(message_id)

    def withdraw(self, entry: Entry, now: float) -> None:
        """End a message that is not over by deleting it, and say so where it asked for that."""
        self.outbox.withdraw(entry)
        self.record.counts.cancelled += 1
        entry.final_ms = self._clock()
        asked = wants_receipt(entry.pdu.number("registered_delivery"), MessageState.DELETED)
        told_of = self.settings.receipts and self.settings.deleted_receipts
        if asked and told_of and not self.outbox.full:
            tale = Tale(MessageState.DELETED)
            delivery = self._writer.write(entry, tale, entry.final_ms, None)
            self.outbox.put(delivery._replace(entry=None), now)
            self._told(entry, tale)

    def acknowledged(self, delivery: Delivery, status: int, now: float) -> None:
        """Settle a deliver_sm that was answered, or send it again later."""
        counts = self.record.counts
        again = status in _PASSING
        if status == CommandStatus.ESME_ROK:
            counts.acknowledged(is_receipt=delivery.is_receipt)
        else:
            counts.deliveries_rejected += 1
        if again:
            self.outbox.put_off(delivery, now + self.settings.retry_delay)
        else:
            self.outbox.settle()
        delivery.tell(status, again=again)

    def deliver(
        self,
        message: SubscriberMessage,
        account: str | None,
        now: float,
        watcher: Callable[[Handover], None] | None = None,
    ) -> int:
        """Put a subscriber's message into the outbox, and return how many PDUs it takes.

        Raises ValueError for an unknown account, and what `written` raises (ValueErrors too);
        OutboxFullError, and then some parts may be kept.
        """
        name = next(iter(self.settings.passwords)) if account is None else account
        if name not in self.settings.passwords:
            raise ValueError(f"nobody has the system_id {name!r}")
        self._reference += 1
        parts = written(message, self.settings, self._reference)
        for part, body, pdu, needs_tlvs in parts:
            self.outbox.put(
                Delivery(
                    name,
                    body,
                    is_receipt=False,
                    pdu=pdu,
                    needs_tlvs=needs_tlvs,
                    part=part,
                    watcher=watcher,
                ),
                now,
            )
        return len(parts)

    def undeliverable(self, delivery: Delivery, why: str) -> None:
        """Give up a deliver_sm that was taken out and cannot go."""
        self.outbox.settle()
        self.record.counts.deliveries_given_up += 1
        delivery.tell(why=why)
