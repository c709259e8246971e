"""The HTTP protocol's page, in both languages: its commands and programs, run in their order."""

import re
import shutil
import sys

import pytest

from .gateway import Gateway, run
from .test_first_message import blocks, curls, shell
from .waiting import eventually

PAGES = ["docs/reference/http.md", "docs/reference/http.ru.md"]
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@pytest.mark.rule("http.documentation")
@pytest.mark.parametrize("page", PAGES)
async def test_the_commands_do_what_the_page_says(sandbox: Gateway, page: str) -> None:
    send, many, urlencoded, fail, status = curls(page)
    answer, answers, error, report = blocks(page, "xml")
    (line,) = blocks(page, "text")
    async with sandbox:
        assert await shell(sandbox, send) == answer
        assert await shell(sandbox, many) == answers
        assert await shell(sandbox, urlencoded) == line.strip()
        assert await shell(sandbox, fail) == error

        async def is_delivered() -> bool:
            said = await shell(sandbox, status)
            assert "<status>" in said, said
            return DATE.sub("date", said) == DATE.sub("date", report)

        await eventually(is_delivered, 10)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param(
            "php",
            ("php",),
            marks=pytest.mark.skipif(not shutil.which("php"), reason="no php (.ci/packages)"),
        ),
        ("python", (sys.executable,)),
    ],
)
async def test_the_programs_do_what_they_say(
    sandbox: Gateway, page: str, language: str, words: tuple[str, ...]
) -> None:
    (program,) = blocks(page, language)
    assert program.count("127.0.0.1:8090") == 1
    async with sandbox:
        path = sandbox.folder / "program"
        for recipient, said in (("77771234567", "sent, 1\n"), ("87771234567", "error 203")):
            source = program.replace("8090", str(sandbox.port)).replace("77771234567", recipient)
            path.write_text(source, "utf-8")
            done = await run(*words, str(path), cwd=sandbox.folder)
            assert done.out.startswith(said), done
