"""Answers to XML packages: rows to sections to a document, by joining strings.

Guarantees: the layout and the order of attributes are the documentation's (programs compare
strings); everything that came from a request is escaped. Knows no codes and no clock:
`date_completed` comes formatted in the account's zone.
"""

import re
from collections.abc import Iterable

_DECLARATION = '<?xml version="1.0" encoding="utf-8" ?>\n'
_ESCAPES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}
_TO_ESCAPE = re.compile('[&<>"\t\n\r]')


def message_row(client_id: str | None, sms_id: int, sms_count: int, code: int) -> str:
    """Write one `msg` of a sending answer.

    `client_id` is the request's own `id`, echoed as it came (None: there was none). `sms_id` is 0
    for a refused message, save a duplicate; `sms_count` is in parts.
    """
    own = "" if client_id is None else f'id="{_escape(client_id)}" '
    return f'        <msg {own}sms_id="{sms_id}" sms_count="{sms_count}">{code}</msg>\n'


def status_row(
    client_id: str | None,
    sms_id: int | None,
    sms_count: int | None,
    code: int,
    date_completed: str | None = None,
) -> str:
    """Write one `msg` of a status answer; None leaves the attribute out.

    `date_completed` is `YYYY-MM-DDTHH:mm:ss`, given once the status is final.
    """
    attributes = "" if client_id is None else f' id="{_escape(client_id)}"'
    if sms_id is not None:
        attributes += f' sms_id="{sms_id}"'
    if sms_count is not None:
        attributes += f' sms_count="{sms_count}"'
    if date_completed is not None:
        attributes += f' date_completed="{_escape(date_completed)}"'
    return f"        <msg{attributes}>{code}</msg>\n"


def delete_row(client_id: str | None, sms_id: int | None, sms_count: int | None, code: int) -> str:
    """Write one `msg` of a deletion answer; None leaves the attribute out."""
    return status_row(client_id, sms_id, sms_count, code)


def phone_row(phone: str, tiyn: int | None, currency: str = "KZT") -> str:
    """Write one `phone` of a price list; without a known price (None) it has no attributes."""
    if tiyn is None:
        return f"        <phone>{_escape(phone)}</phone>\n"
    price = f'price="{_money(tiyn)}" currency="{_escape(currency)}"'
    return f"        <phone {price}>{_escape(phone)}</phone>\n"


def message_section(rows: Iterable[str]) -> str:
    """Put rows of `message_row` into their `message`."""
    return f"    <message>\n{''.join(rows)}    </message>\n"


def status_section(rows: Iterable[str]) -> str:
    """Put rows of `status_row` into their `status`."""
    return f"    <status>\n{''.join(rows)}    </status>\n"


def delete_section(rows: Iterable[str]) -> str:
    """Put rows of `delete_row` into their `delete`."""
    return f"    <delete>\n{''.join(rows)}    </delete>\n"


def prices_section(rows: Iterable[str]) -> str:
    """Put rows of `phone_row` into their `prices`."""
    return f"    <prices>\n{''.join(rows)}    </prices>\n"


def balance_section(tiyn: int, currency: str = "KZT") -> str:
    """Write the `balance`: an amount with two decimals, and its currency."""
    amount = f"<amount>{_money(tiyn)}</amount><currency>{_escape(currency)}</currency>"
    return f"    <balance>{amount}</balance>\n"


def package(sections: Iterable[str]) -> bytes:
    """Write the whole answer, the sections in the request's order."""
    return f"{_DECLARATION}<package>\n{''.join(sections)}</package>\n".encode()


def package_error(code: int) -> bytes:
    """Write the answer to a package that is refused whole: 200, 201 or 202."""
    return f"{_DECLARATION}<package><error>{code}</error></package>\n".encode()


def _money(tiyn: int) -> str:
    whole, hundredths = divmod(abs(tiyn), 100)
    return f"{'-' if tiyn < 0 else ''}{whole}.{hundredths:02}"


def _escape(value: str) -> str:
    if value.isalnum():  # nearly every id
        return value
    return _TO_ESCAPE.sub(lambda match: _ESCAPES[match[0]], value)
