"""What can go wrong with a call, as exceptions. A refused message is none: it is a row, `Sent`.

Guarantees: every error of a call to the gateway is a HabarClientError and says in `unknown` whether
messages may have been accepted all the same. No error holds a password, a key or a text in its
words.
"""

from __future__ import annotations

from habar_client.codes import package_words
from habar_client.values import Message, Status


class HabarClientError(Exception):
    """The root of this library's errors."""

    unknown: bool = False
    """True: the package may have been accepted, its answer was lost. False: nothing was accepted.

    Of a question (status, balance, prices) it says nothing that matters.
    """
    messages: tuple[Message, ...] = ()
    """The messages of the package that failed; empty where the call sends none."""
    also: tuple[HabarClientError, ...] = ()
    """Errors of further packages that were on their way together with this one."""


class PackageError(HabarClientError):
    """The gateway refused the whole package; nothing in it was done."""

    def __init__(self, code: int) -> None:
        super().__init__(f"package error {code}: {package_words(code)}")
        self.code = code
        """200 UNKNOWN, 201 FORMAT, 202 AUTHORIZATION."""


class AuthorizationError(PackageError):
    """Login, password or key are wrong: package error 202."""


class TransportError(HabarClientError):
    """No answer of the gateway's: no connection, a lost answer, or not the protocol's."""

    def __init__(self, words: str, *, unknown: bool, passing: bool = True) -> None:
        super().__init__(words)
        self.unknown = unknown
        self.passing = passing
        """Whether the same call may well go through a little later."""


class Busy(HabarClientError):
    """The gateway has too much to do (HTTP 429 or 503). Nothing was accepted; repeat it later."""

    def __init__(self, status: int, retry_after: float | None) -> None:
        after = "" if retry_after is None else f"; it asks to wait {retry_after:g} s"
        super().__init__(f"the gateway is busy (HTTP {status}){after}")
        self.retry_after = retry_after
        """Seconds that the gateway asks to wait; None where it does not say."""


class WaitTimeout(HabarClientError, TimeoutError):
    """Time ran out before all messages were final."""

    def __init__(self, seconds: float, pending: tuple[Status, ...]) -> None:
        many = f"{len(pending)} messages are" if len(pending) != 1 else "the message is"
        super().__init__(f"{many} not final after {seconds:g} s")
        self.pending = pending
        """The last known status of each message that is still on its way."""
