"""Sends what was accepted: plans whose turn it is, fills the windows, tidies the queue."""

from habar.dispatch.counters import LaneCounters
from habar.dispatch.dispatcher import AHEAD, Dispatcher
from habar.dispatch.housekeeping import Housekeeping
from habar.dispatch.lane import Deliver, Lane
from habar.dispatch.mover import Mover
from habar.dispatch.outage import Outages
from habar.dispatch.retention import Retention

__all__ = [
    "AHEAD",
    "Deliver",
    "Dispatcher",
    "Housekeeping",
    "Lane",
    "LaneCounters",
    "Mover",
    "Outages",
    "Retention",
]
