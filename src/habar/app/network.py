"""What the database says of operators, routes and numbers, for the parts that obey it.

Guarantees: what anybody changes, a command or another node, is seen at the next look; operators of
the settings file are written there at the start (the file wins); an operator whose data cannot be
used goes on by its last good ones, or is left out, and the log says why, once; millions of ported
numbers are read in slices, so that the loop breathes, and not while they are being imported. Knows
no links and no messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import structlog

from habar import operators as links
from habar.app.operators import link_settings
from habar.config import ConfigError, OperatorSettings, from_json, to_json
from habar.model.numbers import Networks, Ported
from habar.model.route import Operator, Routes
from habar.store.network import OperatorRow
from habar.store.port import Store
from habar.store.ported import read_ported

log = structlog.get_logger("habar.gateway")
ACTOR = "habar.toml"
"""Who the audit says changed an operator that stands in the settings file."""
_SLICE = 20_000
"""Ported numbers read at a time: some milliseconds of the loop."""


class _Known(NamedTuple):
    """An operator's row, and what was made of it."""

    row: OperatorRow
    settings: links.OperatorSettings | None


class NetworkView:
    """See the module's docstring. `begin` once, then `follow` every second."""

    def __init__(
        self, store: Store, stated: Sequence[OperatorSettings], *, now: Callable[[], int]
    ) -> None:
        self.routes = Routes(())
        """Over all operators; those that are disabled are out."""
        self._store = store
        self._stated = stated
        self._now = now
        self._known: dict[int, _Known] = {}
        self._version: int | None = None
        self._ported_version: int | None = None
        self._ported_seen: int | None = None
        """At the look before."""
        self._ported = Ported()

    @property
    def operators(self) -> list[links.OperatorSettings]:
        """All whose data can be used, by id; `sends` is False for those that are disabled."""
        known = (self._known[key].settings for key in sorted(self._known))
        return [settings for settings in known if settings is not None]

    def operator(self, operator_id: int) -> links.OperatorSettings | None:
        """The one of that id; None: there is none, or its data cannot be used."""
        known = self._known.get(operator_id)
        return None if known is None else known.settings

    async def begin(self) -> None:
        """Write the settings file's operators, then read everything. Raises what the store does."""
        network = self._store.network
        for settings in self._stated:
            await network.put_operator(
                settings.name,
                to_json(settings),
                in_doubt=settings.in_doubt,
                actor=ACTOR,
                now=self._now(),
            )
        await self.follow()

    async def follow(self) -> bool:
        """Read anew what has changed; whether anything has."""
        network = self._store.network
        # The versions first: a change that comes between two reads is then seen once more.
        version, ported_version = await network.version(), await network.ported_version()
        ported_changed = ported_version != self._ported_version and (
            self._ported_version is None or ported_version == self._ported_seen
        )
        self._ported_seen = ported_version
        if version == self._version and not ported_changed:
            return False
        if ported_changed:
            self._ported = await read_ported(network, _SLICE)
            self._ported_version = ported_version
        await self._read(self._ported)
        self._version = version
        return True

    async def _read(self, ported: Ported) -> None:
        network = self._store.network
        rows = await network.operators()
        ranges, routes = await network.ranges(), await network.routes()
        self._known = {row.id: self._understood(row) for row in rows if row.settings is not None}
        operators = [
            Operator(o.id, o.name, o.gives_receipts, has_senders(o)) for o in self.operators
        ]
        # A disabled operator is out and not unknown: a message whose route leads to it alone waits.
        disabled = frozenset(o.id for o in self.operators if not o.sends)
        self.routes = Routes(operators, routes, Networks(ranges, ported), disabled)

    def _understood(self, row: OperatorRow) -> _Known:
        """What the row says; unchanged rows keep what was made of them, certificates and all."""
        known = self._known.get(row.id)
        if known is not None and known.row == row:
            return known
        try:
            settings = from_json(row.name, row.settings or "")
            return _Known(row, link_settings(row.id, settings, enabled=row.enabled))
        except ConfigError as error:
            before = None
            if known is not None and known.settings is not None:
                before = replace(known.settings, sends=row.enabled)
            log.error(
                "an operator's data cannot be used",
                operator=row.name,
                faults=error.faults,
                goes_on_as_before=before is not None,
            )
            return _Known(row, before)


def has_senders(operator: links.OperatorSettings) -> bool:
    """Whether any of its binds sends."""
    return any(operator.bind_of(number).kind.sends for number in operator.slots())
