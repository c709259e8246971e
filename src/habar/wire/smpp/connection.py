"""An SMPP session without I/O, for either end: octets in, events and octets out.

Guarantees: what the peer sends, in whatever pieces, becomes events in its order and is never an
exception; every request of ours ends in exactly one of a result, RequestTimedOut or Closed; the
window is never overrun; enquire_link, unbind, generic_nack and every fault of the peer are
answered here. The states and what they allow are the tables of session.py.
Does not know: sockets and clocks (`now` is monotonic seconds, an argument), passwords, stores.
"""

from habar.wire.smpp.answers import answer, generic_nack, has_answer
from habar.wire.smpp.codec import HEADER, decode_known, encode_body, with_header
from habar.wire.smpp.constants import (
    BINDS,
    HEADER_LENGTH,
    MAX_PDU,
    RESPONSE_BIT,
    UNANSWERED,
    CommandId,
    CommandStatus,
    command_name,
)
from habar.wire.smpp.errors import EncodeError, FramingError, PduError, StateError
from habar.wire.smpp.events import (
    BindRefused,
    Bound,
    Closed,
    Drop,
    Event,
    PeerUnbound,
    ProtocolFault,
    Received,
    RequestTimedOut,
    SubmitResult,
    Unbound,
    Unmatched,
    answer_event,
)
from habar.wire.smpp.framing import Reassembly
from habar.wire.smpp.hot import submit_resp_message_id
from habar.wire.smpp.liveness import DEFAULT_SETTINGS, Due, Liveness, Settings
from habar.wire.smpp.pdu import FieldValue, Pdu, Tlvs
from habar.wire.smpp.session import BOUND, BOUND_BY, ISSUES, Role, SessionState
from habar.wire.smpp.window import Window

_SUBMIT_SM = int(CommandId.SUBMIT_SM)
_SUBMIT_SM_RESP = int(CommandId.SUBMIT_SM_RESP)
_DELIVER_SM = int(CommandId.DELIVER_SM)
_OWN = BINDS | {CommandId.UNBIND, CommandId.ENQUIRE_LINK}


