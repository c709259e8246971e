"""docs/reference/message-types.md: every type is there, with examples that are read."""

import re
from pathlib import Path

import pytest

from habar.model.message_type import BY_NAME, NAMES, MessageType
from habar.wire.content import encode

REFERENCE = Path(__file__).parents[4] / "docs" / "reference"
PAGES = [REFERENCE / "message-types.md", REFERENCE / "message-types.ru.md"]
FENCE = re.compile(r"^```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PORTS = re.compile(r"(?:port|порт) (\d+)(?:, (?:from|с порта) (\d+))?")
SIGNS = (MessageType.VOICEMAIL, MessageType.FAX, MessageType.EMAIL, MessageType.VIDEO)


def examples(page: Path) -> dict[MessageType, list[str]]:
    parts = re.split(r"^## (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {
        BY_NAME[title]: FENCE.findall(text)
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
        if title in BY_NAME
    }


def table(page: Path) -> dict[str, list[str]]:
    """The first table: its cells by the type's name."""
    text = page.read_text("utf-8").partition("\n## ")[0]
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in rows}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_type_is_told(page: Path) -> None:
    assert set(table(page)) == set(NAMES.values())
    told = set(examples(page))
    assert {kind for kind in MessageType if not kind.is_text} - told == set(SIGNS[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_is_read_and_goes_on_the_air_as_the_table_says(page: Path) -> None:
    told = table(page)
    for kind, found in examples(page).items():
        assert found or kind.is_text
        for example in found:
            for one in SIGNS if kind in SIGNS else (kind,):
                content = encode(one, example)
                coding, header = told[NAMES[one]][1], (told[NAMES[one]] + [""])[2]
                if coding.startswith("0x") and one not in SIGNS:
                    assert content.data_coding == int(coding, 16)
                if ports := PORTS.search(header):
                    to, source = int(ports[1]), int(ports[2] or 0)
                    assert content.header == bytes((5, 4)) + to.to_bytes(2) + source.to_bytes(2)
                if one in SIGNS:
                    assert content.header[2] & 0x7F == int(header[-4:], 16)
                    assert content.data_coding & 3 == SIGNS.index(one)
