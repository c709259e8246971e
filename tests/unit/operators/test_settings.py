"""operators/settings.py: what an operator's record shows and says."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from habar.operators import (
    BindGroup,
    BindKind,
    BindSettings,
    OperatorSettings,
    Quirks,
    Validity,
)
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


def operator(**changes: Any) -> OperatorSettings:
    return OperatorSettings(1, "op", "smsc.example", 2775, "user", "hunter2", **changes)


@pytest.mark.parametrize(
    ("kind", "sends"),
    [(BindKind.TRANSCEIVER, True), (BindKind.TRANSMITTER, True), (BindKind.RECEIVER, False)],
)
def test_receivers_do_not_send(kind: BindKind, *, sends: bool) -> None:
    assert kind.sends is sends


# --- Binds ---------------------------------------------------------------------------------------
def test_binds_that_are_all_alike_are_one_group() -> None:
    settings = operator(bind=BindKind.TRANSMITTER, binds=3, system_type="VMS", address_range="^7")
    assert settings.slots() == [1, 2, 3]
    assert settings.bind_of(2) == BindSettings(
        BindKind.TRANSMITTER, "smsc.example", 2775, "user", "hunter2", "VMS", "^7"
    )


def test_groups_are_told_apart_by_their_numbers_and_have_what_is_theirs() -> None:
    groups = (
        BindGroup(BindKind.TRANSMITTER, 2),
        BindGroup(BindKind.RECEIVER, 1, "rx.example", 2776, "rx", "other", "", "^77"),
    )
    settings = operator(groups=groups, system_type="VMS", binds=9)
    assert settings.slots() == [1, 2, 1001]
    assert settings.bind_of(1) == settings.bind_of(2)
    assert (settings.bind_of(2).kind, settings.bind_of(2).system_type) == (
        BindKind.TRANSMITTER,
        "VMS",
    )
    assert settings.bind_of(1001) == BindSettings(
        BindKind.RECEIVER, "rx.example", 2776, "rx", "other", "", "^77"
    )
    with pytest.raises(IndexError):
        settings.bind_of(2001)


def test_the_password_of_a_bind_is_in_no_repr() -> None:
    settings = operator(groups=(BindGroup(password="swordfish"),))
    assert "swordfish" not in repr(settings.bind_of(1)) + repr(settings)


@pytest.mark.parametrize(
    "changes",
    [
        {"window": 99, "throughput": 7, "enquire_link": 5.0, "response_timeout": 9.0},
        {"quirks": Quirks(guess_ids=True), "sends": False, "validity": Validity.NONE},
        {"groups": (BindGroup(),)},
    ],
)
def test_what_links_can_learn_while_they_stand(changes: dict[str, Any]) -> None:
    assert operator().same_binds(operator(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"binds": 2},
        {"bind": BindKind.RECEIVER},
        {"system_type": "VMS"},
        {"address_range": "^7"},
        {"address_ton": 1},
        {"address_npi": 1},
        {"interface_version": 0x33},
        {"in_order": True},
        {"groups": (BindGroup(password="new"),)},
        {"groups": (BindGroup(host="other.example"),)},
        {"tls": ssl.create_default_context()},
    ],
)
def test_what_needs_other_binds(changes: dict[str, Any]) -> None:
    assert not operator().same_binds(operator(**changes))


def test_another_certificate_is_used_from_the_next_connection_on() -> None:
    one, other = (operator(tls=ssl.create_default_context()) for _ in range(2))
    assert one.same_binds(other)
