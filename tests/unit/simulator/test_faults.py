"""Faults: nothing unless told so, and checked."""

from collections.abc import Callable

import pytest

from habar.simulator import Burst, Faults, Limit, Times, Wait


@pytest.mark.parametrize(
    "make",
    [
        lambda: Faults(receipts_lost=1.1),
        lambda: Faults(outbinds=-0.1),
        lambda: Faults(nacks=Times(-1)),
        lambda: Faults(nacks=Times(1, after=-1)),
        lambda: Faults(errors={8: 1.5}),
        lambda: Faults(errors={8: 0.6, 0x14: 0.6}),
        lambda: Faults(bursts=(Burst(2, 1),)),
        lambda: Faults(bind_bursts=(Burst(0, 1),)),
        lambda: Faults(receipt_wait=Wait(2, 1)),
        lambda: Faults(response_wait=Wait(-1, 1)),
        lambda: Faults(receipt_wait=Wait(0, 1, mean=-1)),
        lambda: Faults(limit=Limit(0)),
        lambda: Faults(breakages=()),
        lambda: Faults(silent_after=-1),
        lambda: Faults(receipt_batch=-1),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Faults]) -> None:
    with pytest.raises(ValueError):
        make()


def test_all_shares_may_be_whole() -> None:
    assert Faults(receipts_lost=1, errors={8: 0.5, 20: 0.5}).receipts_lost == 1


def test_the_refusal_names_the_fault() -> None:
    with pytest.raises(ValueError, match="responses_stray"):
        Faults(responses_stray=2)
