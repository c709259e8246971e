"""The table of recipients: complete, and data only."""

import pytest

from habar.simulator.behaviour import BEHAVIOURS, DELIVERED
from habar.wire.smpp import CommandStatus, MessageState


def test_exactly_the_promised_numbers_behave_in_their_own_way() -> None:
    endings = {"101", "102", "103", "104", "105", "107", "108", "008", "020", "088", "500"}
    endings |= {"201", "202", "203", "204", "205"}
    assert set(BEHAVIOURS) == {"77000000" + ending for ending in endings}


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        ("101", None),
        ("102", MessageState.DELIVERED),
        ("103", MessageState.EXPIRED),
        ("104", MessageState.DELETED),
        ("105", MessageState.UNDELIVERABLE),
        ("107", MessageState.UNKNOWN),
        ("108", None),
        ("088", MessageState.DELIVERED),
        ("500", MessageState.DELIVERED),
    ],
)
def test_final_state(ending: str, state: MessageState | None) -> None:
    assert BEHAVIOURS["77000000" + ending].state == state


def test_only_one_is_refused_and_for_good() -> None:
    refused = {n: b.status for n, b in BEHAVIOURS.items() if b.status != CommandStatus.ESME_ROK}
    assert refused == {"77000000108": CommandStatus.ESME_RINVDSTADR}


def test_throttling_and_dropping() -> None:
    throttling = {n[-3:]: (b.throttles, b.throttle_status) for n, b in BEHAVIOURS.items()}
    assert {ending: times for ending, times in throttling.items() if times[0]} == {
        "008": (2, CommandStatus.ESME_RSYSERR),
        "020": (2, CommandStatus.ESME_RMSGQFUL),
        "088": (2, CommandStatus.ESME_RTHROTTLED),
    }
    assert [n for n, b in BEHAVIOURS.items() if b.drop] == ["77000000500"]


def test_receipts_that_are_not_plain() -> None:
    assert {n[-3:]: (b.early, b.again, b.delay) for n, b in BEHAVIOURS.items() if "2" in n[-3]} == {
        "201": (True, None, 0.0),
        "202": (False, MessageState.DELIVERED, 0.0),
        "203": (False, MessageState.DELIVERED, 0.0),
        "204": (False, MessageState.UNDELIVERABLE, 0.0),
        "205": (False, None, 30.0),
    }


def test_every_error_code_has_three_digits() -> None:
    codes = [b.err for b in (*BEHAVIOURS.values(), DELIVERED)]
    assert all(len(code) == 3 and code.isdigit() for code in codes)


def test_the_table_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        BEHAVIOURS["77000000001"] = DELIVERED  # type: ignore[index]
