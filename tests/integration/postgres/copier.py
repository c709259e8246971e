"""A process to be killed: copies in small batches, and waits after each until it may go on."""

from __future__ import annotations

import asyncio
import sys

from habar.app.databases import copy, named


class Told:
    """Says each step on standard output and goes on when standard input has a line for it."""

    def stage(self, words: str, total: int) -> None:
        del total
        self._words = words

    def advance(self, count: int = 1) -> None:
        sys.stdout.write(f"{self._words} {count}\n")
        sys.stdout.flush()
        sys.stdin.readline()


async def main(source: str, target: str) -> None:
    await copy(named(source), named(target), Told(), batch=3)


asyncio.run(main(*sys.argv[1:]))
