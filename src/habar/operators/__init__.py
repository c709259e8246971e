"""Links to operators: SMPP sessions that keep themselves up, their windows, pace and quirks.

Hands what it receives to call-backs; knows no store and no message's story.
"""

from habar.operators.bundle import Bundle
from habar.operators.clock import Clock, Spread, SystemClock, Timer, by_chance
from habar.operators.link import Link, LinkState
from habar.operators.pace import Pace
from habar.operators.quirks import NO_ANSWER, IdForm, Quirks, ReceiptSource, Verdict, error_name
from habar.operators.report import ENDS, LinkCounters, LinkReport
from habar.operators.requests import cancel_sm, query_sm
from habar.operators.session import Ack
from habar.operators.settings import (
    Alphabet,
    BindGroup,
    BindKind,
    BindSettings,
    Cyrillic,
    DataCodings,
    InDoubt,
    LongText,
    Numbering,
    OperatorSettings,
    ReceiptKind,
    Validity,
    WhenDown,
)
from habar.operators.submit_sm import submit_bodies, submit_count
from habar.operators.validity import awaited_until

__all__ = [
    "Bundle",
    "Link",
    "LinkCounters",
    "LinkReport",
    "LinkState",
    "ENDS",
    "OperatorSettings",
    "Alphabet",
    "BindGroup",
    "BindKind",
    "BindSettings",
    "Cyrillic",
    "DataCodings",
    "InDoubt",
    "LongText",
    "Numbering",
    "ReceiptKind",
    "Validity",
    "WhenDown",
    "Quirks",
    "IdForm",
    "ReceiptSource",
    "Verdict",
    "NO_ANSWER",
    "error_name",
    "Pace",
    "Ack",
    "submit_bodies",
    "submit_count",
    "cancel_sm",
    "query_sm",
    "awaited_until",
    "Clock",
    "SystemClock",
    "Timer",
    "Spread",
    "by_chance",
]
