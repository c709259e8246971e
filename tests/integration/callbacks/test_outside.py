"""Processes that make the calls: they die, hang and end as they like, and no obligation is lost."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import ssl
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from habar.callbacks import Caller, CallerSettings
from habar.callbacks.exchange import Answer, Request
from habar.callbacks.outside import OutsideClient, Times
from habar.model.retry import RetryPlan
from habar.store.callbacks import CallStage

from ...unit.callbacks.conftest import DEMO, HandDoor, MemoryStore, call, report
from .conftest import PATIENCE, Host, Silent
from .test_caller_on_sockets import Now

LOOPBACK = ["127.0.0.0/8"]
QUICK = Times(first_pause=0.01, last_pause=0.05)
SHORT = 0.2
"""Seconds for what never comes to an end."""


@pytest.fixture
async def make():
    """Makes clients, which are closed at the end."""
    made = []

    def making(**how):
        made.append(OutsideClient(LOOPBACK, **({"times": QUICK} | how)))
        return made[-1]

    yield making
    for client in made:
        await client.close()


def get(url):
    return Request("GET", url, {})


async def begun(client, host):
    """The process that has just answered a call."""
    assert await client.call(get(host.url), 5) == Answer(200, body=b"OK")
    return client.pids[0]


def start_of(pid):
    """Its arguments and its environment."""
    return b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))


def files_of(pid):
    """What it has open."""
    held = []
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it closes some meanwhile
            held.append(str(one.readlink()))
    return held


async def until_ended(descriptor):
    """Wait for the end of a process, by its `pidfd_open`."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    assert await asyncio.to_thread(poll.poll, PATIENCE * 1000), "it still runs"
    os.close(descriptor)


# --- What it dies of -----------------------------------------------------------------------------
async def test_calls_of_a_process_that_is_killed_are_made_again(make, host):
    client = make()
    killed = await begun(client, host)
    silent = Silent(host)
    calls = [asyncio.create_task(client.call(get(host.url), 30)) for _ in range(5)]
    await silent.until_asked(5)
    os.kill(killed, signal.SIGKILL)
    for answer in await asyncio.gather(*calls):
        assert (answer.status, answer.asked) == (0, False)
        assert answer.error == "the process that made the call has ended, it is made again"
    silent.speak.set()
    assert await begun(client, host) != killed
    assert (client.restarts, client.alive) == (1, 1)


async def test_the_others_go_on(make, host):
    client = make(processes=2)
    async with asyncio.timeout(PATIENCE):
        while client.alive < 2:
            await client.call(get(host.url), 5)
    silent = Silent(host)
    first, second = client.pids
    calls = [asyncio.create_task(client.call(get(host.url), 30)) for _ in range(4)]
    await silent.until_asked(4)
    os.kill(first, signal.SIGKILL)
    done, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    assert second in client.pids
    silent.speak.set()
    assert sorted(one.asked for one in await asyncio.gather(*done, *waiting)) == [
        *(False, False),
        *(True, True),
    ]


async def test_a_process_that_hangs_is_replaced(make, host):
    client = make(times=QUICK._replace(grace=2.0))
    hung = await begun(client, host)
    seen = os.pidfd_open(hung)
    os.kill(hung, signal.SIGSTOP)
    answer = await client.call(get(host.url), SHORT)
    assert not answer.asked
    assert "does not answer" in answer.error
    await until_ended(seen)
    assert await begun(client, host) != hung


@pytest.mark.parametrize(
    "command",
    [
        ["/nowhere/python"],
        [sys.executable, "-c", "raise SystemExit(1)"],
        [sys.executable, "-c", "import time; time.sleep(600)"],
    ],
    ids=["no program", "ends at once", "never ready"],
)
async def test_a_process_that_never_starts(make, host, command):
    client = make(command=command, times=QUICK._replace(start=SHORT, grace=3 * SHORT))
    answer = await client.call(get(host.url), 5)
    assert answer == Answer(
        0, "no process to make the call could be started, it is made again", asked=False
    )
    async with asyncio.timeout(PATIENCE):
        while not client.restarts:
            assert not (await client.call(get(host.url), 5)).asked
    assert client.alive == 0
    assert host.connections == 0


