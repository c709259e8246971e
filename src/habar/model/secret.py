"""Passwords and API keys: what is kept in place of them, and whether one matches what is kept.

Guarantees: a password is kept as an argon2id hash, a key as a digest; neither can be turned back.
Comparison takes the same time wherever the difference is. Knows no source of chance: the salt is
an argument. Both functions on passwords take some 23 ms of a core by design: never in the loop.
"""

from __future__ import annotations

import hashlib

from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION, Type, hash_secret, verify_secret

MAX_SECRET = 1024
"""Octets; a longer login, password or key is nobody's."""
SALT_SIZE = 16
"""Octets."""
_MEMORY = 19 * 1024
"""KiB."""
_PASSES = 2
_LANES = 1
_HASH_SIZE = 32


def hash_password(password: str, salt: bytes) -> str:
    """The argon2id hash of `password`, encoded with its parameters; `salt` is 16 random octets."""
    encoded = hash_secret(
        _octets(password), salt, _PASSES, _MEMORY, _LANES, _HASH_SIZE, Type.ID, ARGON2_VERSION
    )
    return encoded.decode("ascii")


def password_matches(password_hash: str, password: str) -> bool:
    """Whether the hash is this password's; an unreadable hash is nobody's."""
    try:
        return verify_secret(password_hash.encode("ascii"), _octets(password), Type.ID)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def key_digest(key: str) -> bytes:
    """What is kept of an API key: 32 octets. A key is random, so no salt and no delay is needed."""
    return hashlib.blake2b(_octets(key), digest_size=32, person=b"habar.api-key").digest()


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