class Connection:
    """One session. Not for several threads; whoever owns the transport owns this."""

    def __init__(
        self,
        role: Role,
        now: float,
        settings: Settings = DEFAULT_SETTINGS,
        first_sequence: int = 1,
    ) -> None:
        self.role = role
        self.settings = settings
        self._window = Window(settings.window, first_sequence)
        self._live = Liveness(settings, now)
        self._stream = Reassembly()
        self._out: list[bytes] = []
        self._owed = 0
        self._peer_unbind: tuple[int, float] | None = None
        self._now = self._heard_at = now
        self._closed_told = False
        self._enter(SessionState.OPEN)

    def _enter(self, state: SessionState) -> None:
        self.state = state
        self._may_issue = ISSUES[self.role][state]
        if state is not SessionState.UNBINDING:
            self._may_receive = ISSUES[self.role.peer][state]

    # What the owner asks.

    @property
    def is_bound(self) -> bool:
        """True while messages may pass and nobody has begun to unbind."""
        return self.state in BOUND

    @property
    def window_free(self) -> int:
        """How many more requests may be sent now."""
        return max(0, self._window.size - len(self._window.requests))

    @property
    def window_used(self) -> int:
        """Requests in the window that wait for an answer."""
        return len(self._window.requests)

    @property
    def aside(self) -> int:
        """Requests beside the window (`send_aside`) that wait for an answer."""
        return len(self._window.aside)

    @property
    def outstanding(self) -> list[object]:
        """The tokens of our requests that wait for an answer, oldest first."""
        return self._window.tokens()

    @property
    def unanswered(self) -> int:
        """How many requests of the peer wait for our answer."""
        return self._owed

    @property
    def should_close(self) -> bool:
        """True when nothing more is to come: write bytes_to_send(), then close the transport."""
        over = self.state in (SessionState.UNBOUND, SessionState.CLOSED)
        return over and self._peer_unbind is None

    def can_send(self, command_id: int) -> bool:
        """True where this request may be issued in this state, by the owner or the connection."""
        return command_id in self._may_issue

    def bytes_to_send(self) -> bytes:
        """Hand over all that is queued, for one write; b"" where nothing is."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def adjust(self, settings: Settings) -> None:
        """Go on with another window and other timers. What is open keeps its deadline."""
        self.settings = self._live.settings = settings
        self._window.size = settings.window

    # What the owner sends.

    def bind(self, pdu: Pdu, now: float) -> int:
        """Ask the SMSC to open the session (4.1); Bound, BindRefused or Drop will follow.

        Returns the sequence_number. Raises StateError, EncodeError.
        """
        if pdu.command_id not in BINDS:
            raise StateError(f"{command_name(pdu.command_id)} does not open a session")
        self._check(pdu.command_id)
        number = self._ask(pdu.command_id, encode_body(pdu), now + self.settings.response)
        self._enter(SessionState.BINDING)
        self._touch(now)
        return number

    def unbind(self, now: float) -> None:
        """End the session (4.2); Unbound, PeerUnbound or Drop will follow. Raises StateError."""
        self._check(CommandId.UNBIND)
        self._ask(CommandId.UNBIND, b"", now + self.settings.response)
        self._enter(SessionState.UNBINDING)
        self._touch(now)

    def send_request(self, pdu: Pdu, token: object, now: float) -> int:
        """Send a request; its answer will come with `token`; outbind, alert_notification have none.

        The PDU's own sequence_number does not matter: the one used is returned.
        Raises StateError, WindowFullError, EncodeError; then nothing is queued.
        """
        command_id = pdu.command_id
        if command_id in _OWN:
            raise StateError(f"{command_name(command_id)} is the connection's own to send")
        if command_id not in UNANSWERED:
            return self._send(command_id, encode_body(pdu), token, now)
        self._check(command_id)
        body = encode_body(pdu)
        number = self._window.number()
        self._out.append(with_header(body, command_id, 0, number))
        self._touch(now)
        return number

    def send_aside(self, pdu: Pdu, token: object, now: float) -> int:
        """Send a request that takes no slot of the window (query_sm, cancel_sm).

        Response will come. How many is the owner's to bound. Returns the sequence_number.
        Raises StateError, EncodeError; then nothing is queued.
        """
        command_id = pdu.command_id
        if command_id in _OWN or command_id in UNANSWERED:
            raise StateError(f"{command_name(command_id)} is not sent aside")
        self._check(command_id)
        body = encode_body(pdu)
        number = self._window.claim_aside(token, command_id, now + self.settings.response)
        self._out.append(with_header(body, command_id, 0, number))
        self._touch(now)
        return number

    def send_submit(self, body: bytes, token: object, now: float) -> int:
        """Send a submit_sm whose body is written (encode_submit_body); SubmitResult will come.

        Raises StateError, WindowFullError, EncodeError; then nothing is queued.
        """
        return self._send(_SUBMIT_SM, body, token, now)

    def send_deliver(self, body: bytes, token: object, now: float) -> int:
        """Send a deliver_sm whose body is written (encode_submit_body); Response will come.

        Raises StateError, WindowFullError, EncodeError; then nothing is queued.
        """
        return self._send(_DELIVER_SM, body, token, now)

    def _send(self, command_id: int, body: bytes, token: object, now: float) -> int:
        self._check(command_id)
        if len(body) > MAX_PDU - HEADER_LENGTH:
            raise EncodeError(CommandStatus.ESME_RINVMSGLEN, f"a body of {len(body)} octets")
        number = self._window.claim(token, command_id, now + self.settings.response)
        self._out.append(HEADER.pack(HEADER_LENGTH + len(body), command_id, 0, number))
        self._out.append(body)
        self._touch(now)
        return number

    def send_response(
        self, request: Pdu, command_status: int = 0, *, tlvs: Tlvs = (), **fields: FieldValue
    ) -> None:
        """Answer a request that came as Received. After the session has closed: goes nowhere.

        Raises StateError for a PDU that has no answer, EncodeError, TypeError (make_pdu).
        """
        if self.state is SessionState.CLOSED:
            return
        command_id, number = request.command_id, request.sequence_number
        self._out.append(answer(command_id, command_status, number, tlvs, fields))
        if command_id in BINDS and self.state is SessionState.BINDING:
            self._enter(SessionState.OPEN if command_status else BOUND_BY[command_id])
        self._owed = max(0, self._owed - 1)
        if not self._owed:
            self._live.activity = self._now
            if self._peer_unbind is not None:
                self._answer_unbind()

    def _check(self, command_id: int) -> None:
        if command_id not in self._may_issue:
            name = command_name(command_id)
            raise StateError(f"{self.role.name} may not send {name} while {self.state.name}")

    def _ask(self, command_id: int, body: bytes, deadline: float) -> int:
        number = self._window.claim_control(command_id, deadline)
        self._out.append(with_header(body, command_id, 0, number))
        return number

    def _touch(self, now: float) -> None:
        self._now = self._live.activity = now

    # What the peer sends.

    def receive_data(self, data: bytes, now: float) -> list[Event]:
        """Take what came, any piece of the stream, and tell what it means. Never raises."""
        events: list[Event] = []
        if self.state is SessionState.CLOSED:
            return events
        self._now = now
        buffer = self._stream.join(data)
        pos, size = 0, len(buffer)
        window, unpack = self._window, HEADER.unpack_from
        while size - pos >= HEADER_LENGTH:
            length, command_id, status, number = unpack(buffer, pos)
            end = pos + length
            if end > size or not HEADER_LENGTH <= length <= MAX_PDU:
                break
            entry = window.settle(number, command_id) if command_id == _SUBMIT_SM_RESP else None
            if entry is not None:
                message_id = submit_resp_message_id(buffer, pos, end)
                events.append(SubmitResult(entry.token, status, message_id))
            else:
                self._receive(buffer, pos, end, (command_id, status, number), events)
            pos = end
        if pos:
            self._heard(events, now)
        if pos < size:
            self._keep(buffer, pos, events)
        return events

    def _keep(self, buffer: bytes, pos: int, events: list[Event]) -> None:
        """Put by what is no whole PDU yet; drop the session where it can never be one."""
        try:
            self._stream.keep(buffer, pos)
        except FramingError as error:
            self._out.append(generic_nack(error.command_status, error.sequence_number))
            self._drop(str(error), events)

    def _heard(self, events: list[Event], now: float) -> None:
        self._live.activity = self._heard_at = now
        if events:
            self._live.transaction = now
        if self._window.control:
            self._window.forget_control(CommandId.ENQUIRE_LINK)  # whatever came: the peer lives

    def _receive(
        self, buffer: bytes, start: int, end: int, header: tuple[int, int, int], events: list[Event]
    ) -> None:
        try:
            pdu = decode_known(buffer, start, end, *header)
        except PduError as bad:
            self._fault(bad.command_id, bad.sequence_number, bad.command_status, bad.reason, events)
            return
        if pdu.command_id & RESPONSE_BIT:
            self._receive_response(pdu, events)
        else:
            self._receive_request(pdu, events)

    def _receive_request(self, pdu: Pdu, events: list[Event]) -> None:
        command_id = pdu.command_id
        if command_id not in self._may_receive:
            again = command_id in BINDS and self.is_bound and self.role is Role.SMSC
            status = CommandStatus.ESME_RALYBND if again else CommandStatus.ESME_RINVBNDSTS
            reason = f"not allowed while {self.state.name}"
            self._fault(command_id, pdu.sequence_number, status, reason, events)
        elif command_id == CommandId.ENQUIRE_LINK:
            self._live.transaction = self._now
            self._out.append(answer(command_id, 0, pdu.sequence_number))
        elif command_id == CommandId.UNBIND:
            self._receive_unbind(pdu, events)
        else:
            if command_id in BINDS:
                self._enter(SessionState.BINDING)
            if command_id not in UNANSWERED:
                self._owed += 1
            events.append(Received(pdu))

    def _receive_unbind(self, pdu: Pdu, events: list[Event]) -> None:
        self._window.forget_control(CommandId.UNBIND)
        self._enter(SessionState.UNBOUND)
        self._peer_unbind = (pdu.sequence_number, self._now + self.settings.response)
        if not self._owed:
            self._answer_unbind()
        events.append(PeerUnbound())

    def _answer_unbind(self) -> None:
        if self._peer_unbind is not None:
            self._out.append(answer(CommandId.UNBIND, 0, self._peer_unbind[0]))
            self._peer_unbind = None

    def _receive_response(self, pdu: Pdu, events: list[Event]) -> None:
        number, command_id = pdu.sequence_number, pdu.command_id
        entry = self._window.settle(number, command_id)
        if entry is None and self._window.aside:
            entry = self._window.settle_aside(number, command_id)
        if entry is not None:
            events.append(answer_event(entry.token, entry.command_id, pdu))
            return
        own = self._window.settle_control(number, command_id)
        if own is not None:
            self._control_answered(own.command_id, pdu, events)
        elif command_id != CommandId.ENQUIRE_LINK_RESP:
            events.append(Unmatched(pdu))

    def _control_answered(self, command_id: int, pdu: Pdu, events: list[Event]) -> None:
        if command_id in BINDS:
            refused = pdu.command_status or pdu.command_id == CommandId.GENERIC_NACK
            self._enter(SessionState.OPEN if refused else BOUND_BY[command_id])
            status = pdu.command_status or int(CommandStatus.ESME_RUNKNOWNERR)
            events.append(BindRefused(status, pdu) if refused else Bound(pdu))
        elif command_id == CommandId.UNBIND:
            self._enter(SessionState.UNBOUND)
            events.append(Unbound())

    def _fault(
        self, command_id: int, number: int, status: int, reason: str, events: list[Event]
    ) -> None:
        """Answer a bad request. A bad response is only told: answers to answers never end."""
        if not command_id & RESPONSE_BIT:
            told = answer(command_id, status, number) if has_answer(command_id) else None
            self._out.append(told or generic_nack(status, number))
        events.append(ProtocolFault(command_id, number, int(status), reason))

    # What time brings.

    def next_timer(self) -> float | None:
        """When tick is due next, None where no timer runs; any other call may move it."""
        if self.state is SessionState.CLOSED:
            return None
        times = self._window.deadlines() + [when for when, _ in self._timers()]
        if self._peer_unbind is not None:
            times.append(self._peer_unbind[1])
        return min(times, default=None)

    def tick(self, now: float) -> list[Event]:
        """Let the timers that are due do their work. Harmless at any time."""
        events: list[Event] = []
        if self.state is SessionState.CLOSED:
            return events
        self._now = now
        late = self._window.overdue(now)
        events.extend(RequestTimedOut(entry.token) for entry in late)
        if late and self._heard_at <= late[-1].deadline - self.settings.response:
            self._enquire(now)  # nothing was heard all that time: our own sends are no sign of life
        if self._peer_unbind is not None and self._peer_unbind[1] <= now:
            self._answer_unbind()
        dead = self._window.overdue_control(now)
        if dead is not None:
            self._drop(f"{command_name(dead)} was not answered", events)
        for due in [due for when, due in self._timers() if when <= now]:
            self._act(due, now, events)
        return events

    def _timers(self) -> list[tuple[float, Due]]:
        busy = bool(self._owed or self._window.control)
        return self._live.timers(self.role, self.state, busy=busy)

    def _enquire(self, now: float) -> None:
        """Ask whether the peer lives, unless we have asked already."""
        wanted = self.is_bound and self.settings.enquire_link is not None
        if wanted and not self._window.asks(CommandId.ENQUIRE_LINK):
            self._ask(CommandId.ENQUIRE_LINK, b"", now + self.settings.enquire_link_response)

    def _act(self, due: Due, now: float, events: list[Event]) -> None:
        if due is Due.ENQUIRE:
            self._enquire(now)
        elif due is Due.IDLE:
            self._drop(f"nothing in {self.settings.inactivity} seconds", events)
        elif due is Due.NEVER_BOUND:
            self._drop(f"no bind in {self.settings.session_init} seconds", events)

    # How it ends.

    def _drop(self, reason: str, events: list[Event]) -> None:
        self._enter(SessionState.CLOSED)
        self._peer_unbind = None
        events.append(Drop(reason))

    def closed(self) -> list[Event]:
        """The transport is gone: tell, once, which of our requests found no answer."""
        if self._closed_told:
            return []
        self._closed_told = True
        self._enter(SessionState.CLOSED)
        self._peer_unbind = None
        self._out.clear()
        return [Closed(self._window.close())]
