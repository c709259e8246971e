"""The control socket, and `habar simulate inbound` at its other end."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from habar.cli import app
from habar.simulator import Control, ControlError, Settings, Simulator, SubscriberMessage
from habar.wire.smpp import CommandStatus

Connect = Callable[..., Awaitable[Any]]
ASKED = {"do": "deliver", "from": "77771234567", "to": "8785", "text": "Hello", "wait": 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "simulator.sock"


@pytest.fixture
async def control(smsc: Simulator, path: Path) -> AsyncIterator[Control]:
    control = Control(smsc, path)
    await control.start()
    yield control
    await control.close()


async def ask(path: Path, request: bytes | dict[str, Any]) -> list[dict[str, Any]]:
    """Say a line, or any octets, and read all that is told."""
    octets = request if isinstance(request, bytes) else json.dumps(request).encode() + b"\n"
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(octets)
        writer.write_eof()
        told = await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()
    return [json.loads(line) for line in told.splitlines()]


async def habar(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["simulate", "inbound", *words])


def asked(path: Path, *words: str) -> list[str]:
    question = ["--from", "77771234567", "--to", "8785", "--text", "Сәлем"]
    return [*question, "--control", str(path), *words]


def mode(path: Path) -> int | None:
    return path.stat().st_mode & 0o777 if path.exists() else None


async def replying(esme: Any, text: bytes = b"Thank you") -> None:
    """What a gateway does: answer the question, to the code that it came to."""
    pdu = await esme.deliver()
    await esme.ask_submit(pdu.octets("destination_addr"), pdu.octets("source_addr"), text)


class TestSocket:
    async def test_a_message_is_handed_on_and_acknowledged(
        self, control: Control, path: Path, esme: Any
    ) -> None:
        told = await ask(path, ASKED)
        assert told == [
            {"event": "kept", "parts": 1, "receivers": 1},
            {"event": "sent", "part": 1},
            {"event": "acknowledged", "part": 1},
            {"event": "end", "acknowledged": True, "replied": False},
        ]
        assert (await esme.deliver()).message == b"Hello"

    async def test_the_reply_is_told(
        self, control: Control, path: Path, smsc: Simulator, esme: Any
    ) -> None:
        answering = asyncio.create_task(replying(esme))
        *_, reply, end = await ask(path, ASKED | {"transaction": "12345", "wait": 30})
        await answering
        [received] = smsc.received
        assert reply == {
            "event": "reply",
            "from": "8785#12345",
            "to": "77771234567",
            "text": "Thank you",
            "id": received.message_id,
        }
        assert end == {"event": "end", "acknowledged": True, "replied": True}

    async def test_what_goes_elsewhere_is_no_reply(
        self, control: Control, path: Path, esme: Any
    ) -> None:
        async def others() -> None:
            await esme.deliver()
            await esme.ask_submit(b"8785", b"77770000000", b"to another")
            await esme.ask_submit(b"1414", b"77771234567", b"from another")
            await esme.ask_submit(b"8785", b"77771234567", b"Thank you")

        answering = asyncio.create_task(others())
        told = await ask(path, ASKED | {"from": "+77771234567", "to": "+8785", "wait": 30})
        await answering
        assert [line["text"] for line in told if line["event"] == "reply"] == ["Thank you"]

    async def test_a_refusal_is_told(self, control: Control, path: Path, esme: Any) -> None:
        esme.answer = CommandStatus.ESME_RX_P_APPN
        told = await ask(path, ASKED | {"wait": 30})
        assert told[2:] == [
            {"event": "refused", "why": "ESME_RX_P_APPN", "part": 1},
            {"event": "end", "acknowledged": False, "replied": False},
        ]

    async def test_all_ways_can_be_asked_for(self, control: Control, path: Path, esme: Any) -> None:
        ways = {"part_way": "udh16", "encoding": "ucs2", "data_sm": True, "order": [2, 1, 1]}
        told = await ask(path, ASKED | {"text": "x" * 100, **ways})
        assert [line["part"] for line in told if line["event"] == "sent"] == [2, 1, 1]
        pdus = [await esme.deliver() for _ in range(3)]
        assert [pdu.message[6] for pdu in pdus] == [2, 1, 1]  # TS 23.040, 9.2.3.24.8

    async def test_without_a_receiver_it_is_kept(
        self,
        control: Control,
        path: Path,
        smsc: Simulator,
        connect: Connect,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("habar.simulator.control.ACKNOWLEDGED_WITHIN", 0.01)
        assert await ask(path, ASKED) == [
            {"event": "kept", "parts": 1, "receivers": 0},
            {"event": "end", "acknowledged": False, "replied": False},
        ]
        esme = await (await connect(smsc)).bind()
        assert (await esme.deliver()).message == b"Hello"

    async def test_who_hangs_up_leaves_the_message(
        self, control: Control, path: Path, smsc: Simulator, connect: Connect
    ) -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(json.dumps(ASKED | {"wait": 600}).encode() + b"\n")
        assert b"kept" in await asyncio.wait_for(reader.readline(), 30)
        writer.close()
        esme = await (await connect(smsc)).bind()
        assert (await esme.deliver()).message == b"Hello"

    async def test_whoever_runs_it_is_told_what_was_taken(
        self, smsc: Simulator, path: Path, esme: Any
    ) -> None:
        taken: list[SubscriberMessage] = []
        control = Control(smsc, path, on_message=taken.append)
        await control.start()
        await ask(path, ASKED)
        await ask(path, ASKED | {"to": "wrong"})
        await control.close()
        assert taken == [SubscriberMessage("77771234567", "8785", "Hello")]


class TestHostile:
    @pytest.mark.parametrize(
        ("octets", "words"),
        [
            (b"", "no end"),
            (b"hello", "no end"),
            (b"hello\n", "cannot be read"),
            (b"\xff\xfe\n", "cannot be read"),
            (b"[" * 100_000 + b"\n", "cannot be read"),
            (b"{}\n", "cannot be read"),
            (b'{"do": "stop"}\n', "cannot be read"),
            (b"x" * 600_000 + b"\n", "longer than"),
        ],
    )
    async def test_what_is_no_request_is_refused_in_words(
        self, control: Control, path: Path, octets: bytes, words: str
    ) -> None:
        [told] = await ask(path, octets)
        assert told["event"] == "refused"
        assert words in told["why"]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"to": None}, "Expected `str`"),
            ({"extra": 1}, "unknown field"),
            ({"wait": 601}, "<= 600"),
            ({"part_way": "both"}, "part_way"),
            ({"order": [0]}, ">= 1"),
            ({"order": [9]}, "1 part"),
            ({"from": "nobody"}, "must be 1 to 20 digits"),
            ({"text": "x" * 153 * 256}, "at most 255"),
            ({"text": "Қ", "encoding": "gsm7"}, "no"),
        ],
    )
    async def test_what_cannot_be_asked_is_refused_in_words(
        self, control: Control, path: Path, smsc: Simulator, change: dict[str, Any], words: str
    ) -> None:
        [told] = await ask(path, ASKED | change)
        assert told["event"] == "refused"
        assert words in told["why"]
        assert smsc.waiting_deliveries == 0

    async def test_a_full_simulator_says_so(self, path: Path) -> None:
        async with Simulator(Settings(port=0, outbox_limit=1)) as smsc:
            control = Control(smsc, path)
            await control.start()
            smsc.deliver("77771234567", "8785", "first")
            [told] = await ask(path, ASKED)
            await control.close()
        assert told == {"event": "refused", "why": "1 deliver_sm are kept"}

    async def test_a_crowd_of_idlers_keeps_nobody_in_after_they_leave(
        self, control: Control, path: Path, esme: Any
    ) -> None:
        idle = [await asyncio.open_unix_connection(path) for _ in range(40)]
        for reader, _ in idle[32:]:
            assert b"too many ask at once" in await asyncio.wait_for(reader.read(), 30)
        for _, writer in idle:
            writer.close()

        async def let_in() -> bool:
            with contextlib.suppress(ConnectionError):
                return bool((await ask(path, ASKED))[-1].get("acknowledged"))
            return False

        async with asyncio.timeout(30):
            while not await let_in():
                pass


class TestFile:
    async def test_it_is_its_owners_only_and_goes_at_the_end(
        self, smsc: Simulator, path: Path
    ) -> None:
        control = Control(smsc, path)
        before = os.umask(0)
        try:
            await control.start()
        finally:
            os.umask(before)
        assert mode(path) == 0o600
        await control.close()
        assert mode(path) is None

    async def test_what_a_dead_process_left_is_replaced(
        self, smsc: Simulator, path: Path, esme: Any
    ) -> None:
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(path))
        dead.close()
        control = Control(smsc, path)
        await control.start()
        assert (await ask(path, ASKED))[-1]["acknowledged"]
        await control.close()

    async def test_a_living_one_is_not(self, control: Control, path: Path) -> None:
        async with Simulator(Settings(port=0)) as other:
            with pytest.raises(ControlError, match="another simulator listens"):
                await Control(other, path).start()
        assert (await ask(path, ASKED | {"to": ""}))[0]["event"] == "refused"

    def test_a_file_that_is_no_socket_stays(self, path: Path) -> None:
        path.write_text("mine")
        with pytest.raises(ControlError, match="is no socket"):
            asyncio.run(Control(Simulator(), path).start())
        assert path.read_text() == "mine"

    async def test_a_successors_file_is_not_removed(self, smsc: Simulator, path: Path) -> None:
        first, second = Control(smsc, path), Control(smsc, path)
        await first.start()
        os.unlink(path)  # noqa: PTH108 - as a person does
        await second.start()
        await first.close()
        assert mode(path) is not None
        await second.close()

    async def test_a_path_that_is_too_long_is_told(self, smsc: Simulator, tmp_path: Path) -> None:
        long = tmp_path / ("x" * 108)
        with pytest.raises(ControlError, match="too long for a Unix socket"):
            await Control(smsc, long).start()
        told = await habar(*asked(long))
        assert (told.exit_code, told.stdout) == (1, "")
        assert "too long for a Unix socket" in told.stderr


class TestCommand:
    async def test_it_tells_what_happens_up_to_the_reply(
        self, control: Control, path: Path, smsc: Simulator, esme: Any
    ) -> None:
        answering = asyncio.create_task(replying(esme))
        told = await habar(*asked(path, "--transaction", "12345", "--wait", "30"))
        await answering
        [received] = smsc.received
        assert (told.exit_code, told.stderr) == (0, "")
        assert told.stdout.splitlines() == [
            "at the simulator: 1 part(s)",
            "part 1: handed to the gateway",
            "part 1: acknowledged",
            f"reply 8785#12345 -> 77771234567  id {received.message_id}  'Thank you'",
        ]

    async def test_it_finds_the_sandbox_by_its_folder(
        self, control: Control, path: Path, esme: Any
    ) -> None:
        words = ["--from", "77771234567", "--to", "8785", "--text", "Hi", "--wait", "0"]
        told = await habar(*words, "--data", str(path.parent))
        assert told.exit_code == 0
        assert (await esme.deliver()).message == b"Hi"

    async def test_ways_are_passed_on(self, control: Control, path: Path, esme: Any) -> None:
        ways = ["--part-way", "sar", "--encoding", "ucs2", "--data-sm", "--order", "1"]
        told = await habar(*asked(path, *ways, "--wait", "0"))
        assert told.exit_code == 0
        pdu = await esme.deliver()
        assert (pdu.number("data_coding"), pdu.message) == (8, "Сәлем".encode("utf-16-be"))

    async def test_no_reply_is_a_failure_where_it_was_waited_for(
        self, control: Control, path: Path, esme: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = await habar(*asked(path, "--wait", "0.01"))
        why = "no reply in 0.01 seconds: `habar inbound list` and `show` tell why\n"
        assert (told.exit_code, told.stderr) == (1, f"habar: {why}")
        monkeypatch.setattr("habar.cli.simulate.REPLIED_WITHIN", 0.01)
        told = await habar(*asked(path))
        assert (told.exit_code, told.stderr) == (0, why)

    @pytest.mark.parametrize("order", ["0", "a,b", "1,,2", "256"])
    async def test_an_order_that_is_none(self, path: Path, order: str) -> None:
        told = await habar(*asked(path, "--order", order))
        assert (told.exit_code, told.stdout) == (2, "")
        assert told.stderr == (
            f"habar: --order: {order!r} is no list of numbers of parts such as 2,1\n"
        )

    async def test_nobody_runs_there(self, path: Path) -> None:
        told = await habar(*asked(path))
        assert (told.exit_code, told.stdout) == (1, "")
        assert told.stderr == f"habar: no simulator runs here: nobody listens on {path}\n"

    async def test_the_gateway_is_not_bound(
        self, control: Control, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("habar.simulator.control.ACKNOWLEDGED_WITHIN", 0.01)
        told = await habar(*asked(path))
        assert told.exit_code == 1
        assert told.stdout.startswith("the gateway is not bound to the simulator as a receiver")
        assert told.stderr.startswith("habar: not acknowledged")

    async def test_the_gateway_refuses(self, control: Control, path: Path, esme: Any) -> None:
        esme.answer = CommandStatus.ESME_RX_P_APPN
        told = await habar(*asked(path))
        assert told.exit_code == 1
        assert "part 1: refused for good: ESME_RX_P_APPN" in told.stdout

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["--order", "one"], "no list of numbers"),
            (["--data", "there"], "give one of them"),
            (["--transaction", "1 2"], "a transaction id has"),
            (["--order", "2"], "1 part"),
        ],
    )
    async def test_what_is_asked_wrongly(
        self, control: Control, path: Path, words: list[str], why: str
    ) -> None:
        told = await habar(*asked(path, *words))
        assert (told.exit_code, told.stdout) == (2, "")
        assert why in told.stderr

    async def test_something_else_answers(self, path: Path) -> None:
        async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_unix_server(other, path)
        told = await habar(*asked(path))
        server.close()
        await server.wait_closed()
        assert told.exit_code == 1
        assert "is no simulator" in told.stderr
