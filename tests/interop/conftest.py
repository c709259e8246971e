"""A gateway as a process of its own, with one operator: an SMSC that we did not write.

What is asked of it is asked as its users do, by the XML protocol and the log.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from habar.app.database import Place

from ..acceptance.conftest import SHOP, furnish, hold_clean
from ..acceptance.customer import ask, states
from ..acceptance.gateway import Gateway
from ..acceptance.waiting import eventually
from .node_packages import why_not
from .node_smsc import PASSWORD, NodeSmsc
from .rust_smsc import RustSmsc

DELIVERED = 102


class Site:
    """An installation whose operator is called `abroad`."""

    def __init__(self, folder: Path, port: int, **operator: Any) -> None:
        given = {
            "name": "abroad",
            "host": "127.0.0.1",
            "port": port,
            "system_id": "habar",
            "password": PASSWORD,
            **operator,
        }
        lines = [
            f"gateway.data = {json.dumps(str(folder / 'data'))}",
            "[[listeners]]",
            "port = 0",
            "[[operators]]",
            *(f"{name} = {json.dumps(value)}" for name, value in given.items()),
        ]
        (folder / "habar.toml").write_text("\n".join(lines))
        secrets = (SHOP.password, given["password"])
        self.gateway = Gateway(folder, ("--config", "habar.toml"), folder / "data", secrets=secrets)

    async def start(self) -> None:
        """With the account shop, which may send what it likes."""
        await furnish(Place(self.gateway.data))
        await self.gateway.start()

    async def send(self, text: str, recipient: str = "77015550001", **attributes: str) -> int:
        """Have a message accepted; its sms_id."""
        answer = await ask(self.gateway.port, SHOP.message(text, recipient, **attributes))
        [row] = answer.rows
        assert row.code == 106, answer
        return row.sms_id

    async def delete(self, sms_id: int) -> int:
        """Take a message back, and the code that this is answered with."""
        package = SHOP.package(f'<delete><msg sms_id="{sms_id}"/></delete>')
        [row] = (await ask(self.gateway.port, package)).rows
        return row.code

    async def become(self, sms_ids: Sequence[int], code: int = DELIVERED) -> None:
        """Ask for the states until they are all this one."""
        found: dict[int, int] = {}

        async def there() -> bool:
            found.update(await states(self.gateway.port, SHOP, sms_ids))
            return set(found.values()) == {code}

        try:
            await eventually(there)
        except TimeoutError:
            raise TimeoutError(f"{code} awaited: {found}") from None

    async def tells(self, sms_id: int, words: str) -> None:
        """Wait until the story of a message has these words."""

        async def there() -> bool:
            return words in await self.gateway.story(sms_id)

        await eventually(there)

    async def says(self, words: str) -> None:
        """Wait until the log has these words."""
        await eventually(lambda: words in self.gateway.log())


@pytest.fixture
def gateways() -> Iterator[list[Gateway]]:
    """Ended after the test, and their logs held clean."""
    gateways: list[Gateway] = []
    yield gateways
    for gateway in gateways:
        gateway.destroy()
    for gateway in gateways:
        hold_clean(gateway)


@pytest.fixture
def site(tmp_path: Path, gateways: list[Gateway]) -> Callable[..., Awaitable[Site]]:
    """Starts a gateway: `await site(port, window=1)`."""

    async def start(port: int, **operator: Any) -> Site:
        folder = tmp_path / f"site-{len(gateways) + 1}"
        folder.mkdir()
        made = Site(folder, port, **operator)
        gateways.append(made.gateway)
        await made.start()
        return made

    return start


@pytest.fixture
async def node_smsc() -> AsyncIterator[Callable[..., Awaitable[NodeSmsc]]]:
    """Starts an SMSC of node's library: `await node_smsc(receipts="twice")`."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> NodeSmsc:
            return await stack.enter_async_context(NodeSmsc(**settings))

        yield start


@pytest.fixture
async def rust_smsc() -> AsyncIterator[RustSmsc]:
    """An SMSC of smpp34's library, which listens."""
    async with RustSmsc() as smsc:
        yield smsc
