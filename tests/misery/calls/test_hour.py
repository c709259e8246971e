"""An hour of every fault at once: who is owed a word gets it, in order, and nobody else."""

from __future__ import annotations

import os
from pathlib import Path

from .hour import MISERIES, Hour

SEED = int(os.environ.get("HABAR_MISERY_SEED", "1"))
MESSAGES = int(os.environ.get("HABAR_MISERY_CALLS", "300"))
SECONDS = 3_600.0 * min(1.0, max(MESSAGES / 1_000, 0.5))


def test_everybody_is_told_what_is_his_in_order(tmp_path: Path) -> None:
    outcome = Hour(tmp_path, seed=SEED, messages=MESSAGES, seconds=SECONDS).run()
    assert outcome.findings == []
    assert set(outcome.faults) >= MISERIES
    assert outcome.given_up > 5
    assert outcome.answered > 50
    assert outcome.incomplete > 0
    assert outcome.visits > outcome.calls


def test_one_seed_is_one_course_of_events(tmp_path: Path) -> None:
    runs = []
    for seed in (7, 7, 8):
        folder = tmp_path / str(len(runs))
        folder.mkdir()
        runs.append(Hour(folder, seed=seed, messages=40, seconds=200.0).run())
    assert runs[0] == runs[1]
    assert runs[0].digest != runs[2].digest
