"""The forms in which one message id comes back: operators answer in hex and receipt in decimal.

Guarantees: no id raises, however long; of message_id_variants the id as given is always the first
form, and there are nine at most.
Does not know: which forms an operator really mixes (that is its link's to say).
"""

import re

_DECIMAL = re.compile(r"[0-9]{1,64}", re.ASCII)
_HEXADECIMAL = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{1,64})", re.ASCII)
_SIGNED = re.compile(r"-?[0-9]{1,64}", re.ASCII)
_MIXED_CASE = re.compile(r"(?=.*[A-Fa-f])[0-9A-Fa-f]{1,64}", re.ASCII)
_SMPP33_WIDTH = 8


def message_id_variants(message_id: str) -> tuple[str, ...]:
    """List what `message_id` may be called elsewhere, likeliest first.

    As given; without leading zeros; hex read as decimal; decimal written as hex, in small and
    capital letters, also 8 wide as SMPP 3.3 has it. Ids that are no numbers have one form.
    """
    forms = [message_id]
    hexadecimal = _HEXADECIMAL.fullmatch(message_id)
    if hexadecimal is not None:
        forms.append(hexadecimal[1].lstrip("0") or "0")
        forms.append(str(int(hexadecimal[1], 16)))
    if _DECIMAL.fullmatch(message_id) is not None:
        number = int(message_id)
        forms += [str(number), f"{number:x}", f"{number:X}"]
        forms += [f"{number:0{_SMPP33_WIDTH}x}", f"{number:0{_SMPP33_WIDTH}X}"]
    return tuple(dict.fromkeys(forms))


def decimal_number(message_id: str) -> int | None:
    """Read a decimal id of any length up to 64 digits; None where it is none.

    One with a minus is of an SMSC that prints an unsigned counter as a signed one: it is read as
    the counter, of 32 bits where it fits in these, else of 64.
    """
    if _SIGNED.fullmatch(message_id) is None:
        return None
    number = int(message_id)
    if number >= 0:
        return number
    unsigned = number + (1 << (32 if number >= -(1 << 31) else 64))
    return unsigned if unsigned >= 0 else None


def hexadecimal_number(message_id: str) -> int | None:
    """Read a hexadecimal id, with or without 0x, in either case; None where it is none."""
    found = _HEXADECIMAL.fullmatch(message_id)
    return None if found is None else int(found[1], 16)


def other_case(message_id: str) -> tuple[str, ...]:
    """A hexadecimal id in small and in capital letters; nothing where it has no such letters."""
    if _MIXED_CASE.fullmatch(message_id) is None:
        return ()
    return message_id.lower(), message_id.upper()
