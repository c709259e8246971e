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
        (IdForm.HEX, b"0x2a", "42"),
        (IdForm.DECIMAL, b"1_000", "1_000"),
        (IdForm.DECIMAL, b"+5", "+5"),
        (IdForm.HEX, b"F" * 32, str(2**128 - 1)),
        (IdForm.DECIMAL, b"9" * 64, "9" * 64),
        (IdForm.DECIMAL, b"-2", "4294967294"),  # a counter of 32 bits, printed as signed
        (IdForm.DECIMAL, b"-2147483649", "18446744071562067967"),  # one of 64
        (IdForm.DECIMAL, b"-" + b"9" * 60, "-" + "9" * 60),
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


@pytest.mark.parametrize(
    ("response", "answered", "receipt", "receipted"),
    [
        (IdForm.AS_IS, b"870928761", IdForm.AS_IS, "0870928761"),
        (IdForm.AS_IS, b"1f4a", IdForm.AS_IS, "1F4A"),
        (IdForm.AS_IS, b"1F4A", IdForm.AS_IS, "00001f4a"),
        (IdForm.AS_IS, b"00b8be19", IdForm.AS_IS, "00B8BE19"),
        (IdForm.HEX, b"00B8BE19", IdForm.HEX, "b8be19"),
        (IdForm.HEX, b"33E95179", IdForm.DECIMAL, "0870928761"),
        (IdForm.DECIMAL, b"023", IdForm.DECIMAL, "23"),
        (IdForm.HEX, b"FFFFFFFE", IdForm.DECIMAL, "-2"),
        (IdForm.DECIMAL, b"-2", IdForm.HEX, "fffffffe"),
        (IdForm.HEX, b"FFFFFFFFFFFFFFFFFFFF", IdForm.DECIMAL, "1208925819614629174706175"),
        (IdForm.DECIMAL, b"no-number", IdForm.DECIMAL, "no-number"),
    ],
)
def test_response_and_receipt_meet(
    response: IdForm, answered: bytes, receipt: IdForm, receipted: str
) -> None:
    quirks = Quirks(response_id=response, receipt_id=receipt)
    assert quirks.submitted_id(answered) in quirks.receipted_ids(receipted)


def test_a_number_has_one_reading_and_no_id_raises() -> None:
    assert Quirks(receipt_id=IdForm.HEX).receipted_ids("00Ff") == ("255",)
    for form in IdForm:
        assert Quirks(receipt_id=form).receipted_ids("")[0] == ""
        assert Quirks(receipt_id=form, guess_ids=True).receipted_ids("x" * 9999)[0] == "x" * 9999


def test_the_operator_is_asked_by_its_own_id() -> None:
    quirks = Quirks(response_id=IdForm.HEX)
    assert quirks.asked_id(quirks.submitted_id(b"1F4")) == b"1F4"
    assert quirks.asked_id(quirks.submitted_id(b"x-y")) == b"x-y"
    assert Quirks().asked_id("0042") == b"0042"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (0x0B, "ESME_RINVDSTADR"),
        (0x400, "0x00000400 (subscriber barred)"),
        (0x401, "0x00000401"),
        (0x40A, "0x0000040A (no money)"),
        (0x45, "ESME_RSUBMITFAIL (their database)"),
        (NO_ANSWER, "NO_ANSWER"),
        ("001", "err:001 (absent subscriber)"),
        ("0A1", "err:0A1 (memory full)"),
        ("002", "err:002"),
        ("000", ""),
        ("", ""),
    ],
)
def test_an_error_is_told_in_the_operator_s_own_words(error: int | str, text: str) -> None:
    quirks = Quirks(
        error_texts={
            "0x00000400": "subscriber barred",
            "0x0000040a": "no money",
            "ESME_RSUBMITFAIL": "their database",
            "001": "absent subscriber",
            "0a1": "memory full",
        }
    )
    assert quirks.error_text(error) == text


def test_a_receipt_s_id_is_not_guessed_at_unless_told() -> None:
    """5000 in hex is 1388: with ids in sequence that is an earlier message's own."""
    assert QUIRKS.receipted_ids("5000") == ("5000",)
    assert QUIRKS.receipted_ids("0005000") == ("0005000", "5000")
    assert QUIRKS.receipted_ids("0") == ("0",)
    assert "1388" in Quirks(guess_ids=True).receipted_ids("5000")
    assert Quirks(guess_ids=True).receipted_ids("5000")[0] == "5000"
