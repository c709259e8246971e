"""Draws: by share and by count, each fault for itself; limits and bursts by the clock given."""

import pytest

from habar.simulator import Breakage, Burst, Faults, Limit, Times, Wait
from habar.simulator.dice import Dice, Limiter, Tale, Twist, dice_of
from habar.wire.smpp import CommandStatus, MessageState

DELIVERED, UNDELIVERABLE = MessageState.DELIVERED, MessageState.UNDELIVERABLE
THROTTLED, FULL = CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL


def hits(dice: Dice, name: str, times: int) -> list[bool]:
    return [dice.hit(name) for _ in range(times)]


def test_no_faults_are_no_dice() -> None:
    assert dice_of(Faults(seed=5)) is None
    assert dice_of(Faults(nacks=0.1)) is not None


def test_an_exact_number_comes_after_so_many() -> None:
    dice = Dice(Faults(nacks=Times(2, after=1)))
    assert hits(dice, "nacks", 5) == [False, True, True, False, False]


def test_a_share_is_about_that_share_and_the_same_with_the_same_seed() -> None:
    first = hits(Dice(Faults(seed=7, nacks=0.25)), "nacks", 1000)
    assert 200 < sum(first) < 300
    assert hits(Dice(Faults(seed=7, nacks=0.25)), "nacks", 1000) == first
    assert hits(Dice(Faults(seed=8, nacks=0.25)), "nacks", 1000) != first


def test_all_and_none() -> None:
    dice = Dice(Faults(nacks=1.0))
    assert hits(dice, "nacks", 5) == [True] * 5
    assert hits(dice, "unbinds", 5) == [False] * 5


def test_one_fault_more_changes_nothing_for_the_others() -> None:
    def twists(faults: Faults) -> list[bool]:
        dice = Dice(faults)
        return [dice.taken() is Twist.RESET for _ in range(200)]

    assert twists(Faults(resets=0.2)) == twists(Faults(resets=0.2, unbinds=0.5, nacks=0.3))


def test_errors_come_by_their_shares() -> None:
    dice = Dice(Faults(errors={8: 0.5, 20: 0.3}))
    statuses = [dice.refusal(0.0) for _ in range(2000)]
    assert 900 < statuses.count(8) < 1100
    assert 500 < statuses.count(20) < 700
    assert 300 < statuses.count(0) < 500


def test_errors_come_by_their_numbers() -> None:
    dice = Dice(Faults(errors={8: Times(1), 20: Times(2)}))
    assert [dice.refusal(0.0) for _ in range(4)] == [8, 20, 20, 0]


def test_bursts_begin_with_the_first_occasion_and_come_again() -> None:
    dice = Dice(Faults(bursts=(Burst(1, 10), Burst(2, 10, FULL))))
    moments = (100.0, 100.9, 101.5, 102.5, 109.9, 110.0, 111.0)
    assert [dice.refusal(now) for now in moments] == [
        THROTTLED,
        THROTTLED,
        FULL,
        0,
        0,
        THROTTLED,
        FULL,
    ]


def test_binds_are_refused_for_a_while_and_by_number() -> None:
    dice = Dice(Faults(bind_bursts=(Burst(1, 100, 0x0D),), binds_refused=Times(1), bind_status=5))
    assert [dice.bind_refusal(now) for now in (0.0, 1.0, 2.0)] == [0x0D, 5, 0]


def test_a_limit_lets_an_even_sender_pass() -> None:
    limiter = Limiter(Limit(10))
    assert {limiter.status(n / 10) for n in range(200)} == {0}


def test_a_limit_refuses_what_comes_faster_and_recovers() -> None:
    limiter = Limiter(Limit(10, FULL))
    assert [limiter.status(5.0) for _ in range(12)] == [0] * 10 + [FULL] * 2
    assert limiter.fastest == 12
    assert [limiter.status(5.2) for _ in range(3)] == [0, 0, FULL]


def test_a_limit_under_one_a_second() -> None:
    limiter = Limiter(Limit(0.5))
    assert [limiter.status(now) for now in (0.0, 1.0, 2.0, 3.0)] == [0, THROTTLED, 0, THROTTLED]


@pytest.mark.parametrize(
    ("faults", "tales"),
    [
        (Faults(), [Tale(DELIVERED)]),
        (Faults(receipts_lost=1), []),
        (Faults(receipts_repeated=1), [Tale(DELIVERED)] * 2),
        (Faults(receipts_contradicted=1), [Tale(UNDELIVERABLE), Tale(DELIVERED)]),
        (
            Faults(receipts_contradicted=1, delivered_last=False),
            [Tale(DELIVERED), Tale(UNDELIVERABLE)],
        ),
        (Faults(receipts_orphaned=1), [Tale(DELIVERED), Tale(DELIVERED, orphan=True)]),
        (Faults(receipts_orphaned=1, receipts_lost=1), [Tale(DELIVERED, orphan=True)]),
        (
            Faults(receipts_broken=1, breakages=(Breakage.CUT,)),
            [Tale(DELIVERED, Breakage.CUT)],
        ),
    ],
)
def test_tales(faults: Faults, tales: list[Tale]) -> None:
    assert Dice(faults).tales([DELIVERED]) == tales


def test_waits_are_between_their_ends() -> None:
    dice = Dice(Faults())
    even = [dice.wait("a", Wait(1, 2)) for _ in range(500)]
    mean = [dice.wait("b", Wait(1, 5, mean=0.5)) for _ in range(2000)]
    assert 1 <= min(even) < 1.1 < 1.9 < max(even) <= 2
    assert min(mean) >= 1
    assert max(mean) <= 5
    assert 1.4 < sum(mean) / len(mean) < 1.6
    assert dice.wait("c", Wait(1, 5, mean=0)) == 1


def test_receipts_come_due_together_where_they_are_batched() -> None:
    dice = Dice(Faults(receipt_batch=10, receipt_wait=Wait(5, 5)))
    assert [dice.receipt_due(due) for due in (1.0, 5.0, 5.1)] == [10, 10, 20]
