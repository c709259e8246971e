"""What comes from npm's registry is what was pinned, and nothing else is unpacked."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from .node_packages import LIST, MODULES, Missing, Package, install, packages, why_not


def archive(version: str, *, more: dict[str, bytes] | None = None) -> bytes:
    files = {
        "package/package.json": json.dumps({"version": version}).encode(),
        **(more or {}),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def pinned(content: bytes) -> Package:
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    return Package("thing", "1.2.3", f"sha512-{digest}")


class Registry:
    """Brings this, whatever is asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[str] = []

    def __call__(self, wanted: str, folder: Path) -> Path:
        self.asked.append(wanted)
        path = folder / "thing.tgz"
        path.write_bytes(self.content)
        return path


def test_what_was_pinned_is_unpacked(tmp_path: Path) -> None:
    content = archive("1.2.3", more={"package/index.js": b"0"})
    package, registry = pinned(content), Registry(content)
    modules = tmp_path / "node_modules"
    assert not package.is_in(modules)
    install(package, modules, registry)
    assert package.is_in(modules)
    assert registry.asked == ["thing@1.2.3"]
    assert (modules / "thing" / "index.js").read_text() == "0"


def test_another_version_there_is_replaced(tmp_path: Path) -> None:
    old, new = archive("1.0.0", more={"package/old.js": b"0"}), archive("1.2.3")
    package = pinned(new)
    install(pinned(old), tmp_path, Registry(old))
    assert not package.is_in(tmp_path)
    install(package, tmp_path, Registry(new))
    assert package.is_in(tmp_path)
    assert not (tmp_path / "thing" / "old.js").exists()


def test_another_archive_is_refused(tmp_path: Path) -> None:
    package = pinned(archive("1.2.3"))
    with pytest.raises(Missing, match="not the one that is pinned"):
        install(package, tmp_path, Registry(archive("1.2.3", more={"package/evil.js": b"0"})))
    assert list(tmp_path.iterdir()) == []


def test_what_lies_beside_the_package_stays_out(tmp_path: Path) -> None:
    content = archive("1.2.3", more={"other/file.js": b"0", "file.js": b"0"})
    install(pinned(content), tmp_path, Registry(content))
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


def test_each_line_pins_a_version_and_names_no_address() -> None:
    for line in LIST.read_text("utf-8").splitlines():
        assert re.fullmatch(r"[a-z-]+@\d+\.\d+\.\d+ sha512-[A-Za-z0-9+/]{86}==", line)


def test_all_that_they_depend_on_is_in_the_list() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    listed = {package.name for package in packages(LIST.read_text("utf-8"))}
    for name in listed:
        about = json.loads((MODULES / name / "package.json").read_text("utf-8"))
        assert set(about.get("dependencies", {})) <= listed
