"""Texts as octets: GSM 7-bit, UCS-2 and one octet a character; long texts' parts and headers.

Pure functions over str and bytes; imports nothing of habar. Standards: 3GPP TS 23.038 (alphabets)
and TS 23.040 (user data header).
"""

from habar.wire.text.eight_bit import (
    NEAREST_ASCII,
    NEAREST_LATIN1,
    encode_ascii,
    encode_iso8859_5,
    encode_latin1,
    fits_iso8859_5,
)
from habar.wire.text.encoding import Encoding, TooManyParts, UnencodableText
from habar.wire.text.gsm7 import decode_gsm7, encode_gsm7
from habar.wire.text.national import NO_TABLES, Tables, decode_national, tables_of
from habar.wire.text.parts import Part, Segments, choose, count_parts, join, split
from habar.wire.text.septets import pack_septets, pack_to_end, unpack_septets, unpack_to_end
from habar.wire.text.ucs2 import decode_ucs2, encode_ucs2, swap_octets
from habar.wire.text.udh import (
    IE_CONCATENATED_8,
    IE_CONCATENATED_16,
    Concatenation,
    UserDataHeader,
    parse_udh,
)

__all__ = [
    "Concatenation",
    "Encoding",
    "IE_CONCATENATED_16",
    "IE_CONCATENATED_8",
    "NEAREST_ASCII",
    "NEAREST_LATIN1",
    "NO_TABLES",
    "Part",
    "Segments",
    "Tables",
    "TooManyParts",
    "UnencodableText",
    "UserDataHeader",
    "choose",
    "count_parts",
    "decode_gsm7",
    "decode_national",
    "decode_ucs2",
    "encode_ascii",
    "encode_gsm7",
    "encode_iso8859_5",
    "encode_latin1",
    "encode_ucs2",
    "fits_iso8859_5",
    "join",
    "pack_septets",
    "pack_to_end",
    "parse_udh",
    "split",
    "swap_octets",
    "tables_of",
    "unpack_septets",
    "unpack_to_end",
]
