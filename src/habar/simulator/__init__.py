"""An SMSC to talk to: the sandbox's operator, the tests', the benchmark's.

It speaks SMPP 3.4 on a socket and gives each recipient an end from a table, so that a developer
can see every state. It promises what a real SMSC promises: what it answered ESME_ROK it has
taken, and a receipt goes again until it is acknowledged. It keeps nothing on disk.
"""

from habar.simulator.behaviour import BEHAVIOURS, Behaviour
from habar.simulator.outbox import OutboxFullError
from habar.simulator.record import Counts, Message, Received
from habar.simulator.server import Simulator
from habar.simulator.session import Session
from habar.simulator.settings import Settings

__all__ = [
    "Simulator",
    "Settings",
    "Received",
    "Message",
    "Counts",
    "Session",
    "Behaviour",
    "BEHAVIOURS",
    "OutboxFullError",
]
