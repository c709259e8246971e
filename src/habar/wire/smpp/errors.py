"""What can go wrong between bytes and values, and in a session's rules.

Guarantees: a fault in bytes is always a FramingError (the stream is lost, the session must end)
or a PduError (one PDU is bad, its neighbours are not). Both carry what an answer needs.
Does not know: who answers, or how.
"""

from habar.wire.smpp.constants import CommandStatus, command_name, status_name


class SmppError(Exception):
    """Anything this package raises on purpose."""


class FramingError(SmppError):
    """command_length is outside 16 to 65536: where the next PDU begins is unknown."""

    command_status = CommandStatus.ESME_RINVCMDLEN

    def __init__(self, sequence_number: int, command_length: int) -> None:
        super().__init__(f"command_length {command_length} is outside 16 to 65536")
        self.sequence_number = sequence_number
        self.command_length = command_length


class PduError(SmppError):
    """One request does not parse; command_status is what to answer it with."""

    def __init__(
        self, command_id: int, sequence_number: int, command_status: int, reason: str
    ) -> None:
        super().__init__(f"{command_name(command_id)}: {status_name(command_status)}: {reason}")
        self.command_id = command_id
        self.sequence_number = sequence_number
        self.command_status = command_status
        self.reason = reason


class FieldError(SmppError):
    """One parameter does not parse; the decoder makes a PduError of it."""

    def __init__(self, command_status: int, reason: str) -> None:
        super().__init__(reason)
        self.command_status = command_status
        self.reason = reason


class EncodeError(SmppError, ValueError):
    """A value does not fit its parameter; command_status names the parameter at fault."""

    def __init__(self, command_status: int, reason: str) -> None:
        super().__init__(f"{status_name(command_status)}: {reason}")
        self.command_status = command_status
        self.reason = reason


class StateError(SmppError):
    """This side may not send that PDU in this state of the session."""


class WindowFullError(SmppError):
    """As many requests are unanswered as the window allows; nothing was queued."""
