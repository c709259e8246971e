"""What the parameters ask for: messages to send, messages asked about, the format of the answer.

With `messagecount` N each parameter of message n is that with the suffix n (0 to N-1), or the one
without a suffix, which is the default for all. Without it there is one message, and no suffix.

Decided where the specification is silent: `sendondate` and `reporturl` may have a suffix, too; at
most MAX_MESSAGES go in one request; a message that cannot be read stops none of its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from habar.wire.http.form.parameters import MAX_FORM, Parameters
from habar.wire.http.form.values import FormFault, MessageIn, ResponseFormat

MAX_MESSAGES = 1_000
"""In one request, to send or to ask for."""
_SEPARATORS = re.compile(r"[\s,;]+")


def action_of(parameters: Parameters) -> str:
    """The action in small letters. Raises FormFault where it is missing."""
    return parameters.required("action").strip().lower()


def response_format(parameters: Parameters) -> ResponseFormat:
    """How the answer is to be written. Raises FormFault for a format that is none."""
    wanted = parameters.get("responseformat").strip().lower()
    try:
        return ResponseFormat(wanted or "xml")
    except ValueError:
        known = ", ".join(each.value for each in ResponseFormat)
        raise FormFault(f"responseformat is none of {known}") from None


def messages(parameters: Parameters) -> list[MessageIn | FormFault]:
    """The messages to send, in their order. Raises FormFault where they cannot be told apart."""
    wanted = parameters.get("messagecount").strip()
    if not wanted:
        return [_message(parameters, "")]
    if not (wanted.isascii() and wanted.isdigit() and 0 < len(wanted.lstrip("0")) <= 9):
        raise FormFault(f"messagecount is not a number from 1 to {MAX_MESSAGES}")
    count = int(wanted)
    if count > MAX_MESSAGES:
        raise FormFault(f"messagecount is over {MAX_MESSAGES}")
    return list(_bounded(parameters, count))


def first_message(parameters: Parameters) -> MessageIn:
    """The first message as far as it is written: what may be missing is "", nothing is refused."""
    suffix = "0" if parameters.get("messagecount").strip() else ""
    return MessageIn(*(_value(parameters, name, suffix) for name in MessageIn._fields))


def message_ids(parameters: Parameters) -> list[str]:
    """The ids that are asked for, as they came. Raises FormFault where there is none, or too many.

    `messageid` has one, or several with commas between them.
    """
    ids = _SEPARATORS.split(parameters.required("messageid").strip(" \t\r\n,;"), MAX_MESSAGES)
    if len(ids) > MAX_MESSAGES:
        raise FormFault(f"messageid has more than {MAX_MESSAGES} ids in it")
    return ids


def _bounded(parameters: Parameters, count: int) -> Iterator[MessageIn | FormFault]:
    """The messages, as long as all that the answer will repeat of them is not too much."""
    size = 0
    for number in range(count):
        message = _message(parameters, str(number))
        if isinstance(message, MessageIn):
            size += sum(map(len, message))
        if size > MAX_FORM:  # one long default, a thousand times
            raise FormFault(f"the messages have more than {MAX_FORM} characters together")
        yield message


def _message(parameters: Parameters, suffix: str) -> MessageIn | FormFault:
    def value(name: str) -> str:
        return _value(parameters, name, suffix)

    def required(name: str) -> str:
        found = value(name)
        if not found:
            raise FormFault(f"{name}{suffix} is missing")
        return found

    try:
        return MessageIn(
            required("recipient"),
            value("originator"),
            value("messagetype").strip(),
            required("messagedata"),
            value("sendondate"),
            value("reporturl").strip(),
        )
    except FormFault as fault:
        return fault


def _value(parameters: Parameters, name: str, suffix: str) -> str:
    return (suffix and parameters.get(name + suffix)) or parameters.get(name)
