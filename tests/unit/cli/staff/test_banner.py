"""What `habar serve` says when it is up."""

from __future__ import annotations

import io
import re
import shlex
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from habar.cli.banner import listening, production, sandbox_banner
from habar.config import DatabaseSettings, GatewaySettings, Settings
from habar.northbound.http.settings import ListenAddress
from habar.wire.http import xml


def gateway(data: Path, *addresses: ListenAddress) -> Any:
    settings = Settings(gateway=GatewaySettings(data=str(data)))
    return SimpleNamespace(settings=settings, addresses=addresses)


@pytest.fixture
def banner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The sandbox's, as it comes out of a pipe."""
    here = ListenAddress("127.0.0.1", 4711)
    smsc: Any = SimpleNamespace(port=4712)
    sandbox_banner(gateway(tmp_path / "[b]data[/b]", here), smsc, tmp_path / "tls.pem")
    return capsys.readouterr().out


def test_it_says_where_everything_is(banner: str, tmp_path: Path) -> None:
    for words in (
        "http://127.0.0.1:4711/api and https",
        "SMSC simulator on 127.0.0.1:4712",
        "demo/demo: test account, 20 SMS a start",
        "shop/shop: full account",
        "8785 is demo's",
        str(tmp_path / "[b]data[/b]"),
        str(tmp_path / "tls.pem"),
        "/readyz",
        "Ctrl-C",
    ):
        assert words in banner


def test_it_fits_80_columns_but_for_what_is_to_be_pasted(banner: str, tmp_path: Path) -> None:
    for line in banner.splitlines():
        if not line.startswith(("curl ", "habar ")) and str(tmp_path) not in line:
            assert len(line) <= 80, line
    assert "\x1b" not in banner


def test_the_commands_to_paste_hold_packages_that_the_gateway_reads(banner: str) -> None:
    packages = []
    for line in re.findall(r"^curl .*$", banner, re.MULTILINE):
        curl, option, document, url = shlex.split(line)
        assert (curl, option, url) == ("curl", "-d", "http://127.0.0.1:4711/api")
        packages.append(xml.parse(document.encode()))
    send, ask = packages
    assert [p.login for p in packages] == ["demo", "demo"]
    (message,), (status,) = send.sections[0].items, ask.sections[0].items  # type: ignore[union-attr]
    assert message.id == status.id  # what was sent is what is asked for


def test_the_commands_for_a_subscriber_find_this_sandbox(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = ListenAddress("127.0.0.1", 1)
    for data, last in (("habar-data", ["Hello"]), ("an other", ["--data", "an other"])):
        (tmp_path / data).mkdir()
        sandbox_banner(gateway(Path(data), here), None, None)
        assert "simulate" not in capsys.readouterr().out  # there is no socket yet
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{data}/simulator.sock")
        sandbox_banner(gateway(Path(data), here), None, None)
        said = capsys.readouterr().out
        own, line = re.findall(r"^ *(habar .*)$", said, re.MULTILINE)
        words = shlex.split(line)
        assert words[:7] == [
            *("habar", "simulate", "inbound", "--from", "77771234567", "--to", "8785"),
        ]
        assert words[-len(last) :] == last
        words = shlex.split(own)
        assert words[:4] == ["habar", "shortcode", "set", "8785"]
        assert ("--data" in words) == ("--data" in last)


@pytest.mark.parametrize(
    ("started", "on_the_path", "pasted"),
    [
        (".venv/bin/habar", False, ".venv/bin/habar"),
        (".venv/bin/habar", True, "habar"),
        ("/usr/lib/python3/habar/__main__.py", False, "habar"),
    ],
)
def test_the_commands_start_as_they_can_from_this_folder(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    started: str,
    on_the_path: bool,
    pasted: str,
) -> None:
    monkeypatch.setattr("sys.argv", [started, "serve"])
    path = tmp_path / "bin"
    path.mkdir()
    if on_the_path:
        (path / "habar").touch(0o755)
    monkeypatch.setenv("PATH", str(path))
    sandbox_banner(gateway(tmp_path, ListenAddress("127.0.0.1", 1)), None, None)
    [command] = re.findall(r"^ *(\S*habar) shortcode", capsys.readouterr().out, re.MULTILINE)
    assert command == pasted


def test_each_start_gives_an_id_that_is_not_used_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for now in (1_760_000_000.5, 1_760_000_001.5):
        monkeypatch.setattr("time.time", lambda now=now: now)
        sandbox_banner(gateway(tmp_path, ListenAddress("127.0.0.1", 1)), None, None)
        ids.append(set(re.findall(r'id="(\d+)"', capsys.readouterr().out)))
    assert ids == [{"1760000000"}, {"1760000001"}]


def test_colours_are_for_terminals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    sandbox_banner(gateway(tmp_path, ListenAddress("127.0.0.1", 1)), None, None)
    styles = set(re.findall(r"\x1b\[(\d+)m", screen.getvalue()))
    assert styles == {"0", "1", "2", "32"}  # bold, dim, green: readable on light and dark


def test_production_says_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    addresses = (ListenAddress("0.0.0.0", 80), ListenAddress("::1", 8090))
    production(gateway(Path("/var/lib/habar"), *addresses), None, None)
    assert capsys.readouterr().out == (
        "habar: listening on 0.0.0.0:80, [::1]:8090; data in /var/lib/habar\n"
    )


def test_a_database_is_told_without_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://habar:s3cret@db.example/habar"
    listening(["0.0.0.0:80"], Settings(database=DatabaseSettings(url=url)))
    assert capsys.readouterr().out == (
        "habar: listening on 0.0.0.0:80; database postgresql://habar:***@db.example/habar\n"
    )
