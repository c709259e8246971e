"""Message ids as an SMSC writes them: a number, in the base and length of the place.

Guarantees: pure; the same number is the same id in every place. Knows nothing of messages.
"""

from habar.simulator.settings import IdForm, Settings

_FORMS: dict[IdForm, bytes] = {
    "decimal": b"%0*d",
    "hex": b"%0*x",
    "hex-upper": b"%0*X",
}
_NOBODYS = 1 << 60  # ids begin at milliseconds times a thousand: far below


class Ids:
    """How one SMSC writes ids."""

    def __init__(self, settings: Settings) -> None:
        self._form = _FORMS[settings.message_ids]
        self._digits = settings.id_digits
        self._receipt_form = _FORMS[settings.receipt_ids or settings.message_ids]
        digits = settings.receipt_id_digits
        self._receipt_digits = settings.id_digits if digits is None else digits

    def answered(self, number: int) -> bytes:
        """Write the id of submit_sm_resp."""
        return self._form % (self._digits, number)

    def receipted(self, number: int) -> bytes:
        """Write the id of a receipt."""
        return self._receipt_form % (self._receipt_digits, number)

    def nobodys(self, number: int) -> bytes:
        """Write an id for a receipt that no message ever had."""
        return self.receipted(number | _NOBODYS)
