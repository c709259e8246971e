"""`habar serve --config`: every fault at once, one sentence for what is in the way, no sandbox."""

import re
import socket
from pathlib import Path

import pytest

from habar.simulator import Simulator

from .conftest import SHOP, configuration
from .customer import Login, ask
from .gateway import Ended, Gateway
from .smsc import PASSWORD, Arrivals
from .waiting import eventually

FAULTY = """
[gateway]
data = "never-made"
timezone = "Asia/Almatty"
drain_second = 5
max_backlog = 0

[http]
body_limit = "many"

[listener]
port = 1

[[listeners]]
host = "127.0.0.1"
port = 70000

[[operators]]
name = "One Operator"
host = "127.0.0.1"
system_id = "longer-than-sixteen-octets"
window = 0
password = "a-secret-too-long"
"""
FAULTS = (
    "[gateway] drain_second: unknown setting; did you mean 'drain_seconds'?",
    "[gateway] max_backlog",
    "[http] body_limit",
    "[listener]: unknown section; did you mean 'listeners'?",
    "[[listeners]] number 1 port",
    "[[operators]] number 1 name",
    "[[operators]] number 1 system_id",
    "[[operators]] number 1 window",
    "[[operators]] number 1 password",
    "[[operators]] number 1 port: missing",
)
SECOND_LOOK = """
[gateway]
data = "never-made"
timezone = "Asia/Almatty"

[tls]
certificate = "no-such.pem"
key = "no-such.key"
"""
SECOND_FAULTS = (
    "[gateway] timezone: no zone named 'Asia/Almatty'",
    "[tls] certificate: cannot read",
    "[tls] key: cannot read",
)


@pytest.fixture
def production(tmp_path: Path, installations: list[Gateway]):
    """Makes an installation of a habar.toml as it is written."""

    def make(text: str, file: str = "habar.toml") -> Gateway:
        (tmp_path / file).write_text(text)
        words = ("--config", file)
        gateway = Gateway(tmp_path, words, tmp_path / "data", secrets=(PASSWORD, SHOP.password))
        installations.append(gateway)
        return gateway

    return make


async def refused(gateway: Gateway) -> Ended:
    ended = await gateway.refusal()
    assert ended is not None, "it started"
    return ended


@pytest.mark.parametrize(
    ("text", "faults"), [(FAULTY, FAULTS), (SECOND_LOOK, SECOND_FAULTS)], ids=["each", "together"]
)
async def test_all_faults_are_listed_at_once(
    production, tmp_path: Path, text: str, faults: tuple[str, ...]
) -> None:
    gateway = production(text)
    ended = await refused(gateway)
    assert (ended.code, ended.out) == (2, "")
    head, *lines = ended.err.splitlines()
    assert head == "habar: habar.toml cannot be used:"
    for fault in faults:
        assert any(line.startswith(f"  {fault}") for line in lines), (fault, lines)
    assert len(lines) == len(faults)
    assert "a-secret-too-long" not in ended.err
    assert not (tmp_path / "never-made").exists()
    checked = await gateway.command("config", "check", "habar.toml")
    assert (checked.code, checked.err) == (2, ended.err)


async def test_no_file_and_no_toml_are_faults_too(production, tmp_path: Path) -> None:
    gateway = production("[gateway\n")
    ended = await refused(gateway)
    assert ended.code == 2
    assert "habar.toml: not TOML" in ended.err
    (tmp_path / "habar.toml").unlink()
    ended = await refused(gateway)
    assert ended.code == 2
    assert "No such file" in ended.err


async def test_a_taken_port_is_told_in_one_sentence(production) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = configuration(1).replace("port = 0", f"port = {port}")
        ended = await refused(production(text))
    assert (ended.code, ended.out) == (1, "")
    assert sentences(ended) == [f"habar: 127.0.0.1:{port}: Address already in use"]


async def test_one_gateway_at_a_time_has_the_data(production) -> None:
    gateway = production(configuration(1))
    async with gateway:
        ended = await refused(production(configuration(1), "second.toml"))
        assert ended.code == 1
        (sentence,) = sentences(ended)
        assert sentence.startswith("habar: ")
        assert "another gateway has" in sentence
        assert (await ask(gateway.port, SHOP.status([1]))).error == 202  # the first one lives
    async with gateway:
        assert gateway.runs


@pytest.mark.rule("xml.demo-sandbox-only", "xml.package-error-202")
async def test_production_has_no_demo_account_and_no_simulator(
    production, operator: tuple[Simulator, Arrivals]
) -> None:
    gateway = production(configuration(operator[0].port))
    async with gateway:
        for name in ("demo", "shop"):
            login = Login(name, name)
            assert (await ask(gateway.port, login.message("Salem"))).error == 202
        listed = await gateway.command("account", "list", "--config", "habar.toml")
        assert listed.code == 0
        assert "demo" not in listed.out
        assert listening(gateway.pid) == {gateway.port}
        (line,) = gateway.said.splitlines()
        assert line.startswith(f"habar: listening on 127.0.0.1:{gateway.port}; data in ")


@pytest.mark.rule("xml.demo-sandbox-only")
async def test_the_sandbox_is_reached_from_this_machine_only(sandbox: Gateway) -> None:
    async with sandbox:
        listed = await sandbox.command("shortcode", "list", "--data", str(sandbox.data))
        service = re.search(r"http://127\.0\.0\.1:(\d+)/thank-you", listed.out)
        assert service, listed
        ports = {sandbox.port, sandbox.smsc_port, int(service[1])}
        assert listening(sandbox.pid) == ports
        assert listening(sandbox.pid, address="0100007F") == ports
        assert (await ask(sandbox.port, Login("demo", "demo").message("Salem"))).error == 0


@pytest.mark.rule("xml.any-listener")
async def test_every_listener_serves_the_protocol(
    production, operator: tuple[Simulator, Arrivals]
) -> None:
    text = configuration(operator[0].port) + '[[listeners]]\nhost = "127.0.0.2"\nport = 0\n'
    gateway = production(text)
    async with gateway:
        found = re.search(r"127\.0\.0\.1:(\d+), 127\.0\.0\.2:(\d+);", gateway.said)
        assert found, gateway.said
        assert listening(gateway.pid) == {int(found[1]), int(found[2])}


async def test_the_environment_is_laid_over_the_file(
    production, operator: tuple[Simulator, Arrivals]
) -> None:
    """The operator's password need not stand in the file."""
    gateway = production(configuration(operator[0].port).replace(PASSWORD, "wrong"))
    gateway.environment["HABAR_OPERATOR_OPERATOR_PASSWORD"] = PASSWORD
    async with gateway:
        await eventually(lambda: bool(operator[0].sessions))


def sentences(ended: Ended) -> list[str]:
    """What was said to the person, without the log's lines."""
    return [line for line in ended.err.splitlines() if not line.startswith("{")]


def listening(pid: int, address: str = "") -> set[int]:
    """The TCP ports on which a process listens (at this address, as the kernel writes it)."""
    links = [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {str(link)[8:-1] for link in links if str(link).startswith("socket:[")}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        int(row[1].rpartition(":")[2], 16)
        for row in rows
        if row[3] == "0A" and row[9] in inodes and row[1].startswith(address)
    }
