"""Operators as staff add, change and look at them, while the gateway runs.

Guarantees: what an operator would become is checked as a whole before anything is written, and a
fault names the setting (InvalidValue); an operator of the settings file is changed there and
nowhere else; a password is never shown. Knows no database engine, no command line, and nothing of
the links: the gateway notices a change by itself.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

from habar.config import (
    PATHS,
    SECRETS,
    ConfigError,
    GroupSettings,
    OperatorSettings,
    Origin,
    Unfit,
    bind_counts,
    check,
    from_json,
    origins,
    own_settings,
    parse,
    setting_names,
    to_json,
)
from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.route import Operator

SET = "set"
"""What is shown of a password."""
_SET_IN_GROUP = "(it is set)"
"""The same inside a table; too long for a password, so that it is never taken for one."""


class KnownOperator(Protocol):
    """An operator as the database has it; `settings` None: known by name only."""

    @property
    def id(self) -> int:
        """By which messages know it."""

    @property
    def name(self) -> str:
        """By which people know it."""

    @property
    def enabled(self) -> bool:
        """Whether messages may go to it."""

    @property
    def settings(self) -> str | None:
        """As `config.to_json` wrote them."""

    @property
    def changed_at(self) -> int:
        """UTC milliseconds."""


class OperatorBooks(Protocol):
    """What is needed of the store's port `Network`; there each write has its row in the audit."""

    async def operators(self) -> Sequence[KnownOperator]:
        """All of them, by id."""

    async def put_operator(
        self, name: str, settings: str, *, in_doubt: str, actor: str, now: int
    ) -> int:
        """Make or change one; its id."""

    async def enable_operator(self, name: str, enabled: bool, *, actor: str, now: int) -> None:
        """Raises NotFound."""

    async def remove_operator(self, name: str, *, actor: str, now: int) -> None:
        """Raises NotFound, Conflict."""


class Value(NamedTuple):
    """A setting as `Operators.set` takes it, except that a password is only said to be there."""

    name: str
    text: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator as staff see it."""

    id: int
    name: str
    enabled: bool
    in_file: bool
    """Its settings stand in the settings file."""
    changed_at: int
    """UTC milliseconds."""
    settings: OperatorSettings | None
    """The values that hold; None where it is known by name only, or there is a `fault`."""
    fault: str = ""
    """Why its settings cannot be read, such as that a newer version wrote them."""

    @property
    def binds(self) -> int:
        """How many it permits, over all nodes together."""
        if self.settings is None:
            return 0
        if self.settings.groups:
            return sum(group.count for group in self.settings.groups)
        return sum(count for _, count in bind_counts(self.settings.binds))

    @property
    def values(self) -> tuple[Value, ...]:
        """Every setting that holds and where it comes from, in the order of the reference."""
        if self.settings is None:
            return ()
        return tuple(
            Value(name, shown(name, getattr(self.settings, name)), origin)
            for name, origin in origins(self.settings).items()
            if name != "name"
        )


class Operators:
    """Staff's hand on the operators. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(
        self,
        books: OperatorBooks,
        *,
        actor: str,
        now: Callable[[], int],
        holds: Callable[[int], Awaitable[bool]],
        in_file: Collection[str] = (),
    ) -> None:
        """`in_file`: the names of the settings file's operators.

        `holds`: whether messages of the operator of that id are in doubt.
        """
        self._books = books
        self._actor = actor
        self._now = now
        self._holds = holds
        self._in_file = in_file

    async def add(self, name: str, settings: Mapping[str, str]) -> OperatorView:
        """Make an operator that is enabled. Raises InvalidValue, Conflict."""
        self._not_of_the_file(name)
        try:
            parse("name", name)
        except Unfit as unfit:
            raise InvalidValue(f"name: {unfit}") from None
        row = await self._find(name)
        if row is not None and row.settings is not None:
            raise Conflict(f"there is an operator {name} already")
        await self._put(_changed(name, {}, settings))
        if row is not None and not row.enabled:  # it was here before, and removed
            await self.enable(name)
        return await self.show(name)

    async def set(self, name: str, changes: Mapping[str, str]) -> OperatorView:
        """Change settings; an empty value gives one back to the profile or its default.

        Raises InvalidValue, NotFound, Conflict (the operator would be asked for messages in doubt
        by a reference with which they did not go out: it would not know them, and get them again).
        """
        self._not_of_the_file(name)
        before = _read(name, await self._settings(name))
        after = _changed(name, own_settings(before), changes)
        asks_anew = after.in_doubt == "query" and _asking(before) != _asking(after)
        if asks_anew and await self._holds((await self._row(name)).id):
            raise Conflict(
                f"messages of operator {name} are in doubt, and it does not know them by this"
                " reference: decide on them first (habar message held)"
            )
        await self._put(after)
        return await self.show(name)

    async def list(self) -> list[OperatorView]:
        """All operators, by id."""
        return [self._view(row) for row in await self._books.operators()]

    async def show(self, name: str) -> OperatorView:
        """One of them. Raises NotFound."""
        return self._view(await self._row(name))

    async def enable(self, name: str) -> None:
        """Let messages go to it again. Raises NotFound."""
        await self._enable(name, enabled=True)

    async def disable(self, name: str) -> None:
        """Let nothing go to it: its binds are emptied and closed. Raises NotFound."""
        await self._enable(name, enabled=False)

    async def remove(self, name: str) -> None:
        """Forget its settings; the name stays with its messages.

        Raises InvalidValue, NotFound, Conflict (a route names it, or messages wait for it).
        """
        self._not_of_the_file(name)
        await self._settings(name)
        await self._books.remove_operator(name, actor=self._actor, now=self._now())

    async def _enable(self, name: str, *, enabled: bool) -> None:
        await self._settings(name)
        await self._books.enable_operator(name, enabled, actor=self._actor, now=self._now())

    async def _put(self, operator: OperatorSettings) -> None:
        await self._books.put_operator(
            operator.name,
            to_json(operator),
            in_doubt=operator.in_doubt,
            actor=self._actor,
            now=self._now(),
        )

    async def _find(self, name: str) -> KnownOperator | None:
        rows = await self._books.operators()
        return next((row for row in rows if row.name == name), None)

    async def _row(self, name: str) -> KnownOperator:
        row = await self._find(name)
        if row is None:
            raise NotFound(f"there is no operator {name}")
        return row

    async def _settings(self, name: str) -> str:
        settings = (await self._row(name)).settings
        if settings is None:
            raise NotFound(f"there is no operator {name}; it is known by name only: add it")
        return settings

    def _not_of_the_file(self, name: str) -> None:
        if name in self._in_file:
            raise InvalidValue(
                f"operator {name} stands in the settings file: change it there and start again"
            )

    def _view(self, row: KnownOperator) -> OperatorView:
        settings, fault = None, ""
        if row.settings is not None:
            try:
                settings = from_json(row.name, row.settings)
            except ConfigError as error:
                fault = str(error)
        in_file = row.name in self._in_file
        return OperatorView(row.id, row.name, row.enabled, in_file, row.changed_at, settings, fault)


