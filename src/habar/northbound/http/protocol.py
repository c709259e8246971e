"""One HTTP connection: uvicorn's protocol, with the hot paths answered without an ASGI task.

A subclass of uvicorn's `HttpToolsProtocol`: a request for a hot path is collected (reading.py) and
given to a plain function; any other goes on to uvicorn's ASGI cycle, alone on the connection while
it lasts.
Guarantees: answers in the order of requests, those that come together as one write; the time-outs
of the settings; a client cannot make it raise.
Does not know: how the connection came about (door.py), any of the protocols.
"""

from __future__ import annotations

import asyncio

from uvicorn.config import Config

from habar.northbound.http.answer import CONTINUE
from habar.northbound.http.exchange import Exchange
from habar.northbound.http.patience import Patience, Wait
from habar.northbound.http.reading import RequestReading
from habar.northbound.http.request import Request
from habar.northbound.http.service import Service


class HotProtocol(RequestReading):
    """One connection. An `overloaded` one is over the limit: its first request is refused."""

    def __init__(self, service: Service, config: Config, *, overloaded: bool = False) -> None:
        super().__init__(service, config, overloaded=overloaded)
        self.gone = False
        self.patience = Patience(service.settings, service.loop.time())
        self._peer = ("", 0)
        self._flush_due = False
        self._refused = False
        self._eof = False
        self._unsent = 0  # octets the client had still to read when we last looked

    # What the transport says

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._peer = self.client or ("", 0)
        if self.service.draining:  # it came in the last moment; what it has sent is answered
            now = self.loop.time()
            self.patience.closing(now, self.service.settings.linger_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: answers still to come have no effect."""
        self.gone = True
        super().connection_lost(exc)
        self.slots.clear()
        self._held.clear()
        self._release_body()
        self.service.left()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Stay half open while answers are owed; a request that is not whole is dropped."""
        at_work = self._asgi_active and not self._in_body
        if self.scheme == "http" and (self.slots or at_work or self._blocked):
            self._eof = True
            return True
        return None

    def pause_writing(self) -> None:
        """Stop reading new requests until the client has read its answers."""
        super().pause_writing()
        self._unsent = self.transport.get_write_buffer_size()
        self.patience.send(self.loop.time())

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self.patience.wait is Wait.SEND:
            self.patience.nothing()
            self._unblock()
            self._rearm()

    # Answers

    def _dispatch(self, *, alone: bool) -> None:
        self.patience.nothing()
        handler = self._handler
        if handler is None:
            return
        method, target, minor = self._line
        request = Request(
            method,
            target,
            headers=self._fields,
            body=bytes(self._body),
            client=self._peer,
            scheme=self.scheme or "http",
        )
        keep = self._keep and not (alone and self.service.draining)
        exchange = Exchange(self, self.service, request, keep_alive=keep, minor=minor)
        self._body = b""
        self.slots.append(exchange)
        self._last = not keep
        exchange.run(handler, request)

    def refuse(self, status: int) -> None:
        """Answer for the request being read with an error, after which the connection ends."""
        if self._asgi_active and not self._take_from_asgi():
            return
        self._release_body()
        self._held.clear()
        self._last = self._refused = True
        self.patience.nothing()
        exchange = Exchange(self, self.service, None, keep_alive=False)
        self.slots.append(exchange)
        if status == 503:
            exchange.refuse(503, (b"Retry-After", b"%d" % self.service.settings.retry_after))
        else:
            exchange.refuse(status)
        if self.service.log.enabled:
            self.service.log.refused(self._peer, status)

    def _take_from_asgi(self) -> bool:
        """Take the answer out of the cycle's hands; without a word where it has begun one."""
        if self.cycle.response_started:
            self._last = True
            self.transport.abort()
            return False
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return True

    def answered(self) -> None:
        """An answer is there: write it now, or with the others that come in this turn."""
        if self._reading or self._flush_due or self.slots[0].answer is None:
            return
        if len(self.slots) == 1:
            self.flush()
        else:
            self._flush_due = True
            self.service.flush_later(self)

    def flush(self) -> None:
        """Write the answers whose turn it is, as one write; then see what is next."""
        self._flush_due = False
        if self.transport.is_closing():
            return
        slots = self.slots
        answers = []
        while slots and (answer := slots[0].answer) is not None:
            answers.append(answer)
            slots.popleft()
        if answers:
            self.transport.write(answers[0] if len(answers) == 1 else b"".join(answers))
            self._unblock()
        if not slots:
            self._all_answered()
        self._rearm()

    def _all_answered(self) -> None:
        if self._last:
            self._end()
        elif self._want_continue:
            self._want_continue = False
            self.transport.write(CONTINUE)
        elif self._eof or self.service.draining:
            self._close_if_done()

    def on_response_complete(self) -> None:
        """An ASGI cycle has answered: the next request has its turn."""
        if self.transport.is_closing():
            self._closing(self.service.settings.send_timeout)
            return
        self.flow.resume_reading()
        self._unblock()
        if self._eof or self.service.draining:
            self._close_if_done()
        self.patience.nothing()
        self._rearm()

    # Time and the end

    def _rearm(self) -> None:
        """Set the deadline for what the client is to do next."""
        patience = self.patience
        if self._last or self.flow.write_paused or patience.wait is Wait.CLOSING:
            return
        now = self.loop.time()
        if self._in_body:
            patience.body(now, self._received)
        elif self._blocked:
            patience.nothing()
        elif self._held:
            patience.head(now)
        elif self.slots or self._asgi_active:
            patience.nothing()
        else:
            patience.idle(now)

    def expire(self) -> None:
        """The deadline has passed."""
        wait = self.patience.wait
        if wait is Wait.IDLE or (wait is Wait.HEAD and not self._held):
            self._close()
            return
        if self._reads_on():
            self.patience.prolong(self.loop.time())
            return
        self.service.stats.timeouts += 1
        if wait is Wait.HEAD or wait is Wait.BODY:
            self.refuse(408)
            self.flush()
        else:
            self.transport.abort()

    def _reads_on(self) -> bool:
        """Whether the client, slow as it is, has read some of what it is to read."""
        if self.patience.wait is not Wait.SEND and self.patience.wait is not Wait.CLOSING:
            return False
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        return 0 < self._unsent < before

    def drain(self) -> None:
        """End when what was received is answered; at once where nothing was."""
        self._close_if_done()
        if self._held or self._in_body or self.transport.is_closing():
            return
        if self._asgi_active:
            self.cycle.keep_alive = False
        elif self.slots and self.slots[-1].answer is None:
            self.slots[-1].keep_alive = False
            self._last = True

    def _close_if_done(self) -> None:
        if self.slots or self._asgi_active or self._blocked:
            return
        if self._eof or not (self._held or self._in_body):
            self._close()

    def _end(self) -> None:
        """All is answered and nothing more is read."""
        if self._refused and not self._eof:
            self._half_close()
            self._closing(self.service.settings.linger_timeout)
        else:
            self._close()

    def _half_close(self) -> None:
        """Say that no more comes, and read on: unread octets would turn the end into a reset."""
        try:
            if self.transport.can_write_eof():
                self.transport.write_eof()
        except OSError:  # the client was faster
            self.transport.abort()
            return
        self.flow.resume_reading()

    def _close(self) -> None:
        self.transport.close()
        self._closing(self.service.settings.send_timeout)

    def _closing(self, seconds: float) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        if self._unsent:
            seconds = self.service.settings.send_timeout
        self.patience.closing(self.loop.time(), seconds)
