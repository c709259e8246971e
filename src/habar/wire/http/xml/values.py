"""What an XML package says, as values, and the one way a package is refused as a whole.

Values are the raw strings of the document: nothing here is checked against spec/xml.md's tables of
attributes; that is submission's work. Passwords and keys never show in a repr.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

FORMAT = 201
AUTHORIZATION = 202


class PackageFault(Exception):
    """A package that is refused whole: nothing of it is done.

    `code` is 201 (format) or 202 (authorization). `reason` is for logs and developers and quotes
    nothing of the request but element names. `recoverable` tells that the document is not
    well-formed, or has elements inside a text, so that a lenient parse may understand it.
    """

    def __init__(self, code: int, reason: str, *, recoverable: bool = False) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.recoverable = recoverable


class MsgIn(NamedTuple):
    """One message to send: raw attributes with the section's defaults applied; None is absent.

    An empty `sender` counts as absent; other attributes may be "" where the program sent that.
    """

    id: str | None
    recipient: str | None
    sender: str | None
    date_beg: str | None
    date_end: str | None
    type: str | None
    text: str


class Ref(NamedTuple):
    """One message asked for, by the customer's own id, the gateway's id, or both."""

    id: str | None
    sms_id: str | None


@dataclass(frozen=True, slots=True)
class MessageSection:
    """`message`: messages to send, in the document's order."""

    items: list[MsgIn]


@dataclass(frozen=True, slots=True)
class StatusSection:
    """`status`: messages whose state is asked for."""

    items: list[Ref]


@dataclass(frozen=True, slots=True)
class DeleteSection:
    """`delete`: messages to take back before they go out."""

    items: list[Ref]


@dataclass(frozen=True, slots=True)
class BalanceSection:
    """`balance`: the account's money is asked for."""


@dataclass(frozen=True, slots=True)
class PricesSection:
    """`prices`: the price to each of these numbers is asked for (raw, white space stripped)."""

    phones: list[str]


Section: TypeAlias = MessageSection | StatusSection | DeleteSection | BalanceSection | PricesSection


@dataclass(frozen=True, slots=True)
class Login:
    """Who a package says it is from: a key, or a login and a password; "" counts as absent."""

    login: str | None
    password: str | None = field(repr=False)
    key: str | None = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether there is something to authenticate by."""
        return self.key is not None or (self.login is not None and self.password is not None)


@dataclass(frozen=True, slots=True)
class Package:
    """A whole request. Where `key` is set it names the account; else login and password do."""

    login: str | None
    password: str | None = field(repr=False)
    key: str | None = field(repr=False)
    sections: tuple[Section, ...]
