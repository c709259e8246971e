"""`habar serve` and `habar simulator` as processes: their signals and exit codes."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trustme

from habar.admin.accounts import Accounts
from habar.app.database import Place, open_store
from habar.model.account import AccountKind
from habar.simulator import Simulator
from habar.wire.smpp import CommandId, Pdu, decode, encode, make_pdu

from .conftest import NOW, PATIENCE, codes, message, request

TERM, INT = signal.SIGTERM, signal.SIGINT


class Process:
    """A `habar` process, its output read by lines; always ended."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child
        self.lines: list[str] = []

    async def line(self, wanted: str) -> re.Match[str]:
        """Read on until a line of standard output is found that fits."""
        assert self._child.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while octets := await self._child.stdout.readline():
                self.lines.append(octets.decode())
                found = re.search(wanted, self.lines[-1])
                if found:
                    return found
        raise AssertionError(self.lines)

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    async def log(self, wanted: str) -> None:
        """Read on until a line of standard error says so."""
        assert self._child.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while octets := await self._child.stderr.readline():
                if wanted in octets.decode():
                    return
        raise AssertionError(wanted)

    async def ended(self) -> tuple[int, str, str]:
        """Exit code (minus the signal that ended it), and what else it said and logged."""
        out, err = await asyncio.wait_for(self._child.communicate(), PATIENCE)
        assert self._child.returncode is not None
        return self._child.returncode, out.decode(), err.decode()

    async def destroy(self) -> None:
        if self._child.returncode is None:
            self._child.kill()
            await self._child.communicate()


@pytest.fixture
async def habar(tmp_path: Path) -> AsyncIterator[Callable[..., object]]:
    """Starts `habar ARGUMENTS` in a folder of the test's own."""
    async with AsyncExitStack() as stack:

        async def start(*arguments: str) -> Process:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "habar",
                *arguments,
                cwd=tmp_path,
                env={k: v for k, v in os.environ.items() if not k.startswith("HABAR_")},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            process = Process(child)
            stack.push_async_callback(process.destroy)
            return process

        yield start


def configure(folder: Path, port: int) -> None:
    (folder / "habar.toml").write_text(
        "[gateway]\ndata = 'data'\ndrain_seconds = 600\n[[listeners]]\nport = 0\n"
        f"[[operators]]\nname = 'operator'\nhost = '127.0.0.1'\nport = {port}\n"
        "system_id = 'habar'\npassword = 'habar'\n"
    )
    (folder / "habar.toml").chmod(0o600)


async def begin(habar, folder: Path, smsc: Simulator) -> tuple[Process, int]:
    """A gateway with an account, listening."""
    configure(folder, smsc.port)
    store, _ = await open_store(Place(folder / "data"))
    accounts = Accounts(store.books, actor="test", now=lambda: NOW)
    await accounts.add("acme", "acme-pw", kind=AccountKind.FULL, balance=1_000_000)
    await store.close()
    serve = await habar("serve", "--config", "habar.toml")
    port = int((await serve.line(r"habar: listening on 127\.0\.0\.1:(\d+)"))[1])
    return serve, port


async def send(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(message()))
    answer = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    await writer.wait_closed()
    return answer


class TestServe:
    @pytest.mark.parametrize("number", [TERM, INT])
    async def test_a_signal_stops_it_in_order(
        self, habar, tmp_path: Path, smsc: Simulator, number: signal.Signals
    ) -> None:
        serve, port = await begin(habar, tmp_path, smsc)
        await smsc.wait_for(lambda simulator: simulator.sessions, PATIENCE)
        serve.send(number)
        code, out, err = await serve.ended()
        assert (code, out) == (0, "")
        assert f'"signal": "{number.name}"' in err
        assert '"event": "stopped"' in err
        assert "Traceback" not in err
        assert smsc.counts.unbinds == 1
        with pytest.raises(ConnectionRefusedError):
            await send(port)

    @pytest.mark.parametrize(("first", "second"), [(TERM, TERM), (INT, TERM), (TERM, INT)])
    async def test_a_second_one_ends_it_at_once_and_loses_nothing(
        self,
        habar,
        tmp_path: Path,
        smsc: Simulator,
        first: signal.Signals,
        second: signal.Signals,
    ) -> None:
        serve, port = await begin(habar, tmp_path, smsc)
        await smsc.wait_for(lambda simulator: simulator.sessions, PATIENCE)
        smsc.stall(on=True)
        assert codes(await send(port)) == [106]
        await smsc.wait_for(1, PATIENCE)
        serve.send(first)
        await serve.log('"event": "stopping"')
        serve.send(second)
        code, out, err = await serve.ended()
        assert (code, out) == (-second, "")
        assert "Traceback" not in err
        smsc.stall(on=False)
        again = await habar("serve", "--config", "habar.toml")
        await again.line("listening")
        await smsc.wait_for(2, PATIENCE)
        again.send(TERM)
        assert (await again.ended())[0] == 0
        assert smsc.times_seen("77771234567", b"Salem") == 2
        store, _ = await open_store(Place(tmp_path / "data"))
        story = await store.story(1)
        await store.close()
        assert story is not None
        assert story.repeats == 1

    async def test_a_faulty_file_is_exit_code_2(self, habar, tmp_path: Path) -> None:
        configure(tmp_path, 70000)
        serve = await habar("serve", "--config", "habar.toml")
        assert await serve.ended() == (
            2,
            "",
            (
                "habar: habar.toml cannot be used:\n"
                "  [[operators]] operator port: expected a port from 1 to 65535\n"
            ),
        )

    async def test_a_password_for_everybodys_eyes_is_told(
        self, habar, tmp_path: Path, smsc: Simulator
    ) -> None:
        configure(tmp_path, smsc.port)
        (tmp_path / "habar.toml").chmod(0o644)
        serve = await habar("serve", "--config", "habar.toml")
        await serve.line("listening")
        serve.send(TERM)
        code, _, err = await serve.ended()
        assert code == 0
        assert "habar.toml holds a secret and everybody on this machine may read it" in err


