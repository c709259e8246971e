"""Several processes under one supervisor: real ones, the gateway in them a stand-in.

SQLite lets one process have its file, so of real gateways there is one here.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from habar.cli.serve import MEMBER

from .conftest import PATIENCE, get

SUPERVISOR = """
import asyncio, sys
from habar.app.logs import set_up
from habar.app.node import ThisNode
from habar.app.processes import run_processes
from habar.app.told import StartError
from habar.config import GatewaySettings, ListenerSettings, LogSettings, Settings

data, port, processes, *command = sys.argv[1:]
settings = Settings(
    gateway=GatewaySettings(data=data),
    listeners=(ListenerSettings(port=int(port), ops=True),),
)
set_up(LogSettings(format="json"))
try:
    sys.exit(
        asyncio.run(
            run_processes(
                settings,
                ThisNode("one"),
                int(processes),
                command,
                lambda addresses: print("listening on", *addresses, flush=True),
            )
        )
    )
except StartError as error:
    sys.exit(f"refused: {error}")
"""
CHILD = """
import os, signal, socket, sys
from habar.app.member import say_ready, unpack
from habar.parent import end_with

handed = unpack(sys.stdin.buffer.read())
end_with(handed.supervisor)
if sys.argv[1] == "faulty":
    sys.exit("a fault that a person must mend")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
with socket.socket() as listening:
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(("127.0.0.1", handed.ports[0]))
    listening.listen()
    say_ready()
    print("not for the supervisor", flush=True)
    print("serving", handed.name, os.getpid(), handed.ports[0], file=sys.stderr, flush=True)
    while signal.sigwait({signal.SIGTERM}) and sys.argv[1] == "stubborn":
        pass
"""
SERVING = re.compile(r"serving (\S+) (\d+) (\d+)")


class Supervised:
    """A supervisor and what it starts; all of them hold the standard error that is read here."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""

    async def serving(self) -> tuple[str, int, int]:
        """The next process that serves: its name, its id and its port."""
        found = SERVING.search(await self.line(SERVING.pattern))
        assert found
        return found[1], int(found[2]), int(found[3])

    async def line(self, wanted: str) -> str:
        """Read the log on until a line fits."""
        assert self.process.stderr
        async with asyncio.timeout(PATIENCE):
            while octets := await self.process.stderr.readline():
                self.log += octets.decode()
                if re.search(wanted, octets.decode()):
                    return octets.decode()
        raise AssertionError(self.log)

    async def said(self) -> str:
        assert self.process.stdout
        return (await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)).decode()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> tuple[int, str]:
        """The supervisor's code and the rest of its output, once nobody of them lives."""
        out, err = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        self.log += err.decode()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode()


Begin = Callable[..., Awaitable[Supervised]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Starts a supervisor of stand-ins, or of another command."""
    async with AsyncExitStack() as stack:

        async def start(
            behaviour: str = "polite",
            *,
            processes: int = 2,
            port: int = 0,
            command: tuple[str, ...] = (),
        ) -> Supervised:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", SUPERVISOR),
                *(str(tmp_path / "data"), str(port), str(processes)),
                *(command or (sys.executable, "-c", CHILD, behaviour)),
                env={k: v for k, v in os.environ.items() if not k.startswith("HABAR_")},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            stack.push_async_callback(destroy, process)
            return Supervised(process)

        yield start


async def destroy(process: asyncio.subprocess.Process) -> None:
    """With the supervisor all of them end."""
    if process.returncode is None:
        process.kill()
    await process.communicate()


class TestStandIns:
    async def test_they_share_a_port_that_is_told_once_and_end_in_order(self, begin: Begin) -> None:
        here = await begin()
        first, second = await here.serving(), await here.serving()
        assert [first[0], second[0]] == ["one-1", "one-2"]
        assert first[2] == second[2] > 0
        assert await here.said() == f"listening on 127.0.0.1:{first[2]}\n"
        here.send(signal.SIGTERM)
        assert await here.ended() == (0, "")
        assert here.log.count("not for the supervisor") == 2
        assert '"event": "stopped"' in here.log
        with socket.create_server(("127.0.0.1", first[2])):
            pass  # the port is free

    async def test_one_that_dies_is_started_again(self, begin: Begin) -> None:
        here = await begin()
        _, pid, port = await here.serving()
        await here.serving()
        os.kill(pid, signal.SIGKILL)
        told = await here.line("a process has ended and is started again")
        assert '"exit": "SIGKILL"' in told
        name, another, same = await here.serving()
        assert (name, same) == ("one-1", port)
        assert another != pid
        here.send(signal.SIGINT)
        assert await here.ended() == (0, f"listening on 127.0.0.1:{port}\n")

    async def test_none_outlives_the_supervisor(self, begin: Begin) -> None:
        """Not even one that is stopped and could not watch anything."""
        here = await begin("stubborn")
        _, pid, _ = await here.serving()
        await here.serving()
        os.kill(pid, signal.SIGSTOP)
        here.send(signal.SIGKILL)
        assert (await here.ended())[0] == -signal.SIGKILL

    async def test_a_second_signal_ends_all_at_once(self, begin: Begin) -> None:
        here = await begin("stubborn")
        await here.serving()
        await here.serving()
        here.send(signal.SIGTERM)
        await here.line('"event": "stopping"')
        here.send(signal.SIGTERM)
        assert (await here.ended())[0] == -signal.SIGTERM

    async def test_what_a_person_must_mend_is_told_once(self, begin: Begin) -> None:
        here = await begin("faulty", processes=3)
        assert await here.ended() == (1, "")
        assert here.log.count("a fault that a person must mend") == 1
        assert "started again" not in here.log

    async def test_a_taken_port_is_told_before_anything_is_started(self, begin: Begin) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            here = await begin(port=port)
            assert await here.ended() == (1, "")
        assert here.log == f"refused: 127.0.0.1:{port}: Address already in use\n"


class TestGateway:
    async def test_it_serves_on_the_shared_port_and_on_its_own(self, begin: Begin) -> None:
        here = await begin(processes=1, command=MEMBER)
        started = await here.line('"event": "started"')
        assert '"node": "one-1"' in started
        shared, own = (int(port) for port in re.findall(r'"127\.0\.0\.1:(\d+)"', started))
        assert await here.said() == f"listening on 127.0.0.1:{shared}\n"
        assert shared != own
        for port in (shared, own):
            status, figures = await get(port, "/metrics")
            assert status == 200
            assert 'habar_build_info{node="one-1",' in figures
        here.send(signal.SIGTERM)
        assert await here.ended() == (0, "")
        assert "Traceback" not in here.log

    async def test_what_keeps_it_from_starting_is_one_sentence(
        self, begin: Begin, tmp_path: Path
    ) -> None:
        (tmp_path / "data").write_text("no folder")
        here = await begin(processes=2, command=MEMBER)
        assert await here.ended() == (1, "")
        assert here.log.count("habar: ") == 1
        assert "data: File exists" in here.log

    async def test_nobody_starts_it_by_hand(self, tmp_path: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            *MEMBER,
            cwd=tmp_path,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert (process.returncode, out) == (2, b"")
        assert err == (
            b"habar: this is one of the processes of habar serve --processes, which alone starts"
            b" it\n"
        )
