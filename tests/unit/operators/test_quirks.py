"""operators/quirks.py: verdicts on command_status, and message ids in every base."""

import pytest

from habar.operators import NO_ANSWER, IdForm, Quirks, Verdict, error_name
from habar.operators.quirks import ELSEWHERE, THROTTLE
from habar.wire.smpp import CommandStatus

QUIRKS = Quirks()

# Every status of the standard, and what becomes of the message: a new one must be decided here.
SLOWER = {"ESME_RTHROTTLED", "ESME_RMSGQFUL"}
PASSES = {
    "ESME_RSYSERR",
    "ESME_RINVBNDSTS",
    "ESME_RALYBND",
    "ESME_RBINDFAIL",
    "ESME_RINVPASWD",
    "ESME_RINVSYSID",
    "ESME_RINVSYSTYP",
    "ESME_RSUBMITFAIL",
    "ESME_RX_T_APPN",
    "ESME_RUNKNOWNERR",
}


@pytest.mark.parametrize("status", list(CommandStatus), ids=lambda status: status.name)
def test_every_status_of_the_standard_has_its_verdict(status: CommandStatus) -> None:
    expected = Verdict.PERMANENT
    if status is CommandStatus.ESME_ROK:
        expected = Verdict.ACCEPTED
    elif status.name in SLOWER:
        expected = Verdict.THROTTLED
    elif status.name in PASSES:
        expected = Verdict.ELSEWHERE
    assert QUIRKS.verdict(status) is expected


def test_no_status_is_both_slower_and_passing() -> None:
    assert not THROTTLE & ELSEWHERE


def test_a_vendor_s_status_is_permanent_unless_the_operator_s_data_say_otherwise() -> None:
    assert QUIRKS.verdict(0x401) is Verdict.PERMANENT
    assert Quirks(passing=frozenset({0x401})).verdict(0x401) is Verdict.PASSING
    assert Quirks(throttle=THROTTLE | {0x401}).verdict(0x401) is Verdict.THROTTLED


def test_no_answer_is_a_verdict_of_its_own() -> None:
    assert QUIRKS.verdict(NO_ANSWER) is Verdict.UNANSWERED
    assert error_name(NO_ANSWER) == "NO_ANSWER"
    assert error_name(0x58) == "ESME_RTHROTTLED"


@pytest.mark.parametrize(
    ("form", "said", "kept"),
    [
        (IdForm.AS_IS, b"007F", "007F"),
        (IdForm.AS_IS, b"a-b.c", "a-b.c"),
        (IdForm.DECIMAL, b"0042", "42"),
        (IdForm.HEX, b"002A", "42"),
        (IdForm.HEX, b"2a", "42"),
        (IdForm.HEX, b"xyz", "xyz"),
        (IdForm.DECIMAL, b"", ""),
        (IdForm.AS_IS, b"\xff", "\xff"),
    ],
)
def test_an_id_of_a_response_is_kept_in_one_form(form: IdForm, said: bytes, kept: str) -> None:
    assert Quirks(response_id=form).submitted_id(said) == kept


def test_hex_in_the_response_and_decimal_in_the_receipt_meet() -> None:
    quirks = Quirks(response_id=IdForm.HEX, receipt_id=IdForm.DECIMAL)
    assert quirks.submitted_id(b"1F4") in quirks.receipted_ids("0000000500")


def test_decimal_in_the_response_and_hex_in_the_receipt_meet() -> None:
    quirks = Quirks(response_id=IdForm.DECIMAL, receipt_id=IdForm.HEX)
    assert quirks.submitted_id(b"500") in quirks.receipted_ids("1f4")


def test_a_receipt_s_id_is_not_guessed_at_unless_told() -> None:
    """5000 in hex is 1388: with ids in sequence that is an earlier message's own."""
    assert QUIRKS.receipted_ids("5000") == ("5000",)
    assert QUIRKS.receipted_ids("0005000") == ("0005000", "5000")
    assert QUIRKS.receipted_ids("0") == ("0",)
    assert "1388" in Quirks(guess_ids=True).receipted_ids("5000")
    assert Quirks(guess_ids=True).receipted_ids("5000")[0] == "5000"
