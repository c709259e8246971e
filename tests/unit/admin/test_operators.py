"""Staff add, change and look at operators; what is not acceptable changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from habar.admin.operators import Operators, OperatorView, shown
from habar.config import GroupSettings, OperatorSettings, parse, setting_names
from habar.errors import Conflict, InvalidValue, NotFound

NOW = 1_700_000_000_000
WHO = {"host": "smsc.example", "port": "2775", "system_id": "habar"}


@dataclass(frozen=True)
class Row:
    id: int
    name: str
    enabled: bool
    settings: str | None
    changed_at: int


@dataclass
class Kept:
    """What of the store's port `Network` staff's hand on operators needs, in memory."""

    rows: dict[str, Row] = field(default_factory=dict)
    audit: list[tuple[Any, ...]] = field(default_factory=list)
    in_doubt: set[int] = field(default_factory=set)

    async def operators(self) -> list[Row]:
        return sorted(self.rows.values(), key=lambda row: row.id)

    async def put_operator(
        self, name: str, settings: str, *, in_doubt: str, actor: str, now: int
    ) -> int:
        before = self.rows.get(name) or Row(len(self.rows) + 1, name, True, None, 0)
        self.rows[name] = replace(before, settings=settings, changed_at=now)
        self.audit.append(("put", name, in_doubt, actor, now))
        return before.id

    async def enable_operator(self, name: str, enabled: bool, *, actor: str, now: int) -> None:
        self.rows[name] = replace(self.rows[name], enabled=enabled, changed_at=now)
        self.audit.append(("enable", name, enabled, actor, now))

    async def remove_operator(self, name: str, *, actor: str, now: int) -> None:
        self.rows[name] = replace(self.rows[name], enabled=False, settings=None)
        self.audit.append(("remove", name, actor, now))


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def operators(kept: Kept) -> Operators:
    async def holds(operator_id: int) -> bool:
        return operator_id in kept.in_doubt

    return Operators(kept, actor="aigerim", now=lambda: NOW, holds=holds, in_file=("filed",))


def values(view: OperatorView) -> dict[str, tuple[str, str]]:
    return {value.name: (value.text, value.origin.value) for value in view.values}


class TestAdd:
    async def test_it_is_there_with_what_was_said(self, operators: Operators, kept: Kept) -> None:
        view = await operators.add("kcell", {**WHO, "profile": "hex-decimal", "window": "50"})
        assert (view.id, view.name, view.enabled, view.in_file) == (1, "kcell", True, False)
        assert view.settings is not None
        assert (view.settings.window, view.settings.receipt_id_base) == (50, "decimal")
        assert json.loads(kept.rows["kcell"].settings or "") == {
            "host": "smsc.example",
            "port": 2775,
            "system_id": "habar",
            "profile": "hex-decimal",
            "window": 50,
        }
        assert kept.audit == [("put", "kcell", "resend", "aigerim", NOW)]

    async def test_what_is_done_in_doubt_is_handed_on(
        self, operators: Operators, kept: Kept
    ) -> None:
        await operators.add("kcell", {**WHO, "in_doubt": "hold"})
        assert kept.audit == [("put", "kcell", "hold", "aigerim", NOW)]

    async def test_there_is_one_of_a_name(self, operators: Operators) -> None:
        await operators.add("kcell", WHO)
        with pytest.raises(Conflict, match="there is an operator kcell already"):
            await operators.add("kcell", WHO)

    async def test_one_that_was_removed_may_come_back(
        self, operators: Operators, kept: Kept
    ) -> None:
        before = await operators.add("kcell", WHO)
        await operators.remove("kcell")
        view = await operators.add("kcell", {**WHO, "window": "5"})
        assert (view.id, view.enabled) == (before.id, True)
        assert kept.rows["kcell"].enabled

    @pytest.mark.parametrize("name", ["", "Kcell", "k cell", "k" * 65])
    async def test_a_name_is_as_in_the_file(self, operators: Operators, name: str) -> None:
        with pytest.raises(InvalidValue, match="name: expected 1 to 64 small letters"):
            await operators.add(name, WHO)

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({}, "operator kcell host: missing; operator kcell port: missing; operator kcell sys"),
            ({**WHO, "windw": "5"}, "windw: unknown setting; did you mean 'window'?"),
            ({**WHO, "window": "many"}, "window: expected a whole number from 1 to 10000"),
            ({**WHO, "window": "0", "port": "x"}, "port: expected a port .*; window: expected"),
            ({**WHO, "name": "other"}, "name: it stays with the messages and cannot be changed"),
            ({**WHO, "said": "host"}, "said: unknown setting"),
            ({**WHO, "in_doubt": "query"}, 'in_doubt = "query" needs reference_tlv'),
            ({**WHO, "profile": "best"}, "profile: there is no profile of that name"),
            ({**WHO, "tls": "true", "tls_ca": "ca.pem"}, "tls_ca: expected a path from / on"),
            ({**WHO, "groups": '[{"password_file": "x"}]'}, "groups: expected a path from / on"),
            ({**WHO, "groups": "two"}, "groups: expected tables .*, as JSON"),
        ],
    )
    async def test_what_is_not_acceptable_changes_nothing(
        self, operators: Operators, kept: Kept, settings: dict[str, str], words: str
    ) -> None:
        with pytest.raises(InvalidValue, match=words):
            await operators.add("kcell", settings)
        assert kept.rows == {}

    async def test_no_fault_tells_a_password(self, operators: Operators) -> None:
        with pytest.raises(InvalidValue) as caught:
            await operators.add("kcell", {**WHO, "password": "s3cret-too-long"})
        assert str(caught.value) == "password: expected at most 8 ASCII characters in quotes"


class TestSet:
    async def test_a_change_leaves_the_rest(self, operators: Operators) -> None:
        await operators.add("kcell", {**WHO, "password": "s3cret", "window": "50"})
        view = await operators.set("kcell", {"throughput": "100"})
        assert view.settings is not None
        assert (view.settings.window, view.settings.throughput) == (50, 100)
        assert view.settings.password == "s3cret"

    async def test_an_empty_value_gives_it_back_to_the_profile(self, operators: Operators) -> None:
        await operators.add("kcell", {**WHO, "profile": "simulator", "window": "7"})
        view = await operators.set("kcell", {"window": "", "response_seconds": "5"})
        assert values(view)["window"] == ("100", "profile")
        view = await operators.set("kcell", {"profile": ""})
        assert values(view)["window"] == ("10", "default")
        assert values(view)["response_seconds"] == ("5", "own")

    @pytest.mark.parametrize("change", [{"in_doubt": "query"}, {"reference_tlv": "0x1401"}])
    async def test_an_operator_is_not_asked_by_a_name_that_its_messages_went_out_without(
        self, operators: Operators, kept: Kept, change: dict[str, str]
    ) -> None:
        asked = {**WHO, "reference_tlv": "0x1400", "in_doubt": "query"}
        await operators.add(
            "kcell", asked if "reference_tlv" in change else {**asked, "in_doubt": "hold"}
        )
        kept.in_doubt = {1}
        with pytest.raises(Conflict, match="messages of operator kcell are in doubt"):
            await operators.set("kcell", change)
        await operators.set("kcell", {"window": "20"})
        kept.in_doubt = set()
        await operators.set("kcell", change)

    async def test_what_must_be_said_cannot_be_given_back(self, operators: Operators) -> None:
        await operators.add("kcell", WHO)
        with pytest.raises(InvalidValue, match="operator kcell host: missing"):
            await operators.set("kcell", {"host": ""})

    async def test_the_whole_is_checked(self, operators: Operators, kept: Kept) -> None:
        await operators.add("kcell", {**WHO, "long_text": "sar"})
        before = kept.rows["kcell"]
        with pytest.raises(InvalidValue, match=r'long_text = "sar": interface_version = "3.3"'):
            await operators.set(
                "kcell", {"interface_version": "3.3", "binds": "1 transmitter, 1 receiver"}
            )
        assert kept.rows["kcell"] == before

    async def test_one_of_the_settings_file_is_changed_there(
        self, operators: Operators, kept: Kept
    ) -> None:
        kept.rows["filed"] = Row(1, "filed", True, json.dumps({**WHO, "port": 2775}), 0)
        for change in (operators.set, operators.add):
            with pytest.raises(InvalidValue, match="operator filed stands in the settings file"):
                await change("filed", {"window": "5"})
        with pytest.raises(InvalidValue, match="stands in the settings file"):
            await operators.remove("filed")
        await operators.disable("filed")
        (view,) = await operators.list()
        assert (view.in_file, view.enabled) == (True, False)

    async def test_what_is_not_there(self, operators: Operators, kept: Kept) -> None:
        kept.rows["named"] = Row(1, "named", False, None, 0)
        for name, words in (("none", "there is no operator none"), ("named", "known by name only")):
            for refused in (
                operators.set(name, {}),
                operators.enable(name),
                operators.disable(name),
                operators.remove(name),
            ):
                with pytest.raises(NotFound, match=words):
                    await refused
        with pytest.raises(NotFound):
            await operators.show("none")
        assert kept.audit == []

    async def test_what_a_newer_version_wrote_is_not_overwritten(
        self, operators: Operators, kept: Kept
    ) -> None:
        kept.rows["kcell"] = Row(1, "kcell", True, '{"colour": "red"}', 0)
        with pytest.raises(InvalidValue, match="this version knows no setting 'colour'"):
            await operators.set("kcell", {"window": "5"})
        assert kept.rows["kcell"].settings == '{"colour": "red"}'


class TestShow:
    async def test_every_setting_with_where_it_comes_from(self, operators: Operators) -> None:
        view = await operators.add("kcell", {**WHO, "profile": "hex-decimal", "password": "s3cret"})
        told = values(view)
        assert [*told] == [name for name in setting_names() if name != "name"]
        assert told["host"] == ("smsc.example", "own")
        assert told["receipt_id_base"] == ("decimal", "profile")
        assert told["receipts"] == ("parts", "default")
        assert told["password"] == ("set", "own")
        assert "s3cret" not in str(view.values) + repr(view)

    async def test_a_groups_password_is_neither_shown_nor_taken_back(
        self, operators: Operators
    ) -> None:
        view = await operators.add("kcell", {**WHO, "groups": '[{"password": "s3cret"}]'})
        shown_groups = values(view)["groups"][0]
        assert "s3cret" not in shown_groups
        with pytest.raises(InvalidValue, match="number 1 password: expected at most 8"):
            await operators.set("kcell", {"groups": shown_groups})

    async def test_one_that_cannot_be_read_does_not_hide_the_others(
        self, operators: Operators, kept: Kept
    ) -> None:
        await operators.add("kcell", WHO)
        kept.rows["newer"] = Row(2, "newer", True, '{"colour": "red"}', NOW)
        kept.rows["named"] = Row(3, "named", True, None, NOW)
        kcell, newer, named = await operators.list()
        assert (kcell.fault, named.fault) == ("", "")
        assert "this version knows no setting 'colour'" in newer.fault
        assert newer.values == named.values == ()
        assert kcell.changed_at == NOW


async def test_enabled_and_disabled(operators: Operators, kept: Kept) -> None:
    await operators.add("kcell", WHO)
    await operators.disable("kcell")
    assert not (await operators.show("kcell")).enabled
    await operators.enable("kcell")
    assert (await operators.show("kcell")).enabled
    assert kept.audit[1:] == [
        ("enable", "kcell", False, "aigerim", NOW),
        ("enable", "kcell", True, "aigerim", NOW),
    ]


SAID: dict[str, Any] = {
    "window": 7,
    "tls": True,
    "response_seconds": 2.5,
    "binds": "2 transmitter, 1 receiver",
    "slow_codes": ("ESME_RSYSERR", "0x00000400"),
    "receipt_states": {"OK": "DELIVERED"},
    "error_texts": {"001": "нет абонента"},
    "groups": (GroupSettings(kind="receiver", count=3, host="h"),),
    "receipts": "none",
    "receipt_pattern": "(?P<id>.),(?P<stat>.)",
    "reference_tlv": 0x1400,
}


@pytest.mark.parametrize("name", [*SAID])
def test_what_is_shown_can_be_given_back(name: str) -> None:
    assert parse(name, shown(name, SAID[name])) == SAID[name]


def test_so_can_every_default() -> None:
    plain = OperatorSettings(name="kcell", host="smsc.example", port=2775, system_id="habar")
    for name in setting_names():
        value = getattr(plain, name)
        text = shown(name, value)
        assert text == "" or parse(name, text) == value, name
