"""The conformance page: marks are found wherever pytest sees them, and every fault is told."""

import importlib
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tests" / "conformance" / "report.py"


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The command as a module; its neighbour `marks` is found beside it."""
    monkeypatch.syspath_prepend(str(TOOL.parent))
    for name in ("report", "marks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("report")


class Repository:
    """A small repository with two rules and one test file, and the command run in it."""

    def __init__(self, root: Path, report: ModuleType) -> None:
        self.root = root
        self._report = report
        (root / "tests" / "conformance").mkdir(parents=True)
        self.rules(("xml.one", "First"), ("xml.two", "First"))

    def rules(self, *rules: tuple[str, str], protocol: str = "xml") -> None:
        entries = "".join(
            f'[[rule]]\nid = "{name}"\nsection = "{section}"\ntext = "What {name} says."\n'
            for name, section in rules
        )
        path = self.root / "tests" / "conformance" / f"{protocol}.toml"
        path.write_text(f'title = "Protocol {protocol}"\nintro = "Words."\n{entries}')

    def tests(self, source: str, name: str = "test_a.py") -> None:
        (self.root / "tests" / name).write_text("import pytest\n" + dedent(source))

    def run(self, *arguments: str) -> int:
        return int(self._report.main(list(arguments), self.root))

    @property
    def page(self) -> str:
        return (self.root / "docs" / "reference" / "conformance.md").read_text("utf-8")


@pytest.fixture
def repository(tmp_path: Path, report: ModuleType) -> Repository:
    return Repository(tmp_path, report)


BOTH = """
    @pytest.mark.rule("xml.one", "xml.two")
    def test_both(): ...
"""


IN_A_CLASS = """
    class TestGroup:
        @pytest.mark.rule("xml.one")
        def test_it(self): ...
"""
ON_A_CLASS = """
    @pytest.mark.rule("xml.one")
    class TestGroup:
        def test_it(self): ...
"""
OF_A_CLASS = """
    class TestGroup:
        pytestmark = pytest.mark.rule("xml.one")

        def test_it(self): ...
"""
ON_A_PARAMETER = """
    @pytest.mark.parametrize("a", [pytest.param(1, marks=pytest.mark.rule("xml.one"))])
    def test_it(a): ...
"""
IN_A_LIST_OF_PARAMETERS = """
    CASES = [pytest.param(1, marks=[pytest.mark.rule("xml.one")])]

    @pytest.mark.parametrize("a", CASES)
    def test_it(a): ...
