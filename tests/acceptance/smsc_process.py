"""An operator's side outside of the test: `habar simulator` as a process, and who writes by it.

Guarantees: every wait ends; what was started can be ended by `destroy`, whatever has happened.
Knows nothing of the gateway.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from .gateway import HABAR, PATIENCE, Ended, environment, run
from .smsc import PASSWORD
from .waiting import eventually

_UP = re.compile(r"^SMSC simulator on 127\.0\.0\.1:(\d+)", re.MULTILINE)
_TAKEN = re.compile(r"^(\S+) -> (\S+)  id (\d+)  '(.*)'$", re.MULTILINE)
SUBSCRIBER = "77771234567"


class SmscProcess:
    """One operator. `start`, then subscribers write, and what it takes is seen."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.port = 0
        self._folder = folder
        self._output = folder / f"{name}.log"
        self._control = folder / f"{name}.sock"
        self._process: subprocess.Popen[str] | None = None

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self._spawn()
        found = await eventually(lambda: _UP.search(self.said))
        self.port = int(found[1])

    def _spawn(self) -> None:
        words = ("simulator", "--port", "0", "--password", PASSWORD, "--receipt-delay", "0.1")
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                [*HABAR, *words, "--control", self._control.name],
                cwd=self._folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    @property
    def section(self) -> str:
        """What habar.toml says of it."""
        return f"""
[[operators]]
name = "{self.name}"
host = "127.0.0.1"
port = {self.port}
system_id = "habar"
password = "{PASSWORD}"
"""

    @property
    def said(self) -> str:
        """What it has printed."""
        return self._output.read_text("utf-8")

    @property
    def taken(self) -> list[tuple[str, str, str]]:
        """Sender, recipient and text of every submit_sm that it has taken."""
        return [(sent[1], sent[2], sent[4]) for sent in _TAKEN.finditer(self.said)]

    async def write(
        self,
        text: str,
        *words: str,
        to: str = "8785",
        sender: str = SUBSCRIBER,
        wait: int = 30,
    ) -> Ended:
        """A subscriber writes, by `habar simulate inbound`; `wait`: seconds for the reply."""
        asked = ("--from", sender, "--to", to, "--text", text, "--wait", str(wait), *words)
        control = ("--control", self._control.name)
        return await run(*HABAR, "simulate", "inbound", *asked, *control, cwd=self._folder)

    def destroy(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(PATIENCE)
