"""What keeps a process from starting and a person can mend, in one sentence.

Guarantees: no traceback, no secret. Knows no command line.
"""

from __future__ import annotations

import contextlib
import errno
import os
import ssl
from collections.abc import Iterator

from habar.errors import HabarError


class StartError(Exception):
    """It cannot start; the text says why, in one sentence."""


@contextlib.contextmanager
def told(where: str) -> Iterator[None]:
    """Turn the system's errors and Habar's own into StartError; `where` is what was being done to.

    An error that names its place itself is told by that.
    """
    try:
        yield
    except OSError as error:  # SSLError is one too
        raise StartError(f"{error.filename or where}: {_why(error)}") from error
    except HabarError as error:
        text = str(error)
        raise StartError(text if where in text else f"{where}: {text}") from error


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) or not error.errno or error.errno < 0:
        return error.strerror or str(error)
    words = os.strerror(error.errno)  # event loops put long stories into their own
    if error.errno == errno.EACCES and ":" in str(error.filename):
        return f"{words}; ports below 1024 need CAP_NET_BIND_SERVICE"
    return words