def _asking(operator: OperatorSettings) -> tuple[str, int]:
    """By what an operator is asked for messages in doubt."""
    return operator.in_doubt, operator.reference_tlv


def served(rows: Iterable[KnownOperator]) -> list[Operator]:
    """As routing knows them, disabled ones too: those whose settings can be read."""
    operators = []
    for row in rows:
        if row.settings is None:
            continue
        try:
            settings = from_json(row.name, row.settings)
        except ConfigError:
            continue
        operators.append(Operator(row.id, row.name, settings.receipts != "none"))
    return operators


def shown(name: str, value: Any) -> str:
    """A setting's value as text; all but passwords can be given back to `Operators.set`."""
    if name in SECRETS:
        return SET if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, tuple):
        groups = [each for each in value if isinstance(each, GroupSettings)]
        return json.dumps([_group(each) for each in groups]) if groups else ",".join(value)
    return str(value)


def _group(group: GroupSettings) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(group)
    return said | {name: _SET_IN_GROUP for name in SECRETS if said.get(name)}


def _changed(name: str, before: Mapping[str, Any], changes: Mapping[str, str]) -> OperatorSettings:
    """The operator with these changes, if it can be one. Raises InvalidValue."""
    own = dict(before)
    faults = []
    for setting, text in changes.items():
        try:
            own[setting] = _parse(setting, text)
        except Unfit as unfit:
            faults.append(f"{setting}: {unfit}")
    if faults:
        raise InvalidValue("; ".join(faults))
    said = {setting: value for setting, value in own.items() if value is not None}
    try:
        return check({**said, "name": name}, f"operator {name}")
    except ConfigError as error:
        raise InvalidValue(str(error)) from None


def _parse(setting: str, text: str) -> Any:
    """A value; None: to be the operator's own no longer. Raises Unfit."""
    if setting == "name":
        raise Unfit("it stays with the messages and cannot be changed")
    text = text.strip()
    if not text and setting in setting_names():
        return None
    value = parse(setting, text)
    paths = [value] if setting in PATHS else []
    if setting == "groups":
        paths = [each.password_file for each in value if each.password_file]
    if any(not path.startswith("/") for path in paths):
        raise Unfit("expected a path from / on: every node of the gateway reads it")
    return value


def _read(name: str, text: str) -> OperatorSettings:
    try:
        return from_json(name, text)
    except ConfigError as error:
        raise InvalidValue(str(error)) from None
