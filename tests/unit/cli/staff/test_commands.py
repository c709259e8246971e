"""The command line as a whole: its names, its help, what it takes of the environment."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from habar import __version__
from habar.cli import COMMANDS, app
from habar.config import OTHER_VARIABLES

from .conftest import Staff

DOCS = Path(__file__).parents[4] / "docs"
PAGES = (
    *("production.md", "accounts.md", "operators.md", "route-messages.md"),
    *("receive-messages.md", "call-backs.md"),
)
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command, and every group, by its words."""
    command = command or get_command(app)
    yield " ".join(words), command
    if words and not hasattr(command, "commands"):
        return
    names = command.commands if words else COMMANDS
    for name in names:
        yield from commands(command.get_command(None, name), (*words, name))


@pytest.mark.parametrize("words", [words for words, _ in commands()])
def test_every_command_tells_what_it_is_for_within_80_columns(habar: Staff, words: str) -> None:
    result = habar(*words.split(), "--help")
    assert result.exit_code == 0
    assert result.stdout == habar(*words.split(), "-h").stdout
    assert "habar " + words in result.stdout if words else "serve" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_every_option_says_what_it_is_for(words: str, command: Any) -> None:
    assert command.help, words
    for parameter in command.params:
        assert parameter.help, (words, parameter.name)


def test_what_commands_read_of_the_environment_are_no_settings() -> None:
    read = {p.envvar for _, command in commands() for p in command.params if p.envvar}
    assert read == OTHER_VARIABLES


def test_the_version(habar: Staff) -> None:
    assert habar("--version").stdout == f"habar {__version__}\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Usage: habar"),
        (("account",), 2, "Usage: habar account"),
        (("accoun",), 2, "No such command 'accoun'. Did you mean 'account'?"),
        (("xyzzy",), 2, "No such command 'xyzzy'."),
        (("account", "lst"), 2, "No such command 'lst'."),
        (("serve", "--port", "70000"), 2, "65535"),
        (("serve", "--config", "x", "--port", "1"), 2, "with --config (or HABAR_CONFIG) the file"),
        (("serve", "--config", "nowhere.toml"), 2, "nowhere.toml cannot be used:"),
        (("serve", "--roles", "front,console"), 2, "the roles are front, dispatch and callbacks"),
        (("serve", "--roles", "front"), 2, "on SQLite one process has all roles"),
        (("serve", "--processes", "2"), 2, "--processes above 1 needs PostgreSQL"),
        (("serve", "--processes", "0"), 2, "greater than or equal"),
        (("simulator", "--system-id", "x"), 2, "a --password is needed for x"),
        (("simulator", "--receipt-delay", "-1"), 2, "greater than or equal"),
        (("simulator", "--fault", "nothing=1"), 2, "no fault has the name 'nothing'"),
        (("simulator", "--receipt-zone", "Mars"), 2, "no zone 'Mars'"),
        (("simulator", "--tls-key", "k.pem"), 2, "need a --tls-certificate"),
        (("simulator", "--tls-certificate", "no.pem"), 2, "No such file"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    habar: Staff, words: tuple[str, ...], code: int, said: str
) -> None:
    result = habar(*words)
    assert result.exit_code == code
    assert said in " ".join(result.output.split())


def test_help_imports_no_gateway() -> None:
    """`habar account --help` must not pay for the listener, nor for the database."""
    program = (
        "import sys; sys.argv = ['habar', 'account', '--help']\n"
        "from habar.cli import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.startswith(('habar.app', 'habar.northbound',"
        " 'habar.simulator', 'habar.store.sqlite', 'uvicorn', 'sqlite3'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_module_of_a_command_has_its_app() -> None:
    for module in COMMANDS.values():
        assert importlib.import_module(f"habar.cli.{module}").app


def told() -> Iterator[str]:
    """The commands of Habar that the guides give: what follows `habar`, or its alias `staff`."""
    for page in PAGES:
        for block in FENCE.findall((DOCS / "how-to" / page).read_text("utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                found = re.match(r"(?:staff|(?:sudo -u habar )?habar) (.*)", line)
                if found:
                    yield found[1]


def parse(words: list[str]) -> str:
    """Let the command line read the words, options and all, and run nothing; the command's name."""
    group: Any = get_command(app)
    command = group.get_command(None, words[0])
    rest = words[1:]
    if hasattr(command, "commands"):
        command, rest = command.get_command(None, rest[0]), rest[1:]
    return str(command.make_context(words[0], rest).info_name)


@pytest.mark.parametrize("line", sorted(set(told())))
def test_the_guides_give_commands_that_there_are(line: str) -> None:
    assert parse(shlex.split(line, comments=True)) in COMMANDS


def test_the_guides_do_give_commands() -> None:
    assert len(set(told())) > 15
