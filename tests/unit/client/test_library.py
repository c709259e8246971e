"""The library as a whole: its names, its dependencies, and what it never shows."""

import ast
import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

import pytest

import habar_client
from habar_client import AsyncClient, Client

SOURCES = sorted(Path(inspect.getfile(habar_client)).parent.glob("*.py"))


def test_what_is_exported() -> None:
    assert set(habar_client.__all__) == {
        "AsyncClient",
        "AuthorizationError",
        "Balance",
        "Busy",
        "Client",
        "Deleted",
        "HabarClientError",
        "Message",
        "MessageError",
        "PackageError",
        "Price",
        "Sent",
        "State",
        "Status",
        "TransportError",
        "WaitTimeout",
        "__version__",
    }
    assert all(hasattr(habar_client, name) for name in habar_client.__all__)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_it_imports_nothing_but_itself_the_standard_library_and_its_dependencies(
    source: Path,
) -> None:
    tree = ast.parse(source.read_text("utf-8"))
    names = {name.partition(".")[0] for node in ast.walk(tree) for name in _imported(node)}
    assert names <= {"habar_client", "urllib3", "aiohttp"} | sys.stdlib_module_names


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def _signature(call: Any) -> list[tuple[str, Any, Any]]:
    parameters = inspect.signature(call).parameters.values()
    return [(p.name, p.kind, p.default) for p in parameters if p.name != "window"]


def test_both_clients_take_the_same_arguments() -> None:
    names = [name for name in vars(Client) if not name.startswith("_")]
    assert names == [name for name in vars(AsyncClient) if not name.startswith("_")]
    for name in ["__init__", *names]:
        assert _signature(getattr(Client, name)) == _signature(getattr(AsyncClient, name)), name


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_shows_no_secret(kind: Any) -> None:
    client = kind("127.0.0.1:1", "shop", "s3cret")
    assert repr(client) == f"{kind.__name__}('http://127.0.0.1:1/api', login='shop')"
    assert "s3cret" not in repr(kind("127.0.0.1:1", key="s3cret"))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"retries": -1}, "negative"),
        ({"password": None}, "login and a password"),
        ({"url": "ftp://x"}, "http://"),
        ({"ca": "/no/such.pem"}, "No such file"),
    ],
)
def test_wrong_settings_are_refused_at_once(
    kind: Any, arguments: dict[str, Any], complaint: str
) -> None:
    settings = {"url": "127.0.0.1:1", "login": "shop", "password": "x"} | arguments
    with pytest.raises(ValueError, match=complaint):
        kind(**settings)


def test_without_aiohttp_the_async_client_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> Any:
        if name == "aiohttp":
            raise ModuleNotFoundError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"pip install 'habar-client\[async\]'"):
        AsyncClient("127.0.0.1:1", "demo", "demo")


def test_a_window_of_nothing_is_refused() -> None:
    client = AsyncClient("127.0.0.1:1", "demo", "demo")
    with pytest.raises(ValueError, match="window must be at least 1"):
        client.send_many([], window=0)
