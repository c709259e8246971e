"""National language shift tables of the GSM 7-bit alphabet, for reading (3GPP TS 23.038, 6.2.1.2).

A header's element names the table: 0x25 one that stands for the whole default alphabet (locking
shift), 0x24 one that is read after ESC (single shift). Turkish, Spanish and Portuguese are known; a
language that is not, and one that has no such table, is read by the default one, as the standard
asks. What is sent uses none: operators of this region do not take them.
Guarantees: decoding never raises.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from habar.wire.text.gsm7 import DEFAULT, ESC, EXTENSION, decode_gsm7

IE_SINGLE_SHIFT: Final = 0x24
"""TS 23.040, 9.2.3.24.15."""
IE_LOCKING_SHIFT: Final = 0x25
"""TS 23.040, 9.2.3.24.16."""

TURKISH: Final = 1
SPANISH: Final = 2
PORTUGUESE: Final = 3

LOCKING: Final = {
    TURKISH: (  # A.3.1
        "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ"
        " !\"#¤%&'()*+,-./0123456789:;<=>?"
        "İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
        "çabcdefghijklmnopqrstuvwxyzäöñüà"
    ),
    PORTUGUESE: (  # A.3.3
        "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ"
        " !\"#º%&'()*+,-./0123456789:;<=>?"
        "ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§"
        "~abcdefghijklmnopqrstuvwxyzãõ`üà"
    ),
}
"""The whole alphabet, by language."""

SINGLE: Final = {
    TURKISH: EXTENSION  # A.2.1
    | {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},
    SPANISH: EXTENSION  # A.2.2
    | {0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú"}
    | {0x61: "á", 0x69: "í", 0x6F: "ó", 0x75: "ú"},
    PORTUGUESE: EXTENSION  # A.2.3
    | {0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x1F: "Ê"}
    | {0x12: "Φ", 0x13: "Γ", 0x15: "Ω", 0x16: "Π", 0x17: "Ψ", 0x18: "Σ", 0x19: "Θ"}
    | {0x41: "À", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x5B: "Ã", 0x5C: "Õ"}
    | {0x61: "Â", 0x69: "í", 0x6F: "ó", 0x75: "ú", 0x7B: "ã", 0x7C: "õ", 0x7F: "â"},
}
"""What a code means after ESC, by language."""

_NO_SEPTET = "\ufffd"


class Tables(NamedTuple):
    """The languages whose tables a text is read by; 0: the default one."""

    locking: int = 0
    single: int = 0


NO_TABLES: Final = Tables()


def tables_of(elements: Iterable[tuple[int, bytes]]) -> Tables:
    """Find the tables that a header's elements name; the last one counts (TS 23.040, 9.2.3.24)."""
    found = NO_TABLES
    for identifier, content in elements:
        if len(content) == 1:
            if identifier == IE_LOCKING_SHIFT:
                found = found._replace(locking=content[0])
            elif identifier == IE_SINGLE_SHIFT:
                found = found._replace(single=content[0])
    return found


def decode_national(septets: bytes, tables: Tables) -> str:
    """Decode unpacked septets by these tables; never raises.

    After ESC a code that the single shift table lacks reads as in the alphabet (6.2.1.2.2); all
    else is as in decode_gsm7.
    """
    alphabet = LOCKING.get(tables.locking, DEFAULT)
    escaped = SINGLE.get(tables.single, EXTENSION)
    if alphabet is DEFAULT and escaped is EXTENSION:
        return decode_gsm7(septets)
    return "".join(_characters(septets, alphabet, escaped))


def _characters(septets: bytes, alphabet: str, escaped: dict[int, str]) -> Iterable[str]:
    after_escape = False
    for code in septets:
        if after_escape:
            after_escape = False
            yield " " if code == ESC else escaped.get(code) or _one(code, alphabet)
        elif code == ESC:
            after_escape = True
        else:
            yield _one(code, alphabet)
    if after_escape:
        yield " "


def _one(code: int, alphabet: str) -> str:
    return alphabet[code] if code < len(alphabet) else _NO_SEPTET
