"""A session's states, and which request may be issued by whom in which of them (2.2, table 2-1).

    OPEN ──bind──▶ BINDING ──bind_resp ESME_ROK──▶ BOUND_TX | BOUND_RX | BOUND_TRX
      ▲               │ refused                          │ our unbind     │ peer's unbind
      └───────────────┘                                  ▼                ▼
                                                     UNBINDING ──resp──▶ UNBOUND
    any state ──framing lost, peer dead, a timer, transport lost──▶ CLOSED

    request                               issued by   while
    bind_transmitter|receiver|transceiver ESME        OPEN
    outbind                               SMSC        OPEN
    submit_sm submit_multi                ESME        BOUND_TX BOUND_TRX
    query_sm cancel_sm replace_sm         ESME        BOUND_TX BOUND_TRX
    deliver_sm alert_notification         SMSC        BOUND_RX BOUND_TRX
    data_sm                               ESME        BOUND_TX BOUND_TRX
    data_sm                               SMSC        BOUND_RX BOUND_TRX
    unbind                                either      BOUND_*
    enquire_link                          either      every state but CLOSED

Guarantees: the tables below are that picture, complete for both roles.
Does not know: responses; they are matched to requests by sequence_number, in any state.

More liberal than the standard: enquire_link is allowed in OPEN too (real peers probe before they
bind), and while UNBINDING a peer may still send what it could before (it may not know yet).
"""

from enum import Enum, auto

from habar.wire.smpp.constants import BINDS, CommandId


class Role(Enum):
    """Which end of a session this is."""

    ESME = auto()
    SMSC = auto()

    @property
    def peer(self) -> "Role":
        """The other end."""
        return Role.SMSC if self is Role.ESME else Role.ESME


class SessionState(Enum):
    """Where a session is."""

    OPEN = auto()
    BINDING = auto()
    BOUND_TX = auto()
    BOUND_RX = auto()
    BOUND_TRX = auto()
    UNBINDING = auto()
    UNBOUND = auto()
    CLOSED = auto()


_TX = frozenset({SessionState.BOUND_TX, SessionState.BOUND_TRX})
_RX = frozenset({SessionState.BOUND_RX, SessionState.BOUND_TRX})
_OPEN = frozenset({SessionState.OPEN})

BOUND = _TX | _RX
"""The states in which messages pass."""

LIVE = frozenset(SessionState) - {SessionState.CLOSED}
"""The states in which anything passes."""

_RULES: tuple[tuple[Role, frozenset[SessionState], frozenset[CommandId]], ...] = (
    (Role.ESME, _OPEN, BINDS),
    (Role.SMSC, _OPEN, frozenset({CommandId.OUTBIND})),
    (
        Role.ESME,
        _TX,
        frozenset(
            {
                CommandId.SUBMIT_SM,
                CommandId.SUBMIT_MULTI,
                CommandId.QUERY_SM,
                CommandId.CANCEL_SM,
                CommandId.REPLACE_SM,
                CommandId.DATA_SM,
            }
        ),
    ),
    (
        Role.SMSC,
        _RX,
        frozenset({CommandId.DELIVER_SM, CommandId.ALERT_NOTIFICATION, CommandId.DATA_SM}),
    ),
    (Role.ESME, BOUND, frozenset({CommandId.UNBIND})),
    (Role.SMSC, BOUND, frozenset({CommandId.UNBIND})),
    (Role.ESME, LIVE, frozenset({CommandId.ENQUIRE_LINK})),
    (Role.SMSC, LIVE, frozenset({CommandId.ENQUIRE_LINK})),
)


def _issued(role: Role, state: SessionState) -> frozenset[int]:
    return frozenset(
        int(command)
        for issuer, states, commands in _RULES
        if issuer is role and state in states
        for command in commands
    )


ISSUES: dict[Role, dict[SessionState, frozenset[int]]] = {
    role: {state: _issued(role, state) for state in SessionState} for role in Role
}
"""The command_ids of the requests that a role may issue in a state."""

BOUND_BY: dict[int, SessionState] = {
    int(CommandId.BIND_TRANSMITTER): SessionState.BOUND_TX,
    int(CommandId.BIND_RECEIVER): SessionState.BOUND_RX,
    int(CommandId.BIND_TRANSCEIVER): SessionState.BOUND_TRX,
}
"""The state that each bind leads to."""
