"""What operators tell us: receipts now; subscribers' messages have no place here yet."""

from habar.inbound.receipts import NOTES, STATES, UNREADABLE, Receipts

__all__ = ["NOTES", "Receipts", "STATES", "UNREADABLE"]
