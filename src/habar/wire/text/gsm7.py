"""The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1 and 6.2.1.1).

Septets are held unpacked here, one an octet, as SMPP carries them; septets.py packs them.
Guarantees: `decode_gsm7(encode_gsm7(t)) == t` for every text that fits; decoding never raises.
National shift tables are national.py's: what is sent uses none of them.
"""

import re

from habar.wire.text.encoding import UnencodableText

ESC = 0x1B

DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

_BASIC = DEFAULT.replace("\x1b", "")
_ALL = _BASIC + "".join(EXTENSION.values())
_FOREIGN = re.compile(f"[^{re.escape(_ALL)}]")

# str.translate: every character to its octet or octets, spelt as latin-1 characters.
_TO_SEPTETS = {ord(char): chr(code) for code, char in enumerate(DEFAULT) if code != ESC} | {
    ord(char): chr(ESC) + chr(code) for code, char in EXTENSION.items()
}
# bytes.translate, many times faster, for the texts that are wholly basic and ASCII.
_ASCII_BASIC = bytes(ord(char) for char in _BASIC if char.isascii())
_ASCII_SEPTETS = bytes(
    DEFAULT.index(chr(octet)) if octet in _ASCII_BASIC else 0 for octet in range(256)
)
_FROM_OCTETS = dict(enumerate(DEFAULT)) | dict.fromkeys(range(128, 256), "\ufffd")
_FROM_ESCAPED = {DEFAULT[code]: char for code, char in EXTENSION.items()}
_ESCAPED = re.compile("\x1b(.?)", re.DOTALL)


def fits(text: str) -> bool:
    """Tell whether every character is of the alphabet or its extension table."""
    return _FOREIGN.search(text) is None


def is_plain(text: str) -> bool:
    """Tell quickly whether the text is ASCII and every character of it is one septet."""
    return text.isascii() and not text.encode("ascii").translate(None, _ASCII_BASIC)


def encode_gsm7(text: str) -> bytes:
    """Encode to septets, one an octet; a character of the extension table takes two (ESC first).

    Raises UnencodableText, naming the place, for a character that the alphabet lacks.
    """
    if is_plain(text):
        return text.encode("ascii").translate(_ASCII_SEPTETS)
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        raise UnencodableText(f"no GSM 7-bit character at index {foreign.start()}")
    return text.translate(_TO_SEPTETS).encode("latin-1")


def decode_gsm7(septets: bytes) -> str:
    """Decode unpacked septets; never raises.

    As TS 23.038 6.2.1.1 says: after ESC a code that the extension table lacks reads as the
    default alphabet's character; ESC ESC, and an ESC at the very end, as a space. An octet
    over 0x7F is no septet and reads as U+FFFD.
    """
    text = septets.decode("latin-1").translate(_FROM_OCTETS)
    return _ESCAPED.sub(_unescape, text) if "\x1b" in text else text


def _unescape(match: re.Match[str]) -> str:
    escaped = match[1]
    if escaped in ("", "\x1b"):
        return " "
    return _FROM_ESCAPED.get(escaped, escaped)
