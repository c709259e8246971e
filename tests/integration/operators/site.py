"""A gateway with several operators, each on an SMSC of its own: routes, fail-over watch, mover.

`Smsc` is the simulator with the site's bell; `Site` is the gateway; `kill` leaves what a process
leaves that dies between two PDUs.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from habar.app.node import ThisNode
from habar.app.watch import OperatorWatch
from habar.dispatch import Lane
from habar.model.message import Ref
from habar.model.numbers import Networks
from habar.model.retry import RetryPlan
from habar.model.route import Operator, Route, Routes, Target
from habar.operators import LinkReport, OperatorSettings
from habar.query import Deletion, Query
from habar.simulator import Simulator
from habar.store.port import Event
from habar.wire.smpp import Pdu

from ..gateway import Gateway, SkippingClock

PATIENCE = 5.0


class Smsc(Simulator):
    """Rings the bell of the site whenever anything has happened on one of its links."""

    bell: asyncio.Event | None = None

    def _changed(self, changed: Any) -> None:
        super()._changed(changed)
        if self.bell is not None:
            self.bell.set()

    def operator(self, **changes: Any) -> tuple[Smsc, dict[str, Any]]:
        """What a site needs to have it for an operator."""
        return self, changes

    @property
    def texts(self) -> list[str]:
        """In the order in which they were taken, each as often as it was."""
        return [received.text for received in self.received]

    @property
    def recipients(self) -> list[str]:
        return [received.destination for received in self.received]

    def pdu(self, message_id: str, system_id: str = "habar") -> Pdu:
        """The submit_sm that was answered by that id."""
        ledger = self._exchange.ledger
        assert ledger is not None
        entry = ledger.find(system_id, message_id.encode())
        assert entry is not None
        return entry.pdu

    def senders(self) -> dict[int, str]:
        """Of each session: what it bound as."""
        return {bind.session: bind.kind for bind in self.binds if not bind.status}


class Network:
    """`app.network.NetworkView`, of which the test says what it reads."""

    def __init__(self, operators: list[OperatorSettings], routes: Routes) -> None:
        self.operators, self.routes = operators, routes

    async def follow(self) -> bool:
        return True


class Site(Gateway):
    """One gateway with several operators."""

    def __init__(
        self,
        path: Path,
        clock: SkippingClock,
        operators: Mapping[str, tuple[Smsc, dict[str, Any]]],
    ) -> None:
        super().__init__(path, clock)
        self.smscs = {name: smsc for name, (smsc, _) in operators.items()}
        self._changes = {name: changes for name, (_, changes) in operators.items()}
        self.settings: dict[str, OperatorSettings] = {}
        self.alive = True

    async def start(self, *, retry: RetryPlan, ahead: int) -> None:
        await self.open()
        for name, changes in self._changes.items():
            await self._know(name, changes)
        self.network = Network(self._operators(), self._routes())
        await self.begin(self._served(), self.network.routes, retry=retry, ahead=ahead)
        store: Any = self.store
        network: Any = self.network
        self.query = Query(store, self.dispatcher, now=self.clock.now_ms)
        self.watch = OperatorWatch(
            store,
            network,
            self.dispatcher,
            ThisNode("here"),
            obey=self._obey,
            now=self.clock.now_ms,
            patience=PATIENCE,
        )
        await self.watch.look()
        await self.watch.move()

    async def _know(self, name: str, changes: dict[str, Any]) -> None:
        smsc = self.smscs[name]
        plain: dict[str, Any] = {
            "host": smsc.host,
            "port": smsc.port,
            "system_id": "habar",
            "password": "habar",
            "reconnect_first": 0.02,
            "reconnect_last": 0.1,
        }
        settings = OperatorSettings(0, name, **(plain | changes))
        operator_id = await self.store.network.put_operator(
            name, "{}", in_doubt=settings.in_doubt.value, actor="test", now=0
        )
        self.settings[name] = replace(settings, id=operator_id)
        smsc.bell = self.store.journal.rung

    # --- Staff's side ----------------------------------------------------------------------------
    async def add(self, name: str, smsc: Smsc, **changes: Any) -> None:
        """An operator more."""
        self.smscs[name] = smsc
        await self._know(name, changes)
        await self.follow()

    async def change(self, name: str, **changes: Any) -> None:
        """Other data for an operator, taken up as the gateway does when it notices."""
        self.settings[name] = replace(self.settings[name], **changes)
        await self.follow()

    async def remove(self, name: str) -> OperatorSettings:
        settings = self.settings.pop(name)
        await self.follow()
        return settings

    async def route(
        self,
        *routes: Route,
        ranges: Sequence[tuple[str, str]] = (),
        ported: Any = None,
    ) -> None:
        """These routes from now on, in this order; over these networks."""
        placed = [replace(each, id=n, position=n) for n, each in enumerate(routes, 1)]
        networks = Networks(ranges) if ported is None else Networks(ranges, ported)
        self.network.routes = self._routes(placed, networks)
        await self.follow()

    async def follow(self) -> None:
        self.network.operators = self._operators()
        old = self.network.routes
        self.network.routes = self._routes(old.routes, old.networks)
        await self.watch.follow()

    def target(self, name: str, *, step: int = 1, weight: int = 1, cost: int = 0) -> Target:
        return Target(self.settings[name].id, step, weight, cost)

    def _obey(self, routes: Routes) -> None:
        self.door.routes = routes

    def _operators(self) -> list[OperatorSettings]:
        return sorted(self.settings.values(), key=lambda one: one.id)

    def _served(self) -> list[OperatorSettings]:
        return [one for one in self._operators() if one.sends]

    def _routes(self, routes: Sequence[Route] = (), networks: Networks | None = None) -> Routes:
        operators = [Operator(o.id, o.name, o.gives_receipts, o.sends) for o in self._operators()]
        return Routes(operators, routes, networks)

    # --- Looking ---------------------------------------------------------------------------------
    def lane(self, name: str) -> Lane:
        return self.dispatcher.lanes[self.settings[name].id]

    async def up(self, *names: str) -> None:
        """Until every bind of these operators stands, or of all."""
        lanes = [self.lane(name) for name in names or self.settings]
        await self.when(
            lambda: all(lane.links.bound == len(lane.settings.slots()) for lane in lanes)
        )

    def report(self, name: str, number: int = 1) -> LinkReport:
        return self.lane(name).links.reports()[number]

    async def all_end(self, ids: Sequence[int], state: int = 102) -> None:
        for message_id in ids:
            await self.ends(message_id, state)

    async def stage(self, message_id: int) -> int:
        return (await self.story(message_id)).submission.stage

    def events(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.store.journal.events if isinstance(event, kind)]

    async def recorded(self, true: Callable[[Event], object]) -> None:
        """Until such an event is on disk."""
        await self.when(lambda: any(true(event) for event in self.store.journal.events))

    async def delete(self, message_id: int, login: str = "shop") -> Deletion:
        """As a customer."""
        account = await self.account(login)
        (deletion,) = await self.query.delete(account, [Ref(None, message_id)])
        return deletion

    async def is_out(self, name: str) -> None:
        """An operator has been without a link for long enough, and the gateway has noticed."""
        await self.when(lambda: not self.lane(name).links.up)
        await self.watch.look()
        await self.watch.move()
        self.clock.skip(int(self.settings[name].fail_over_after * 1000) + 1)
        await self.watch.look()
        await self.watch.move()

    # --- Ends ------------------------------------------------------------------------------------
    async def kill(self) -> Path:
        """Die at this moment; the database as it is left.

        The file is as the process has written it by now. Whatever the run does after that happens
        to a file at which nobody looks any more.
        """
        left = self.path.with_name(f"{self.path.stem}-left.db")
        for suffix in ("", "-wal"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                shutil.copyfile(part, left.with_name(left.name + suffix))
        self.dispatcher.watcher.lost()
        await self.stop()
        return left

    async def stop(self) -> None:
        if self.alive:
            self.alive = False
            await super().stop()


def drafts(count: int, text: str = "text", first: int = 0) -> list[tuple[Any, ...]]:
    """To subscribers of one network, each with a text of its own."""
    return [
        (None, f"7701{n:07d}", None, None, None, None, f"{text} {n}")
        for n in range(first, first + count)
    ]
