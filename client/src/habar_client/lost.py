"""How an answer gets lost, in words for people and with what it means: was it posted, will it pass.

Guarantees: both clients say the same for the same fault. Nothing of a request is in the words.
"""

from __future__ import annotations

import os
import ssl

from habar_client.exchange import Lost

# What OpenSSL says to a server that answers a handshake with plain HTTP.
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})


def cannot_connect(url: str, reason: str) -> Lost:
    """There was no connection: nothing was posted."""
    return Lost(f"cannot connect to {url}: {reason}", posted=False)


def too_late(url: str, timeout: float) -> Lost:
    """The answer, or its end, did not come in time."""
    return Lost(f"no answer from {url} within {timeout:g} s", posted=True)


def went_away(url: str) -> Lost:
    """The connection ended before the answer did."""
    return Lost(f"the connection to {url} ended before the answer did", posted=True)


def too_long(url: str) -> Lost:
    """The answer is longer than any of the protocol's."""
    return Lost(f"the answer of {url} has no end", posted=True, passing=False)


def by_tls(url: str, error: BaseException | None) -> Lost:
    """TLS failed; `error` is the reason, where it is known."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or "it is not valid"
        words = f"the certificate of {url} is not trusted: {why}"
        return Lost(words, posted=False, passing=False)
    reason = str(getattr(error, "reason", None) or "")
    if reason in _NOT_TLS:
        words = f"{url} does not speak TLS; if it is meant so, write http://"
        return Lost(words, posted=False, passing=False)
    return Lost(f"TLS with {url} failed: {reason or 'no reason given'}", posted=True)


def os_words(error: BaseException | None) -> str:
    """The operating system's words for a failed connection: `Connection refused`."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and (error.errno or 0) > 0:
            return os.strerror(error.errno or 0)  # asyncio's own words repeat the address
        error = error.__cause__ or error.__context__
    return "no connection"
