"""A session's timers (2.9 and 7.2): what is due when. Pure: every time is an argument.

session_init ends a session that does not bind; response ends a request of ours; enquire_link asks
a bind that has been silent both ways and owes the peer nothing, and enquire_link_response ends one
that then stays silent; inactivity ends one that does nothing but answer our enquire_links.

Guarantees: a bind that is busy is never asked (there are peers who take the next PDU for the
answer to their submit_sm). Does not know: what is done when a time comes (connection.py).
"""

from dataclasses import dataclass
from enum import Enum, auto

from habar.wire.smpp.session import BOUND, Role, SessionState


@dataclass(frozen=True, slots=True)
class Settings:
    """A session's window and timers, in seconds; None switches a timer off."""

    window: int = 10
    response: float = 60.0
    session_init: float | None = 30.0
    enquire_link: float | None = 30.0
    enquire_link_response: float = 15.0
    inactivity: float | None = None


DEFAULT_SETTINGS = Settings()


class Due(Enum):
    """What a timer asks for."""

    NEVER_BOUND = auto()
    IDLE = auto()
    ENQUIRE = auto()


class Liveness:
    """When the session began, when anything passed, when the peer last did something."""

    __slots__ = ("activity", "opened", "settings", "transaction")

    def __init__(self, settings: Settings, now: float) -> None:
        self.settings = settings
        self.opened = self.activity = self.transaction = now

    def timers(self, role: Role, state: SessionState, *, busy: bool) -> list[tuple[float, Due]]:
        """List what runs in this state; `busy`: an answer is owed, or one of ours is on its way."""
        settings = self.settings
        timers = []
        if state in BOUND:
            if settings.inactivity is not None:
                timers.append((self.transaction + settings.inactivity, Due.IDLE))
            if settings.enquire_link is not None and not busy:
                timers.append((self.activity + settings.enquire_link, Due.ENQUIRE))
        elif (
            role is Role.SMSC
            and state in (SessionState.OPEN, SessionState.BINDING)
            and settings.session_init is not None
        ):
            timers.append((self.opened + settings.session_init, Due.NEVER_BOUND))
        return timers
