"""What of an operator's settings cannot be together is refused in a sentence that names them."""

from collections.abc import Callable

import pytest

from habar.config import Settings
from habar.config.operator import OperatorSettings
from habar.config.together import contradictions

Faults = Callable[..., list[str]]
Read = Callable[..., Settings]
OLD = 'interface_version = "3.3"\nbinds = "1 transmitter, 1 receiver"\n'
PATTERN = "receipt_pattern = '(?P<id>\\w+) (?P<stat>\\w+)'\n"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (OLD + 'long_text = "sar"', ('long_text = "sar"', '"3.3" has no TLVs')),
        (OLD + 'long_text = "payload"', ('long_text = "payload"', '"3.3" has no TLVs')),
        (OLD + "reference_tlv = 0x1400", ("reference_tlv", '"3.3" has no TLVs')),
        (OLD + 'receipt_source = "tlv"', ('receipt_source = "tlv"', '"3.3" has no TLVs')),
        ('interface_version = "3.3"', ("binds", '"3.3" has no transceivers')),
        ('profile = "smpp-3.3"\nbinds = 2', ("binds", '"3.3" has no transceivers')),
        (
            'profile = "smpp-3.3"\n[[operators.groups]]\nkind = "transceiver"',
            ("groups", '"3.3" has no transceivers'),
        ),
        ('in_doubt = "query"', ('in_doubt = "query"', "needs reference_tlv")),
        ('binds = "2 receiver"', ("binds", "no bind that sends")),
        ('[[operators.groups]]\nkind = "receiver"', ("groups", "no bind that sends")),
        ('binds = "2 transmitter"', ("binds", "no bind over which receipts could come")),
        ("binds = 2\n[[operators.groups]]\ncount = 2", ("binds and groups",)),
        ('receipts = "none"\nguess_ids = true', ("guess_ids", 'receipts = "none"')),
        ('receipts = "none"\n' + PATTERN, ("receipt_pattern", 'receipts = "none"')),
        ("registered_delivery = 16", ("registered_delivery", 'receipts = "parts"')),
        (
            'receipt_id_base = "hex"\nguess_ids = true',
            ("guess_ids", "receipt_id_base"),
        ),
        (PATTERN + 'receipt_source = "tlv"', ("receipt_pattern", 'receipt_source = "tlv"')),
        (
            'slow_codes = ["ESME_RSYSERR"]\nwait_codes = [8]',
            ("ESME_RSYSERR stands in slow_codes and in wait_codes",),
        ),
        (
            'reroute_codes = ["0x400"]\ngive_up_codes = [1024]',
            ("0x00000400 stands in reroute_codes and in give_up_codes",),
        ),
        ("data_coding_default = 8", ("data_coding_default and data_coding_ucs2",)),
        ('timezone = "Asia/Almati"', ("timezone", "did you mean 'Asia/Almaty'?")),
        ('receipt_timezone = "+05:00"', ("receipt_timezone", "no zone")),
        (
            'password = "a"\npassword_file = "b"',
            ("password_file: there is a password too; give one of the two",),
        ),
        (
            '[[operators.groups]]\npassword = "a"\npassword_file = "b"',
            ("groups number 1 password_file: there is a password too",),
        ),
        ('tls_ca = "ca.pem"', ("tls_ca: of no use without tls = true",)),
        ('tls_key = "key.pem"', ("tls_key: of no use without tls = true",)),
        (
            'tls = true\ntls_certificate = "cert.pem"',
            ("tls_certificate and tls_key go together",),
        ),
    ],
)
def test_it_is_refused(faults: Faults, lines: str, words: tuple[str, ...]) -> None:
    found = [fault for fault in faults(lines) if "cannot read" not in fault]
    assert len(found) == 1
    assert found[0].startswith("[[operators]] kcell ")
    for each in words:
        assert each in found[0]


@pytest.mark.parametrize(
    "lines",
    [
        OLD + 'long_text = "udh16"',
        'binds = "2 transmitter"\nreceipts = "none"',
        (
            'profile = "smpp-3.3"\n[[operators.groups]]\nkind = "transmitter"\n'
            '[[operators.groups]]\nkind = "receiver"\n'
        ),
        'in_doubt = "query"\nreference_tlv = 0x1400',
        PATTERN,
        'slow_codes = ["ESME_RSYSERR"]\nwait_codes = ["ESME_RTHROTTLED"]',
        "registered_delivery = 0x12",
        "guess_ids = true",
    ],
)
def test_what_goes_together(read: Read, lines: str) -> None:
    assert read(lines).operators


def test_the_defaults_go_together() -> None:
    plain = OperatorSettings(name="kcell", host="smsc.example", port=2775, system_id="habar")
    assert list(contradictions(plain)) == []
