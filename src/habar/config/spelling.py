"""How people may write what an operator's settings say, and the one form in which it is kept.

Guarantees: what is kept is read back to itself; a name of the standard that there is not is told
with the nearest that there is. The names are the standard's own, from `wire.smpp`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from habar.config.fields import Unfit, nearest
from habar.wire.smpp import CommandStatus, MessageState, status_name

MOST_BINDS = 100
LONGEST_PATTERN = 1000
KINDS = ("transceiver", "transmitter", "receiver")
_STATUS = re.compile(r"ESME_\w{1,40}", re.ASCII)
_HEX = re.compile(r"0[xX][0-9A-Fa-f]{1,8}")
_STATE = re.compile(r"[A-Za-z]{1,40}")
_NUMBERING = re.compile(r"\s*([0-9]{1,3})\s*/\s*([0-9]{1,3})\s*")
_SHARE = re.compile(r"\s*([0-9]{1,3})\s+([a-z]+?)s?\s*")
_ERR = re.compile(r"[0-9A-Za-z]{1,8}")
_BINDS = (
    f'a number of transceivers from 1 to {MOST_BINDS}, or numbers and kinds such as "2 transmitter,'
    ' 1 receiver"'
)


def number(value: object) -> object:
    """A number, perhaps as text such as "0x1400"."""
    return int(value, 16) if isinstance(value, str) and _HEX.fullmatch(value) else value


def receipts(value: object) -> object:
    """What it was before it was a word: true or false."""
    if value in (True, "true"):
        return "parts"
    return "none" if value in (False, "false") else value


def version(value: object) -> object:
    """A version, which in TOML is easily written as a number."""
    return str(value) if isinstance(value, float) else value


def numbering(value: object) -> object:
    """`TON/NPI`."""
    found = _NUMBERING.fullmatch(value) if isinstance(value, str) else None
    if found is None or not all(int(each) <= 255 for each in found.groups()):
        raise Unfit('expected type of number and numbering plan from 0 to 255, such as "1/1"')
    return f"{int(found[1])}/{int(found[2])}"


def binds(value: object) -> object:
    """So many transceivers, or how many of which kind."""
    if isinstance(value, str):
        if value.strip().isascii() and value.strip().isdigit():
            value = int(value)
        else:
            return _many(bind_counts(value))
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_BINDS:
        raise Unfit(f"expected {_BINDS}")
    return value


def bind_counts(value: int | str) -> list[tuple[str, int]]:
    """Kinds and how many of each, in the order of binding. Raises Unfit."""
    if isinstance(value, int):
        return [("transceiver", value)]
    counts = []
    for part in value.split(","):
        found = _SHARE.fullmatch(part)
        if found is None or found[2] not in KINDS or not int(found[1]):
            raise Unfit(f"expected {_BINDS}")
        counts.append((found[2], int(found[1])))
    if sum(count for _, count in counts) > MOST_BINDS:
        raise Unfit(f"expected {_BINDS}")
    return counts


def _many(counts: list[tuple[str, int]]) -> int | str:
    if len(counts) == 1 and counts[0][0] == "transceiver":
        return counts[0][1]
    return ", ".join(f"{count} {kind}" for kind, count in counts)


def codes(value: object) -> object:
    """command_status by name or number; kept by name where it has one."""
    if not isinstance(value, list | tuple):
        return value
    return [_code(item) for item in value]


def _code(item: object) -> str:
    status = _status(item)
    if status is None:
        raise Unfit('expected a list of names such as "ESME_RTHROTTLED" or numbers such as "0x400"')
    if status == CommandStatus.ESME_ROK:
        raise Unfit("ESME_ROK is no error")
    return status_name(status)


def _status(item: object) -> int | None:
    """A command_status; None where it is not of the form of one. Raises Unfit for a wrong name."""
    if isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= 0xFFFFFFFF:
        return int(item)
    if not isinstance(item, str):
        return None
    if _HEX.fullmatch(item):
        return int(item, 16)
    if item.isascii() and item.isdigit() and int(item) <= 0xFFFFFFFF:
        return int(item)
    name = item.upper()
    if name in CommandStatus.__members__:
        return int(CommandStatus[name])
    if _STATUS.fullmatch(name):
        near = nearest(name, CommandStatus.__members__)
        raise Unfit(f"there is no command_status {name}{near}")
    return None


def code_number(code: str) -> int:
    """The number of a code as `codes` keeps it."""
    member = CommandStatus.__members__.get(code)
    return int(code, 16) if member is None else int(member)


def states(value: object) -> object:
    """An operator's words for message_state, with the standard's names or numbers (5.2.28)."""
    if not isinstance(value, Mapping):
        return value
    return {word.upper(): _state(state) for word, state in value.items()}


def _state(state: object) -> str:
    members = MessageState.__members__
    if isinstance(state, int) and not isinstance(state, bool) and state in members.values():
        return MessageState(state).name
    if isinstance(state, str) and _STATE.fullmatch(state):
        if state.upper() in members:
            return state.upper()
        raise Unfit(f"there is no message_state {state.upper()}{nearest(state.upper(), members)}")
    raise Unfit(f"expected a table of words to {', '.join(members)}, or to their numbers")


def state_number(state: str) -> int:
    """The number of a state as `states` keeps it."""
    return int(MessageState[state])


def texts(value: object) -> object:
    """What errors mean, by command_status or by a receipt's `err`, which is kept as it stands."""
    if not isinstance(value, Mapping):
        return value
    return {_error(code): text for code, text in value.items()}


def _error(code: str) -> str:
    """A command_status in the one form that names none, since the receipt's codes are numbers."""
    name = code.upper()
    if _HEX.fullmatch(code) or _STATUS.fullmatch(name):
        return f"0x{_status(code) or 0:08X}"
    if not _ERR.fullmatch(code):
        raise Unfit('expected codes such as "0x400" (command_status) or "001" (err of a receipt)')
    return code


def pattern(value: object) -> object:
    """A regular expression over a receipt's text."""
    if not isinstance(value, str) or not value:
        return value
    if len(value) > LONGEST_PATTERN:
        raise Unfit(f"a pattern of at most {LONGEST_PATTERN} characters")
    try:
        groups = re.compile(value).groupindex
    except re.error as error:
        raise Unfit(f"no regular expression: {error.msg} at position {error.pos}") from None
    except (OverflowError, RecursionError):
        raise Unfit("no regular expression that can be read") from None
    if not {"id", "stat"} <= groups.keys():
        raise Unfit("it must have the groups (?P<id>…) and (?P<stat>…)")
    return value
