"""One TCP connection to an operator, from the bind to its end: the shell around wire.smpp.

Guarantees: one transport.write a turn of the loop however much is sent or answered; TCP_NODELAY;
the results of one read are handed over together, before what the operator sent beside them; when
the connection ends, in whatever way, the owner is told once which submit_sm found no answer, and
hears nothing after that; a question beside the window (query_sm, cancel_sm) is answered once, by
None where the operator did not. deliver_sm is answered when, and only when, whoever has it says so.
Does not know: when to connect again (link.py), what results and messages mean.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, cast

from habar.operators.quirks import NO_ANSWER
from habar.operators.settings import BindSettings, OperatorSettings
from habar.wire.smpp import (
    BindRefused,
    Bound,
    Closed,
    CommandId,
    CommandStatus,
    Connection,
    Drop,
    EncodeError,
    Event,
    Pdu,
    PeerUnbound,
    ProtocolFault,
    Received,
    RequestTimedOut,
    Response,
    Role,
    SessionState,
    Settings,
    SubmitResult,
    Unmatched,
    make_pdu,
    status_name,
)

Ack = Callable[[int], None]
"""Answers a deliver_sm with a command_status; after the connection has ended it does nothing."""

MOST_UNANSWERED = 10_000
"""So many deliver_sm may wait for their commit; over that the operator is asked to keep them."""

MOST_ASKED = 10
"""So many questions beside the window wait for their answers at once."""

_LAST_WORDS = 5.0
"""Seconds for the peer to read what was written before the close."""

_REFUSALS = {
    int(CommandStatus.ESME_RINVPASWD): "the password is wrong",
    int(CommandStatus.ESME_RINVSYSID): "the operator does not know this system_id",
    int(CommandStatus.ESME_RINVSYSTYP): "the operator does not know this system_type",
}
REFUSED_FOR_GOOD = frozenset(_REFUSALS)
"""Until somebody changes the settings, here or there: asking often would be hammering."""

_DELIVERIES = frozenset({int(CommandId.DELIVER_SM), int(CommandId.DATA_SM)})
_UNANSWERED = frozenset({int(CommandId.OUTBIND), int(CommandId.ALERT_NOTIFICATION)})


class Owner(Protocol):
    """Who a session reports to."""

    def session_bound(self) -> None:
        """The operator has accepted the bind."""

    def session_refused(self, command_status: int) -> None:
        """The operator has refused the bind; the end follows."""

    def session_results(self, results: Sequence[SubmitResult]) -> None:
        """Answers to submit_sm; NO_ANSWER stands for one that did not come in time."""

    def session_delivered(self, pdu: Pdu, ack: Ack) -> None:
        """A deliver_sm or data_sm from the operator."""

    def session_oddity(self, what: str, *, late: bool) -> None:
        """A PDU that cannot be used: an answer to nothing of ours (`late`), or a broken one."""

    def session_ended(self, tokens: tuple[object, ...], reason: str) -> None:
        """The connection is gone; `tokens` are those of the submit_sm without an answer."""


class Session(asyncio.Protocol):
    """See the module's docstring. `smpp` is to be read by the owner, not written."""

    def __init__(self, settings: OperatorSettings, bind: BindSettings, owner: Owner) -> None:
        self._settings = settings
        self._bind = bind
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._flushing = False
        self._closing = False
        self._over = False
        """The owner was told of the end."""
        self._reason = "closed by the operator"
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.smpp = Connection(
            Role.ESME,
            self._loop.time(),
            _smpp_settings(settings),
        )

    # --- What the owner asks -------------------------------------------------------------------
    def send(self, body: bytes, token: object) -> None:
        """Queue a submit_sm; `flush` sends it. Raises StateError, WindowFullError."""
        self.smpp.send_submit(body, token, self._loop.time())

    def ask(self, pdu: Pdu, answer: asyncio.Future[Pdu | None]) -> None:
        """Send a request beside the window, at once; `answer` is set when there is one, or to None.

        Raises StateError, EncodeError.
        """
        self.smpp.send_aside(pdu, answer, self._loop.time())
        self.flush()

    def adjust(self, settings: OperatorSettings) -> None:
        """Go on with another window and other timers."""
        self._settings = settings
        self.smpp.adjust(_smpp_settings(settings))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._arm()

    def flush(self) -> None:
        """Write all that is queued, look to the timers, close where nothing more will come."""
        self._flushing = False
        transport = self._transport
        if transport is None:
            return
        data = self.smpp.bytes_to_send()
        if data:
            transport.write(data)
        self._arm()
        if self.smpp.should_close and not self._closing:
            self._closing = True
            transport.close()
            # A peer that reads nothing would keep what is written, and the link, for ever.
            self._loop.call_later(_LAST_WORDS, transport.abort)

    def unbind(self, reason: str) -> None:
        """End the session politely; where it is not bound, at once."""
        self._reason = reason
        if self.smpp.is_bound:
            self.smpp.unbind(self._loop.time())
            self.flush()
        elif self.smpp.state is not SessionState.UNBINDING:
            self.abort(reason)

    def abort(self, reason: str) -> None:
        """Close the connection without a word."""
        self._reason = reason
        if self._transport is not None:
            self._transport.abort()

    def abandon(self, reason: str) -> None:
        """End it before this returns: nothing more is written, answered or heard.

        What the operator sent and we have not answered stays unanswered: it is offered again.
        """
        transport = self._transport
        self.abort(reason)
        self._end()
        if transport is None and not self.ended.done():
            self.ended.set_result(None)

    # --- asyncio.Protocol ----------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the bind."""
        # A check by isinstance would refuse uvloop's transports: they are no asyncio.Transport.
        self._transport = cast("asyncio.Transport", transport)
        if self._over:  # abandoned while it was being connected
            self._transport.abort()
            return
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.smpp.bind(_bind_pdu(self._settings, self._bind), self._loop.time())
        except EncodeError as error:
            self.abort(f"the bind cannot be written: {error}")
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Let the connection read it, hand over what it says, write what it answers."""
        self._handle(self.smpp.receive_data(data, self._loop.time()))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner what found no answer."""
        if exc is not None:
            self._reason = in_words(exc)
        if not self.ended.done():
            self.ended.set_result(None)
        self._end()

    def _end(self) -> None:
        """Tell the owner, once."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._over:
            return
        self._over = True
        tokens: list[object] = []
        for event in self.smpp.closed():
            if isinstance(event, Closed):
                tokens.extend(event.tokens)
        asked = [token for token in tokens if isinstance(token, asyncio.Future)]
        for question in asked:
            _answer_question(question, None)
        self._owner.session_ended(tuple(tokens[: len(tokens) - len(asked)]), self._reason)

    # --- Events --------------------------------------------------------------------------------
    def _handle(self, events: list[Event]) -> None:
        results: list[SubmitResult] = []
        received: list[Pdu] = []
        for event in events:
            if event.__class__ is SubmitResult:
                results.append(event)
            elif event.__class__ is Received:
                received.append(event.pdu)
            elif isinstance(event, RequestTimedOut) and not isinstance(event.token, asyncio.Future):
                results.append(SubmitResult(event.token, NO_ANSWER, b""))
            else:
                self._other(event)
        if results:
            self._owner.session_results(results)
        for pdu in received:
            if self._over:  # whoever took the results has abandoned us
                return
            self._received(pdu)
        self.flush()

    def _other(self, event: Event) -> None:
        match event:
            case Bound():
                self._owner.session_bound()
            case Response(asyncio.Future() as question, pdu):
                _answer_question(question, pdu)
            case RequestTimedOut(asyncio.Future() as question):
                _answer_question(question, None)
            case BindRefused(status):
                self._owner.session_refused(status)
                self.abort(f"bind refused: {_why_refused(status)}")
            case Drop(reason):
                self._reason = reason
            case PeerUnbound():
                self._reason = "the operator unbound"
            case Unmatched(pdu):
                self._owner.session_oddity(repr(pdu), late=True)
            case ProtocolFault(reason=reason):
                self._owner.session_oddity(reason, late=False)
            case _:  # Unbound: nothing is to be done
                return

    def _received(self, pdu: Pdu) -> None:
        if pdu.command_id not in _DELIVERIES:
            if pdu.command_id not in _UNANSWERED:
                self._answer(pdu, CommandStatus.ESME_RINVCMDID)
        elif self.smpp.unanswered > MOST_UNANSWERED:
            self._answer(pdu, CommandStatus.ESME_RX_T_APPN)
        else:
            self._owner.session_delivered(pdu, partial(self._answer, pdu))

    def _answer(self, pdu: Pdu, status: int) -> None:
        self.smpp.send_response(pdu, status)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self.flush)

    # --- Timers --------------------------------------------------------------------------------
    def _arm(self) -> None:
        """Keep one timer: one that is early finds nothing to do, so it is moved forward only."""
        due = self.smpp.next_timer()
        if due is None or (self._timer is not None and self._timer_at <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._tick)
        self._timer_at = due

    def _tick(self) -> None:
        self._timer = None
        self._handle(self.smpp.tick(self._loop.time()))


def _smpp_settings(settings: OperatorSettings) -> Settings:
    return Settings(
        window=settings.window,
        response=settings.response_timeout,
        enquire_link=settings.enquire_link,
        enquire_link_response=min(settings.response_timeout, settings.enquire_link),
    )


def _bind_pdu(settings: OperatorSettings, bind: BindSettings) -> Pdu:
    return make_pdu(
        bind.kind.command_id,
        system_id=bind.system_id.encode(),
        password=bind.password.encode(),
        system_type=bind.system_type.encode(),
        interface_version=settings.interface_version,
        addr_ton=settings.address_ton,
        addr_npi=settings.address_npi,
        address_range=bind.address_range.encode(),
    )


def _why_refused(status: int) -> str:
    """The code, and what it says where that is plain."""
    name = status_name(status)
    return f"{name}: {_REFUSALS[status]}" if status in _REFUSALS else name


def _answer_question(question: asyncio.Future[Pdu | None], pdu: Pdu | None) -> None:
    if not question.done():  # whoever asked may have given up
        question.set_result(pdu)


def in_words(error: BaseException) -> str:
    """What has befallen a connection, as staff read it: the system's own words, without numbers."""
    # asyncio puts words of its own in the place of the system's, and addresses into them; those
    # who have numbers of their own (resolving, TLS) have good words, too.
    own = isinstance(error, ssl.SSLError | socket.gaierror)
    if isinstance(error, OSError) and error.errno and not own:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
