"""Texts as octets: GSM 7-bit and UCS-2, the parts of long texts, user data headers.

Pure functions over str and bytes; imports nothing of habar. Standards: 3GPP TS 23.038 (alphabets)
and TS 23.040 (user data header).
"""

from habar.wire.text.encoding import Encoding, TooManyParts, UnencodableText
from habar.wire.text.gsm7 import decode_gsm7, encode_gsm7
from habar.wire.text.parts import Part, Segments, choose, count_parts, join, split
from habar.wire.text.septets import pack_septets, unpack_septets
from habar.wire.text.ucs2 import decode_ucs2, encode_ucs2
from habar.wire.text.udh import Concatenation, UserDataHeader, parse_udh

__all__ = [
    "Concatenation",
    "Encoding",
    "Part",
    "Segments",
    "TooManyParts",
    "UnencodableText",
    "UserDataHeader",
    "choose",
    "count_parts",
    "decode_gsm7",
    "decode_ucs2",
    "encode_gsm7",
    "encode_ucs2",
    "join",
    "pack_septets",
    "parse_udh",
    "split",
    "unpack_septets",
]