BOUND, SUBMITTED = CommandId.BIND_TRANSCEIVER_RESP, CommandId.SUBMIT_SM_RESP
BIND = make_pdu(
    CommandId.BIND_TRANSCEIVER, sequence_number=1, system_id=b"habar", password=b"habar"
)
SUBMIT = make_pdu(
    CommandId.SUBMIT_SM,
    sequence_number=2,
    source_addr=b"HABAR",
    source_addr_ton=5,
    destination_addr=b"77771234567",
    short_message=b"Hi",
)


async def pdu(reader: asyncio.StreamReader) -> Pdu:
    async with asyncio.timeout(PATIENCE):
        length = await reader.readexactly(4)
        return decode(length + await reader.readexactly(int.from_bytes(length) - 4))


@asynccontextmanager
async def bound(port: int) -> AsyncIterator[asyncio.StreamReader]:
    """A link that has submitted a message."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for request, answer in ((BIND, BOUND), (SUBMIT, SUBMITTED)):
            writer.write(encode(request))
            got = await pdu(reader)
            assert (got.command_id, got.command_status) == (answer, 0)
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


class TestSimulator:
    async def test_it_takes_messages_tells_each_and_ends_in_order(self, habar) -> None:
        simulator = await habar("simulator", "--port", "0", "--receipt-delay", "60")
        where = await simulator.line(r"SMSC simulator on 127\.0\.0\.1:(\d+), system_id habar")
        async with bound(int(where[1])) as reader:
            await simulator.line("HABAR -> 77771234567  id .*  'Hi'")
            simulator.send(TERM)
            assert (await pdu(reader)).command_id == CommandId.UNBIND
        code, out, err = await simulator.ended()
        assert (code, out) == (0, "")
        assert "Traceback" not in err

    async def test_it_speaks_tls_and_goes_wrong_as_told(self, habar, tmp_path: Path) -> None:
        authority = trustme.CA()
        pem, context = tmp_path / "smsc.pem", ssl.create_default_context()
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
        authority.configure_trust(context)
        words = ("--tls-certificate", str(pem), "--fault", "outbinds=1x")
        simulator = await habar("simulator", "--port", "0", *words)
        where = await simulator.line(r"SMSC simulator on 127\.0\.0\.1:(\d+)")
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(where[1]), ssl=context, server_hostname="localhost"
        )
        try:
            assert (await pdu(reader)).command_id == CommandId.OUTBIND
        finally:
            writer.close()
            await writer.wait_closed()
        simulator.send(TERM)
        assert (await simulator.ended())[0] == 0

    async def test_quiet_says_where_it_is_and_no_more(self, habar) -> None:
        simulator = await habar("simulator", "--port", "0", "--quiet")
        where = await simulator.line(r"SMSC simulator on 127\.0\.0\.1:(\d+)")
        async with bound(int(where[1])):
            pass
        simulator.send(INT)
        assert await simulator.ended() == (0, "", "")

    async def test_a_taken_port_is_one_sentence(self, habar, smsc: Simulator) -> None:
        simulator = await habar("simulator", "--port", str(smsc.port))
        code, out, err = await simulator.ended()
        assert (code, out) == (1, "")
        assert err == f"habar: 127.0.0.1:{smsc.port}: Address already in use\n"
