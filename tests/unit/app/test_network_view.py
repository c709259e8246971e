"""app/network.py: what the database says of operators, routes and numbers, on a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from habar.app.network import NetworkView
from habar.config import OperatorSettings, effective
from habar.model.route import Route, Target, Traffic
from habar.store.network import Ported
from habar.store.sqlite import SqliteStore

NOW = 1_790_000_000_000
BEELINE, KCELL = 77051234567, 77011234567


def stated(name: str = "kcell", **own: object) -> OperatorSettings:
    return effective({"name": name, "host": "smsc", "port": 2775, "system_id": "habar", **own})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "habar.db")
    await store.open(NOW)
    yield store
    await store.close()


def view(store: SqliteStore, *operators: OperatorSettings) -> NetworkView:
    return NetworkView(store, operators, now=lambda: NOW)


def chosen(network: NetworkView, recipient: int = KCELL) -> tuple[str, int]:
    operator, route_id = network.routes.choose(Traffic(recipient, "SHOP", 1, 0, 1))
    return operator.name, route_id


async def test_the_settings_file_s_operators_are_written_and_served(store: SqliteStore) -> None:
    network = view(store, stated("kcell", window=50, in_doubt="hold"), stated("beeline"))
    await network.begin()
    assert [(o.name, o.window, o.sends) for o in network.operators] == [
        ("kcell", 50, True),
        ("beeline", 10, True),
    ]
    assert chosen(network) == ("kcell", 0)
    assert [row.name for row in await store.network.operators()] == ["kcell", "beeline"]


async def test_the_file_wins_at_each_start_and_what_it_does_not_name_stays(
    store: SqliteStore,
) -> None:
    await view(store, stated("kcell", window=50), stated("beeline")).begin()
    network = view(store, stated("kcell", window=70))
    await network.begin()
    assert [(o.name, o.window) for o in network.operators] == [("kcell", 70), ("beeline", 10)]


async def test_what_somebody_else_changes_is_seen_at_the_next_look(store: SqliteStore) -> None:
    network = view(store, stated())
    await network.begin()
    assert not await network.follow(), "nothing has changed"
    books = store.network
    added = '{"host": "other", "port": 2776, "system_id": "habar"}'
    await books.put_operator("beeline", added, in_doubt="resend", actor="cli", now=NOW)
    assert await network.follow()
    assert [o.name for o in network.operators] == ["kcell", "beeline"]
    await books.enable_operator("kcell", False, actor="cli", now=NOW)
    assert await network.follow()
    assert [o.sends for o in network.operators] == [False, True]
    assert not await network.follow()


async def test_routes_and_ranges_decide(store: SqliteStore) -> None:
    network = view(store, stated("kcell"), stated("beeline"))
    await network.begin()
    ids = {o.name: o.id for o in network.operators}
    route = Route(0, 1, (Target(ids["beeline"]),), network="beeline")
    route_id = await store.network.add_route(route, actor="cli", now=NOW)
    await network.follow()
    assert chosen(network, BEELINE) == ("beeline", route_id)
    assert chosen(network, KCELL) == ("kcell", 0)
    await store.network.put_range("7701", "beeline", actor="cli", now=NOW)
    await network.follow()
    assert chosen(network, KCELL) == ("beeline", route_id)


async def test_ported_numbers_are_read_when_their_import_has_ended(store: SqliteStore) -> None:
    network = view(store, stated())
    await network.begin()
    await store.network.put_ported([Ported(KCELL, "tele2")])
    assert not await network.follow(), "more may be coming"
    assert await network.follow()
    assert network.routes.networks.of(KCELL) == "tele2"
    assert not await network.follow()


async def test_numbers_ported_before_the_start_are_there_from_the_start(
    store: SqliteStore,
) -> None:
    await store.network.put_ported([Ported(KCELL, "tele2")])
    network = view(store)
    await network.begin()
    assert network.routes.networks.of(KCELL) == "tele2"


async def test_an_operator_whose_data_cannot_be_used_harms_no_other(
    store: SqliteStore, tmp_path: Path
) -> None:
    network = view(store, stated("kcell"), stated("beeline"))
    await network.begin()
    gone = f'{{"host":"h","port":1,"system_id":"s","tls":true,"tls_ca":"{tmp_path}/none.pem"}}'
    await store.network.put_operator("kcell", gone, in_doubt="resend", actor="cli", now=NOW)
    await store.network.put_operator("tele2", gone, in_doubt="resend", actor="cli", now=NOW)
    await network.follow()
    assert [(o.name, o.host) for o in network.operators] == [("kcell", "smsc"), ("beeline", "smsc")]
    await store.network.enable_operator("kcell", False, actor="cli", now=NOW)
    await network.follow()
    assert [o.sends for o in network.operators] == [False, True], "it is disabled all the same"


async def test_what_is_unchanged_keeps_its_certificates(store: SqliteStore) -> None:
    network = view(store, stated("kcell", tls=True), stated("beeline"))
    await network.begin()
    before = network.operators[0].tls
    await store.network.enable_operator("beeline", False, actor="cli", now=NOW)
    await network.follow()
    assert before is not None
    assert network.operators[0].tls is before
