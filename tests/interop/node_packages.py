"""Brings the packages of node_packages.txt into node_modules/, for the SMSC of `node_smsc.js`.

Each line names a package, its version and the SHA-512 of its archive, and no address: npm asks the
registry that this machine is set up for. An archive that is another one is not unpacked. What is
there already is not asked for again. Run as a program it never fails: it says what is missing, and
the tests that need it are skipped.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
LIST = HERE / "node_packages.txt"
_NPM = ("npm", "pack", "--silent", "--fetch-retries=1", "--fetch-timeout=30000")
_LONGEST = 120  # s


class Package(NamedTuple):
    """One line of the list."""

    name: str
    version: str
    integrity: str
    """`sha512-` and the digest in base64, as npm itself writes it."""

    @property
    def wanted(self) -> str:
        """As npm is asked for it."""
        return f"{self.name}@{self.version}"

    def is_in(self, modules: Path) -> bool:
        """Whether this very version has been unpacked there."""
        about = modules / self.name / "package.json"
        return about.is_file() and json.loads(about.read_text("utf-8"))["version"] == self.version


class Missing(Exception):
    """Why a package cannot be had, in a sentence."""


def packages(text: str) -> list[Package]:
    """Read the list."""
    lines = (line.split() for line in text.splitlines() if line.strip())
    return [Package(*wanted.rsplit("@", 1), integrity) for wanted, integrity in lines]


def missing() -> list[Package]:
    """Which of the list are not in node_modules/."""
    return [one for one in packages(LIST.read_text("utf-8")) if not one.is_in(MODULES)]


def why_not() -> str | None:
    """Why the SMSC of node cannot be run here; None where it can."""
    if shutil.which("node") is None:
        return "node is not installed (.ci/packages)"
    lacking = ", ".join(one.wanted for one in missing())
    return f"not installed from npm's registry (make test): {lacking}" if lacking else None


def packed(wanted: str, folder: Path) -> Path:
    """Have npm bring an archive into an empty folder. Raises Missing."""
    try:
        done = subprocess.run(
            [*_NPM, wanted], cwd=folder, capture_output=True, text=True, timeout=_LONGEST
        )
    except FileNotFoundError:
        raise Missing("npm is not installed") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"npm had no answer within {_LONGEST} s") from None
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        raise Missing(f"npm could not bring it (exit code {done.returncode})")
    return archives[0]


def install(package: Package, modules: Path, bring: Callable[[str, Path], Path] = packed) -> None:
    """Bring, check and unpack one package. Raises Missing, and leaves nothing half done."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = bring(package.wanted, folder)
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != package.integrity:
            raise Missing(f"its archive is not the one that is pinned (sha512-{digest})")
        with tarfile.open(archive) as inside:
            inside.extractall(folder, members=_of_package(inside), filter="data")
        shutil.rmtree(modules / package.name, ignore_errors=True)
        modules.mkdir(exist_ok=True)
        shutil.move(folder / "package", modules / package.name)


def _of_package(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """npm's archives have one folder, `package`."""
    return (member for member in archive if member.name.startswith("package/"))


def main() -> None:
    """Bring what is missing; say what cannot be had, and ask for no more after that."""
    for package in missing():
        try:
            install(package, MODULES)
        except Missing as error:
            names = ", ".join(one.wanted for one in missing())
            print(
                f"could not be installed, tests that need them are skipped: {names} ({error})",
                file=sys.stderr,
            )
            return


if __name__ == "__main__":
    main()
