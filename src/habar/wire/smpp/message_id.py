"""The forms in which one message id comes back: operators answer in hex and receipt in decimal.

Guarantees: the id as given is always the first form; no id raises; at most nine forms.
Does not know: which forms an operator really mixes (that is its link's to say).
"""

import re

_DECIMAL = re.compile(r"[0-9]{1,20}", re.ASCII)
_HEXADECIMAL = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{1,16})", re.ASCII)
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
