"""A file becomes settings, or the list of everything that is wrong with it."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from habar.config import (
    LISTS,
    TABLES,
    ConfigError,
    GatewaySettings,
    HttpSettings,
    ListenerSettings,
    LogSettings,
    Settings,
    build,
    load,
)
from habar.config.fields import expected, fields

Faults = Callable[..., list[str]]
Read = Callable[..., Settings]
OPERATOR = {"name": "kcell", "host": "smsc.example", "port": 2775, "system_id": "habar"}


class TestGood:
    def test_what_is_not_said_has_its_default(self, read: Read, tmp_path: Path) -> None:
        settings = read()
        assert settings.gateway == GatewaySettings(data=str(tmp_path / "habar-data"))
        assert settings.http == HttpSettings()
        assert settings.log == LogSettings()
        assert settings.tls is None
        assert settings.listeners == (ListenerSettings(host="127.0.0.1", port=8090, ops=True),)

    def test_what_is_said_stands(self, read: Read) -> None:
        settings = read(
            'tls = true\nwindow = 50\nresponse_id_base = "hex"\n'
            '[gateway]\ndata = "/var/lib/habar"\ndrain_seconds = 5\n'
            '[[listeners]]\nhost = "::1"\nport = 80\n[[listeners]]\nport = 443\nops = true\n'
            '[http]\naccess_log = true\n[log]\nlevel = "debug"\n'
        )
        (operator,) = settings.operators
        assert (operator.name, operator.address) == ("kcell", "smsc.example:2775")
        assert (operator.tls, operator.window, operator.response_id_base) == (True, 50, "hex")
        assert settings.gateway.data == "/var/lib/habar"
        assert settings.gateway.drain_seconds == 5.0
        assert [x.address for x in settings.listeners] == ["[::1]:80", "127.0.0.1:443"]
        assert [x.ops for x in settings.listeners] == [False, True]
        assert settings.http.access_log
        assert settings.log.level == "debug"

    @pytest.mark.parametrize("text", ["", "operators = []"])
    def test_operators_may_all_be_in_the_database(self, read: Read, text: str) -> None:
        assert read(instead=text).operators == ()

    def test_no_password_is_in_a_repr(self, read: Read) -> None:
        from rich.pretty import pretty_repr

        settings = read('password = "s3cret"')
        assert settings.operators[0].password == "s3cret"
        for words in (repr(settings), str(settings), pretty_repr(settings)):
            assert "kcell" in words
            assert "s3cret" not in words


class TestFaults:
    def test_all_are_told_at_once(self, faults: Faults) -> None:
        """Of form and of sense, of the file and of the environment, each named by its place."""
        found = faults(
            instead=(
                '[gateway]\ntimezone = "Asia/Almati"\n'
                '[[operators]]\nname = "kcell"\nhost = "x"\nport = 70000\nsystem_id = "habar"\n'
                'pasword = "s3cret"\n[[operators]]\nname = "beeline"\n[htp]\n'
                '[log]\nlevel = "loud"\n[[listeners]]\nport = 80\n[[listeners]]\nport = 80\n'
            ),
            HABAR_HTTP_BODY_LIMIT="much",
        )
        assert sorted(found) == [
            "HABAR_HTTP_BODY_LIMIT: expected a whole number from 1 to 1000000000",
            "[[listeners]]: 127.0.0.1:80 stands twice",
            "[[operators]] beeline host: missing",
            "[[operators]] beeline port: missing",
            "[[operators]] beeline system_id: missing",
            "[[operators]] kcell pasword: unknown setting; did you mean 'password'?",
            "[[operators]] kcell port: expected a port from 1 to 65535",
            "[gateway] timezone: no zone named 'Asia/Almati'; did you mean 'Asia/Almaty'?",
            "[htp]: unknown section; did you mean 'http'?",
            '[log] level: expected one of "debug", "info", "warning", "error"',
        ]

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("gateway = 5", "[gateway]: a table is expected"),
            ("operators = 5", "[[operators]]: a list is expected: write [[operators]] over each"),
            (
                "[operators]\nname = 'x'",
                "[[operators]]: a list is expected: write [[operators]] over each",
            ),
            ("operators = [5]", "[[operators]] number 1: a table is expected"),
            (
                "listeners = 'all'\n",
                "[[listeners]]: a list is expected: write [[listeners]] over each",
            ),
            ("listeners = []", "[[listeners]]: at least one listener is needed"),
            ("port = 8090", "[port]: unknown section"),
            ("[http]\n[http]\n", "not TOML: Cannot declare ('http',) twice"),
            ("[http", "not TOML: Expected ']'"),
        ],
    )
    def test_what_is_not_of_the_form(self, faults: Faults, text: str, fault: str) -> None:
        assert any(fault in found for found in faults(instead=text))

    @pytest.mark.parametrize(
        ("more", "fault"),
        [
            ('window = "10"', "kcell window: expected a whole number from 1 to 10000"),
            ("window = 0", "kcell window: expected a whole number from 1 to 10000"),
            ("window = 10001", "kcell window: expected a whole number from 1 to 10000"),
            ("throughput = -1", "kcell throughput: expected a whole number from 0"),
            ("tls = 1", "kcell tls: expected true or false"),
            ('tls = "yes"', "kcell tls: expected true or false"),
            ("response_seconds = 0", "kcell response_seconds: expected a number of seconds"),
            ("response_seconds = nan", "kcell response_seconds: expected a number of seconds"),
            ("response_seconds = inf", "kcell response_seconds: expected a number of seconds"),
            ('response_id_base = "dec"', 'response_id_base: expected one of "as-is", "decimal"'),
            ('system_type = "ABCDEFGHIJKLM"', "kcell system_type: expected at most 12 ASCII"),
            ('receipt_timezone = "+05:00"', "kcell receipt_timezone: no zone named '+05:00'"),
            ('receipt_timezone = ""', "kcell receipt_timezone: expected text in quotes, not empty"),
            ("[gateway]\ndata = 1979-05-27", "[gateway] data: expected text in quotes"),
            ('[gateway]\ndata = ""', "[gateway] data: expected text in quotes, not empty"),
            ('[gateway]\ntimezone = "Asia"', "[gateway] timezone: no zone named 'Asia'"),
            ("[gateway]\nahead = 1e3", "[gateway] ahead: expected a whole number"),
            ("[gateway]\nahead = 99999999999999999999999", "[gateway] ahead: expected a whole"),
            (
                "[gateway]\nexpire_after_hours = -1",
                "expire_after_hours: expected a number of hours",
            ),
            ("[[listeners]]\nport = -1", "[[listeners]] number 1 port: expected a port from 0"),
            ('[[listeners]]\nhost = ""', "[[listeners]] number 1 host: expected text in quotes"),
            ("[http]\nbodies_limit = 10", "[http] bodies_limit: less than body_limit"),
        ],
    )
    def test_what_a_setting_cannot_be(self, faults: Faults, more: str, fault: str) -> None:
        (found,) = faults(more)
        assert fault in found

    @pytest.mark.parametrize("name", ["", "Kcell", "k cell", "kcell\n", "-k", "k" * 65, "кселл"])
    def test_an_operators_name_goes_into_metrics_and_variables(self, name: str) -> None:
        with pytest.raises(ConfigError) as caught:
            build({"operators": [OPERATOR | {"name": name}]}, {}, Path())
        (found,) = caught.value.faults
        assert found.endswith(" name: expected 1 to 64 small letters, digits, - and _")

    @pytest.mark.parametrize("other", ["kcell", "k-cell", "k_cell"])
    def test_names_that_variables_could_not_tell_apart_are_one(self, other: str) -> None:
        first = OPERATOR | {"name": "kcell" if other == "kcell" else "k-cell"}
        with pytest.raises(ConfigError) as caught:
            build({"operators": [first, OPERATOR | {"name": other}]}, {}, Path())
        assert caught.value.faults == [
            f"[[operators]] name: {other.replace('-', '_')} stands twice"
        ]

    def test_any_free_port_may_be_asked_for_twice(self, read: Read) -> None:
        settings = read("[[listeners]]\nport = 0\n[[listeners]]\nport = 0\n")
        assert len(settings.listeners) == 2

    @pytest.mark.parametrize("kind", [*TABLES.values(), *LISTS.values()])
    def test_every_setting_says_what_it_expects(self, kind: type[msgspec.Struct]) -> None:
        for field in fields(kind).values():
            words = expected(field.type)
            assert words
            assert "{" not in words

    def test_the_file_may_be_missing_or_no_file(self, tmp_path: Path) -> None:
        for path, why in ((tmp_path / "none.toml", "No such file"), (tmp_path, "directory")):
            with pytest.raises(ConfigError, match=why):
                load(path, {})

    def test_the_file_must_be_utf8(self, tmp_path: Path) -> None:
        path = tmp_path / "habar.toml"
        path.write_bytes("# настройки\n".encode("cp1251"))
        with pytest.raises(ConfigError, match="not UTF-8"):
            load(path, {})


class TestSecrets:
    """A fault never tells a value: it might be a password."""

    @pytest.mark.parametrize(
        "more",
        [
            'password = "s3cret-too-long"',
            'password = "s3crét"',
            'password = "s3cret\\n"',
            "password = 733720",
            'password = ["s3cret"]',
            'password = { "s3cret" = 1 }',
            'system_id = "s3cret-that-is-much-too-long"',
            'port = "s3cret"',
        ],
    )
    def test_in_the_file(self, faults: Faults, more: str) -> None:
        text = "[[operators]]\nname = 'kcell'\nhost = 'x'\n" + more
        assert not [f for f in faults(instead=text) if "s3c" in f or "7337" in f]

    def test_in_a_file_that_is_not_toml(self, faults: Faults) -> None:
        for line in ("password = s3cret", 'password = "s3cret', "password = 's3cret' s3cret"):
            assert "s3cret" not in faults(line)[0]

    def test_in_the_environment(self, faults: Faults) -> None:
        found = faults(HABAR_OPERATOR_KCELL_PASSWORD="s3cret-too-long")
        assert found == [
            "HABAR_OPERATOR_KCELL_PASSWORD: expected at most 8 ASCII characters in quotes"
        ]
