"""Texts in one octet a character: latin-1, ASCII and ISO-8859-5, for operators that want them.

Latin-1 and ASCII stand in for the GSM 7-bit alphabet; what they lack of it is written by the
nearest letter, always one for one, so that a text is as long as it was and takes no other parts
than were counted. ISO-8859-5 replaces nothing: a text goes in it whole or not at all.
Guarantees: as many octets as characters. Knows no parts and no data_coding.
"""

from habar.wire.text.encoding import UnencodableText

NEAREST_LATIN1 = dict(
    zip("ΔΦΓΛΩΠΨΣΘΞ€", "DFGLOPPSTXE", strict=True)  # TS 23.038, 6.2.1: not in ISO/IEC 8859-1
)
"""What stands for the characters of the GSM alphabet that latin-1 lacks."""

NEAREST_ASCII = NEAREST_LATIN1 | dict(
    zip(
        "£¥èéùìòÇØøÅåÆæßÉ¤¡ÄÖÑÜ§¿äöñüà",
        "LYeeuioCOoAaAasE*!AONUS?aonua",
        strict=True,
    )
)
"""The same for ASCII."""

_TO_LATIN1 = str.maketrans(NEAREST_LATIN1)
_TO_ASCII = str.maketrans(NEAREST_ASCII)


def encode_latin1(text: str) -> bytes:
    """Write a text of the GSM alphabet in ISO/IEC 8859-1. Raises UnencodableText."""
    return _encode(text if text.isascii() else text.translate(_TO_LATIN1), "latin-1")


def encode_ascii(text: str) -> bytes:
    """Write a text of the GSM alphabet in ASCII. Raises UnencodableText."""
    return _encode(text if text.isascii() else text.translate(_TO_ASCII), "ascii")


def encode_iso8859_5(text: str) -> bytes:
    """Write a Russian text in ISO/IEC 8859-5, letter for octet. Raises UnencodableText."""
    return _encode(text, "iso8859_5")


def fits_iso8859_5(text: str) -> bool:
    """Tell whether all of it is in ISO/IEC 8859-5: Russian is, Kazakh is not."""
    try:
        text.encode("iso8859_5")
    except UnicodeEncodeError:
        return False
    return True


def _encode(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except UnicodeEncodeError as error:
        raise UnencodableText(f"no {charset} character at index {error.start}") from None
