"""The documentation keeps pace with the code: lists are complete, links lead somewhere, examples
are what the code reads and writes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme
from lxml import etree
from typer.main import get_command

from habar.admin.settings import values
from habar.app import metrics
from habar.app.bind_metrics import BIND_ERRORS, BIND_GAUGES, BIND_INFO, BIND_LAST_ERROR
from habar.app.call_metrics import (
    CALL_COUNTERS,
    CALL_GAUGES,
    CALL_PROCESSES,
    CALL_RESTARTS,
    CALL_SECONDS,
    CALLS,
    CALLS_OF,
)
from habar.cli import app as command_line
from habar.config import LISTS, TABLES, OperatorSettings, profiles
from habar.config.fields import fields
from habar.errors import Refusal
from habar.model.account import Account, AccountKind, Compat, HttpReply
from habar.model.status import MessageState
from habar.northbound.http import form_rows
from habar.northbound.http.metrics import HttpCollector, HttpStats
from habar.northbound.http.xml_rows import CODES
from habar.operators.quirks import ELSEWHERE, THROTTLE
from habar.simulator import BEHAVIOURS
from habar.wire.http import form, xml
from habar.wire.http.form import STATUSES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md"), *ROOT.glob("changes/*.md")]
)
TWINS = sorted(DOCS.rglob("*.ru.md"))
XML_PAGES = ("xml.md", "xml.ru.md")
HTTP_PAGES = ("http.md", "http.ru.md")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def prose(path: Path) -> str:
    """A page without its examples."""
    return FENCE.sub("", text_of(path))


def rows(path: Path) -> Iterator[list[str]]:
    """The cells of every table row of a page."""
    for line in prose(path).splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def named(page: Path) -> set[str]:
    """Every name that begins a table's row: `name` in its first cell."""
    return {row[0].strip("`") for row in rows(page) if row[0].startswith("`")}


