"""One link of the simulated SMSC: a transport, a Connection of the SMSC's role, its timers.

Guarantees: submit_sm are answered in their order, in one write a turn of the loop, unless a fault
has it otherwise; a deliver_sm that was not acknowledged when the link fell is put back; what a
slow reader makes us hold is bounded (reading pauses). Knows nothing of what is taken, refused or
to go wrong: the Exchange decides, and this carries out.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import structlog

from habar.simulator.dice import Twist
from habar.simulator.exchange import Answer, Exchange
from habar.simulator.operations import operate
from habar.simulator.outbox import Delivery
from habar.simulator.transports import bind_of, end_with_reset
from habar.simulator.twists import first_of, twisted, without
from habar.simulator.waiting import Waiting
from habar.wire.smpp import (
    Closed,
    CommandId,
    CommandStatus,
    Connection,
    Drop,
    Event,
    Pdu,
    PeerUnbound,
    Received,
    RequestTimedOut,
    Response,
    Role,
    SessionState,
    StateError,
    Tlv,
    Unbound,
    make_pdu,
    status_name,
)
from habar.wire.smpp import Settings as ConnectionSettings

_log = structlog.get_logger("habar.simulator")

_HELD_MOST = 10_000  # answers held back before reading pauses
_LOOK = 1.0  # s between looks at a connection's timers at most
_LINGER = 1.0  # s for the peer to read what we wrote before the link is cut
_BINDS = {
    CommandId.BIND_TRANSMITTER: "transmitter",
    CommandId.BIND_RECEIVER: "receiver",
    CommandId.BIND_TRANSCEIVER: "transceiver",
}
_OPERATIONS = frozenset({CommandId.QUERY_SM, CommandId.CANCEL_SM, CommandId.REPLACE_SM})
_TLVS_SINCE = 0x34
_NO_TLVS = "the link was bound with SMPP 3.3, which has no TLVs and no data_sm"
_RESET_PAUSE = 0.01  # s for the loop to write the half PDU before the reset
_RECEIVING = frozenset({SessionState.BOUND_RX, SessionState.BOUND_TRX})


@dataclass(slots=True)
class Manner:
    """How the links behave at the moment; shared by all of them, changed from outside."""

    system_id: bytes
    connection: ConnectionSettings
    response_delay: float
    stalled: bool = False


class Session(asyncio.Protocol):
    """One connection; `on_open` is called when it stands, `on_change` after anything happened."""

    def __init__(
        self,
        number: int,
        exchange: Exchange,
        manner: Manner,
        on_open: Callable[["Session"], None],
        on_change: Callable[["Session"], None],
    ) -> None:
        self.number = number
        self.system_id = ""
        self.bind = ""
        self.gone = False
        self._exchange = exchange
        self._manner = manner
        self._on_open = on_open
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._connection = Connection(Role.SMSC, self._loop.time(), manner.connection)
        self._transport: asyncio.Transport | None = None
        self._waiting = Waiting(self._loop, self.release)
        self._connection_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._deaf = False  # takes no further part, whatever the peer may send
        self._accounted = False  # the bind's end has been counted
        self._write_paused = False
        self._silent = False  # the connection stands, and nothing is read or said any more
        self._silent_after: int | None = None
        self._requests = 0
        self._tlvs = False  # whether the peer knows optional parameters

    @property
    def is_bound(self) -> bool:
        """Whether a bind stands."""
        return self._connection.is_bound and not self._deaf

    @property
    def receives(self) -> bool:
        """Whether receipts and subscribers' messages can go out by it."""
        return not self._deaf and self._connection.state in _RECEIVING

    # The transport speaks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the timers of a fresh link (asyncio sets TCP_NODELAY itself)."""
        self._transport = cast("asyncio.Transport", transport)
        self._on_open(self)
        self._arm()
        dice = self._exchange.dice
        if dice is None:
            return
        if dice.hit("links_silent"):
            self._silent_after = dice.faults.silent_after
            self._silent = self._silent_after == 0
        if dice.hit("outbinds"):
            pdu = make_pdu(CommandId.OUTBIND, system_id=self._manner.system_id)
            self._connection.send_request(pdu, None, self._loop.time())
            self.flush()

    def data_received(self, data: bytes) -> None:
        """Read all PDUs of a buffer, answer them in one write."""
        if self._deaf or self._silent:
            return  # the link has ended for us; the peer has not noticed yet
        now = self._loop.time()
        self._handle(self._connection.receive_data(data, now), now)

    def pause_writing(self) -> None:
        """Stop reading from a peer that does not read."""
        self._write_paused = True
        self._balance_reading()

    def resume_writing(self) -> None:
        """Read again."""
        self._write_paused = False
        self._balance_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Put back what was not acknowledged, stop the timers."""
        self.gone = True
        self._lose("transport closed")
        for timer in (self._connection_timer, self._linger_timer):
            if timer is not None:
                timer.cancel()
        self._waiting.clear()
        for event in self._connection.closed():
            if isinstance(event, Closed):
                self._put_back(event.tokens)
        self._on_change(self)

    # Events

    def _handle(self, events: list[Event], now: float) -> None:
        over = False
        for event in events:
            if isinstance(event, Response):  # also behind what ended the link: it has been read
                self._delivered(event, now)
            elif isinstance(event, RequestTimedOut):
                self._put_back((event.token,))
            elif over:
                continue
            elif isinstance(event, Received):
                self._request(event.pdu, now)
                over = self._deaf or (self._silent_after is not None and self._falls_silent())
            else:
                self._other(event)
        self._on_change(self)
        self.flush()
        self._balance_reading()

    def _request(self, pdu: Pdu, now: float) -> None:
        if pdu.command_id == CommandId.SUBMIT_SM:
            answer = self._exchange.submit(self.number, self.system_id, pdu, now)
            self._deaf = answer.drop
            delay = self._manner.response_delay
            if self._manner.stalled or delay or self._waiting.holds:
                self._waiting.hold(pdu, answer, now + delay)
                self._release()
            else:
                self._answer(pdu, answer)
        elif pdu.command_id in _BINDS:
            self._bind(pdu, now)
        elif pdu.command_id in _OPERATIONS:
            self._operate(pdu, now)
        else:
            self._connection.send_response(pdu, CommandStatus.ESME_RINVCMDID)

    def _answer(self, pdu: Pdu, answer: Answer) -> None:
        if answer.early:
            self.fill(self._loop.time())
        if answer.twist is not None:
            self._twist(pdu, answer, answer.twist)
        else:
            self._respond(pdu, answer)
        if answer.drop and answer.twist is not Twist.LATE:
            self._end()

    def _respond(self, pdu: Pdu, answer: Answer) -> None:
        if answer.status == CommandStatus.ESME_ROK:
            self._connection.send_response(pdu, message_id=answer.message_id)
        else:
            self._connection.send_response(pdu, answer.status)

    def _operate(self, pdu: Pdu, now: float) -> None:
        outcome = operate(self._exchange, self.system_id, pdu, now)
        dice = self._exchange.dice
        ignored = dice is not None and not self._manner.stalled and dice.hit("operations_ignored")
        self.flush()
        if outcome.found is None:
            self._connection.send_response(pdu, outcome.status)
        else:
            self._connection.send_response(pdu, outcome.status, **outcome.found._asdict())
        if ignored:
            self._write_twisted(Twist.UNANSWERED)

    def _bind(self, pdu: Pdu, now: float) -> None:
        system_id = pdu.octets("system_id").decode("latin-1")
        status = self._exchange.authenticate(system_id, pdu.octets("password"), now)
        counts = self._exchange.record.counts
        bind = _BINDS[CommandId(pdu.command_id)]
        told = bind_of(pdu, self.number, bind, status, self._transport)
        self._exchange.record.binds.append(told)
        log = _log.bind(session=self.number, system_id=system_id, bind=bind)
        if status == CommandStatus.ESME_ROK:
            self.system_id, self.bind = system_id, bind
            self._exchange.bound[system_id] += 1
            counts.binds += 1
            ours = self._exchange.settings.interface_version
            self._tlvs = min(ours, pdu.number("interface_version")) >= _TLVS_SINCE
            tlvs = {Tlv.SC_INTERFACE_VERSION: ours} if self._tlvs else {}
            self._connection.send_response(pdu, system_id=self._manner.system_id, tlvs=tlvs)
            self._arm()
            log.info("simulator.bind")
        else:
            counts.binds_refused += 1
            self._connection.send_response(pdu, status)
            log.info("simulator.bind_refused", status=status_name(status))

    def _delivered(self, event: Response, now: float) -> None:
        if isinstance(event.token, Delivery):
            self._exchange.acknowledged(event.token, event.pdu.command_status, now)

    def _other(self, event: Event) -> None:
        if isinstance(event, PeerUnbound):
            self._exchange.record.counts.unbinds += 1
            self._deaf = True
            self._account()
            _log.info("simulator.unbind", session=self.number, system_id=self.system_id)
        elif isinstance(event, Unbound):
            self._deaf = True
            self._account()
        elif isinstance(event, Drop):
            self._lose(event.reason)

    def _put_back(self, tokens: tuple[object, ...]) -> None:
        self._exchange.outbox.put_back([one for one in tokens if isinstance(one, Delivery)])

    # Sending

    def fill(self, now: float) -> bool:
        """Queue deliver_sm that are due, as far as the window goes; say whether there were any."""
        connection, manner = self._connection, self._manner
        if self._deaf or self._silent or manner.stalled or connection.state not in _RECEIVING:
            return False
        dice = self._exchange.dice
        ready = self._exchange.outbox.ready(self.system_id, now)
        sent = False
        while ready and connection.window_free and not self._write_paused:
            delivery = ready.popleft()
            if not delivery.goes():
                continue
            if delivery.needs_tlvs and not self._tlvs:
                self._exchange.undeliverable(delivery, _NO_TLVS)
                continue
            doubled = dice is not None and dice.hit("sequences_reused")
            if doubled:
                self.flush()
            self._send(delivery, now)
            if doubled:
                self._write_twisted(Twist.REPEATED)
            self._exchange.record.counts.sent(is_receipt=delivery.is_receipt)
            sent = True
            delivery.tell()
        return sent

    def _send(self, delivery: Delivery, now: float) -> None:
        if delivery.pdu is not None:
            self._connection.send_request(delivery.pdu, delivery, now)
        else:
            body = delivery.body + delivery.tlvs if self._tlvs else delivery.body
            self._connection.send_deliver(body, delivery, now)

    def flush(self) -> None:
        """Write everything queued, close where the connection is over, renew the timer."""
        transport = self._transport
        if self.gone or transport is None or self._silent or self._manner.stalled:
            return
        data = self._connection.bytes_to_send()
        dice = self._exchange.dice
        if dice is not None and dice.faults.enquire_links_ignored:
            data = without(data, CommandId.ENQUIRE_LINK_RESP)
        if data:
            transport.write(data)
        if self._connection.should_close:
            transport.close()

    def release(self) -> None:
        """Send what a stall held back."""
        self._release()
        self.flush()
        self._balance_reading()

    def _release(self) -> None:
        """Answer the held submit_sm that are due, and come back for the others."""
        if not self._manner.stalled and not self._silent:
            self._waiting.release(self._answer)

    def _balance_reading(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        full = self._write_paused or len(self._waiting) >= _HELD_MOST
        if full and transport.is_reading():
            transport.pause_reading()
        elif not full and not transport.is_reading():
            transport.resume_reading()

    # What goes wrong

    def fall_silent(self) -> None:
        """Read and say nothing more, while the connection stands."""
        self.flush()
        self._silent = True

    def _falls_silent(self) -> bool:
        self._requests += 1
        if self._silent_after is not None and self._requests >= self._silent_after:
            self.fall_silent()
        return self._silent

    def _twist(self, pdu: Pdu, answer: Answer, twist: Twist) -> None:
        if twist is Twist.LATE:
            self._waiting.put_off(pdu, answer._replace(twist=None))
            return
        self.flush()
        self._respond(pdu, answer)
        self._write_twisted(twist)
        if twist is Twist.UNBIND and self.is_bound:
            self._connection.unbind(self._loop.time())
        elif twist is Twist.RESET:
            self._reset()

    def _write_twisted(self, twist: Twist) -> None:
        """Write the one PDU that is queued, as the fault has it."""
        pdu, rest = first_of(self._connection.bytes_to_send())
        if pdu and self._transport is not None and not self._silent:
            self._transport.write(twisted(pdu, twist) + rest)

    def _reset(self) -> None:
        """Cut the link so that the peer gets a reset, as soon as what is written has gone."""
        self._lose("reset")
        self._silent = True
        if self._transport is not None:
            end_with_reset(self._transport)
            self._linger_timer = self._loop.call_later(_RESET_PAUSE, self.abort)

    # Ends

    def _lose(self, reason: str) -> None:
        """Count and tell, once, a bind that ends without unbind."""
        if self.bind and not self._accounted:
            self._exchange.record.counts.links_lost += 1
            _log.info("simulator.lost", session=self.number, reason=reason)
        self._deaf = True
        self._account()

    def _account(self) -> None:
        """Take the bind off the count of those that stand, once."""
        if self.bind and not self._accounted:
            self._exchange.bound[self.system_id] -= 1
        self._accounted = True

    def abort(self) -> None:
        """Cut the link at once."""
        if self._transport is not None:
            self._transport.abort()

    def unbind(self) -> None:
        """Say unbind where a bind stands, and close."""
        if self.is_bound:
            try:
                self._connection.unbind(self._loop.time())
            except StateError:
                _log.debug("simulator.unbind_not_possible", session=self.number)
        self._deaf = True
        self._account()
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def _end(self) -> None:
        """Flush, then close: our side first, so that the peer can read the last answer.

        A plain close with unread input would be a reset, which can overtake what was written.
        """
        self._lose("behaviour of the recipient")
        self.flush()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()
            self._linger_timer = self._loop.call_later(_LINGER, self.abort)

    # Time

    def _arm(self) -> None:
        """Have the connection's next timer wake us, and look each second: any PDU may move it."""
        if self._connection_timer is not None:
            self._connection_timer.cancel()
        soon = self._loop.time() + _LOOK
        self._connection_timer = self._loop.call_at(
            min(self._connection.next_timer() or soon, soon), self._tick
        )

    def _tick(self) -> None:
        if not self._manner.stalled and not self._silent:  # a frozen SMSC has no timers
            now = self._loop.time()
            self._handle(self._connection.tick(now), now)
        if not self.gone:
            self._arm()
