"""No octets make receipts, ids or times raise what they do not promise."""

import re

from hypothesis import given
from hypothesis import strategies as st

from habar.wire.smpp import (
    MessageState,
    Receipt,
    ReceiptDate,
    ReceiptForm,
    TimeError,
    format_absolute,
    format_receipt,
    format_relative,
    message_id_variants,
    parse_receipt,
    parse_time,
)

KEYS = ["id:", "sub:", "dlvrd:", "submit date:", "done_date:", "stat:", "err:", "text:"]
VALUES = ["DELIVRD", "FAILED", "2402011530", "20240201153000", "+0300", "Z", "0x1F", "000", ":;,-"]
WORDS = st.sampled_from(KEYS + VALUES)
TEXT = st.lists(WORDS | st.text(max_size=5), max_size=20).map(" ".join)
FORM = st.builds(
    ReceiptForm,
    st.booleans(),
    st.booleans(),
    st.sampled_from(
        [
            None,
            re.compile(r"id:(?P<id>.*?) stat:(?P<stat>.*)", re.DOTALL),
            re.compile(r"(?P<done>.)?(?P<id>\S*)(?P<stat>.*?)(?P<err>$)?"),
        ]
    ),
    st.dictionaries(st.sampled_from(["DELIVRD", "FAILED", ""]), st.integers(-1, 300)),
)
DATE = st.builds(
    ReceiptDate,
    st.integers(2000, 2099),
    st.integers(1, 12),
    st.integers(1, 31),
    st.integers(0, 23),
    st.integers(0, 59),
    st.just(0),
    st.none(),
)


@given(
    st.binary(max_size=300) | TEXT.map(str.encode),
    st.none() | st.binary(max_size=70),
    st.none() | st.integers(-1, 300),
    st.none() | st.binary(max_size=5),
    FORM,
)
def test_never_raises(
    text: bytes,
    message_id: bytes | None,
    state: int | None,
    code: bytes | None,
    form: ReceiptForm,
) -> None:
    receipt = parse_receipt(
        text,
        receipted_message_id=message_id,
        message_state=state,
        network_error_code=code,
        form=form,
    )
    assert receipt is None or (receipt.message_id and receipt.state in set(MessageState))


@given(
    st.from_regex(r"[0-9A-Za-z-]{1,64}", fullmatch=True),
    st.sampled_from(list(MessageState)),
    DATE,
    DATE,
    st.from_regex(r"[!-~]{0,20}", fullmatch=True),
)
def test_what_is_written_is_read(
    message_id: str, state: MessageState, submitted: ReceiptDate, done: ReceiptDate, text: str
) -> None:
    receipt = Receipt(message_id, state, "001", submitted, done, text.strip(",;"))
    assert parse_receipt(format_receipt(receipt)) == receipt


@given(st.text(max_size=70))
def test_forms_of_any_id(message_id: str) -> None:
    forms = message_id_variants(message_id)
    assert forms[0] == message_id
    assert len(forms) <= 9


@given(st.integers(0, 2**63))
def test_a_number_is_found_by_its_hexadecimal(number: int) -> None:
    for written in (f"{number:x}", f"{number:X}", f"{number:08x}", f"{number:08X}"):
        assert str(number) in message_id_variants(written)
        assert written in message_id_variants(str(number))


@given(st.integers(946_684_800_000, 4_102_444_799_999), st.integers(-48, 48))
def test_absolute_times(epoch_ms: int, quarters: int) -> None:
    tenth = epoch_ms - epoch_ms % 100
    try:
        written = format_absolute(epoch_ms, quarters * 15)
    except ValueError:
        # Only where the local year is out of range, at the century's two edges.
        assert min(epoch_ms - 946_684_800_000, 4_102_444_799_999 - epoch_ms) <= 43_200_000
    else:
        assert parse_time(written, 0) == tenth


@given(st.integers(0, 32 * 86400 - 1), st.integers(0, 4_000_000_000_000))
def test_relative_times(seconds: int, now_ms: int) -> None:
    assert parse_time(format_relative(seconds), now_ms) == now_ms + seconds * 1000


@given(st.binary(max_size=20) | st.from_regex(rb"[0-9]{15}[+R-]", fullmatch=True))
def test_any_octets_are_a_time_or_a_time_error(octets: bytes) -> None:
    try:
        when = parse_time(octets, 1_700_000_000_000)
    except TimeError:
        return
    assert when is None or isinstance(when, int)