@pytest.mark.parametrize("stopped", [False, True], ids=["runs", "stopped"])
async def test_it_ends_with_the_gateway_that_is_killed(stopped):
    """Not asked by anybody, and though it may not be able to see that its socket is closed."""
    program = (
        "import asyncio\n"
        "from habar.callbacks import OutsideClient, Request\n"
        "async def main():\n"
        "    client = OutsideClient()\n"
        "    await client.call(Request('GET', 'http://127.0.0.1:9/', {}), 5)\n"
        "    print(client.pids[0], flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    pid = int(await gateway.stdout.readline())
    child = os.pidfd_open(pid)
    if stopped:
        os.kill(pid, signal.SIGSTOP)
    gateway.kill()
    await gateway.wait()
    await until_ended(child)


# --- Signals and the stop ------------------------------------------------------------------------
async def test_ctrl_c_is_no_matter_of_its_own(make, host):
    client = make()
    pid = await begun(client, host)
    os.kill(pid, signal.SIGINT)
    assert await begun(client, host) == pid
    assert os.getsid(pid) != os.getsid(0)


async def test_sigterm_ends_it(make, host):
    client = make()
    pid = await begun(client, host)
    seen = os.pidfd_open(pid)
    os.kill(pid, signal.SIGTERM)
    await until_ended(seen)


@pytest.mark.parametrize("stopped", [False, True], ids=["in order", "by force"])
async def test_close_ends_it_and_answers_calls_under_way(make, host, stopped):
    client = make()
    pid = await begun(client, host)
    seen = os.pidfd_open(pid)
    silent = Silent(host)
    under_way = asyncio.create_task(client.call(get(host.url), 30))
    await silent.until_asked(1)
    if stopped:
        os.kill(pid, signal.SIGSTOP)
    await client.close()
    await until_ended(seen)
    assert not (await under_way).asked
    assert not (await client.call(get(host.url), 5)).asked


# --- What it is told -----------------------------------------------------------------------------
async def test_no_secret_is_in_its_arguments_or_its_environment(make, host, monkeypatch):
    monkeypatch.setenv("HABAR_DATABASE_PASSWORD", "open sesame")
    monkeypatch.setenv("PGPASSWORD", "open sesame")
    client = make()
    pid = await begun(client, host)
    await client.call(get(host.url + "?password=open%20sesame"), 5)
    told = start_of(pid)
    assert b"habar.callbacks.child" in told
    assert b"sesame" not in told
    assert b"HABAR_" not in told


async def test_it_has_none_of_the_gateways_files(make, host, tmp_path):
    with (tmp_path / "habar.db").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        pid = await begun(make(), host)
        held = files_of(pid)
    assert held
    assert str(tmp_path / "habar.db") not in held


async def test_the_authorities_of_the_gateways_environment(make, monkeypatch, tmp_path):
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    secure = await Host().start(ssl=context)
    try:
        told = await make().call(get(secure.url.replace("http:", "https:")), 5)
    finally:
        await secure.stop()
    assert told == Answer(200, body=b"OK")


# --- Calls ---------------------------------------------------------------------------------------
async def test_many_calls_each_get_their_own_answer(make, host):
    async def echo(visit):
        body = visit.body
        visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    host.answer = echo
    client = make(processes=2)
    bodies = [b"%d " % number * (number * 10) for number in range(300)]
    answers = await asyncio.gather(
        *(client.call(Request("POST", host.url, {}, body), 20) for body in bodies)
    )
    assert [answer.body for answer in answers] == bodies


async def test_a_call_that_is_given_up_disturbs_no_other(make, host):
    client = make()
    pid = await begun(client, host)
    silent = Silent(host)
    given_up = asyncio.create_task(client.call(get(host.url), 30))
    other = asyncio.create_task(client.call(get(host.url), 30))
    await silent.until_asked(2)
    given_up.cancel()
    await asyncio.wait([given_up])
    silent.speak.set()
    assert (await other).status == 200
    assert await begun(client, host) == pid


async def test_a_url_that_no_octets_stand_for(make, host):
    client = make()
    pid = await begun(client, host)
    assert await client.call(get(host.url + "\ud800"), 5) == Answer(0, "the URL cannot be called")
    assert await begun(client, host) == pid


async def test_the_caller_makes_them_again_and_blames_no_host(make, host):
    store = MemoryStore(Now())
    client = make()
    caller = Caller(
        store,
        HandDoor(store),
        {DEMO.id: DEMO}.get,
        CallerSettings(retry=RetryPlan(20, 50, 24 * 3_600_000), host_failures=1),
        client=client,
    )
    silent = Silent(host)
    await caller.start()
    try:
        place = f"http://127.0.0.1:{host.port}"
        owed = [call(n, report(n), host=place, url=host.url) for n in range(1, 11)]
        store.owe_many(replace(one, since=Now().ms) for one in owed)
        caller.wake()
        await silent.until_asked(10)
        os.kill(client.pids[0], signal.SIGKILL)
        silent.speak.set()

        def all_done():
            assert caller.paused_hosts == 0
            return all(row.stage is CallStage.DONE for row in store.rows.values())

        async with asyncio.timeout(PATIENCE):
            await store.until(all_done)
    finally:
        await caller.stop(1)
    assert all(len(row.tries) == 2 for row in store.rows.values())
