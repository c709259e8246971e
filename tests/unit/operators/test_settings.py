"""operators/settings.py: what an operator's record shows and says."""

import pytest

from habar.operators import BindKind, OperatorSettings
from habar.wire.smpp import CommandId


def test_the_password_is_in_no_repr() -> None:
    settings = OperatorSettings(1, "op", "smsc.example", 2775, "user", "hunter2")
    assert "hunter2" not in repr(settings)
    assert "user" in repr(settings)


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (BindKind.TRANSCEIVER, CommandId.BIND_TRANSCEIVER),
        (BindKind.TRANSMITTER, CommandId.BIND_TRANSMITTER),
        (BindKind.RECEIVER, CommandId.BIND_RECEIVER),
    ],
)
def test_each_kind_of_bind_has_its_request(kind: BindKind, command: CommandId) -> None:
    assert kind.command_id is command
