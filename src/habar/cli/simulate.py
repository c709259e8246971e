"""`habar simulate`: what happens at the operator's side, on a sandbox's or another's simulator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from habar.config import GatewaySettings

if TYPE_CHECKING:
    from habar.simulator.control_lines import Acknowledged, Deliver, Kept, Refused, Replied, Sent

REPLIED_WITHIN = 5.0
_PART = re.compile(r"[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]")
"""1 to 255."""

app = typer.Typer(
    help="What a subscriber does, at the simulator.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    pass


@app.command()
def inbound(
    sender: Annotated[str, typer.Option("--from", help="The subscriber.")],
    to: Annotated[str, typer.Option(help="The short code.")],
    text: Annotated[str, typer.Option(help="What they write.")],
    transaction: Annotated[
        str, typer.Option(help="The operator's id of the question, behind the short code.")
    ] = "",
    data: Annotated[
        Path | None, typer.Option(help="The sandbox's data folder.  [default: habar-data]")
    ] = None,
    control: Annotated[
        Path | None, typer.Option(help="The socket of a `habar simulator --control`.")
    ] = None,
    data_sm: Annotated[
        bool, typer.Option("--data-sm", help="By data_sm in place of deliver_sm.")
    ] = False,
    part_way: Annotated[
        Literal["udh8", "udh16", "sar", "payload"],
        typer.Option(help="How the parts of a long text are told."),
    ] = "udh8",
    encoding: Annotated[
        Literal["auto", "gsm7", "latin-1", "ucs2"], typer.Option(help="What it is written in.")
    ] = "auto",
    order: Annotated[
        str, typer.Option(help="Which parts go, such as 2,1 or 1,1,2 or 1,3.", show_default=False)
    ] = "",
    wait: Annotated[
        float | None,
        typer.Option(
            help="Seconds for the reply, without which it has failed then.  [default: 5, and it"
            " has not]",
            min=0,
            max=600,
        ),
    ] = None,
) -> None:
    """Have a subscriber's message handed to the gateway, and tell what becomes of it."""
    from habar.cli.place import fail
    from habar.simulator.control_lines import SOCKET, Deliver

    if data is not None and control is not None:
        fail("--data and --control say the same: give one of them", 2)
    request = Deliver(
        sender=sender,
        recipient=to,
        text=text,
        transaction=transaction,
        part_way=part_way,
        encoding=encoding,
        data_sm=data_sm,
        order=_order(order),
        wait=REPLIED_WITHIN if wait is None else wait,
    )
    path = control or (data or Path(GatewaySettings().data)) / SOCKET
    acknowledged, replied = _told(path, request)
    if not acknowledged:
        fail("not acknowledged: the simulator keeps what was not refused for good")
    if not replied and request.wait:
        told = f"no reply in {request.wait:g} seconds: `habar inbound list` and `show` tell why"
        if wait:
            fail(told)
        typer.echo(told, err=True)


def _order(words: str) -> tuple[int, ...]:
    from habar.cli.place import fail

    numbers = [word.strip() for word in words.split(",")] if words else []
    if not all(_PART.fullmatch(number) for number in numbers):
        fail(f"--order: {words!r} is no list of numbers of parts such as 2,1", 2)
    return tuple(map(int, numbers))


def _told(path: Path, request: Deliver) -> tuple[bool, bool]:
    """Print what happens; whether it was acknowledged, and replied to."""
    from habar.cli.place import fail
    from habar.simulator import ControlError, ask
    from habar.simulator.control_lines import End, Refused

    try:
        for line in ask(path, request):
            if isinstance(line, End):
                return line.acknowledged, line.replied
            if isinstance(line, Refused) and not line.part:
                fail(line.why, 2)
            typer.echo(_words(line))
    except ControlError as error:
        fail(str(error))
    return False, False


def _words(line: Kept | Sent | Acknowledged | Refused | Replied) -> str:
    from habar.simulator.control_lines import Acknowledged, Kept, Refused, Sent

    if isinstance(line, Kept):
        if line.receivers:
            return f"at the simulator: {line.parts} part(s)"
        return "the gateway is not bound to the simulator as a receiver: kept until it is"
    if isinstance(line, Sent):
        return f"part {line.part}: handed to the gateway"
    if isinstance(line, Acknowledged):
        return f"part {line.part}: acknowledged"
    if isinstance(line, Refused):
        what = "refused in passing, goes again" if line.again else "refused for good"
        return f"part {line.part}: {what}: {line.why}"
    return f"reply {line.sender} -> {line.recipient}  id {line.id}  {line.text!r}"
