"""The ported numbers, read from the store into the packed table that look-ups use.

Guarantees: read in slices, so that the event loop breathes between them; memory is the table's, 5
octets a number, and one slice's. What is written meanwhile may be read or not: `ported_version`,
asked before, tells afterwards whether to read again. Knows no engine.
"""

from __future__ import annotations

import asyncio

from habar.model.numbers import HIGHEST, LOWEST, Ported, PortedBuilder
from habar.store.network import Network


async def read_ported(network: Network, slice_size: int = 5_000) -> Ported:
    """All of them, so many at a time: a few milliseconds of the loop.

    Numbers that cannot be a recipient are passed over. Raises what the store raises, and ValueError
    where there are more than 256 networks.
    """
    builder = PortedBuilder()
    after = LOWEST - 1
    while rows := await network.ported(after, slice_size):
        after = rows[-1].msisdn
        builder.add(row for row in rows if row.msisdn <= HIGHEST)
        await asyncio.sleep(0)
    return builder.build()
