"""model/admission.py: the id speaks before the limits, for an idempotent repeat too."""

from __future__ import annotations

import pytest

from habar.errors import Refusal
from habar.model.account import DuplicateId, Funds
from habar.model.admission import admit
from habar.model.message import Known, Submission
from habar.model.status import MessageState


@pytest.mark.rule("xml.duplicate-idempotent", "xml.check-order")
def test_an_idempotent_repeat_is_told_the_first_answer_whatever_the_limits_say() -> None:
    again = Submission(
        1, 7, 1, "S", 77771234567, "text", 0, 0, 1, 1, 5, 5, None, 1,
        on_duplicate=DuplicateId.IDEMPOTENT, refusal=Refusal.LIMIT,
    )  # fmt: skip
    known = {(1, 7): Known(3, 1, MessageState.ACCEPTED, 77771234567, "text")}
    told = admit([again], known, {1: Funds(0, None, 0, 0)}, 9).outcomes[0]
    assert (told.message_id, told.refusal, told.repeat) == (3, None, True)
