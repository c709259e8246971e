"""An operator's message id as an integer, so that the index over parts stays narrow.

Most operators number their messages: a canonical decimal below 2^62 is itself. Any other text is a
62-bit hash above that bit. Different texts may share a key, so the text is compared as well.
"""

from __future__ import annotations

from hashlib import blake2b

_MARK = 1 << 62


def operator_key(operator_message_id: str) -> int | None:
    """The key, 0 to 2^63-1; None for an empty id, which matches nothing."""
    if not operator_message_id:
        return None
    if len(operator_message_id) < 20 and operator_message_id.isdecimal():
        number = int(operator_message_id)
        if number < _MARK and str(number) == operator_message_id:
            return number
    digest = blake2b(operator_message_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return _MARK | (int.from_bytes(digest) & (_MARK - 1))
