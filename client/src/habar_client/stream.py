"""A stream of packages with several on their way together, for the client with asyncio.

Guarantees: results come in the order of the packages; no more than `window` are on their way; what
was answered is given before an error is raised. Does not know how a package is sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
)
from typing import Any

from habar_client import conversations as core
from habar_client.errors import HabarClientError
from habar_client.values import Message, Sent

Send = Callable[[list[Message]], Coroutine[Any, Any, list[Sent]]]


async def windowed(
    packages: AsyncGenerator[list[Message], None], send: Send, window: int
) -> AsyncIterator[Sent]:
    """Send packages, `window` at a time. Raises the first error, when nothing is under way.

    Where the caller stops listening, what is under way is cancelled.
    """
    under_way: deque[asyncio.Task[list[Sent]]] = deque()
    errors: list[Exception] = []
    try:
        while True:
            await _fill(under_way, packages, send, window, errors)
            if not under_way:
                break
            for row in await _answered(under_way.popleft(), errors):
                yield row
    finally:
        await _cancel(under_way)
        await packages.aclose()
    if errors:
        first, *others = errors
        if isinstance(first, HabarClientError):
            first.also = tuple(error for error in others if isinstance(error, HabarClientError))
        raise first


async def cut(
    messages: Iterable[Message] | AsyncIterable[Message], size: int
) -> AsyncGenerator[list[Message], None]:
    """Cut messages into packages of `size`, reading no further than needed."""
    if not isinstance(messages, AsyncIterable):
        for package in core.packages(messages, size):
            yield package
        return
    package = []
    async for message in messages:
        package.append(message)
        if len(package) == size:
            yield package
            package = []
    if package:
        yield package


async def _fill(
    under_way: deque[asyncio.Task[list[Sent]]],
    packages: AsyncIterator[list[Message]],
    send: Send,
    window: int,
    errors: list[Exception],
) -> None:
    """Begin packages until the window is full; none after an error."""
    while not errors and len(under_way) < window:
        try:
            package = await anext(packages)
        except StopAsyncIteration:
            return
        except Exception as error:  # noqa: BLE001 - the caller's own, raised when all is answered
            errors.append(error)
            return
        under_way.append(asyncio.create_task(send(package)))


async def _answered(task: asyncio.Task[list[Sent]], errors: list[Exception]) -> list[Sent]:
    try:
        return await task
    except HabarClientError as error:
        errors.append(error)
        return []


async def _cancel(tasks: Iterable[asyncio.Task[list[Sent]]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
