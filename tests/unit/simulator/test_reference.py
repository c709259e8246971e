"""The reference tells every fault, with a value that the command line takes."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from habar.simulator import Breakage, Faults, faults_of

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


PAGES = pytest.mark.parametrize("page", ["simulator.md", "simulator.ru.md"])


def text_of(page: str) -> str:
    return (REFERENCE / page).read_text(encoding="utf-8")


@PAGES
def test_every_fault_is_told_in_the_order_of_the_fields(page: str) -> None:
    told = text_of(page)[text_of(page).index("| `seed` |") :]
    names = re.findall(r"^\| `([a-z_]+)` \|", told, re.MULTILINE)
    assert names == [one.name for one in fields(Faults)]


@PAGES
def test_every_breakage_is_told(page: str) -> None:
    text = text_of(page)
    [row] = [line for line in text.splitlines() if line.startswith("| `breakages`")]
    assert re.findall(r"`([a-z-]+)`", row)[1:] == [one.value for one in Breakage]


@PAGES
def test_every_example_is_taken(page: str) -> None:
    examples = re.findall(r"--fault ([a-z_]+=[^\s`]+)", text_of(page))
    assert examples
    assert faults_of(dict.fromkeys(examples)) != Faults()
