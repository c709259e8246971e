"""What can be set on the simulated SMSC.

Guarantees: a value, checked when made; its repr shows no password.
Knows nothing of sockets, sessions or messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from habar.simulator.behaviour import BEHAVIOURS, Behaviour


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one simulated SMSC; times in seconds.

    Raises ValueError for a window, limit or time that cannot be.
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
    message_ids: Literal["decimal", "hex"] = "decimal"
    record: bool = True
    """False keeps counts and repetitions only, no values: for benchmarks."""
    record_limit: int = 100_000
    """Newest submit_sm kept."""
    seen_limit: int = 2_000_000
    """Distinct (destination, octets) told apart, at least half of it at any moment."""
    outbox_limit: int = 100_000
    """Receipts and subscribers' messages kept; beyond it submit_sm gets ESME_RMSGQFUL."""
    link_limit: int = 1_000
    """Most connections at once; a further one is closed at once."""
    behaviours: Mapping[str, Behaviour] = field(default_factory=lambda: BEHAVIOURS)
    """By recipient; every other recipient is delivered to."""

    def __post_init__(self) -> None:
        counts = (self.window, self.record_limit, self.outbox_limit, self.link_limit)
        if min(counts) < 1 or self.seen_limit < 2:
            raise ValueError("window and limits of the simulator must be positive")
        if min(self.response_delay, self.receipt_delay, self.retry_delay) < 0:
            raise ValueError("delays of the simulator cannot be negative")
        if not self.passwords:
            raise ValueError("the simulator needs at least one system_id with a password")
