"""A message on its way through the window, part by part, and what its answers add up to.

The rule where parts fare differently (nothing is decided before every part sent is answered):
- all parts taken: the message is sent;
- one refused for good: the message has ended, REJECTED, and parts not sent yet stay unsent. The
  price goes back only where no part was ever taken: the operator asks to be paid for each part it
  took, and may deliver it;
- one met a passing error, or was never answered: the message is tried again later, without the
  parts that were taken;
- the link was lost with one in it, or before the next one could go: the message goes back to the
  queue, for whichever link is up.
Pure: knows no link, no store, no clock.
"""

from __future__ import annotations

from habar.model.message import Outgoing
from habar.operators import Verdict

_WORST_FIRST = (
    Verdict.PERMANENT,
    Verdict.UNANSWERED,
    Verdict.ELSEWHERE,
    Verdict.PASSING,
    Verdict.THROTTLED,
)
_RANK = {verdict: rank for rank, verdict in enumerate(_WORST_FIRST)}


class Flight:
    """One message; each part's token in the window is `(flight, part)`."""

    __slots__ = ("back", "error", "message", "open", "taken", "todo", "trouble")

    def __init__(self, message: Outgoing, bodies: list[bytes]) -> None:
        self.message = message
        sent = message.sent_parts
        self.todo = [(n, body) for n, body in enumerate(bodies, 1) if n not in sent]
        """(part, body) of the parts to be sent, the next one last."""
        self.todo.reverse()
        self.open = 0
        """Parts in the window."""
        self.taken = bool(sent)
        """Whether the operator has taken a part, now or in an earlier attempt."""
        self.trouble: Verdict | None = None
        self.error = ""
        self.back = False
        """Whether it goes back to the queue, unless it was refused for good."""

    @property
    def over(self) -> bool:
        """Whether nothing is in the window or to be sent."""
        return not self.open and not self.todo

    def refused(self, verdict: Verdict, error: str) -> None:
        """A part was not taken: the worst such answer is the message's, the rest stays here."""
        self.todo.clear()
        if self.trouble is None or _RANK[verdict] < _RANK[self.trouble]:
            self.trouble, self.error = verdict, error

    def cut_off(self, *, lost: bool) -> None:
        """A link is down: with `lost` a part was on its way there, else the next has nowhere to go.

        Those that are on their way by other links are still waited for.
        """
        self.back = True
        self.refused(Verdict.UNANSWERED if lost else Verdict.PASSING, "the link is down")

    @property
    def uncertain(self) -> bool:
        """Whether the operator may have a part of which it said nothing."""
        return self.trouble is Verdict.UNANSWERED
