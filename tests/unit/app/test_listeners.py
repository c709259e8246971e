"""Where each process listens."""

from __future__ import annotations

import pytest

from habar.app.listeners import listen_addresses, port_fault
from habar.app.node import ThisNode
from habar.config import ListenerSettings, Role, Settings
from habar.northbound.http.settings import ListenAddress

HERE = "127.0.0.1"
CUSTOMERS = ListenerSettings(host="0.0.0.0", port=80)
OPS = ListenerSettings(host=HERE, port=8090, ops=True)
ANY = ListenerSettings(host=HERE, port=0, ops=True)


def of(*listeners: ListenerSettings, node: ThisNode) -> list[ListenAddress]:
    return list(listen_addresses(Settings(listeners=listeners), node))


def test_a_process_that_is_alone_shares_nothing() -> None:
    assert of(CUSTOMERS, OPS, node=ThisNode("one")) == [
        ListenAddress("0.0.0.0", 80),
        ListenAddress(HERE, 8090, ops=True),
    ]


def test_siblings_share_all_and_have_a_port_for_their_own_figures() -> None:
    node = ThisNode("one-3", number=3, ports=(80, 8090))
    assert of(CUSTOMERS, OPS, node=node) == [
        ListenAddress("0.0.0.0", 80, shared=True),
        ListenAddress(HERE, 8090, ops=True, shared=True),
        ListenAddress(HERE, 8093, ops=True),
    ]


def test_any_port_is_the_same_one_for_all_but_for_the_figures() -> None:
    assert of(ANY, node=ThisNode("one-3", number=3, ports=(4711,))) == [
        ListenAddress(HERE, 4711, ops=True, shared=True),
        ListenAddress(HERE, 0, ops=True),
    ]


def test_without_customers_their_listeners_are_left_out() -> None:
    node = ThisNode("one-1", (Role.DISPATCH,), number=1, ports=(80, 8090))
    assert of(CUSTOMERS, OPS, node=node) == [
        ListenAddress(HERE, 8090, ops=True, shared=True),
        ListenAddress(HERE, 8091, ops=True),
    ]


@pytest.mark.parametrize(
    ("listeners", "fault"),
    [
        ((CUSTOMERS, OPS), None),
        ((CUSTOMERS, ANY), None),
        ((OPS, ListenerSettings(port=8095)), None),
        (
            (OPS, ListenerSettings(port=8094)),
            (
                "[[listeners]] 127.0.0.1:8090: each process has a port of its own beside it, 8091"
                " to 8094, and 8094 is taken"
            ),
        ),
        (
            (OPS, ListenerSettings(port=8088, ops=True)),
            (
                "[[listeners]] 127.0.0.1:8088: each process has a port of its own beside it, 8089"
                " to 8092, and 8090 is taken"
            ),
        ),
        (
            (ListenerSettings(port=65532, ops=True),),
            (
                "[[listeners]] 127.0.0.1:65532: each process has a port of its own beside it, 65533"
                " to 65536: take a lower one"
            ),
        ),
    ],
)
def test_ports_that_four_processes_cannot_have(
    listeners: tuple[ListenerSettings, ...], fault: str | None
) -> None:
    assert port_fault(Settings(listeners=listeners), 4) == fault
