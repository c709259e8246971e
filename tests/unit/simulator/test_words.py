"""Faults as the command line says them."""

from dataclasses import fields

import pytest

from habar.simulator import Breakage, Burst, Faults, Limit, Times, Wait, faults_of
from habar.wire.smpp import CommandStatus

FULL = CommandStatus.ESME_RMSGQFUL


@pytest.mark.parametrize(
    ("word", "faults"),
    [
        ("receipts_lost=0.1", Faults(receipts_lost=0.1)),
        ("receipts_lost=3x", Faults(receipts_lost=Times(3))),
        ("unbinds=1x/10", Faults(unbinds=Times(1, after=10))),
        ("receipts_shuffled=true", Faults(receipts_shuffled=True)),
        ("delivered_last=false", Faults(delivered_last=False)),
        ("seed=5", Faults(seed=5)),
        ("bind_status=ESME_RALYBND", Faults(bind_status=CommandStatus.ESME_RALYBND)),
        ("nack_status=0x401", Faults(nack_status=0x401)),
        ("receipt_batch=2.5", Faults(receipt_batch=2.5)),
        ("receipt_wait=1..5", Faults(receipt_wait=Wait(1, 5))),
        ("response_wait=0..5/0.5", Faults(response_wait=Wait(0, 5, 0.5))),
        ("limit=50", Faults(limit=Limit(50))),
        ("limit=0.5:ESME_RMSGQFUL", Faults(limit=Limit(0.5, FULL))),
        ("bursts=2/10,1/60:0x14", Faults(bursts=(Burst(2, 10), Burst(1, 60, FULL)))),
        ("errors=ESME_RSYSERR:0.1,0x400:2x", Faults(errors={8: 0.1, 0x400: Times(2)})),
        ("breakages=cut,no-id", Faults(breakages=(Breakage.CUT, Breakage.NO_ID))),
    ],
)
def test_words(word: str, faults: Faults) -> None:
    assert faults_of([word]) == faults


def test_several_words_are_one_set_of_faults() -> None:
    assert faults_of(["seed=1", "nacks=1"]) == Faults(seed=1, nacks=1)
    assert faults_of([]) == Faults()


@pytest.mark.parametrize(
    "word",
    [
        "nothing=1",
        "receipts_lost",
        "receipts_lost=much",
        "receipts_lost=2",
        "receipts_shuffled=perhaps",
        "bursts=2",
        "errors=ESME_NOTHING:0.1",
        "breakages=bent",
    ],
)
def test_what_cannot_be_read_is_told(word: str) -> None:
    with pytest.raises(ValueError):
        faults_of([word])


def test_every_fault_has_a_name_that_is_read() -> None:
    for one in fields(Faults):
        with pytest.raises(ValueError, match="cannot be read"):
            faults_of([f"{one.name}=?"])
