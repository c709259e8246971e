"""What operators tell us: receipts, and what subscribers write to short codes."""

from habar.inbound.deliveries import Inbound
from habar.inbound.joiner import Joiner
from habar.inbound.receipts import NOTES, STATES, UNREADABLE, Receipts
from habar.inbound.rules import Rules
from habar.inbound.subscribers import Subscribers

__all__ = ["Inbound", "Joiner", "NOTES", "Receipts", "Rules", "STATES", "Subscribers", "UNREADABLE"]
