"""What `habar serve` says when it is up: where everything is, and what to try first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import typer

from habar.app.gateway import Gateway
from habar.app.sandbox import DEMO, LOOPBACK, SHOP
from habar.config import Settings, address
from habar.simulator import Simulator

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
        ("Accounts", f"{DEMO.login}/{DEMO.secret}: {DEMO.words}"),
        ("", f"{SHOP.login}/{SHOP.secret}: {SHOP.words}"),
        ("Operator", f"SMSC simulator on {address(LOOPBACK, smsc.port if smsc else 0)}"),
        ("Fates", "77000000103 expires, 77000000105 is undeliverable,"),
        ("", "77000000108 is refused; docs/reference/simulator.md has them all"),
        ("Data", str(Path(gateway.settings.gateway.data).resolve())),
        ("Certificate", str(certificate.resolve() if certificate else "-")),
        ("Health", f"http://{here}/readyz, /healthz and /metrics"),
    ):
        typer.echo("  " + typer.style(f"{name:<{_WIDTH}}", dim=True) + words)
    for title, package in (
        ("Send a message:", _SEND.format(number)),
        ("Ask what became of it:", _ASK.format(number)),
    ):
        typer.echo(f"\n{title}\n")
        typer.secho(f"curl -d '{package}' http://{here}/api", fg="green")
    typer.echo("\nStop with Ctrl-C.\n")


_SEND = (
    '<package login="demo" password="demo"><message>'
    '<msg id="{}" recipient="77771234567" sender="TEXT_MSG">Test</msg></message></package>'
)
_ASK = '<package login="demo" password="demo"><status><msg id="{}"/></status></package>'
