"""What `habar serve` says when it is up: where everything is, and what to try first."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from habar.app.gateway import Gateway
from habar.app.sandbox import DEMO, SHOP
from habar.simulator import Simulator

WIDTH = 13


def production(gateway: Gateway, smsc: Simulator | None, certificate: Path | None) -> None:
    """One line: the log says the rest."""
    del smsc, certificate
    where = ", ".join(f"{x.host}:{x.port}" for x in gateway.addresses)
    print(f"habar: listening on {where}; data in {gateway.settings.gateway.data}", flush=True)


def sandbox_banner(gateway: Gateway, smsc: Simulator | None, certificate: Path | None) -> None:
    """Everything a developer needs to send the first message."""
    port = gateway.addresses[0].port
    console = Console(highlight=False, soft_wrap=True)
    console.print("\n[bold]Habar[/bold] is up. This is the sandbox: nothing leaves this machine.\n")
    rows = [
        ("XML", f"http://127.0.0.1:{port}/api and https, the same port"),
        ("Accounts", f"{DEMO.login}/{DEMO.secret}: {DEMO.words}"),
        ("", f"{SHOP.login}/{SHOP.secret}: {SHOP.words}"),
        ("Operator", f"SMSC simulator on 127.0.0.1:{smsc.port if smsc else '-'}"),
        ("Data", str(Path(gateway.settings.gateway.data).resolve())),
        ("Certificate", str(certificate.resolve() if certificate else "-")),
        ("Health", f"http://127.0.0.1:{port}/readyz, /healthz and /metrics"),
    ]
    for name, words in rows:
        console.print(f"  [dim]{name:<{WIDTH}}[/dim]{words}", markup=True)
    console.print("\nSend a message:\n")
    console.print(_curl(port, _SEND), markup=False, style="green")
    console.print("\nAsk for its state:\n")
    console.print(_curl(port, _ASK), markup=False, style="green")
    console.print("\nStop with Ctrl-C.\n")
    console.file.flush()


_SEND = (
    '<package login="demo" password="demo"><message>'
    '<msg id="1" recipient="77771234567" sender="TEXT_MSG">Test</msg></message></package>'
)
_ASK = '<package login="demo" password="demo"><status><msg id="1"/></status></package>'


def _curl(port: int, package: str) -> str:
    return f"curl -d '{package}' http://127.0.0.1:{port}/api"
