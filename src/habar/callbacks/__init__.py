"""What we tell customers: their messages' states and subscribers' messages, until they say yes."""

from habar.callbacks.attempts import Calling
from habar.callbacks.caller import Caller, CallStore
from habar.callbacks.client import Client
from habar.callbacks.exchange import Answer, Request
from habar.callbacks.figures import BOUNDS, Figures
from habar.callbacks.guard import Guard
from habar.callbacks.outside import OutsideClient
from habar.callbacks.replies import Answering
from habar.callbacks.settings import CallerSettings

__all__ = [
    "Answer",
    "Answering",
    "BOUNDS",
    "CallStore",
    "Caller",
    "CallerSettings",
    "Calling",
    "Client",
    "Figures",
    "Guard",
    "OutsideClient",
    "Request",
]
