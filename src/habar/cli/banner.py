"""What `habar serve` says when it is up: where everything is, and what to try first."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import typer

from habar.app.gateway import Gateway
from habar.app.sandbox import DEMO, LOOPBACK, SHOP, SHORT_CODE
from habar.config import GatewaySettings, Settings, address
from habar.simulator import SOCKET, Simulator

_WIDTH = 13


def production(gateway: Gateway, smsc: Simulator | None, certificate: Path | None) -> None:
    """One line: the log says the rest."""
    del smsc, certificate
    listening([address(x.host, x.port) for x in gateway.addresses], gateway.settings)


def listening(addresses: Sequence[str], settings: Settings) -> None:
    """Where it listens, and where everything is kept."""
    database = settings.database
    kept = f"database {database.shown}" if database.url else f"data in {settings.gateway.data}"
    typer.echo(f"habar: listening on {', '.join(addresses)}; {kept}")


def sandbox_banner(gateway: Gateway, smsc: Simulator | None, certificate: Path | None) -> None:
    """Everything a developer needs to send the first message. Colours on a terminal only."""
    here = address(LOOPBACK, gateway.addresses[0].port)
    number = int(time.time())  # a customer's id is used up by its message: each start, another
    typer.echo()
    typer.echo(
        typer.style("Habar", bold=True)
        + " is up. This is the sandbox: nothing leaves this machine."
    )
    typer.echo()
    for name, words in (
        ("XML", f"http://{here}/api and https, the same port"),
        ("HTTP", f"http://{here}/?action=sendmessage&…, the same port"),
        ("Accounts", f"{DEMO.login}/{DEMO.secret}: {DEMO.words}"),
        ("", f"{SHOP.login}/{SHOP.secret}: {SHOP.words}"),
        ("Operator", f"SMSC simulator on {address(LOOPBACK, smsc.port if smsc else 0)}"),
        ("Fates", "77000000103 expires, 77000000105 is undeliverable,"),
        ("", "77000000108 is refused; docs/reference/simulator.md has them all"),
        ("Short code", f"{SHORT_CODE} is demo's, and answered; to have your own service called:"),
        ("", _command(gateway, "shortcode", "set", SHORT_CODE, "--url", "http://127.0.0.1:8000/")),
        ("Data", str(Path(gateway.settings.gateway.data).resolve())),
        ("Certificate", str(certificate.resolve() if certificate else "-")),
        ("Health", f"http://{here}/readyz, /healthz and /metrics"),
    ):
        typer.echo("  " + typer.style(f"{name:<{_WIDTH}}", dim=True) + words)
    for title, command in (
        ("Send a message:", f"curl -d '{_SEND.format(number)}' http://{here}/api"),
        ("Ask what became of it:", f"curl -d '{_ASK.format(number)}' http://{here}/api"),
        ("Have a subscriber write to demo's short code:", _simulate(gateway)),
    ):
        if command:
            typer.echo(f"\n{title}\n")
            typer.secho(command, fg="green")
    typer.echo("\nStop with Ctrl-C.\n")


def _simulate(gateway: Gateway) -> str:
    """The command; "" where it could not find this sandbox."""
    if not (Path(gateway.settings.gateway.data) / SOCKET).is_socket():
        return ""
    words = ("--from", "77771234567", "--to", SHORT_CODE, "--text", "Hello")
    return _command(gateway, "simulate", "inbound", *words)


def _command(gateway: Gateway, *words: str) -> str:
    """A command of ours, as it finds this sandbox from this folder."""
    data = Path(gateway.settings.gateway.data)
    if data.resolve() != Path(GatewaySettings().data).resolve():
        words = (*words, "--data", str(data))
    return shlex.join((_program(), *words))


def _program() -> str:
    """How another terminal in this folder starts us: by name, else as this one did (`make run`)."""
    started = sys.argv[0]
    return "habar" if Path(started).name != "habar" or shutil.which("habar") else started


_SEND = (
    '<package login="demo" password="demo"><message>'
    '<msg id="{}" recipient="77771234567" sender="TEXT_MSG">Test</msg></message></package>'
)
_ASK = '<package login="demo" password="demo"><status><msg id="{}"/></status></package>'
