"""What the kernel's files say."""

import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from bench.machine import (
    HERTZ,
    Moment,
    cpu_of,
    family_cpu,
    family_memory,
    memory_of,
    parse_busy,
    parse_cpu,
    parse_family_cpu,
    parse_filesystem,
    parse_memory,
    parse_share,
    sync_ms,
)

MOUNTS = """\
/dev/vda / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/vdb /run/disk xfs rw 0 0
"""


LIVES = """
import sys
held = bytearray(b"x" * 30_000_000)
sum(held)
print(flush=True)
sys.stdin.read()
"""


def test_cpu_of_a_name_with_blanks_and_brackets() -> None:
    stat = "41 (a (b) c) S " + " ".join(str(n) for n in range(1, 11)) + f" {HERTZ} {HERTZ * 2} 9 9"
    assert parse_cpu(stat) == 3.0


def test_cpu_of_a_family_counts_children_that_have_ended() -> None:
    words = f"{HERTZ} {HERTZ * 2} {HERTZ * 3} {HERTZ * 4} 9"
    stat = "41 (a) S " + " ".join(str(n) for n in range(1, 11)) + f" {words}"
    assert parse_family_cpu(stat) == 10.0


def test_memory_that_is_shared_counts_once() -> None:
    assert (
        parse_share("00-ff ---p [rollup]\nRss: 9000 kB\nPss:  1000 kB\nPss_Anon: 5 kB\n") == 1.024
    )


def test_a_family_is_the_process_and_its_children() -> None:
    alone = family_memory(os.getpid())
    with subprocess.Popen([sys.executable, "-c", LIVES], stdin=PIPE, stdout=PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        apart = cpu_of(os.getpid()) + cpu_of(child.pid)
        spent = family_cpu(os.getpid())
        assert family_memory(os.getpid()) > alone > 0
        assert spent >= apart > 0
        child.communicate()
    assert family_cpu(os.getpid()) >= spent


def test_memory_in_millions_of_octets() -> None:
    status = "Name:\tx\nVmHWM:\t  2000 kB\nVmRSS:\t  1000 kB\nThreads:\t1\n"
    assert parse_memory(status) == (1.024, 2.048)


def test_busy_leaves_out_idle_and_wait() -> None:
    words = " ".join(str(n * HERTZ) for n in (1, 2, 3, 100, 200, 4, 5, 6, 0, 0))
    assert parse_busy(f"cpu  {words}\ncpu0 0\n") == (15.0, 6.0)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/home", "ext4"), ("/run/x", "tmpfs"), ("/run/disk", "xfs"), ("/runner", "ext4")],
)
def test_filesystem_is_that_of_the_nearest_mount(folder: str, kind: str) -> None:
    assert parse_filesystem(MOUNTS, folder) == kind


def test_this_process_can_be_read(tmp_path: Path) -> None:
    now, peak = memory_of(os.getpid())
    assert 0 < now <= peak
    assert cpu_of(os.getpid()) >= 0
    assert sync_ms(tmp_path) > 0
    assert not list(tmp_path.iterdir())


def test_a_process_that_is_gone() -> None:
    with pytest.raises(ProcessLookupError):
        cpu_of(2**22 + 1)


def test_noise_is_what_others_took() -> None:
    before = Moment(at=10.0, busy=100.0, stolen=1.0, own=50.0)
    after = Moment(at=20.0, busy=115.0, stolen=2.0, own=60.0)
    noise = after.noise_since(before)
    assert noise["foreign_cpus"] == 0.5
    assert noise["stolen_cpus"] == 0.1
