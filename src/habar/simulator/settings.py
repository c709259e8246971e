"""What can be set on the simulated SMSC.

Guarantees: a value, checked when made; its repr shows no password.
Knows nothing of sockets, sessions or messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from habar.simulator.behaviour import BEHAVIOURS, Behaviour
from habar.simulator.faults import NO_FAULTS, Faults
from habar.wire.smpp import CommandStatus, EsmClass

IdForm: TypeAlias = Literal["decimal", "hex", "hex-upper"]
"""How a message id is written."""
AlphabetName: TypeAlias = Literal["gsm7", "gsm7-packed", "latin-1", "ascii"]

OPERATIONS = frozenset({"query_sm", "cancel_sm", "replace_sm"})
APPENDIX_B = (
    "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit} done date:{done} stat:{stat} "
    "err:{err} text:{text}"
)
_TEMPLATE_NAMES = ("id", "sub", "dlvrd", "submit", "done", "stat", "err", "text")
_LONGEST_ID = 64
_LATEST_VERSION = 0x34


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one simulated SMSC: what it is like when nothing goes wrong, and its `faults`.

    Times are seconds. Raises ValueError for a window, limit, time or zone that cannot be.
    """

    host: str = "127.0.0.1"
    port: int = 2776
    """0 takes any free port."""
    passwords: Mapping[str, str] = field(default_factory=lambda: {"habar": "habar"}, repr=False)
    """system_id to password; at least one."""
    system_id: str = "HABAR-SIM"
    """The SMSC's own, said in bind responses."""
    window: int = 100
    """Most deliver_sm without an answer in one session."""
    response_delay: float = 0.0
    """Before submit_sm_resp. Longer than receipt_delay, it lets receipts come first."""
    receipt_delay: float = 1.0
    """From submit_sm to its receipt."""
    retry_delay: float = 1.0
    """Before a deliver_sm goes again that the peer could not take just now."""
    receipts: bool = True
    """False makes a plain sink: nobody gets a receipt."""
    enquire_link: float = 30.0
    """Silence in a bind after which the SMSC asks."""
    inactivity: float = 600.0
    """Nothing but answers to our enquire_link for so long: the link is closed."""
    message_ids: IdForm = "decimal"
    """How ids are written in submit_sm_resp, and asked for by query_sm and cancel_sm."""
    id_digits: int = 0
    """The least length of an id: shorter ones have zeros before them."""
    first_id: int | None = None
    """None: ids go on from the clock, so that a restarted SMSC does not use one again."""
    record: bool = True
    """False keeps counts and repetitions only, no values, and knows no `operations`: for
    benchmarks."""
    record_limit: int = 100_000
    """Newest submit_sm kept; so many can be queried and cancelled."""
    seen_limit: int = 2_000_000
    """Distinct (destination, octets) told apart, at least half of it at any moment."""
    outbox_limit: int = 100_000
    """Receipts and subscribers' messages kept; beyond it submit_sm gets ESME_RMSGQFUL."""
    link_limit: int = 1_000
    """Most connections at once; a further one is closed at once."""
    behaviours: Mapping[str, Behaviour] = field(default_factory=lambda: BEHAVIOURS)
    """By recipient; every other recipient is delivered to."""
    faults: Faults = NO_FAULTS
    """What goes wrong; `Simulator.faults` changes it at run time."""

    interface_version: int = _LATEST_VERSION
    """0x33: no TLV is ever sent. A link whose bind said less than 0x34 gets none either."""
    bind_limit: int = 0
    """Most binds of one system_id at a time, ESME_RALYBND beyond; 0: no limit."""

    receipts_for: Literal["parts", "last-part", "whole"] = "parts"
    """Of a concatenated message: each part has a receipt; the one with the highest number has;
    or there is one, with the first part's id, once all parts are in."""
    receipt_ids: IdForm | None = None
    """How ids are written in receipts; None: as `message_ids`."""
    receipt_id_digits: int | None = None
    """None: as `id_digits`."""
    receipt_form: Literal["both", "text", "tlv"] = "both"
    """Whether a receipt has appendix B's text, receipted_message_id and message_state, or both."""
    receipt_template: str = APPENDIX_B
    """The text of a receipt; names in braces are those of the default."""
    receipt_dates: str = "%y%m%d%H%M"
    """How dates are written in receipts, as strftime has it."""
    receipt_zone: str = "UTC"
    """IANA zone of the dates in receipts."""
    receipt_ucs2: bool = False
    """Receipts are written in UCS-2, and data_coding says so."""
    receipt_esm_class: int = EsmClass.DELIVERY_RECEIPT
    """0: nothing marks a receipt but its TLVs, if any."""

    alphabet: AlphabetName = "gsm7"
    """What a submit_sm is written in where data_coding says the SMSC's default alphabet."""
    ucs2_little_endian: bool = False

    operations: frozenset[str] = OPERATIONS
    """Which of query_sm, cancel_sm and replace_sm (always ESME_RREPLACEFAIL) are known; another
    one is answered ESME_RINVCMDID."""
    reference_tlv: int = 0
    """Tag of a TLV of submit_sm whose octets name the message for query_sm and cancel_sm too."""
    unknown_status: int = CommandStatus.ESME_RINVMSGID
    """The answer to query_sm of an id that is not known; some say ESME_RQUERYFAIL."""
    deleted_receipts: bool = True
    """A cancelled message that asked for a receipt has one: DELETED."""

    def __post_init__(self) -> None:
        counts = (self.window, self.record_limit, self.outbox_limit, self.link_limit)
        if min(counts) < 1 or self.seen_limit < 2:
            raise ValueError("window and limits of the simulator must be positive")
        if min(self.response_delay, self.receipt_delay, self.retry_delay) < 0:
            raise ValueError("delays of the simulator cannot be negative")
        if not self.passwords:
            raise ValueError("the simulator needs at least one system_id with a password")
        self._check_ways()

    def _check_ways(self) -> None:
        digits = (self.id_digits, self.receipt_id_digits or 0)
        if min(digits) < 0 or max(digits) > _LONGEST_ID:
            raise ValueError("an id of the simulator has at most 64 digits")
        if self.bind_limit < 0:
            raise ValueError("a limit of binds of the simulator cannot be negative")
        if not self.operations <= OPERATIONS:
            raise ValueError(f"operations of the simulator are {', '.join(sorted(OPERATIONS))}")
        try:
            ZoneInfo(self.receipt_zone)
        except (OSError, KeyError, ValueError) as error:
            raise ValueError(f"no zone {self.receipt_zone!r} for the simulator") from error
        try:
            self.receipt_template.format_map(dict.fromkeys(_TEMPLATE_NAMES, ""))
        except (KeyError, ValueError, IndexError) as error:
            raise ValueError("a receipt's template of the simulator has other names") from error
