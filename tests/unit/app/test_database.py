"""Which database an installation has, and who opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from habar.app.database import Place, books_of, open_store
from habar.app.node import ThisNode
from habar.config import DatabaseSettings, GatewaySettings, Role, Settings
from habar.errors import NotFound
from habar.store.postgres import Address, Who

URL = "postgresql://habar:s3cret@db.example/habar"


class Engine:
    """Stands in for the engine on PostgreSQL: writes down what it is told."""

    opened: list[Engine]

    def __init__(self, address: Address, who: Who, folder: Path, **more: Any) -> None:
        self.address = address
        self.who = who
        self.folder = folder
        self.more = more
        self.calls: list[str] = []
        type(self).opened.append(self)

    async def open(self) -> int:
        self.calls.append("open")
        return 3

    async def open_books(self) -> None:
        self.calls.append("open_books")

    async def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[Engine]:
    Engine.opened = []
    monkeypatch.setattr("habar.store.postgres.PostgresStore", Engine)
    return Engine.opened


def settings(data: Path, url: str = "") -> Settings:
    return Settings(
        gateway=GatewaySettings(data=str(data), node="named"),
        database=DatabaseSettings(url=url, connections=7, notify=False, lease_seconds=3.0),
    )


async def test_a_url_is_a_postgresql_and_the_node_is_told_to_it(
    engines: list[Engine], tmp_path: Path
) -> None:
    node = ThisNode("a-2", (Role.DISPATCH,))
    place = Place.of(settings(tmp_path / "data", URL), node)
    store, in_hand = await open_store(place)
    (engine,) = engines
    assert store is engine
    assert in_hand == 3
    assert engine.address == Address(URL)
    assert engine.who == Who("a-2", ("dispatch",), 3.0)
    assert engine.folder == tmp_path / "data"
    assert engine.more == {"notify": False, "connections": 7}
    assert engine.calls == ["open"]
    assert (tmp_path / "data").is_dir()  # what a node keeps of its own


async def test_staffs_commands_find_it_without_a_folder(
    engines: list[Engine], tmp_path: Path
) -> None:
    async with books_of(Place.of(settings(tmp_path / "data", URL))) as store:
        assert store is engines[0]  # type: ignore[comparison-overlap]
    assert engines[0].calls == ["open_books", "close"]
    assert engines[0].who.name == "named"
    assert not (tmp_path / "data").exists()


async def test_without_a_url_it_is_the_file_in_the_folder(tmp_path: Path) -> None:
    place = Place.of(settings(tmp_path / "data"))
    with pytest.raises(NotFound):
        async with books_of(place):
            pass
    store, _ = await open_store(place)
    (node,) = await store.nodes()
    assert (node.name, node.alive) == ("named", True)
    await store.close()
    assert (tmp_path / "data" / "habar.db").exists()


def test_what_is_shown_of_it_has_no_password(tmp_path: Path) -> None:
    assert Place.of(settings(tmp_path)).shown == str(tmp_path)
    place = Place.of(settings(tmp_path, URL))
    assert place.shown == "postgresql://habar:***@db.example/habar"
    assert "s3cret" not in repr(place)
