"""`habar simulator`: an operator's SMSC to talk to, alone."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
import uvloop

if TYPE_CHECKING:
    import ssl

    from habar.simulator import Received, Settings, SubscriberMessage

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command()
def simulator(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0: any free one.", min=0, max=65535)
    ] = 2776,
    system_id: Annotated[str, typer.Option(help="Who may bind.")] = "habar",
    password: Annotated[
        str | None, typer.Option(help="The password for it; for habar it is habar.")
    ] = None,
    receipt_delay: Annotated[
        float, typer.Option(help="Seconds from a message to its receipt.", min=0)
    ] = 1.0,
    response_delay: Annotated[
        float, typer.Option(help="Seconds from a submit_sm to its answer.", min=0)
    ] = 0.0,
    message_ids: Annotated[
        Literal["decimal", "hex", "hex-upper"], typer.Option(help="How message ids are written.")
    ] = "decimal",
    receipt_ids: Annotated[
        Literal["decimal", "hex", "hex-upper"] | None,
        typer.Option(help="How they are written in receipts, where otherwise."),
    ] = None,
    receipts_for: Annotated[
        Literal["parts", "last-part", "whole"],
        typer.Option(help="Which parts of a long message have receipts."),
    ] = "parts",
    receipt_form: Annotated[
        Literal["both", "text", "tlv"], typer.Option(help="What a receipt is written in.")
    ] = "both",
    receipt_template: Annotated[
        str, typer.Option(help="The text of a receipt.", show_default=False)
    ] = "",
    receipt_zone: Annotated[str, typer.Option(help="Zone of the dates in receipts.")] = "UTC",
    alphabet: Annotated[
        Literal["gsm7", "gsm7-packed", "latin-1", "ascii"],
        typer.Option(help="What data_coding 0 means."),
    ] = "gsm7",
    bind_limit: Annotated[int, typer.Option(help="Most binds at a time; 0: no limit.", min=0)] = 0,
    reference_tlv: Annotated[
        str, typer.Option(help="Tag of the TLV in which a submit_sm may name itself.")
    ] = "0",
    tls_certificate: Annotated[
        Path | None, typer.Option(help="Speak TLS only, with this certificate (PEM).")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="Its key, where that is in another file.")
    ] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option(help="Whose certificates clients must show.")
    ] = None,
    control: Annotated[
        Path | None,
        typer.Option(help="A Unix socket on which `habar simulate` may ask for messages."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong: NAME=VALUE. May be given many times.", metavar="FAULT"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No line for each message.")] = False,
) -> None:
    """Run an operator's SMSC to try things with: binds, receipts, fates by recipient, faults.

    Prints a line for each message it takes. SIGTERM or Ctrl-C ends it in order.
    """
    from habar.app.logs import set_up
    from habar.app.told import StartError
    from habar.cli.place import fail
    from habar.config import LogSettings
    from habar.simulator import Settings, faults_of

    plain = Settings()
    known = plain.passwords
    if password is None and system_id not in known:
        fail(f"a --password is needed for {system_id}", 2)
    try:
        settings = Settings(
            host=host,
            port=port,
            passwords=known if password is None else {system_id: password},
            receipt_delay=receipt_delay,
            response_delay=response_delay,
            message_ids=message_ids,
            receipt_ids=receipt_ids,
            receipts_for=receipts_for,
            receipt_form=receipt_form,
            receipt_template=receipt_template or plain.receipt_template,
            receipt_zone=receipt_zone,
            alphabet=alphabet,
            bind_limit=bind_limit,
            reference_tlv=int(reference_tlv, 0),
            faults=faults_of(fault or ()),
        )
        tls = _server_tls(tls_certificate, tls_key, tls_client_ca)
    except (ValueError, OSError) as error:
        fail(str(error), 2)
    set_up(LogSettings(level="warning" if quiet else "info"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(settings, tls, control, quiet=quiet))
        except StartError as error:
            fail(str(error))


def _server_tls(
    certificate: Path | None, key: Path | None, client_ca: Path | None
) -> ssl.SSLContext | None:
    import ssl

    if certificate is None:
        if key is not None or client_ca is not None:
            raise ValueError("--tls-key and --tls-client-ca need a --tls-certificate")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca)
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def _serve(
    settings: Settings, tls: ssl.SSLContext | None, control: Path | None, *, quiet: bool
) -> None:
    from habar.app.signals import stop_asked
    from habar.app.told import told
    from habar.config import address
    from habar.simulator import Control, Simulator

    smsc = Simulator(settings, on_message=None if quiet else _show, tls=tls)
    with stop_asked() as stop:
        async with contextlib.AsyncExitStack() as undo:
            with told(address(settings.host, settings.port)):
                await smsc.start()
            undo.push_async_callback(smsc.close)
            if control is not None:
                asked = Control(smsc, control, on_message=None if quiet else _show_asked)
                with told(str(control)):
                    await asked.start()
                undo.push_async_callback(asked.close)
            names = ", ".join(settings.passwords)
            typer.echo(f"SMSC simulator on {address(smsc.host, smsc.port)}, system_id {names}")
            await stop.wait()


def _show_asked(message: SubscriberMessage) -> None:
    typer.echo(f"{message.source} -> {message.address}  to be delivered  {message.text!r}")


def _show(message: Received) -> None:
    typer.echo(
        f"{message.source} -> {message.destination}  id {message.message_id}  {message.text!r}"
    )
