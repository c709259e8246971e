"""A file of settings that is good, and what is wrong when it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from habar.config import ConfigError, Settings, load

GOOD = """
[[operators]]
name = "kcell"
host = "smsc.example"
port = 2775
system_id = "habar"
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes habar.toml: the good file, then `more`; or `instead`."""

    def make(more: str = "", *, instead: str | None = None) -> Path:
        path = tmp_path / "habar.toml"
        path.write_text(GOOD + more if instead is None else instead, "utf-8")
        return path

    return make


@pytest.fixture
def read(write: Write) -> Callable[..., Settings]:
    """Settings of such a file, and of HABAR_* given by keyword."""

    def load_it(more: str = "", *, instead: str | None = None, **environ: str) -> Settings:
        return load(write(more, instead=instead), environ)

    return load_it


@pytest.fixture
def faults(read: Callable[..., Settings]) -> Callable[..., list[str]]:
    """What is wrong with such a file."""

    def of(more: str = "", *, instead: str | None = None, **environ: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(more, instead=instead, **environ)
        assert str(caught.value) == "; ".join(caught.value.faults)
        return caught.value.faults

    return of


@pytest.fixture
def pair(tmp_path: Path) -> trustme.LeafCert:
    """A certificate and its key, in cert.pem and key.pem beside the file."""
    issued = trustme.CA().issue_cert("gateway.example")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    return issued
