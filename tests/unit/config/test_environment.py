"""HABAR_* of the environment over the file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from habar.config import Settings, build

Faults = Callable[..., list[str]]
Read = Callable[..., Settings]


class TestOver:
    def test_a_section(self, read: Read) -> None:
        settings = read(
            "[http]\nbody_limit = 5\n",
            HABAR_HTTP_BODY_LIMIT="4096",
            HABAR_GATEWAY_DATA="/data",
            HABAR_GATEWAY_DRAIN_SECONDS="2.5",
            HABAR_HTTP_ACCESS_LOG="true",
            HABAR_LOG_LEVEL="error",
        )
        assert settings.http.body_limit == 4096
        assert settings.gateway.data == "/data"
        assert settings.gateway.drain_seconds == 2.5
        assert settings.http.access_log
        assert settings.log.level == "error"

    def test_a_section_that_the_file_has_not(self, faults: Faults) -> None:
        assert faults(HABAR_TLS_CERTIFICATE="/cert.pem") == ["[tls] key: missing"]

    def test_an_operator_of_the_file(self, read: Read) -> None:
        settings = read(
            "[[operators]]\nname = 'beeline-kz'\nhost = 'b'\nport = 1\nsystem_id = 'x'\n",
            HABAR_OPERATOR_KCELL_PASSWORD="k",
            HABAR_OPERATOR_BEELINE_KZ_PASSWORD="b",
            HABAR_OPERATOR_BEELINE_KZ_PORT="2776",
            HABAR_OPERATOR_BEELINE_KZ_TLS="false",
        )
        assert [(o.password, o.port, o.tls) for o in settings.operators] == [
            ("k", 2775, False),
            ("b", 2776, False),
        ]

    def test_a_setting_that_the_file_lacks(self, read: Read) -> None:
        text = "[[operators]]\nname = 'kcell'\nport = 1\nsystem_id = 'x'\n"
        assert read(instead=text, HABAR_OPERATOR_KCELL_HOST="h").operators[0].host == "h"

    def test_the_longer_name_is_meant_where_two_would_do(self, read: Read) -> None:
        other = "[[operators]]\nname = 'kcell-tls'\nhost = 'b'\nport = 1\nsystem_id = 'x'\n"
        settings = read(other, HABAR_OPERATOR_KCELL_TLS="true", HABAR_OPERATOR_KCELL_TLS_TLS_CA="")
        assert [o.tls for o in settings.operators] == [True, False]
        settings = read(other, HABAR_OPERATOR_KCELL_TLS_PASSWORD="p")
        assert [o.password for o in settings.operators] == ["", "p"]

    def test_numbers_of_text_settings_stay_text(self, read: Read) -> None:
        assert read(HABAR_OPERATOR_KCELL_PASSWORD="0123").operators[0].password == "0123"

    def test_the_documents_own_tables_are_left_alone(self) -> None:
        operator = {"name": "kcell", "host": "x", "port": 1, "system_id": "y"}
        document = {"operators": [operator], "http": {}}
        build(
            document,
            {"HABAR_OPERATOR_KCELL_PORT": "2", "HABAR_HTTP_BODY_LIMIT": "3"},
            Path(),
        )
        assert operator["port"] == 1
        assert document["http"] == {}


class TestOthers:
    @pytest.mark.parametrize(
        "name",
        ["HABAR_CONFIG", "HABAR_ROLES", "HABAR_URL", "HABAR_LOGIN", "HABAR_PASSWORD", "HABAR_KEY"],
    )
    def test_the_commands_variables_are_no_settings(self, read: Read, name: str) -> None:
        assert read(**{name: "x"}) == read()

    def test_other_programs_variables_are_none_of_ours(self, read: Read) -> None:
        assert read(HABARDASHERY="x", PATH="/bin", habar_http_body_limit="x") == read()


class TestFaults:
    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("HABAR_HTTP_BODYLIMIT", "unknown setting; did you mean 'body_limit'?"),
            ("HABAR_HTTP", "unknown setting"),
            ("HABAR_HTTP_", "unknown setting"),
            ("HABAR_", "no section []"),
            ("HABAR_GATEWY_DATA", "no section [gatewy]; did you mean 'gateway'?"),
            ("HABAR_PORT", "no section [port]"),
            (
                "HABAR_LISTENERS_0_PORT",
                "[[listeners]] is a list and can be set in the file only",
            ),
            (
                "HABAR_OPERATORS_KCELL_PORT",
                (
                    "[[operators]] is a list and can be set in the file only; "
                    "HABAR_OPERATOR_<NAME>_<SETTING> is one operator's"
                ),
            ),
            (
                "HABAR_OPERATOR_BEELINE_PORT",
                "no operator of that name in the file; there are: kcell",
            ),
            ("HABAR_OPERATOR_KCELL", "no operator of that name in the file; there are: kcell"),
            ("HABAR_OPERATOR_KCELL_PASWORD", "unknown setting; did you mean 'password'?"),
            ("HABAR_OPERATOR_KCELL_PORT", "expected a port from 1 to 65535"),
            ("HABAR_LOG_LEVEL", 'expected one of "debug", "info", "warning", "error"'),
            ("HABAR_HTTP_ACCESS_LOG", "expected true or false"),
            ("HABAR_GATEWAY_DRAIN_SECONDS", "expected a number of seconds above 0, at most a year"),
        ],
    )
    def test_each_is_told_by_its_variable(self, faults: Faults, name: str, fault: str) -> None:
        assert faults(**{name: "s3cret"}) == [f"{name}: {fault}"]

    def test_an_empty_value_is_a_value(self, faults: Faults) -> None:
        assert faults(HABAR_GATEWAY_DATA="") == [
            "HABAR_GATEWAY_DATA: expected text in quotes, not empty"
        ]

    @pytest.mark.parametrize("broken", ["http = 5", "operators = 5", "operators = [5]"])
    def test_a_file_of_another_form_is_told_once(self, faults: Faults, broken: str) -> None:
        found = faults(instead=broken, HABAR_HTTP_BODY_LIMIT="5", HABAR_OPERATOR_X_PORT="1")
        assert (
            "HABAR_OPERATOR_X_PORT: no operator of that name in the file; there are: none" in found
        )
        assert not [fault for fault in found if "BODY_LIMIT" in fault]
