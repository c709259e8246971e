"""Operators, ranges and routes as the store keeps them, in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import replace

import pytest

from habar.errors import NotFound
from habar.store.network import OperatorRow, Ported, Range


class ScriptedNetwork:
    """The port in lists and dicts; what is called is counted, what is audited is kept."""

    def __init__(self):
        self.operator_rows = []
        self.range_rows = {}
        self.route_rows = []
        self.ported_rows = {}
        self.calls = Counter()
        self.audit = []
        self.failures = []

    def _call(self, name):
        self.calls[name] += 1
        if self.failures:
            failure = self.failures.pop(0)
            if failure is not None:
                raise failure

    def _changed(self, action, subject, *, actor, now):
        self.audit.append((actor, action, subject))

    def with_operators(self, *names, disabled=()):
        self.operator_rows = [
            OperatorRow(number, name, name not in disabled, "{}", 0)
            for number, name in enumerate(names, 1)
        ]

    async def operators(self):
        self._call("operators")
        return list(self.operator_rows)

    async def ranges(self):
        self._call("ranges")
        return [Range(*row) for row in sorted(self.range_rows.items())]

    async def put_range(self, prefix, network, *, actor, now):
        self.range_rows[prefix] = network
        self._changed("range add", prefix, actor=actor, now=now)

    async def remove_range(self, prefix, *, actor, now):
        if self.range_rows.pop(prefix, None) is None:
            raise NotFound(prefix)
        self._changed("range remove", prefix, actor=actor, now=now)

    async def routes(self):
        self._call("routes")
        return [replace(route, position=at) for at, route in enumerate(self.route_rows, 1)]

    async def add_route(self, route, *, actor, now):
        made = replace(route, id=max((one.id for one in self.route_rows), default=0) + 1)
        end = len(self.route_rows)
        self.route_rows.insert(route.position - 1 if 1 <= route.position <= end else end, made)
        self._changed("route add", str(made.id), actor=actor, now=now)
        return made.id

    async def remove_route(self, route_id, *, actor, now):
        kept = [route for route in self.route_rows if route.id != route_id]
        if len(kept) == len(self.route_rows):
            raise NotFound(str(route_id))
        self.route_rows = kept
        self._changed("route remove", str(route_id), actor=actor, now=now)

    async def ported(self, after, limit):
        self._call("ported")
        numbers = sorted(self.ported_rows)
        page = numbers[(start := bisect_right(numbers, after)) : start + limit]
        return [Ported(number, self.ported_rows[number]) for number in page]

    async def ported_count(self):
        return len(self.ported_rows)

    async def put_ported(self, rows):
        self._call("put_ported")
        assert len(rows) <= 10_000
        self.ported_rows.update(rows)

    async def clear_ported(self, limit):
        self._call("clear_ported")
        cleared = sorted(self.ported_rows)[:limit]
        for number in cleared:
            del self.ported_rows[number]
        return len(cleared)

    async def drop_ported(self, msisdn):
        self._call("drop_ported")
        return self.ported_rows.pop(msisdn, None) is not None

    async def note(self, action, subject, detail, *, actor, now):
        self.audit.append((actor, action, f"{subject}: {detail}" if detail else subject))


@pytest.fixture
def scripted_network():
    """Two operators, three ranges."""
    network = ScriptedNetwork()
    network.with_operators("kcell", "beeline")
    network.range_rows = {"7701": "kcell", "7777": "beeline", "7707": "tele2"}
    return network
