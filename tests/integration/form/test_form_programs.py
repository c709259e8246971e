"""Six small programs, written as people write them from the protocol's page alone.

They stand in tests/clients/; each prints `sent ID` or `error CODE`.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parents[2] / "clients"
TEXT = "Ваш код 1234 + 5% & Сәлем"
RAW_TEXT = "Ваш код 12 привет, мир"
PHP = shutil.which("php")


def _has_curl() -> bool:
    words = [PHP or "php", "-r", "exit((int)!extension_loaded('curl'));"]
    return PHP is not None and subprocess.run(words, check=False).returncode == 0


needs_php = pytest.mark.skipif(not PHP, reason="php-cli is not installed (.ci/packages)")
needs_php_curl = pytest.mark.skipif(not _has_curl(), reason="php-curl is not (.ci/packages)")


async def run(gateway, program: str, *words: str) -> str:
    """What a program says; `words` follow the gateway's address."""
    interpreter = [PHP or "php"] if program.endswith(".php") else [sys.executable]
    port = gateway.server.addresses[0].port
    process = await asyncio.create_subprocess_exec(
        *interpreter,
        str(PROGRAMS / program),
        f"http://127.0.0.1:{port}",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return said.decode()


async def check(gateway, program: str, text: str, *more: str) -> None:
    """A success, a wrong number and a wrong password."""
    said = await run(gateway, program, "shop", "shop", "77771234567", text, *more)
    assert re.match(r"sent 1\b", said), said
    assert [message.text for message in gateway.link.taken] == [text]
    said = await run(gateway, program, "shop", "shop", "87771234567", text, *more)
    assert re.match(r"error 203\b", said), said
    said = await run(gateway, program, "shop", "wrong", "77771234567", text, *more)
    assert re.match(r"error 401\b", said), said
    assert len(gateway.link.taken) == 1


@needs_php
@pytest.mark.rule("http.php-get")
async def test_php_file_get_contents(gateway):
    await check(gateway, "php_get.php", RAW_TEXT)


@needs_php_curl
@pytest.mark.rule("http.php-curl")
@pytest.mark.parametrize("how", ["query", "array"])
async def test_php_curl(gateway, how):
    await check(gateway, "php_curl.php", TEXT, how)


@pytest.mark.rule("http.python-post")
async def test_python_post_with_everything_in_the_query(gateway):
    await check(gateway, "python_post.py", TEXT)


@pytest.mark.rule("http.go-form")
async def test_go_post_form(gateway):
    await check(gateway, "go_form.py", TEXT)


@pytest.mark.rule("http.net-xml")
async def test_dot_net_xml_document(gateway):
    await check(gateway, "net_reader.py", TEXT)


@pytest.mark.rule("http.regular-expression")
async def test_the_first_statuscode_by_a_regular_expression(gateway):
    await check(gateway, "first_statuscode.py", TEXT)
