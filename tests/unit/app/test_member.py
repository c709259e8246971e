"""What one of several processes is told, and how it is made known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from habar.app.member import Handed, NotHanded, pack, unpack
from habar.app.node import ThisNode
from habar.config import (
    DatabaseSettings,
    GatewaySettings,
    GroupSettings,
    ListenerSettings,
    LogSettings,
    OperatorSettings,
    Role,
    Settings,
    TlsSettings,
    effective,
)

HANDED = Handed(
    settings=Settings(
        gateway=GatewaySettings(data="/data", drain_seconds=2.5, node="one"),
        database=DatabaseSettings(url="postgresql://h:s3cret@db/habar", lease_seconds=3.0),
        listeners=(ListenerSettings(port=0), ListenerSettings(ops=True)),
        tls=TlsSettings(certificate="c.pem", key="k.pem"),
        operators=(OperatorSettings(name="a", host="b", port=1, system_id="c", password="s3cret"),),
        log=LogSettings(level="debug"),
    ),
    name="one-2",
    roles=(Role.DISPATCH,),
    number=2,
    ports=(80, 8090),
    supervisor=4711,
)


def test_all_that_is_told_arrives() -> None:
    arrived = unpack(pack(HANDED))
    assert arrived == HANDED
    assert arrived.settings.operators[0].password == "s3cret"
    assert arrived.node == ThisNode("one-2", (Role.DISPATCH,), 2, (80, 8090))


def test_no_password_is_seen() -> None:
    assert "s3cret" not in repr(HANDED)


@pytest.mark.parametrize(
    "octets",
    [b"", b"\n", b"s3cret", b'{"settings": "s3cret"}', pack(HANDED)[:-1], b'{"name": "\xff"}'],
)
def test_anything_else_is_refused_without_repeating_it(octets: bytes) -> None:
    with pytest.raises(NotHanded) as caught:
        unpack(octets)
    assert str(caught.value) == (
        "this is one of the processes of habar serve --processes, which alone starts it"
    )
    assert caught.value.__suppress_context__


def test_all_of_an_operator_arrives() -> None:
    """What was said as well as what holds: a process of its own writes it into the database."""
    operator = effective(
        {
            "name": "a",
            "host": "b",
            "port": 1,
            "system_id": "c",
            "profile": "smpp-3.3",
            "slow_codes": ("0x00000400",),
            "receipt_states": {"OK": "DELIVERED"},
            "groups": (GroupSettings(kind="transmitter", password="s3cret"), GroupSettings()),
        }
    )
    handed = replace(HANDED, settings=Settings(operators=(operator,)))
    assert unpack(pack(handed)).settings.operators == (operator,)
