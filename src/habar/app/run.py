"""From a command to a running gateway and back: production, or the sandbox with its extras.

Guarantees: a signal drains, a second one ends at once (`signals`); whatever keeps the gateway from
starting that a person can mend (an address that is taken, a database open elsewhere, a disk that
cannot be written, a newer schema, a sandbox's account) is told in one sentence, as `StartError`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from habar import __version__
from habar.app.database import Place
from habar.app.garbage import collected_by_the_clock
from habar.app.gateway import Gateway, open_gateway
from habar.app.node import ThisNode, this_node
from habar.app.sandbox import LOOPBACK, SMSC_SYSTEM_ID, Sandbox, people, well_known
from habar.app.sandbox_inbound import SandboxInbound
from habar.app.signals import stop_asked
from habar.app.told import StartError, told
from habar.config import Settings, address
from habar.northbound.http.tls import sandbox_certificate, server_context
from habar.simulator import Settings as SmscSettings
from habar.simulator import Simulator

log = structlog.get_logger("habar")
Started = Callable[[Gateway, Simulator | None, Path | None], None]
"""Told once all is up: the gateway, and in the sandbox its SMSC and the certificate to trust."""


async def run(
    settings: Settings | None,
    sandbox: Sandbox | None,
    started: Started,
    node: ThisNode | None = None,
) -> None:
    """Serve until a signal. Exactly one of `settings` and `sandbox` is given. Raises StartError.

    `node`: who this process is, where it is not the only one; the sandbox always is.
    """
    with stop_asked() as stop:
        if sandbox is not None:
            await _serve_sandbox(sandbox, started, stop)
        elif settings is not None:
            await _serve(settings, node or this_node(settings), started, stop)
    log.info("stopped")


async def _serve(settings: Settings, node: ThisNode, started: Started, stop: asyncio.Event) -> None:
    tls = None
    if settings.tls is not None:
        with told("[tls]"):
            tls = server_context(Path(settings.tls.certificate), Path(settings.tls.key))
    async with _serving(settings, tls, _no_sandbox, node) as gateway:
        log.info(
            "started",
            version=__version__,
            node=node.name,
            roles=[str(role) for role in node.roles],
            data=settings.gateway.data,
            database=Place.of(settings).shown,
            listeners=[address(x.host, x.port) for x in gateway.addresses],
            tls=tls is not None,
            operators=[f"{x.name} {x.address}" for x in settings.operators],
            accounts=len(gateway.directory),
        )
        started(gateway, None, None)
        await stop.wait()


async def _serve_sandbox(sandbox: Sandbox, started: Started, stop: asyncio.Event) -> None:
    with told(str(sandbox.data)):
        sandbox.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        certificate = sandbox_certificate(sandbox.data, datetime.now(UTC))
        tls = server_context(certificate.bundle)
    smsc = Simulator(
        SmscSettings(
            host=LOOPBACK,
            port=sandbox.simulator_port,
            passwords={SMSC_SYSTEM_ID: SMSC_SYSTEM_ID},
        )
    )
    async with contextlib.AsyncExitStack() as undo:
        with told(f"the simulator's {address(LOOPBACK, sandbox.simulator_port)}"):
            await smsc.start()
        undo.push_async_callback(smsc.close)
        inbound = SandboxInbound(smsc, sandbox.data, sandbox.tell)
        with told("the sandbox's web service"):
            await inbound.start()
        undo.push_async_callback(inbound.close)

        async def populate(gateway: Gateway) -> None:
            store = gateway.store
            gateway.calls_seen_by = inbound.shown
            await people(store.books, store.now_ms)
            await inbound.populate(store.inbox, store.books, store.now_ms)

        async with _serving(sandbox.settings(smsc.port), tls, populate) as gateway:
            started(gateway, smsc, certificate.certificate)
            await stop.wait()


@contextlib.asynccontextmanager
async def _serving(
    settings: Settings,
    tls: ssl.SSLContext | None,
    prepare: Callable[[Gateway], Awaitable[None]],
    node: ThisNode | None = None,
) -> AsyncIterator[Gateway]:
    """A gateway that runs; `prepare` sees it between the opening of the store and the start."""
    where = Place.of(settings).shown
    with told(where):
        gateway = await open_gateway(settings, tls, node)
    try:
        with told(where):
            await prepare(gateway)
        with told(", ".join(x.address for x in settings.listeners)):
            await gateway.start()
        try:
            async with collected_by_the_clock():
                yield gateway
        finally:
            await gateway.stop()
    finally:
        await gateway.store.close()


async def _no_sandbox(gateway: Gateway) -> None:
    found = await well_known(gateway.store.books)
    if found:
        login = found[0]
        kind = "database" if gateway.settings.database.url else "data folder"
        raise StartError(
            f"the account {login} has the password that every sandbox gives it: change it first"
            f" (habar account set {login} --password), or use another {kind} than"
            f" {Place.of(gateway.settings).shown}"
        )
