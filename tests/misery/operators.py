"""The operators of the simulation: what the gateway's staff say of each, and what each is like.

Guarantees: values. What staff say goes into the database as `habar operator add` writes it, and the
gateway reads it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from habar.config import OperatorSettings

from .smsc import Manner

PATIENCE = 10.0
"""Seconds for an answer."""
REFERENCE_TLV = 0x1501
RATE = 10.0
"""PDUs a second that the strict one takes."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One of them."""

    share: float
    """Of the traffic."""
    settings: OperatorSettings
    manner: Manner
    late: bool = False
    """It is added while the hour runs."""

    @property
    def name(self) -> str:
        """As staff call it."""
        return self.settings.name


def _operator(
    name: str, share: float, manner: Mapping[str, Any] = {}, *, late: bool = False, **said: Any
) -> Operator:
    settings = OperatorSettings(
        name=name,
        host=name,
        port=2775,
        system_id="habar",
        password="secret",
        enquire_link_seconds=10.0,
        response_seconds=PATIENCE,
        connect_seconds=5.0,
        reconnect_seconds=20.0,
        max_validity_seconds=600.0,
        receipt_grace_seconds=300.0,
        fail_over_seconds=10.0,
        **said,
    )
    return Operator(share, settings, Manner(patience=PATIENCE, **manner), late)


_ELSEWHERE = {"when_down": "fail-over"}
_HEX = {"response_id_base": "hex", "receipt_id_base": "decimal"}
OPERATORS = (
    _operator("broad", 0.25, {"cancels": 0.7}, binds=3, cancel=True, **_ELSEWHERE),
    _operator("paced", 0.15, window=20, binds=2, throughput=25, **_ELSEWHERE),
    _operator("strict", 0.10, {"rate": RATE}, binds=2),
    _operator(
        "hex", 0.14, {"ids_in_hex": True, "reuses": True, "cancels": 0.5}, cancel=True, **_HEX
    ),
    _operator("mute", 0.08, {"receipts": False}, window=5, receipts="none", **_ELSEWHERE),
    _operator("whole", 0.07, {"whole_receipts": True}, receipts="message", **_ELSEWHERE),
    _operator(
        "grouped",
        0.07,
        {"cancels": 0.7},
        binds="2 transmitter, 1 receiver",
        cancel=True,
        **_ELSEWHERE,
    ),
    _operator("narrow", 0.04, window=1),
    _operator(
        "asked",
        0.06,
        {"reference_tlv": REFERENCE_TLV},
        in_doubt="query",
        reference_tlv=REFERENCE_TLV,
        **_ELSEWHERE,
    ),
    _operator("held", 0.03, window=5, in_doubt="hold", **_ELSEWHERE),
    _operator("late", 0.05, late=True),
)
"""By id, from 1. What one will not take goes to the next one, from the last to the first."""


def next_of(operator_id: int) -> int:
    """Where the traffic of this operator goes when it must: to one that is there from the start."""
    following = operator_id % len(OPERATORS) + 1
    return 1 if OPERATORS[following - 1].late else following


def operator_of(recipient: int) -> int:
    """77 0N xxxxxxx goes to operator N."""
    return recipient // 10_000_000 % 100
