"""An hour of every fault at once: each message ends in the right state exactly once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .director import BLOWS, MOODS, WEATHERS
from .hour import Hour
from .staff import CHANGES

SEED = int(os.environ.get("HABAR_MISERY_SEED", "1"))
MESSAGES = int(os.environ.get("HABAR_MISERY_MESSAGES", "4000"))
SECONDS = 3_600.0 * min(1.0, max(MESSAGES / 100_000, 0.25))

MISERIES = {
    *MOODS,
    *WEATHERS,
    *BLOWS,
    *CHANGES,
    "away",
    "disk",
    "kill -9",
    "restart",
    "clock jump",
}
ENDS = ("DELIVERED", "UNDELIVERABLE", "EXPIRED", "REJECTED", "DELETED", "ENROUTE", "UNKNOWN")


def test_everything_ends_as_it_should(tmp_path: Path) -> None:
    outcome = Hour(tmp_path, seed=SEED, messages=MESSAGES, seconds=SECONDS).run()
    assert outcome.uncaught == []
    assert outcome.findings == []
    assert outcome.idle == []
    assert outcome.stranded == []
    assert outcome.looks > 100
    assert {f"DONE {end}" for end in ENDS} <= set(outcome.states)
    assert outcome.repeated > 10
    assert outcome.moved > 10
    assert outcome.cancelled > 0
    assert set(outcome.faults) >= MISERIES


@pytest.mark.parametrize("messages", [150])
def test_one_seed_is_one_course_of_events(tmp_path: Path, messages: int) -> None:
    runs = []
    for seed in (7, 7, 8):
        folder = tmp_path / str(len(runs))
        folder.mkdir()
        runs.append(Hour(folder, seed=seed, messages=messages, seconds=150.0).run())
    assert runs[0] == runs[1]
    assert runs[0].digest != runs[2].digest
