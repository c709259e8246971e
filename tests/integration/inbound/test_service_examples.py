"""The examples of docs/reference/inbox-service.md, run: the answer keeps the transaction id."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGES = {"inbox-service.md": "Thank you", "inbox-service.ru.md": "Спасибо"}
CALL = {
    "userin": "gateway",
    "passwordin": "s3cret",
    "sender": "+77771234567",
    "short": "+8785#12345",
    "msgdata": "",
}


def example(page: str, language: str) -> str:
    found = re.search(
        rf"^```{language}\n(.*?)^```$", (REFERENCE / page).read_text(), re.MULTILINE | re.DOTALL
    )
    assert found is not None
    return found[1]


def wanted(text: str) -> str:
    return f"{{SMS:TEXT}}{{}}{{8785#12345}}{{77771234567}}{{{text}}}"


@contextmanager
def served(page: str) -> Iterator[str]:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example(page, "python"), page, "exec"), names)
    names["Service"].log_message = lambda *args: None
    with ThreadingHTTPServer(("127.0.0.1", 0), names["Service"]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("page", "text"), PAGES.items())
def test_the_python_service_answers(page: str, text: str) -> None:
    with served(page) as url:
        form = urlencode(CALL)
        for answer in (urlopen(f"{url}?{form}"), urlopen(url, form.encode())):
            with answer:
                assert answer.read().decode() == wanted(text)


@pytest.mark.parametrize("page", PAGES)
def test_the_python_service_turns_strangers_away(page: str) -> None:
    with served(page) as url:
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{url}?{urlencode(CALL | {'passwordin': 'guess'})}")
        with refused.value as answer:
            assert answer.status == 403


@pytest.mark.skipif(shutil.which("php") is None, reason="there is no PHP (.ci/packages)")
@pytest.mark.parametrize(("page", "text"), PAGES.items())
def test_the_php_service_answers(tmp_path: Path, page: str, text: str) -> None:
    (tmp_path / "service.php").write_text(example(page, "php"))
    given = ", ".join(f"'{name}' => '{value}'" for name, value in CALL.items())
    caller = f"$_REQUEST = [{given}]; include 'service.php';"
    done = subprocess.run(
        ["php", "-r", caller],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == wanted(text)
