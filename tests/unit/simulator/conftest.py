"""A submit_sm with sensible fields, to be changed by the test."""

from collections.abc import Callable
from typing import Any

import pytest

from habar.wire.smpp import CommandId, Pdu, make_pdu

Submit = Callable[..., Pdu]


@pytest.fixture
def submit() -> Submit:
    def build(tlvs: dict[int, int | bytes] | None = None, **fields: Any) -> Pdu:
        given: dict[str, Any] = {
            "source_addr": b"INFO_KAZ",
            "source_addr_ton": 5,
            "destination_addr": b"77771234567",
            "dest_addr_ton": 1,
            "dest_addr_npi": 1,
            "short_message": b"Hello",
            "registered_delivery": 1,
        }
        return make_pdu(CommandId.SUBMIT_SM, sequence_number=7, tlvs=tlvs or {}, **(given | fields))

    return build
