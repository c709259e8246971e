"""Which addresses may be called, whatever tricks they are written or wrapped with."""

from __future__ import annotations

import socket

import pytest

from habar.callbacks.guard import AddressRefused, Guard

REFUSED = (
    "127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 "
    "169.254.169.254 100.64.0.1 100.127.255.255 192.0.0.1 192.0.0.9 192.0.2.1 198.18.0.1 "
    "198.51.100.1 "
    "203.0.113.1 192.88.99.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 "
    "::1 :: ::127.0.0.1 ::8.8.8.8 fe80::1 fe80::1%1 fec0::1 fc00::1 fd12:3456::1 ff02::1 ff0e::1 "
    "2001:db8::1 2001:0:53aa:64c:0:0:0:1 2001:20::1 3fff::1 100::1 64:ff9b:1::1 4000::1 8000::1 "
    "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 "
    "64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 2002:7f00:1:: 2002:a00:1::1 "
    "127.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001 127.0.0.01 "
    "localhost localhost. "
)
PUBLIC = (
    "8.8.8.8 91.185.0.1 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 223.255.255.255 "
    "2a00:1450:4001:80e::200e ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1 "
)


@pytest.mark.parametrize("host", REFUSED.split())
def test_what_is_not_public_is_refused(host):
    assert not Guard().permits(host)


@pytest.mark.parametrize("host", PUBLIC.split())
def test_what_is_public_may_be_called(host):
    assert Guard().permits(host)


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("10.20.0.0/16", "10.20.255.1", "10.21.0.1"),
        ("127.0.0.1/32", "127.0.0.1", "127.0.0.2"),
        ("127.0.0.1", "::ffff:127.0.0.1", "::1"),
        ("::1/128", "::1", "127.0.0.1"),
        ("fd00:1::/32", "fd00:1::7", "fd00:2::7"),
        ("10.0.0.0/8", "10.0.0.1", "64:ff9b::10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "2002:a00:1::1"),
        ("64:ff9b::/96", "64:ff9b::10.0.0.1", "10.0.0.1"),
    ],
)
def test_an_allowed_network_opens_exactly_what_it_says(network, inside, outside):
    guard = Guard([network])
    assert guard.permits(inside)
    assert not guard.permits(outside)


def test_no_socket_is_made_for_a_refused_address():
    with pytest.raises(AddressRefused):
        Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))


def test_a_socket_for_a_permitted_one():
    info = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("8.8.8.8", 80))
    with Guard().socket(info) as made:
        assert made.family == socket.AF_INET


def test_a_network_that_is_none():
    with pytest.raises(ValueError, match="host bits"):
        Guard(["10.0.0.1/8"])
