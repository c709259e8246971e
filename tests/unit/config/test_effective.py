"""An operator as JSON for the database: what was said and no more, read back to the same."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from habar.config import (
    ConfigError,
    GroupSettings,
    OperatorSettings,
    Origin,
    Settings,
    effective,
    from_json,
    origins,
    to_json,
)
from habar.config.fields import fields

OWN: dict[str, Any] = {
    "name": "kcell",
    "host": "smsc.example",
    "port": 2775,
    "system_id": "habar",
}
SAID = {name: value for name, value in OWN.items() if name != "name"}
ALL = """
password_file = "/etc/habar/kcell"
profile = "hex-decimal"
system_type = "SMPP"
in_order = true
service_type = "CMT"
destination = "1/8"
window = 10
enquire_link_seconds = 15
data_coding_default = 3
receipt_pattern = '(?P<id>\\w+):(?P<stat>\\w+)'
receipt_states = { OK = "DELIVERED" }
slow_codes = ["0x400"]
error_texts = { "001" = "нет абонента" }
reference_tlv = "0x1400"
[[operators.groups]]
kind = "transmitter"
count = 2
password = "s3cret"
[[operators.groups]]
kind = "receiver"
host = "other.example"
"""


class TestJson:
    def test_it_holds_what_was_said_and_the_profile_by_name(self) -> None:
        operator = effective({**OWN, "profile": "hex-decimal", "window": 10})
        assert json.loads(to_json(operator)) == {**SAID, "profile": "hex-decimal", "window": 10}

    def test_it_is_read_back_to_the_same(self, read: Callable[..., Settings]) -> None:
        with pytest.raises(ConfigError):  # the file of the password is not there, and is named
            read(ALL)
        (operator,) = read(ALL.replace("password_file", "#")).operators
        assert from_json("kcell", to_json(operator)) == operator
        assert operator.groups[0] == GroupSettings(kind="transmitter", count=2, password="s3cret")
        assert json.loads(to_json(operator))["groups"] == [
            {"kind": "transmitter", "count": 2, "password": "s3cret"},
            {"kind": "receiver", "host": "other.example"},
        ]

    def test_the_same_settings_are_the_same_text(self) -> None:
        one = effective({**OWN, "window": 5, "tls": True})
        other = effective({"tls": True, "window": 5, **dict(reversed(OWN.items()))})
        assert to_json(one) == to_json(other)

    def test_a_password_stands_in_it_but_of_a_file_its_path(self) -> None:
        assert json.loads(to_json(effective({**OWN, "password": "s3cret"})))["password"] == "s3cret"
        by_file = to_json(effective({**OWN, "password_file": "/etc/habar/kcell"}))
        assert json.loads(by_file) == {**SAID, "password_file": "/etc/habar/kcell"}

    def test_what_a_program_changes_is_said_too(self) -> None:
        """The sandbox makes its operator without a file."""
        plain = OperatorSettings(**OWN, window=100)
        assert json.loads(to_json(plain)) == {**SAID, "window": 100}
        changed = msgspec.structs.replace(effective(OWN), window=100)
        assert json.loads(to_json(changed)) == {**SAID, "window": 100}

    def test_a_path_of_the_file_is_absolute(
        self,
        read: Callable[..., Settings],
        tmp_path: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Whoever reads the database does not know the folder of the settings file."""
        from habar.config import load

        (tmp_path / "kcell").write_text("s3cret")
        read('password_file = "kcell"')
        monkeypatch.chdir(tmp_path)
        (operator,) = load(type(tmp_path)("habar.toml"), {}).operators
        assert json.loads(to_json(operator))["password_file"] == str(tmp_path / "kcell")


class TestFaults:
    def test_what_a_newer_version_says_is_told_in_a_sentence(self) -> None:
        with pytest.raises(ConfigError) as caught:
            from_json("kcell", json.dumps({**SAID, "colour": "s3cret"}))
        (fault,) = caught.value.faults
        assert fault == (
            "operator kcell: this version knows no setting 'colour';"
            " a newer one wrote it, and only that can serve this operator"
        )

    @pytest.mark.parametrize("text", ["", "5", "[]", "null", "{", '"x"'])
    def test_what_is_no_object(self, text: str) -> None:
        with pytest.raises(ConfigError, match="operator kcell: its settings are not a JSON object"):
            from_json("kcell", text)

    def test_all_are_told_at_once_and_none_tells_a_value(self) -> None:
        with pytest.raises(ConfigError) as caught:
            from_json("kcell", '{"port": "s3cret", "window": 0, "password": "s3cret-s3cret"}')
        assert len(caught.value.faults) == 5
        assert "operator kcell host: missing" in caught.value.faults
        assert "s3cret" not in str(caught.value)

    def test_what_cannot_be_together_is_no_less_wrong_here(self) -> None:
        with pytest.raises(ConfigError, match=r"operator kcell in_doubt .* needs reference_tlv"):
            from_json("kcell", json.dumps({**SAID, "in_doubt": "query"}))

    def test_a_profile_that_is_no_more(self) -> None:
        with pytest.raises(ConfigError, match="operator kcell profile: there is no profile"):
            from_json("kcell", json.dumps({**SAID, "profile": "gone"}))


def test_where_each_value_comes_from() -> None:
    operator = effective({**OWN, "profile": "hex-decimal", "receipt_id_base": "decimal"})
    found = origins(operator)
    assert list(found) == list(fields(OperatorSettings))
    own = {name for name, origin in found.items() if origin is Origin.OWN}
    assert own == {*OWN, "profile", "receipt_id_base"}  # said, though the profile says it too
    assert {n for n, o in found.items() if o is Origin.PROFILE} == {"response_id_base"}
