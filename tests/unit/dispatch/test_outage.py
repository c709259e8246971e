"""dispatch/outage.py: who is out, and since when."""

from __future__ import annotations

from dataclasses import replace

from habar.dispatch.outage import Outages
from habar.operators import OperatorSettings, WhenDown

PLAIN = OperatorSettings(1, "one", "h", 1, "s", "p", when_down=WhenDown.FAIL_OVER)
PATIENT = replace(PLAIN, id=2, name="two", when_down=WhenDown.WAIT)
SECOND = 1000
START = 1_790_000_000_000


def test_an_operator_is_out_after_its_time_without_a_link() -> None:
    outages = Outages()
    assert outages.look([PLAIN], {}, START) == set()
    assert outages.look([PLAIN], {}, START + 9 * SECOND) == set()
    assert outages.look([PLAIN], {}, START + 10 * SECOND) == {1}


def test_it_is_back_at_the_first_look_that_sees_a_link() -> None:
    outages = Outages()
    outages.look([PLAIN], {}, START)
    assert outages.look([PLAIN], {}, START + 20 * SECOND) == {1}
    assert outages.look([PLAIN], {1: True}, START + 21 * SECOND) == set()
    assert outages.look([PLAIN], {}, START + 30 * SECOND) == set(), "the time begins anew"
    assert outages.look([PLAIN], {}, START + 31 * SECOND) == {1}


def test_one_that_waits_by_its_data_is_never_out() -> None:
    outages = Outages()
    outages.look([PATIENT], {}, START)
    assert outages.look([PATIENT], {}, START + 25 * SECOND) == set()


def test_one_that_is_disabled_is_out_at_once_link_or_none() -> None:
    disabled = replace(PATIENT, sends=False)
    assert Outages().look([disabled], {2: True}, START) == {2}


def test_one_without_patience_is_out_at_the_second_look() -> None:
    outages = Outages()
    hasty = replace(PLAIN, fail_over_after=0.0)
    assert outages.look([hasty], {}, START) == set(), "it has not had the time to connect"
    assert outages.look([hasty], {}, START + 1) == {1}


def test_a_clock_that_jumps_makes_nobody_out() -> None:
    for jump in (3_600_000, -3_600_000):
        outages = Outages()
        outages.look([PLAIN], {}, START)
        assert outages.look([PLAIN], {}, START + jump) == set()
        assert outages.look([PLAIN], {}, START + jump + 9 * SECOND) == set()
        assert outages.look([PLAIN], {}, START + jump + 10 * SECOND) == {1}
