"""What is shipped to begin with: examples/habar.toml and the unit beside it."""

from __future__ import annotations

import configparser
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from habar.config import GatewaySettings, Settings, cautions, load

EXAMPLES = Path(__file__).parents[3] / "examples"
COMMENTED = re.compile(r"^# (\w+ = .*)$", re.MULTILINE)


def read(folder: Path, text: str) -> Settings:
    path = folder / "habar.toml"
    path.write_text(text, "utf-8")
    tls = {name: str(folder / f"{name}.pem") for name in ("cert", "key")}
    return load(path, {"HABAR_TLS_CERTIFICATE": tls["cert"], "HABAR_TLS_KEY": tls["key"]})


@pytest.fixture
def folder(tmp_path: Path, pair: object) -> Path:
    shutil.copy(EXAMPLES / "habar.toml", tmp_path)
    (tmp_path / "kcell.password").write_text("s3cret\n")
    for name in ("kcell.password", "key.pem"):
        (tmp_path / name).chmod(0o640)
    return tmp_path


def test_the_example_is_a_file_that_habar_takes(folder: Path) -> None:
    settings = read(folder, (EXAMPLES / "habar.toml").read_text("utf-8"))
    assert settings.operators[0].password == "s3cret"
    assert [x.port for x in settings.listeners if x.ops] == [8090]
    assert cautions(folder / "habar.toml", settings) == []


def test_what_it_shows_as_defaults_are_the_defaults(folder: Path) -> None:
    text = (EXAMPLES / "habar.toml").read_text("utf-8")
    assert len(COMMENTED.findall(text)) > 8
    spoken_out = COMMENTED.sub(r"\1", text)
    assert tomllib.loads(spoken_out) != tomllib.loads(text)
    assert read(folder, spoken_out) == read(folder, text)


def test_the_unit_waits_for_the_drain_and_leaves_a_faulty_file_alone() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(EXAMPLES / "habar.service")
    service = unit["Service"]
    assert service["ExecStart"].endswith("habar serve --config /etc/habar/habar.toml")
    assert float(service["TimeoutStopSec"]) > GatewaySettings().drain_seconds
    assert service["RestartPreventExitStatus"] == "2"
    assert f"/var/lib/{service['StateDirectory']}" in (EXAMPLES / "habar.toml").read_text("utf-8")
