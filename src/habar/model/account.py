"""A customer's account: who it is, what it may do, and how the protocols speak with it.

Money is in tiyn (1/100 tenge), times are UTC milliseconds. Passwords never live here: see
`Credentials`, whose repr shows no hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum

TEST_ALLOWANCE = 20
"""Parts that a test account may send in all (spec/xml.md, "Accounts and senders")."""
DEFAULT_MAX_PARTS = 10
DEFAULT_TIMEZONE = "Asia/Almaty"
DEFAULT_SENDER = "TEXT_MSG"
PUBLIC_SENDERS = ("TEXT_MSG", "INFO_KAZ")
"""Senders that belong to every account; the second is free of charge."""
FREE_SENDERS = frozenset({"INFO_KAZ"})


class AccountKind(IntEnum):
    """A test account lives on its allowance; a full one on its balance."""

    TEST = 0
    FULL = 1


class XmlAcceptCode(Enum):
    """compat.xml_accept_code: what an accepted message is answered with."""

    DOCUMENTED = "documented"
    ONE = "one"


class DuplicateId(IntEnum):
    """compat.duplicate_id: what becomes of a message whose id the account has used before."""

    REJECT = 0
    IDEMPOTENT = 1
    ALLOW = 2


class RecipientForm(Enum):
    """compat.recipient: which forms of a number are taken."""

    STRICT = "strict"
    NORMALISE = "normalise"


class HttpReply(Enum):
    """compat.http_reply: which shape of answer the HTTP protocol gives."""

    SUPERSET = "superset"
    DOCUMENTED = "documented"
    OZEKI = "ozeki"


class ReportFormat(IntEnum):
    """How `Account.report_url` is called: the numbers are those of store.inbox.CallMethod."""

    GET = 1
    JSON = 3


@dataclass(frozen=True, slots=True)
class Compat:
    """An account's compatibility settings (spec/README.md, rule 3)."""

    xml_accept_code: XmlAcceptCode = XmlAcceptCode.DOCUMENTED
    duplicate_id: DuplicateId = DuplicateId.REJECT
    xml_lenient: bool = False
    recipient: RecipientForm = RecipientForm.STRICT
    http_reply: HttpReply = HttpReply.SUPERSET
    timezone: str = DEFAULT_TIMEZONE


@dataclass(frozen=True, slots=True)
class Account:
    """A customer as the protocols need to know it. Balance and allowance are the store's."""

    id: int
    login: str
    kind: AccountKind
    blocked: bool = False
    default_sender: str = DEFAULT_SENDER
    max_parts: int = DEFAULT_MAX_PARTS
    part_price: int = 0
    """Tiyn for a part."""
    daily_limit: int | None = None
    """Parts in a day of the account's zone; None: no limit."""
    rate_limit: int | None = None
    """Parts in a second; None: no limit."""
    priority: int = 1
    """0 goes before 1 goes before 2."""
    compat: Compat = field(default_factory=Compat)
    senders: frozenset[str] = frozenset(PUBLIC_SENDERS)
    """Every sender the account may use, the public ones included."""
    report_url: str = ""
    """Who is told what becomes of messages that name nobody themselves; "": nobody."""
    report_format: ReportFormat = ReportFormat.GET
    callback_secret: str = field(default="", repr=False)
    """By which calls in JSON are signed."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account's argon2 hash of the password, beside the account it opens."""

    account: Account
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Funds:
    """What an account has left, as the store's transaction sees it."""

    balance: int
    """Tiyn."""
    allowance: int | None
    """Test parts left; None for a full account."""
    day: int
    """The day (proleptic ordinal in the account's zone) that `day_used` counts."""
    day_used: int
    """Parts accepted on `day`."""
