"""From a command to a running gateway and back: signals, the sandbox's extras, the order of a stop.

Guarantees: SIGTERM and SIGINT drain (a second one of either cuts the drain short); an address that
is taken or a database that is open elsewhere is told in one sentence, as `StartError`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog

from habar.app.gateway import Gateway, open_gateway
from habar.app.sandbox import LOOPBACK, SMSC_SYSTEM_ID, Sandbox, people
from habar.config import Settings
from habar.errors import HabarError
from habar.northbound.http.tls import sandbox_certificate, server_context
from habar.operators.clock import SystemClock
from habar.simulator import Settings as SmscSettings
from habar.simulator import Simulator

log = structlog.get_logger("habar")
Started = Callable[[Gateway, Simulator | None, Path | None], None]
"""Told once all is up: the gateway, and in the sandbox its SMSC and the certificate to trust."""


class StartError(Exception):
    """The gateway cannot start; the text says why."""


async def run(settings: Settings | None, sandbox: Sandbox | None, started: Started) -> None:
    """Serve until a signal. Exactly one of `settings` and `sandbox` is given."""
    stop = asyncio.Event()
    with _signals(stop):
        if sandbox is not None:
            await _serve_sandbox(sandbox, started, stop)
        elif settings is not None:
            tls = _context(settings)
            async with _serving(settings, tls) as gateway:
                started(gateway, None, None)
                await stop.wait()


async def _serve_sandbox(sandbox: Sandbox, started: Started, stop: asyncio.Event) -> None:
    sandbox.data.mkdir(parents=True, exist_ok=True)
    certificate = sandbox_certificate(sandbox.data, datetime.now(UTC))
    smsc = Simulator(
        SmscSettings(
            host=LOOPBACK,
            port=sandbox.simulator_port,
            passwords={SMSC_SYSTEM_ID: SMSC_SYSTEM_ID},
        )
    )
    with _told(f"{LOOPBACK}:{sandbox.simulator_port}"):
        await smsc.start()
    try:
        settings = sandbox.settings(smsc.port)
        tls = server_context(certificate.bundle)
        async with _serving(settings, tls, sandbox=True) as gateway:
            started(gateway, smsc, certificate.certificate)
            await stop.wait()
    finally:
        await smsc.close()


@contextlib.asynccontextmanager
async def _serving(
    settings: Settings, tls: ssl.SSLContext | None, *, sandbox: bool = False
) -> AsyncIterator[Gateway]:
    addresses = ", ".join(f"{x.host}:{x.port}" for x in settings.listeners)
    with _told(settings.gateway.data):
        gateway = await open_gateway(settings, tls)
    try:
        if sandbox:
            await people(gateway.store.books, SystemClock().now_ms)
        with _told(addresses):
            await gateway.start()
        try:
            yield gateway
        finally:
            await gateway.stop()
    finally:
        await gateway.store.close()


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """First signal: stop in order. Second: the default action, at once."""
    loop = asyncio.get_running_loop()

    def asked(number: signal.Signals) -> None:
        log.info("stopping", signal=number.name)
        loop.remove_signal_handler(number)
        stop.set()

    caught = (signal.SIGTERM, signal.SIGINT)
    for number in caught:
        loop.add_signal_handler(number, asked, number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartError(f"{where}: {error.strerror or error}") from error
    except HabarError as error:
        raise StartError(f"{where}: {error}") from error


def _context(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls is None:
        return None
    try:
        return server_context(Path(settings.tls.certificate), Path(settings.tls.key))
    except (OSError, ssl.SSLError) as error:
        raise StartError(f"[tls]: {error}") from error
