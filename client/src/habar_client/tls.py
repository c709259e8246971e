"""Whom to trust over https.

Guarantees: certificates and host names are checked unless `verify=False` is said in so many words.
"""

from __future__ import annotations

import os
import ssl


def tls_context(ca: str | os.PathLike[str] | None, *, verify: bool) -> ssl.SSLContext:
    """The context for a gateway; `ca`: trust the certificates of this PEM file and no others.

    Raises ValueError where the file cannot be used.
    """
    if ca is not None and not verify:
        raise ValueError("ca says whom to trust, verify=False to trust everybody: give one of them")
    try:
        context = ssl.create_default_context(cafile=None if ca is None else os.fspath(ca))
    except OSError as error:  # SSLError is one
        reason = error.strerror if not isinstance(error, ssl.SSLError) else "no PEM certificates"
        raise ValueError(f"ca {os.fspath(ca or '')}: {reason}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
