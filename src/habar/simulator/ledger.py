"""What the simulated SMSC remembers of each message it took, to be queried and cancelled.

Guarantees: bounded: the oldest are forgotten; one reference names the newest message that has it.
Knows nothing of PDUs' answers or of how a receipt is written; times are monotonic seconds.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from habar.wire.smpp import MessageState, Pdu


@dataclass(slots=True, eq=False)
class Entry:
    """One submit_sm that was taken."""

    pdu: Pdu
    account: str
    number: int
    message_id: bytes
    """As submit_sm_resp says it."""
    state: MessageState | None
    """The end that it comes to; None: it comes to none."""
    err: str
    submitted_ms: int
    final_at: float
    final_ms: int
    owed: int = 0
    """Receipts that wait to be sent for the first time."""
    told: bool = False
    """A receipt has been sent."""
    cancelled: bool = False
    reference: bytes = b""

    def is_over(self, now: float) -> bool:
        """Whether the end has come, so that nothing can be cancelled any more.

        A receipt that waits for a bind leaves the message open: nobody has been told of its end.
        """
        if self.cancelled or self.told:
            return True
        return not self.owed and self.state is not None and now >= self.final_at

    def state_at(self, now: float) -> MessageState:
        """Return what query_sm says of it."""
        if self.cancelled:
            return MessageState.DELETED
        if self.state is None or not (self.told or now >= self.final_at):
            return MessageState.ENROUTE
        return self.state


class Ledger:
    """The newest messages of one SMSC."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_id: OrderedDict[tuple[str, bytes], Entry] = OrderedDict()
        self._by_reference: dict[tuple[str, bytes], Entry] = {}

    def add(self, entry: Entry) -> None:
        """Remember a message, by its id and by its reference if it has one."""
        self._by_id[entry.account, entry.message_id] = entry
        if entry.reference:
            self._by_reference[entry.account, entry.reference] = entry
        if len(self._by_id) > self._limit:
            _, oldest = self._by_id.popitem(last=False)
            key = (oldest.account, oldest.reference)
            if self._by_reference.get(key) is oldest:
                del self._by_reference[key]

    def find(self, account: str, name: bytes) -> Entry | None:
        """Find an account's message by its id, or by its reference."""
        key = (account, name)
        return self._by_id.get(key) or self._by_reference.get(key)

    def of(self, account: str) -> Iterator[Entry]:
        """All messages of an account, oldest first."""
        return (entry for entry in self._by_id.values() if entry.account == account)
