"""wire/content/wsp.py: lengths and names of WAP-203, 8.4.2."""

from habar.wire.content.wsp import SERVICE_LOADING, named_type, push


def test_a_push_says_how_long_its_headers_are() -> None:
    # 8.2.4.1: transaction, 06 Push, headers' length, content type
    assert push(SERVICE_LOADING, b"body") == bytes.fromhex("EA 06 01 B0") + b"body"


def test_a_value_of_up_to_30_octets_has_its_length_in_one_octet() -> None:
    # 8.4.2.2: Short-length 0 to 30; over it the quote 1F and a length; 81 EA charset=utf-8
    assert named_type("a/b") == b"\x06a/b\0\x81\xea"
    assert named_type("x" * 27)[:2] == b"\x1ex"
    assert named_type("x" * 28)[:3] == b"\x1f\x1fx"