def sections(page: Path, mark: str = "## ") -> dict[str, str]:
    """A page's parts by their headings."""
    parts = re.split(rf"^{mark}(.+)$", text_of(page), flags=re.MULTILINE)
    return {title.strip("`[] "): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def anchors(page: Path) -> set[str]:
    titles = (title for _, title in HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class TestPages:
    @pytest.mark.parametrize("page", PAGES, ids=relative)
    def test_links_lead_somewhere(self, page: Path) -> None:
        for target in LINK.findall(prose(page)):
            if target.startswith(("http://", "https://")):
                continue
            file, _, anchor = target.partition("#")
            there = (page.parent / file).resolve() if file else page
            assert there.exists(), target
            assert not anchor or anchor in anchors(there), target

    @pytest.mark.parametrize("page", [p for p in PAGES if p.is_relative_to(DOCS)], ids=relative)
    def test_every_page_of_docs_is_on_the_map_or_its_folders_index(self, page: Path) -> None:
        if page == DOCS / "index.md":
            return
        maps = [DOCS / "index.md", page.parent / "README.md"]
        linked = {
            (path.parent / target.partition("#")[0]).resolve()
            for path in maps
            if path.exists()
            for target in LINK.findall(text_of(path))
        }
        assert page.resolve() in linked

    @pytest.mark.parametrize("page", TWINS, ids=relative)
    def test_a_russian_page_has_what_the_english_one_has(self, page: Path) -> None:
        english = page.with_name(page.name.replace(".ru.md", ".md"))

        def shape(path: Path) -> tuple[list[str], list[str], list[int]]:
            text = text_of(path)
            levels = [marks for marks, _ in HEADING.findall(prose(path))]
            return levels, [kind for kind, _ in FENCE.findall(text)], [len(r) for r in rows(path)]

        assert shape(page) == shape(english)

    def test_every_decision_is_in_the_index_with_its_title(self) -> None:
        folder = DOCS / "decisions"
        index = text_of(folder / "README.md")
        for number, record in enumerate(sorted(folder.glob("0*.md")), 1):
            title = text_of(record).splitlines()[0].removeprefix("# ")
            assert record.name.startswith(f"{number:04}-")
            assert title.startswith(f"{number:04} ")
            assert f"| [{number:04}]({record.name}) |" in index


XML_EXAMPLES = [
    pytest.param(code, id=f"{relative(page)}-{number}")
    for page in PAGES
    for number, (kind, code) in enumerate(FENCE.findall(text_of(page)))
    if kind == "xml"
]
PASTED = re.compile(r"'(?:xml=)?(<[^']*)'")
REQUESTS = [example for example in XML_EXAMPLES if "login=" in str(example.values[0])] + [
    pytest.param(document, id=f"{relative(page)}-{number}-pasted")
    for page in PAGES
    for kind, code in FENCE.findall(text_of(page))
    if kind == "sh"
    for number, document in enumerate(PASTED.findall(code))
]


class TestExamples:
    """An example in the documentation is read by our parser, or written by our builder."""

    @pytest.mark.parametrize("document", REQUESTS)
    def test_a_request_is_read(self, document: str) -> None:
        assert xml.parse(document.encode()).sections

    @pytest.mark.parametrize("document", XML_EXAMPLES)
    def test_an_example_is_well_formed(self, document: str) -> None:
        etree.fromstring(document.encode())

    @pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-message.md"])
    def test_the_first_answers_are_written_as_the_gateway_writes_them(self, page: str) -> None:
        answers = [code for kind, code in FENCE.findall(text_of(ROOT / page)) if kind == "xml"]
        accepted = xml.message_section([xml.message_row("1", 1, 1, MessageState.ACCEPTED)])
        delivered = xml.status_section(
            [xml.status_row("1", 1, 1, MessageState.DELIVERED, "2026-11-23T12:00:01")]
        )
        assert answers == [xml.package([s]).decode() for s in (accepted, delivered)]


class TestErrors:
    def test_every_refusal_is_told_with_its_code_and_whether_to_retry(self) -> None:
        told = {
            row[0].strip("`"): (row[1], row[2])
            for row in rows(REFERENCE / "errors.md")
            if row[0].strip("`") in Refusal.__members__
        }
        assert told == {
            refusal.name: (str(CODES[refusal]), "yes" if refusal.retryable else "no")
            for refusal in Refusal
        }

    @pytest.mark.parametrize("page", XML_PAGES)
    def test_every_state_is_told_with_whether_it_is_final(self, page: str) -> None:
        finals = {"final": True, "passing": False, "окончательное": True, "промежуточное": False}
        told = {
            (row[0], row[1], finals[row[2]])
            for row in rows(REFERENCE / page)
            if len(row) > 2 and row[2] in finals
        }
        assert told == {(str(int(s)), s.name, s.is_final) for s in MessageState}

    @pytest.mark.parametrize("page", XML_PAGES)
    def test_every_compat_setting_of_the_protocol_is_told(self, page: str) -> None:
        elsewhere = {"http_reply"}
        assert set(Compat.__dataclass_fields__) - elsewhere <= named(REFERENCE / page)


class TestHttpProtocol:
    @pytest.mark.parametrize("page", HTTP_PAGES)
    def test_every_statuscode_is_told_with_its_reasons_and_whether_to_retry(
        self, page: str
    ) -> None:
        answers = {"yes": True, "да": True, "no": False, "нет": False}
        told = {
            (int(row[0]), name, answers[row[2]])
            for row in rows(REFERENCE / page)
            if row[0].isdigit() and len(row) == 4
            for name in (re.findall(r"`(\w+)`", row[1]) or [""])
        }
        whole = {form_rows.GUESSING: True, form_rows.OVERLOAD: True}
        of_messages = {(form_rows.CODES[each], each.name, each.retryable) for each in Refusal}
        of_requests = {(code, "", whole.get(code, False)) for code in form_rows.REQUEST_WORDS}
        assert told == of_messages | of_requests

    @pytest.mark.parametrize("page", HTTP_PAGES)
    def test_every_parameter_is_told(self, page: str) -> None:
        asked = {"action", "username", "password", "responseformat", "messagecount"}
        asked |= {"continueurl", "redirecturl", *form.MessageIn._fields}
        assert asked | set(form.RESULTS) <= named(REFERENCE / page)

    @pytest.mark.parametrize("page", HTTP_PAGES)
    def test_every_state_is_told_with_its_status(self, page: str) -> None:
        told = {
            (int(state), row[0].strip("`"))
            for row in rows(REFERENCE / page)
            if re.fullmatch(r"1\d\d(, 1\d\d)*", row[1])
            for state in row[1].split(", ")
        }
        assert told == {(int(state), status) for state, status in STATUSES.items()}

    @pytest.mark.parametrize("page", HTTP_PAGES)
    def test_the_compat_setting_is_told_with_its_values(self, page: str) -> None:
        values = [row[1] for row in rows(REFERENCE / page) if row[0] == "`http_reply`"]
        assert values == [", ".join(f"`{each.value}`" for each in HttpReply)]


class TestSimulator:
    @pytest.mark.parametrize("page", ["simulator.md", "simulator.ru.md"])
    def test_every_number_is_told(self, page: str) -> None:
        assert {name for name in named(REFERENCE / page) if name.isdigit()} == set(BEHAVIOURS)


class TestSettings:
    @pytest.mark.parametrize(("name", "kind"), [*TABLES.items(), ("listeners", LISTS["listeners"])])
    def test_every_setting_is_told_with_its_default(self, name: str, kind: type) -> None:
        section = sections(REFERENCE / "settings.md")[name]
        told = {
            cells[0].strip("` "): cells[1].strip("` ")
            for line in section.splitlines()
            if line.startswith("| `") and (cells := line.strip("|").split("|"))
        }
        assert told == {field.name: _default(field) for field in msgspec.structs.fields(kind)}

    def test_every_setting_of_an_operator_is_told_with_its_default(self) -> None:
        told = {
            row[0].strip("`"): row[1].strip("`")
            for row in rows(REFERENCE / "operator-profile.md")
            if row[0].startswith("`") and len(row) == 5
        }
        assert told == {name: _default(f) for name, f in fields(OperatorSettings).items()}

    def test_every_profile_is_told_with_what_it_says(self) -> None:
        section = sections(REFERENCE / "operator-profile.md")["Profiles"]
        told = {
            cells[0].strip(" `"): set(re.findall(r"`([^`]+)`", cells[2]))
            for line in section.splitlines()
            if line.startswith("| `") and (cells := line.strip("|").split("|"))
        }
        assert told == {name: set(each.values) for name, each in profiles().items()}

    def test_every_standing_verdict_is_told(self) -> None:
        section = sections(REFERENCE / "operator-profile.md")["Error codes"]
        told = [
            set(re.findall(r"`(ESME_\w+)`", line.split("|")[1]))
            for line in section.splitlines()
            if line.startswith("| `ESME_")
        ]
        assert told == [{code.name for code in codes} for codes in (THROTTLE, ELSEWHERE)]

    def test_every_setting_that_the_how_to_names_is_one(self) -> None:
        page = text_of(DOCS / "how-to" / "operators.md")
        named_there = set(re.findall(r"`([a-z]+(?:_[a-z0-9]+)+)`", page))
        named_there |= set(
            re.findall(r"\b([a-z_0-9]+)=", "".join(c for _, c in FENCE.findall(page)))
        )
        no_settings = {"cancel_sm", "message_payload", "data_coding", "staff"}
        assert named_there - no_settings <= set(fields(OperatorSettings))

    @pytest.mark.parametrize("page", ["settings.md", "operator-profile.md"])
    def test_the_example_is_a_file_that_habar_takes(self, tmp_path: Path, page: str) -> None:
        from habar.config import build

        examples = [c for k, c in FENCE.findall(text_of(REFERENCE / page)) if k == "toml"]
        assert examples
        for name in ("mobile-a.password", "mobile-a-rx.password"):
            (tmp_path / name).write_text("s3cret")
        issued = trustme.CA().issue_cert("gateway.example")
        issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
        issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
        for example in examples:
            assert build(msgspec.toml.decode(example), {}, tmp_path).operators


def _default(field: Any) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value == ():
        return "[]"
    return f'"{value}"' if isinstance(value, str) else str(value)


class TestMetrics:
    """The tables of the figures are read from the parts; those of the HTTP listener are asked."""

    def test_every_metric_is_told_with_its_kind(self) -> None:
        of_http = {
            family.name: family.type for family in HttpCollector(HttpStats(), lambda: 0).collect()
        }
        counters = {*metrics.LANE_COUNTERS, *metrics.TOTALS, metrics.REFUSED, BIND_ERRORS}
        counters |= {*CALL_COUNTERS, CALLS, CALLS_OF, CALL_RESTARTS}
        gauges = {
            *metrics.LANE_GAUGES,
            *CALL_GAUGES,
            CALL_PROCESSES,
            *metrics.STATES,
            *BIND_GAUGES,
            metrics.BUILD,
            metrics.NODES,
            BIND_INFO,
            BIND_LAST_ERROR,
        }
        kinds = of_http | dict.fromkeys(counters, "counter") | dict.fromkeys(gauges, "gauge")
        kinds[CALL_SECONDS] = "histogram"
        told = {
            row[0].strip("`").removesuffix("_total"): row[1].partition(",")[0]
            for row in rows(REFERENCE / "metrics.md")
            if row[0].startswith("`habar_")
        }
        assert told == kinds

    def test_a_metric_by_operator_says_so(self) -> None:
        told = {
            row[0].strip("`").removesuffix("_total")
            for row in rows(REFERENCE / "metrics.md")
            if row[1].endswith(", operator")
        }
        assert told == {*metrics.LANE_COUNTERS, *metrics.LANE_GAUGES}

    def test_a_metric_by_bind_says_so(self) -> None:
        told = {
            row[0].strip("`").removesuffix("_total")
            for row in rows(REFERENCE / "metrics.md")
            if row[1].endswith(", bind")
        }
        assert told == {*BIND_GAUGES, BIND_ERRORS, BIND_INFO, BIND_LAST_ERROR}


def _commands() -> Iterator[tuple[str, Any]]:
    """Every command by its words, from the command line itself."""
    root: Any = get_command(command_line)
    for name in root.list_commands(None):
        command = root.get_command(None, name)
        inner: dict[str, Any] = getattr(command, "commands", {})
        if not inner:
            yield name, command
        for word, innermost in inner.items():
            yield f"{name} {word}", innermost


def _kind_of(words: str) -> str:
    return "customer" if words in {"send", "status"} else "staff"


TOLD_ONCE = {
    "staff": frozenset({"--config", "-c", "--data", "--help", "-h"}),
    "customer": frozenset(
        {"--url", "--login", "--password", "--key", "--ca", "--zone", "--json", "--wait"}
        | {"--wait-timeout", "--help", "-h"}
    ),
}
"""Options that mean the same in all commands of a kind, told at their head."""


class TestCommands:
    def test_every_command_is_told_with_all_its_options(self) -> None:
        told = sections(REFERENCE / "cli.md", "### ")
        missing = [
            f"{words} {option}"
            for words, command in _commands()
            for parameter in command.params
            for option in (*parameter.opts, *parameter.secondary_opts)
            if option.startswith("-") and option not in TOLD_ONCE[_kind_of(words)]
            if f"`{option}`" not in told[f"habar {words}"]
        ]
        assert missing == []

    def test_options_of_all_a_customers_commands_are_told_at_their_head(self) -> None:
        head = sections(REFERENCE / "cli.md")["For customers"].partition("###")[0]
        for option in TOLD_ONCE["customer"] - {"--help", "-h"}:
            assert f"| `{option}`" in head

    def test_no_command_is_told_that_is_not_there(self) -> None:
        told = {title.removeprefix("habar ") for title in sections(REFERENCE / "cli.md", "### ")}
        assert told == {words for words, _ in _commands()}

    def test_every_account_setting_is_told_with_its_default(self) -> None:
        section = sections(REFERENCE / "cli.md", "#### ")["Account settings"]
        told = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]*)` \|", section, re.MULTILINE))
        assert told == values(Account(1, "demo", AccountKind.TEST))
