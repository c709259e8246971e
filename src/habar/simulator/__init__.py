"""An SMSC to talk to: the sandbox's operator, the tests', the benchmark's.

It speaks SMPP 3.4 on a socket and gives each recipient an end from a table, so that a developer
can see every state. It promises what a real SMSC promises: what it answered ESME_ROK it has
taken, and a receipt goes again until it is acknowledged; unless it is told to go wrong (`Faults`).
It keeps nothing on disk.
"""

from habar.simulator.asking import ask
from habar.simulator.behaviour import BEHAVIOURS, Behaviour
from habar.simulator.control import Control, conversation_of
from habar.simulator.control_lines import SOCKET, ControlError, Deliver
from habar.simulator.faults import Breakage, Burst, Chance, Faults, Limit, Times, Wait
from habar.simulator.outbox import Handover, OutboxFullError
from habar.simulator.record import Bind, Counts, Message, Received, Told, joined
from habar.simulator.server import Simulator
from habar.simulator.session import Session
from habar.simulator.settings import Settings
from habar.simulator.subscribers import PartWay, SentEncoding, SubscriberMessage, Undeliverable
from habar.simulator.words import faults_of

__all__ = [
    "Simulator",
    "Settings",
    "Faults",
    "Chance",
    "Times",
    "Wait",
    "Limit",
    "Burst",
    "Breakage",
    "faults_of",
    "Received",
    "Message",
    "Counts",
    "Bind",
    "Told",
    "joined",
    "Session",
    "Behaviour",
    "BEHAVIOURS",
    "OutboxFullError",
    "Handover",
    "Control",
    "ControlError",
    "Deliver",
    "SOCKET",
    "ask",
    "conversation_of",
    "PartWay",
    "SentEncoding",
    "SubscriberMessage",
    "Undeliverable",
]
