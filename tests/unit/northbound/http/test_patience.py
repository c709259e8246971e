"""Deadlines, with a clock of the test's."""

from __future__ import annotations

from math import inf

from habar.northbound.http.patience import Patience, Wait
from habar.northbound.http.settings import HttpSettings

SETTINGS = HttpSettings(
    listen=(),
    header_timeout=10,
    keep_alive_timeout=30,
    body_grace=5,
    body_minimum_rate=100,
    body_timeout=60,
    send_timeout=20,
)


def test_the_first_request_s_head_counts_from_the_connection():
    patience = Patience(SETTINGS, 1000.0)
    assert (patience.wait, patience.deadline) == (Wait.HEAD, 1010.0)
    patience.idle(1003.0)
    patience.head(1004.0)
    assert (patience.wait, patience.deadline) == (Wait.HEAD, 1010.0)


def test_a_later_head_counts_from_its_first_octet():
    patience = Patience(SETTINGS, 0.0)
    patience.nothing()
    assert patience.deadline == inf
    patience.idle(100.0)
    patience.idle(110.0)
    assert (patience.wait, patience.deadline) == (Wait.IDLE, 130.0)
    patience.head(120.0)
    patience.head(125.0)
    assert (patience.wait, patience.deadline) == (Wait.HEAD, 130.0)


def test_a_body_earns_its_time_with_its_octets_up_to_a_bound():
    patience = Patience(SETTINGS, 0.0)
    patience.body(100.0, 0)
    assert (patience.wait, patience.deadline) == (Wait.BODY, 105.0)
    patience.body(104.0, 1_000)
    assert patience.deadline == 115.0
    patience.body(110.0, 1_000_000)
    assert patience.deadline == 160.0
    patience.nothing()
    patience.body(200.0, 0)
    assert patience.deadline == 205.0


def test_sending_and_closing_are_bounded():
    patience = Patience(SETTINGS, 0.0)
    patience.send(100.0)
    assert (patience.wait, patience.deadline) == (Wait.SEND, 120.0)
    patience.closing(100.0, 2.0)
    assert (patience.wait, patience.deadline) == (Wait.CLOSING, 102.0)
    patience.prolong(102.0)
    assert (patience.wait, patience.deadline) == (Wait.CLOSING, 122.0)


def test_the_tick_is_fit_for_the_shortest_time():
    assert HttpSettings(listen=()).tick == 0.5
    assert HttpSettings(listen=(), header_timeout=0.1).tick == 0.025
    assert HttpSettings(listen=(), send_timeout=0.001).tick == 0.005
