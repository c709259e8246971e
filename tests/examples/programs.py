"""The programs of examples/ as processes of their own, and what is said to them over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from ..interop.ports import reserved_port

EXAMPLES = Path(__file__).parents[2] / "examples" / "web-service"
PATIENCE = 30  # seconds after which a test gives up; nothing is asserted about time
SETTINGS = {
    "USERIN": "gateway",
    "PASSWORDIN": "s3cret",
    "TOKEN": "a-long-word",
    "CALLBACK_SECRET": "shared",
}
_UP = re.compile(r"http://127\.0\.0\.1:(\d+)")
NO_PHP = pytest.mark.skipif(
    not shutil.which("php"), reason="php-cli is not installed (.ci/packages)"
)


@dataclass
class Program:
    """One that runs."""

    port: int
    path: str
    said: deque[str]
    """Its output, line by line, as far as it has been read."""
    process: subprocess.Popen[str]

    def get(self, fields: Mapping[str, str], **headers: str) -> tuple[int, str]:
        return self._ask("GET", f"{self.path}?{urlencode(fields)}", None, headers)

    def post(self, fields: Mapping[str, str], **headers: str) -> tuple[int, str]:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", self.path, urlencode(fields).encode(), form | headers)

    def post_json(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        return self._ask("POST", self.path, body, {"Content-Type": "application/json", **headers})

    def _ask(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, url, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def signed(
    body: bytes, *, secret: str = SETTINGS["CALLBACK_SECRET"], age: int = 0
) -> dict[str, str]:
    """The headers by which a program knows the gateway, as docs/reference/call-backs.md has it."""
    timestamp = str(int(time.time()) - age)
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return {"X-Habar-Timestamp": timestamp, "X-Habar-Signature": mac.hexdigest()}


@contextmanager
def python(name: str, folder: Path, *, port: int = 0, **changes: str) -> Iterator[Program]:
    """A program of examples/web-service/python, which keeps its things in `folder`."""
    words = [sys.executable, "-I", str(EXAMPLES / "python" / name), str(port)]
    with _running(words, folder, "/", changes) as program:
        yield program


@contextmanager
def php(name: str, folder: Path, **changes: str) -> Iterator[Program]:
    """A page of examples/web-service/php, by PHP's own web server."""
    keeper, port = reserved_port()
    words = ["php", "-S", f"127.0.0.1:{port}", "-t", str(EXAMPLES / "php")]
    path = "/" if name == "index.php" else f"/{name}"
    with keeper, _running(words, folder, path, changes) as program:
        yield program


@contextmanager
def _running(
    words: list[str], folder: Path, path: str, changes: Mapping[str, str]
) -> Iterator[Program]:
    environment = {"PATH": os.environ["PATH"], "SERVICE_DATA": str(folder), **SETTINGS, **changes}
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: deque[str] = deque()
    up: threading.Event = threading.Event()
    reading = threading.Thread(target=_read, args=(process, said, up))
    reading.start()
    try:
        assert up.wait(PATIENCE), "the program said nothing"
        found = _UP.search("".join(said))
        assert found, "".join(said)
        yield Program(int(found[1]), path, said, process)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reading.join(PATIENCE)


def _read(process: subprocess.Popen[str], said: deque[str], up: threading.Event) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            said.append(line)
            if _UP.search(line):
                up.set()
    up.set()
