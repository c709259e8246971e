"""Time zones that the gateway will know: tzdata's, not the machine's (see model.times)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from habar.config.fields import nearest


def zone_faults(where: str, zone: str) -> Iterator[str]:
    """What is wrong with the name of a zone."""
    if zone not in _zones():
        yield f"{where}: no zone named {zone!r}{nearest(zone, _zones())}"


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())
