"""Tells which test proves which rule of the protocols' pages: docs/reference/conformance.md.

    report.py            write the page
    report.py --check    write nothing; exit 1 with every fault listed (`make check` runs it)
    report.py --missing  list the rules that no test proves

Rules stand in the TOML files beside this one, one file a protocol; a protocol joins by adding its
file, and its ids begin with the file's name. Faults: a rule without a test, a mark that names no
rule, an id given twice, an entry that is not complete, a page that is out of date.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from marks import Marks, collect

PAGE = Path("docs/reference/conformance.md")
COMMAND = "python tests/conformance/report.py"


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence that a protocol promises."""

    id: str
    section: str
    text: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """One file of rules. `intro` and `left_out` are words for the page's reader."""

    name: str
    title: str
    intro: str
    left_out: str
    rules: tuple[Rule, ...]


def load(folder: Path) -> list[Protocol]:
    """Read every protocol's rules, by file name. Raises KeyError for an entry not complete."""
    return [_protocol(path) for path in sorted(folder.glob("*.toml"))]


def _protocol(path: Path) -> Protocol:
    table = tomllib.loads(path.read_text("utf-8"))
    rules = tuple(Rule(entry["id"], entry["section"], entry["text"]) for entry in table["rule"])
    return Protocol(
        path.stem, table["title"], table["intro"].strip(), table.get("left_out", "").strip(), rules
    )


def missing(protocols: Sequence[Protocol], marks: Marks) -> list[Rule]:
    """The rules that no test proves, in their order."""
    proved = {proof.rule for proof in marks.proofs}
    return [rule for protocol in protocols for rule in protocol.rules if rule.id not in proved]


def faults(protocols: Sequence[Protocol], marks: Marks) -> list[str]:
    """Everything that is wrong with the rules and the marks, one sentence each."""
    ids = Counter(rule.id for protocol in protocols for rule in protocol.rules)
    found = [f"{rule}: the id is given {count} times" for rule, count in ids.items() if count > 1]
    found += [
        f"{rule.id}: an id of {protocol.name}.toml begins with `{protocol.name}.`"
        for protocol in protocols
        for rule in protocol.rules
        if not rule.id.startswith(f"{protocol.name}.")
    ]
    found += [f"{rule.id}: no test proves it" for rule in missing(protocols, marks)]
    unknown = [proof for proof in marks.proofs if proof.rule not in ids]
    found += [f"{proof.test}: {proof.rule} is no rule" for proof in unknown]
    return found + marks.faults


def page(protocols: Sequence[Protocol], marks: Marks) -> str:
    """The page's text."""
    lines = [
        "# Conformance",
        "",
        "Every rule of the protocols, and the tests that prove it. Made from the tests' marks by",
        f"`{COMMAND}`; do not edit. `make check` fails when a rule has no test.",
    ]
    for protocol in protocols:
        lines += ["", *_protocol_lines(protocol, marks)]
    return "\n".join(lines) + "\n"


def _protocol_lines(protocol: Protocol, marks: Marks) -> Iterator[str]:
    yield from (f"## {protocol.title}", "", protocol.intro, "")
    yield f"{len(protocol.rules)} rules."
    section = ""
    for rule in protocol.rules:
        if rule.section != section:
            section = rule.section
            yield from ("", f"### {section}", "")
        yield f"- **`{rule.id}`** {rule.text}"
        tests = sorted({proof.test for proof in marks.proofs if proof.rule == rule.id})
        yield from (f"  - `{test}`" for test in tests or ["no test"])
    if protocol.left_out:
        yield from ("", "### Not on this page", "", protocol.left_out)


def main(arguments: Sequence[str] | None = None, root: Path | None = None) -> int:
    """Run the command; the exit code. `root` is the repository (default: the one of this file)."""
    parser = argparse.ArgumentParser(prog="report.py", description="Rules and their tests.")
    parser.add_argument("--check", action="store_true", help="list all faults, write nothing")
    parser.add_argument("--missing", action="store_true", help="list the rules without a test")
    options = parser.parse_args(arguments)
    root = root or Path(__file__).parents[2]
    protocols = load(root / "tests" / "conformance")
    marks = collect(root, root / "tests")
    if options.missing:
        sys.stdout.writelines(f"{rule.id}  {rule.text}\n" for rule in missing(protocols, marks))
        return 0
    if options.check:
        return _check(protocols, marks, root / PAGE)
    (root / PAGE).parent.mkdir(parents=True, exist_ok=True)
    (root / PAGE).write_text(page(protocols, marks), "utf-8")
    return 0


def _check(protocols: Sequence[Protocol], marks: Marks, path: Path) -> int:
    found = faults(protocols, marks)
    if not path.is_file() or path.read_text("utf-8") != page(protocols, marks):
        found.append(f"{PAGE}: out of date, run `{COMMAND}`")
    sys.stderr.writelines(f"{fault}\n" for fault in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