"""


class TestWhereMarksAreFound:
    @pytest.mark.parametrize(
        ("source", "listed"),
        [
            ('@pytest.mark.rule("xml.one")\ndef test_it(): ...', "::test_it"),
            ('@pytest.mark.rule("xml.one")\nasync def test_it(): ...', "::test_it"),
            ('@pytest.mark.rule("xml.two", "xml.one")\ndef test_it(): ...', "::test_it"),
            ('ONE: object = pytest.mark.rule("xml.one")\n@ONE\ndef test_it(): ...', "::test_it"),
            ('pytestmark = pytest.mark.rule("xml.one")\ndef test_it(): ...', ""),
            ('pytestmark = [pytest.mark.rule("xml.one")]\ndef test_it(): ...', ""),
            (IN_A_CLASS, "::TestGroup::test_it"),
            (ON_A_CLASS, "::TestGroup"),
            (OF_A_CLASS, "::TestGroup"),
            (ON_A_PARAMETER, "::test_it"),
            (IN_A_LIST_OF_PARAMETERS, "::test_it"),
        ],
    )
    def test_a_mark_is_listed_with_its_test(
        self, repository: Repository, source: str, listed: str
    ) -> None:
        repository.tests(source)
        assert repository.run() == 0
        assert f"What xml.one says.\n  - `tests/test_a.py{listed}`\n" in repository.page

    def test_tests_in_folders_are_found(self, repository: Repository) -> None:
        (repository.root / "tests" / "unit" / "deep").mkdir(parents=True)
        repository.tests(BOTH, "unit/deep/test_b.py")
        repository.run()
        assert "- `tests/unit/deep/test_b.py::test_both`" in repository.page

    def test_all_tests_of_a_rule_stand_in_order_and_once(self, repository: Repository) -> None:
        repository.tests(BOTH, "test_b.py")
        repository.tests(
            """
            @pytest.mark.rule("xml.one")
            @pytest.mark.rule("xml.one")
            def test_z(): ...
            """
        )
        repository.run()
        first = repository.page.split("**`xml.two`**")[0]
        assert first.endswith(
            "says.\n  - `tests/test_a.py::test_z`\n  - `tests/test_b.py::test_both`\n- "
        )


class TestCheck:
    def test_a_page_just_written_passes(
        self, repository: Repository, capsys: pytest.CaptureFixture[str]
    ) -> None:
        repository.tests(BOTH)
        assert repository.run() == 0
        assert repository.run("--check") == 0
        assert capsys.readouterr() == ("", "")

    def test_every_fault_is_listed_at_once(
        self, repository: Repository, capsys: pytest.CaptureFixture[str]
    ) -> None:
        repository.rules(("xml.one", "A"), ("xml.two", "A"), ("xml.two", "B"), ("http.x", "B"))
        repository.tests(
            """
            @pytest.mark.rule("xml.on", "http.x")
            def test_typo(): ...
            """
        )
        assert repository.run("--check") == 1
        assert capsys.readouterr().err.splitlines() == [
            "xml.two: the id is given 2 times",
            "http.x: an id of xml.toml begins with `xml.`",
            "xml.one: no test proves it",
            "xml.two: no test proves it",
            "xml.two: no test proves it",
            "tests/test_a.py::test_typo: xml.on is no rule",
            "docs/reference/conformance.md: out of date, run `python tests/conformance/report.py`",
        ]

    def test_a_page_that_is_out_of_date_fails_and_is_left_alone(
        self, repository: Repository, capsys: pytest.CaptureFixture[str]
    ) -> None:
        repository.tests(BOTH)
        repository.run()
        before = repository.page
        repository.tests(BOTH, "test_b.py")
        assert repository.run("--check") == 1
        assert "out of date" in capsys.readouterr().err
        assert repository.page == before

    @pytest.mark.parametrize("mark", ["skip", "skip()", 'skip(reason="later")', "xfail"])
    def test_a_test_that_does_not_run_proves_nothing(
        self, repository: Repository, capsys: pytest.CaptureFixture[str], mark: str
    ) -> None:
        repository.tests(
            f"""
            @pytest.mark.{mark}
            @pytest.mark.rule("xml.one", "xml.two")
            def test_it(): ...
            """
        )
        repository.run()
        assert repository.run("--check") == 1
        assert "xml.one: no test proves it" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("source", "fault"),
        [
            ('CASES = [pytest.mark.rule("xml.one")]', "2: the mark belongs to no test"),
            ('@pytest.mark.rule("xml.one")\ndef helper(): ...', "2: the mark belongs to no test"),
            (
                'pytestmark = pytest.mark.rule("xml.one")\ndef helper(): ...',
                "2: the mark belongs to no test",
            ),
            ("@pytest.mark.rule()\ndef test_it(): ...", "2: a mark takes one or more ids"),
            ("@pytest.mark.rule(ID)\ndef test_it(): ...", "2: a mark takes one or more ids"),
            (
                '@pytest.mark.rule("xml.one", id="xml.two")\ndef test_it(): ...',
                "2: a mark takes one or more ids",
            ),
        ],
    )
    def test_a_mark_that_says_nothing_is_a_fault(
        self,
        repository: Repository,
        capsys: pytest.CaptureFixture[str],
        source: str,
        fault: str,
    ) -> None:
        repository.tests(BOTH, "test_b.py")
        repository.tests(source)
        repository.run()
        assert repository.run("--check") == 1
        assert f"tests/test_a.py:{fault}" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["def test_it(:", "x = '\0'"])
def test_a_file_that_cannot_be_read_is_a_fault(
    repository: Repository, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    repository.tests(BOTH)
    repository.tests(source, "test_broken.py")
    repository.run()
    assert repository.run("--check") == 1
    assert capsys.readouterr().err.startswith("tests/test_broken.py: cannot be read: ")


def test_missing_lists_the_rules_without_a_test(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.tests('@pytest.mark.rule("xml.one")\ndef test_it(): ...')
    assert repository.run("--missing") == 0
    assert capsys.readouterr().out == "xml.two  What xml.two says.\n"


def test_a_protocol_joins_by_its_file(repository: Repository) -> None:
    repository.rules(("http.a", "Requests"), protocol="http")
    repository.tests('@pytest.mark.rule("xml.one", "xml.two", "http.a")\ndef test_it(): ...')
    repository.run()
    assert repository.run("--check") == 0
    assert repository.page.index("## Protocol http") < repository.page.index("## Protocol xml")
    assert "### Requests\n\n- **`http.a`** What http.a says." in repository.page


def test_the_command_runs_in_this_repository() -> None:
    done = subprocess.run(
        [sys.executable, str(TOOL), "--missing"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_this_repositorys_rules_are_told_well(report: ModuleType) -> None:
    [protocol] = [found for found in report.load(TOOL.parent) if found.name == "xml"]
    assert len(protocol.rules) >= 100
    for rule in protocol.rules:
        assert not rule.text[0].islower(), rule.id
        assert rule.text.endswith("."), rule.id
