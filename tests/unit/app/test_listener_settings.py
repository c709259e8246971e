"""[http] and [[listeners]] become the listener's settings."""

import dataclasses

import msgspec
import pytest

from habar.app import gateway
from habar.app.node import ThisNode
from habar.config import HttpSettings, ListenerSettings, Role, Settings
from habar.northbound.http.settings import HttpSettings as Listener
from habar.northbound.http.settings import ListenAddress

OURS = {
    "body_limit": "body_limit",
    "bodies_limit": "bodies_limit",
    "connection_limit": "connection_limit",
    "handshake_seconds": "handshake_timeout",
    "header_seconds": "header_timeout",
    "body_seconds": "body_timeout",
    "keep_alive_seconds": "keep_alive_timeout",
    "send_seconds": "send_timeout",
    "access_log": "access_log",
}
"""What a file may say, and what the listener calls it."""


def http_settings(settings: Settings, *roles: Role) -> Listener:
    """Those of a node of these roles; of all roles where none is said."""
    return gateway.http_settings(settings, ThisNode("one", roles or tuple(Role)))


def test_what_is_not_said_is_as_the_listener_has_it() -> None:
    """Save for the access log: a line a request is for those who ask for it."""
    listen = (ListenAddress("127.0.0.1", 8090, ops=True),)
    assert http_settings(Settings()) == Listener(listen=listen, access_log=False)


@pytest.mark.parametrize("name", OURS)
def test_what_is_said_reaches_the_listener(name: str) -> None:
    default = getattr(HttpSettings(), name)
    value = (not default) if isinstance(default, bool) else default + 1
    http = msgspec.structs.replace(HttpSettings(), **{name: value})
    listener = dataclasses.asdict(http_settings(Settings(http=http)))
    assert listener[OURS[name]] == value
    others = {k: v for k, v in listener.items() if k not in {OURS[name], "listen"}}
    assert others.items() <= dataclasses.asdict(http_settings(Settings())).items()


def test_every_setting_of_the_file_is_tried_here() -> None:
    assert set(OURS) == set(HttpSettings.__struct_fields__)


def test_addresses_keep_their_order_and_their_ops() -> None:
    listeners = (
        ListenerSettings(host="0.0.0.0", port=80),
        ListenerSettings(host="::1", port=8090, ops=True),
    )
    assert http_settings(Settings(listeners=listeners)).listen == (
        ListenAddress("0.0.0.0", 80, ops=False),
        ListenAddress("::1", 8090, ops=True),
    )


def test_a_node_without_customers_listens_for_those_who_watch_it() -> None:
    settings = Settings(listeners=(ListenerSettings(port=80), ListenerSettings(ops=True)))
    assert http_settings(settings, Role.DISPATCH).listen == (
        ListenAddress("127.0.0.1", 8090, ops=True),
    )
    assert len(http_settings(settings, Role.FRONT).listen) == 2
