"""An account's settings by name, as staff write and read them (spec/README.md, rule 3).

Guarantees: what `values` writes `apply` reads back; a value that is not acceptable is an
InvalidValue that names the setting and what it may be; all of the values are applied or none.
Knows no database.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from habar.admin.money import format_money, parse_money
from habar.errors import InvalidValue
from habar.model.account import (
    Account,
    AccountKind,
    DuplicateId,
    HttpReply,
    RecipientForm,
    ReportFormat,
    XmlAcceptCode,
)
from habar.model.times import zone_info
from habar.model.url import InvalidUrl, host_of

E = TypeVar("E", bound=Enum)
_COMPAT = "compat."
_MOST_PARTS = 255
"""What a concatenation header can count to."""
LAST_PRIORITY = 2


class Setting(NamedTuple):
    """How a setting is read from text and written as text. `parse` raises InvalidValue."""

    parse: Callable[[str], Any]
    format: Callable[[Any], str]


def setting_names() -> tuple[str, ...]:
    """Every name that `apply` knows."""
    return tuple(_SETTINGS)


def values(account: Account) -> dict[str, str]:
    """All settings of an account, as `apply` takes them."""
    return {
        name: setting.format(getattr(*_place(account, name))) for name, setting in _SETTINGS.items()
    }


def apply(account: Account, settings: Mapping[str, str]) -> Account:
    """The account with these settings changed. Raises InvalidValue."""
    own: dict[str, Any] = {}
    compat: dict[str, Any] = {}
    for name, text in settings.items():
        place = compat if name.startswith(_COMPAT) else own
        place[name.removeprefix(_COMPAT)] = _parse(name, text)
    changed: Account = dataclasses.replace(
        account, **own, compat=dataclasses.replace(account.compat, **compat)
    )
    if changed.default_sender not in changed.senders:
        raise InvalidValue(
            f"default_sender: {changed.default_sender!r} is not one of the account's senders"
        )
    return changed


def _parse(name: str, text: str) -> Any:
    setting = _SETTINGS.get(name)
    if setting is None:
        near = difflib.get_close_matches(name, _SETTINGS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(_SETTINGS)}"
        raise InvalidValue(f"no setting {name!r}; {hint}")
    try:
        return setting.parse(text.strip())
    except InvalidValue as error:
        raise InvalidValue(f"{name}: {error}") from None


def _place(account: Account, name: str) -> tuple[object, str]:
    if name.startswith(_COMPAT):
        return account.compat, name.removeprefix(_COMPAT)
    return account, name


def _number(least: int, most: int) -> Setting:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise InvalidValue(f"{text!r} is not a number from {least} to {most}")
        if not least <= int(text) <= most:
            raise InvalidValue(f"{text} is not from {least} to {most}")
        return int(text)

    return Setting(parse, str)


def _number_or_none(most: int) -> Setting:
    number = _number(1, most)
    return Setting(
        lambda text: number.parse(text) if text not in {"", "none"} else None,
        lambda value: "none" if value is None else str(value),
    )


def _choice(words: Mapping[str, Enum]) -> Setting:
    def parse(text: str) -> Enum:
        try:
            return words[text.lower()]
        except KeyError:
            raise InvalidValue(f"{text!r} is none of: {', '.join(words)}") from None

    names = {value: word for word, value in words.items()}
    return Setting(parse, lambda value: names[value])


def _by_value(kind: type[E]) -> Setting:
    return _choice({str(value.value): value for value in kind})


def _by_name(kind: type[E]) -> Setting:
    return _choice({value.name.lower(): value for value in kind})


def _switch(text: str) -> bool:
    if text.lower() in {"on", "yes", "true", "1"}:
        return True
    if text.lower() in {"off", "no", "false", "0"}:
        return False
    raise InvalidValue(f"{text!r} is neither on nor off")


def _zone(text: str) -> str:
    try:
        zone_info(text)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones
        raise InvalidValue(f"{text!r} is not an IANA time zone such as Asia/Almaty") from None
    return text


def _price(text: str) -> int:
    tiyn = parse_money(text)
    if tiyn < 0:
        raise InvalidValue("a price is not below nothing")
    return tiyn


def _url_or_none(text: str) -> str:
    if text in {"", "none"}:
        return ""
    try:
        host_of(text)
    except InvalidUrl as error:
        raise InvalidValue(str(error)) from None
    return text


_SETTINGS: dict[str, Setting] = {
    "kind": _by_name(AccountKind),
    "default_sender": Setting(str, str),
    "max_parts": _number(1, _MOST_PARTS),
    "part_price": Setting(_price, format_money),
    "daily_limit": _number_or_none(10**9),
    "rate_limit": _number_or_none(10**6),
    "priority": _number(0, LAST_PRIORITY),
    "report_url": Setting(_url_or_none, lambda url: url or "none"),
    "report_format": _by_name(ReportFormat),
    "compat.xml_accept_code": _by_value(XmlAcceptCode),
    "compat.duplicate_id": _by_name(DuplicateId),
    "compat.xml_lenient": Setting(_switch, lambda on: "on" if on else "off"),
    "compat.recipient": _by_value(RecipientForm),
    "compat.http_reply": _by_value(HttpReply),
    "compat.timezone": Setting(_zone, str),
}
