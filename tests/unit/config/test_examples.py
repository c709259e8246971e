"""What is shipped to begin with: examples/habar.toml, units for systemd, a compose file."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.main import get_command

from habar.app.processes import MARGIN
from habar.cli.serve import app
from habar.config import GatewaySettings, Settings, cautions, load, password_of

EXAMPLES = Path(__file__).parents[3] / "examples"
EXAMPLE = EXAMPLES / "habar.toml"
COMMENTED = re.compile(r"^# (\w+ = .*)$", re.MULTILINE)


def read(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "habar.toml"
    path.write_text(text, "utf-8")
    tls = {name: str(folder / f"{name}.pem") for name in ("cert", "key")}
    return load(
        path, {"HABAR_TLS_CERTIFICATE": tls["cert"], "HABAR_TLS_KEY": tls["key"], **environ}
    )


@pytest.fixture
def folder(tmp_path: Path, pair: object) -> Path:
    shutil.copy(EXAMPLES / "habar.toml", tmp_path)
    (tmp_path / "kcell.password").write_text("s3cret\n")
    for name in ("kcell.password", "key.pem"):
        (tmp_path / name).chmod(0o640)
    return tmp_path


def test_the_example_is_a_file_that_habar_takes(folder: Path) -> None:
    settings = read(folder, (EXAMPLES / "habar.toml").read_text("utf-8"))
    assert password_of(settings.operators[0]) == "s3cret"
    assert [x.port for x in settings.listeners if x.ops] == [8090]
    assert cautions(folder / "habar.toml", settings) == []


def test_what_it_shows_as_defaults_are_the_defaults(folder: Path) -> None:
    text = (EXAMPLES / "habar.toml").read_text("utf-8")
    assert len(COMMENTED.findall(text)) > 8
    spoken_out = COMMENTED.sub(r"\1", text)
    assert tomllib.loads(spoken_out) != tomllib.loads(text)
    assert unsaid(read(folder, spoken_out)) == unsaid(read(folder, text))


def unsaid(settings: Settings) -> Settings:
    """The values alone, without who said them."""
    replace = msgspec.structs.replace
    operators = tuple(replace(o, said=frozenset()) for o in settings.operators)
    return replace(settings, operators=operators)


def unit(name: str) -> dict[str, list[str]]:
    """[Service] of a unit; systemd permits a name several times."""
    lines = (EXAMPLES / name).read_text("utf-8").partition("[Service]")[2].partition("\n[")[0]
    service: dict[str, list[str]] = {}
    for line in lines.strip().splitlines():
        if not line.startswith("#"):
            key, _, value = line.partition("=")
            service.setdefault(key, []).append(value)
    return service


def command(words: str) -> dict[str, Any]:
    """What `habar serve …` would be given, read by the command line itself."""
    _, habar, rest = words.rpartition("habar serve")
    assert habar, words
    return dict(get_command(app).make_context("serve", shlex.split(rest)).params)


UNITS = ["habar.service", "habar@.service"]


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_waits_for_the_drain_and_leaves_a_faulty_file_alone(name: str) -> None:
    service = unit(name)
    assert float(service["TimeoutStopSec"][0]) > GatewaySettings().drain_seconds + MARGIN
    assert service["RestartPreventExitStatus"] == ["2"]
    assert service["KillMode"] == ["mixed"]  # a second SIGTERM would end a node at once


def test_the_unit_of_one_gateway_keeps_its_database_where_the_example_says() -> None:
    service = unit("habar.service")
    assert command(service["ExecStart"][0])["config"] == Path("/etc/habar/habar.toml")
    data = f"/var/lib/{service['StateDirectory'][0]}"
    assert data in (EXAMPLES / "habar.toml").read_text("utf-8")


def test_the_template_names_the_node_and_keeps_its_data_apart(folder: Path) -> None:
    service = unit("habar@.service")
    environ = dict(line.replace("%i", "one").split("=", 1) for line in service["Environment"])
    config = environ.pop("HABAR_CONFIG")
    words = service["ExecStart"][0].replace("${HABAR_CONFIG}", config)
    assert command(words)["config"] == Path("/etc/habar/habar.toml")
    gateway = read(folder, EXAMPLE.read_text("utf-8"), **environ).gateway
    assert (gateway.node, gateway.data) == ("one", "/var/lib/habar/one")
    assert service["StateDirectory"] == ["habar/%i"]
    assert service["Restart"] == ["on-failure"]


def test_the_template_is_no_less_hardened_than_the_unit() -> None:
    one, template = unit("habar.service"), unit("habar@.service")
    differ = {key for key in one if template.get(key) != one[key]}
    assert differ == {"ExecStart", "Restart", "StateDirectory"}


class TestCompose:
    """There is no YAML parser among what we install: the lines are read as they stand."""

    TEXT = (EXAMPLES / "compose.yaml").read_text("utf-8")

    def node(self, name: str) -> str:
        found = re.search(rf"^  {name}:\n((?:    .*\n)+)", self.TEXT, re.MULTILINE)
        assert found
        return found[1]

    def environ(self, name: str) -> dict[str, str]:
        found = re.search(r"^x-environment: &environment\n((?:  .*\n)+)", self.TEXT, re.MULTILINE)
        assert found
        assert "<<: *environment" in self.node(name)
        lines = found[1] + self.node(name)
        return dict(re.findall(r"^ +(HABAR_\w+): (\S+)$", lines, re.MULTILINE))

    def test_three_nodes_have_names_of_their_own_on_one_database(self, folder: Path) -> None:
        secret = folder / "database.password"
        secret.write_text("s3cret\n")
        settings = []
        for name in ("one", "two", "three"):
            environ = self.environ(name)
            file = environ.pop("HABAR_DATABASE_PASSWORD_FILE")
            assert file == f"/etc/habar/{secret.name}"
            environ["HABAR_DATABASE_PASSWORD_FILE"] = str(secret)
            settings.append(read(folder, EXAMPLE.read_text("utf-8"), **environ))
        assert [each.gateway.node for each in settings] == ["one", "two", "three"]
        url = "postgresql://habar:s3cret@database:5432/habar"
        assert {each.database.url for each in settings} == {url}

    def test_what_it_runs_is_a_command(self) -> None:
        (words,) = re.findall(r"^  command: (.*)$", self.TEXT, re.MULTILINE)
        assert command(f"habar {words}")["config"] == Path("/etc/habar/habar.toml")

    def test_what_is_named_is_there(self) -> None:
        anchors = set(re.findall(r"&(\w+)$", self.TEXT, re.MULTILINE))
        assert set(re.findall(r"\*(\w+)$", self.TEXT, re.MULTILINE)) == anchors
        (dockerfile,) = re.findall(r"dockerfile: (\S+)", self.TEXT)
        assert (EXAMPLES.parent / dockerfile).is_file()
        assert re.findall(r"^ +image: (\S+)$", self.TEXT, re.MULTILINE) == ["habar", "postgres:17"]
        assert "\t" not in self.TEXT


def test_the_image_is_made_of_what_is_there() -> None:
    text = (EXAMPLES / "Dockerfile").read_text("utf-8")
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (.*)$", text, re.MULTILINE)]
    for name in (name for names in copied for name in names):
        assert (EXAMPLES.parent / name).exists(), name
    assert "--require-hashes -r requirements/run.txt" in text
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
    (words,) = re.findall(r"^CMD (.*)$", text, re.MULTILINE)
    whole = shlex.join(json.loads(entry) + json.loads(words))
    assert command(whole)["config"] == Path("/etc/habar/habar.toml")
