"""`habar operator …` on a real database; what a gateway would report is put there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from habar.cli.place import now_ms
from habar.model.message import Submission
from habar.operators import LinkReport
from habar.store.network import BindReport

from .conftest import Staff, beside, written
from .test_message import SUBMISSION
from .test_place import configured

HOW_TO = Path(__file__).parents[4] / "docs" / "how-to" / "operators.md"
STAFF = re.compile(r"^staff (.+)$", re.MULTILINE)
Done = Callable[..., str]
Refused = Callable[..., str]
WHO = ("host=smsc.example", "port=2775", "system_id=habar")
SECRET = "s3cret"


@pytest.fixture
def kcell(done: Done) -> str:
    """An operator with a password."""
    done("operator", "add", "kcell", *WHO, "binds=2", "--password-stdin", stdin=f"{SECRET}\n")
    return "kcell"


def report(state: str = "up", **more: Any) -> LinkReport:
    return LinkReport(
        **{
            "kind": "transceiver",
            "address": "smsc.example:2775",
            "state": state,
            "since_ms": 1_760_000_000_000,
            "window": 10,
            "window_used": 3,
            "pdus_per_second": 12.34,
            "errors": {},
            "last_error": "",
            "last_error_at": None,
            "round_trip_ms": 31.2,
            "receipts_per_minute": 80.0,
            "delivered_share": 0.971,
            **more,
        }
    )


def reported(folder: Path, *reports: LinkReport | str, ago: int = 0, operator: int = 1) -> None:
    """Each is a bind's, numbered from 1."""
    rows = [
        BindReport("one", operator, n, now_ms() - ago, r if isinstance(r, str) else r.as_json())
        for n, r in enumerate(reports, 1)
    ]
    beside(folder / "habar-data", lambda store: store.network.report_binds(rows, []))


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


class TestAdd:
    def test_what_was_said_holds(self, done: Done) -> None:
        told = done(
            *("operator", "add", "kcell", *WHO, "--profile", "hex-decimal", "--no-password"),
            "slow_codes=ESME_RTHROTTLED,0x400",
        )
        assert told.startswith("kcell is added\n")
        assert ["slow_codes", "own", "ESME_RTHROTTLED,0x00000400"] in cells(told)
        shown = cells(done("operator", "show", "kcell", "--all"))
        assert ["response_id_base", "profile", "hex"] in shown
        assert ["window", "default", "10"] in shown
        assert ["password", "default", "-"] in shown

    @pytest.mark.parametrize(
        ("words", "stdin"),
        [(("--password-stdin",), f"{SECRET}\n"), ((), f"{SECRET}\n{SECRET}\n")],
    )
    def test_a_password_comes_from_standard_input_or_is_asked_for(
        self, staff: Staff, tmp_path: Path, words: tuple[str, ...], stdin: str
    ) -> None:
        told = staff("operator", "add", "kcell", *WHO, *words, stdin=stdin)
        assert told.exit_code == 0
        shown = staff("operator", "show", "kcell", "--all").output
        as_json = staff("operator", "show", "kcell", "--json").output
        assert ["password", "own", "set"] in cells(shown)
        assert SECRET not in told.output + shown + as_json

        async def settings(store: Any) -> str:
            return (await store.network.operators())[0].settings

        assert json.loads(beside(tmp_path / "habar-data", settings))["password"] == SECRET

    def test_enter_is_no_password(self, staff: Staff) -> None:
        assert staff("operator", "add", "kcell", *WHO, stdin="\n\n").exit_code == 0
        assert ["password", "own", "set"] not in cells(staff("operator", "show", "kcell").stdout)

    def test_with_a_file_nothing_is_asked(self, done: Done) -> None:
        done("operator", "add", "kcell", *WHO, "password_file=/etc/habar/kcell.password")

    @pytest.mark.parametrize(
        ("pair", "hint"),
        [
            (f"password={SECRET}", "--password-stdin or password_file"),
            (f'groups=[{{"password": "{SECRET}"}}]', "give the group a password_file"),
        ],
    )
    def test_a_password_is_no_argument(self, refused: Refused, pair: str, hint: str) -> None:
        for words in (("add", "kcell", *WHO), ("set", "kcell")):
            told = refused("operator", *words, pair, code=2)
            assert hint in told
            assert SECRET not in told

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (("kcell", "host"), 2, "'host': NAME=VALUE is expected"),
            (("kcell", "host=a", "host=b"), 2, "host is given twice"),
            (("kcell", "profile=sar", "--profile", "sar"), 2, "the profile is given twice"),
            (("kcell", *WHO, "windw=1"), 1, "windw: unknown setting; did you mean 'window'?"),
            (("kcell", *WHO, "groups=[{"), 1, "groups: "),
            (("K", *WHO), 1, "name: expected 1 to 64 small letters"),
        ],
    )
    def test_what_cannot_be_is_told_in_a_sentence(
        self, refused: Refused, words: tuple[str, ...], code: int, said: str
    ) -> None:
        assert said in refused("operator", "add", *words, "--no-password", code=code)

    def test_it_may_be_made_before_the_gateway_has_ever_run(
        self, habar: Staff, tmp_path: Path
    ) -> None:
        configured(tmp_path, database=False)
        assert habar("operator", "add", "beeline", *WHO, "--no-password").exit_code == 0
        assert "beeline" in habar("operator", "list").stdout


class TestSet:
    def test_what_changes_is_told(self, done: Done, kcell: str) -> None:
        told = cells(done("operator", "set", kcell, "window=50", "binds="))
        assert told == [
            ["kcell", "is", "changed"],
            ["setting", "from", "value"],
            ["binds", "default", "1"],
            ["window", "own", "50"],
        ]

    def test_a_new_password(self, done: Done, kcell: str) -> None:
        done("operator", "set", kcell, "password=")
        assert ["password", "own", "set"] not in cells(done("operator", "show", kcell))
        done("operator", "set", kcell, "--password-stdin", stdin="other\n")
        assert ["password", "own", "set"] in cells(done("operator", "show", kcell))

    def test_nothing_to_change(self, refused: Refused, done: Done, kcell: str) -> None:
        assert refused("operator", "set", kcell, code=2).startswith("nothing to change")

    def test_one_that_is_not_there(self, refused: Refused) -> None:
        assert refused("operator", "set", "kcell", "window=1") == "there is no operator kcell"

    def test_one_of_the_settings_file(self, habar: Staff, tmp_path: Path) -> None:
        configured(tmp_path)
        for words in (("add", "kcell", "--no-password"), ("set", "kcell", "window=1")):
            result = habar("operator", *words)
            assert (result.exit_code, result.stdout) == (1, "")
            assert "kcell stands in the settings file: change it there" in result.stderr


class TestLife:
    def test_disable_enable_remove(self, done: Done, refused: Refused, kcell: str) -> None:
        def state() -> str:
            return cells(done("operator", "list"))[1][1]

        assert done("operator", "disable", kcell) == "kcell is disabled\n"
        assert state() == "disabled"
        assert done("operator", "enable", kcell) == "kcell is enabled\n"
        assert state() == "not"  # heard of: no gateway runs
        done("route", "add", kcell)
        assert refused("operator", "remove", kcell) == "route 1 names operator kcell"
        done("route", "remove", "1")
        assert done("operator", "remove", kcell) == "kcell is removed\n"
        assert state() == "removed"
        assert "removed" in done("operator", "show", kcell)
        assert refused("operator", "enable", kcell) == (
            "there is no operator kcell; it is known by name only: add it"
        )


class TestList:
    def test_a_line_tells_how_an_operator_is(self, done: Done, kcell: str, tmp_path: Path) -> None:
        fell = "the operator did not answer within 60 seconds and so we had to close the link"
        reported(tmp_path, report(), report("down", last_error=fell, last_error_at=5))
        assert done("operator", "list").splitlines()[1] == (
            "kcell     up     smsc.example:2775    1/2    3/10    12.3"
            "  the operator did not answer within 60 seconds and so we had…"
        )

    @pytest.mark.parametrize(
        ("reports", "setting", "state"),
        [
            ([report(), report("down")], "when_down=fail-over", "up"),
            ([report("down"), report("connecting")], "when_down=wait", "down"),
            ([report("down")], "when_down=fail-over", "out"),
            ([report(kind="receiver")], "when_down=fail-over", "out"),
        ],
    )
    def test_states(
        self, done: Done, kcell: str, tmp_path: Path, reports: Any, setting: str, state: str
    ) -> None:
        done("operator", "set", kcell, setting)
        reported(tmp_path, *reports)
        assert cells(done("operator", "list"))[1][1] == state

    def test_one_that_cannot_be_read(self, done: Done, tmp_path: Path) -> None:
        beside(
            tmp_path / "habar-data",
            lambda store: store.network.put_operator(
                "new", '{"speed": 1}', in_doubt="resend", actor="x", now=1
            ),
        )
        assert "faulty" in done("operator", "list")
        assert "this version knows no setting 'speed'" in done("operator", "show", "new")

    def test_json_is_an_object_a_line(self, done: Done, kcell: str, tmp_path: Path) -> None:
        reported(tmp_path, report())
        (line,) = done("operator", "list", "--json").splitlines()
        told = json.loads(line)
        assert (told["name"], told["state"], told["binds_up"], told["binds_wanted"]) == (
            *("kcell", "up", 1, 2),
        )
        assert told["links"][0]["round_trip_ms"] == 31.2
        assert "settings" not in told


class TestShow:
    def test_each_bind_then_the_queue_then_its_own_settings(
        self, done: Done, kcell: str, tmp_path: Path
    ) -> None:
        errors = {"ESME_RTHROTTLED": 12, "NO_ANSWER": 3, "0x00000400": 12}
        fell = report(
            "connecting",
            round_trip_ms=None,
            delivered_share=None,
            errors=errors,
            last_error="ESME_RBINDFAIL \x1b[2J",
            last_error_at=1_760_000_001_000,
        )
        reported(tmp_path, report(), fell)
        done("operator", "set", kcell, 'error_texts={"0x400": "barred"}')
        told = done("operator", "show", kcell)
        head, table, troubles, queue, settings = told.split("\n\n")
        assert ["binds", "up", "1", "of", "2"] in cells(head)
        top, first, second = table.splitlines()
        assert re.split(" {2,}", top) == [
            *("node", "bind", "kind", "state", "since", "window", "PDUs/s", "round trip"),
            *("receipts/min", "delivered", "address"),
        ]
        since = "2025-10-09 13:53:20"
        assert re.split(" {2,}", first) == [
            *("one", "1", "transceiver", "up", since, "3/10", "12.3", "31.2 ms"),
            *("80", "97.1 %", "smsc.example:2775"),
        ]
        assert re.split(" {2,}", second) == [
            *("one", "2", "transceiver", "connecting", since, "3/10", "12.3", "-"),
            *("80", "-", "smsc.example:2775"),
        ]
        assert troubles.splitlines() == [
            "one 2  errors: 12 0x00000400 (barred), 12 ESME_RTHROTTLED, 3 NO_ANSWER",
            "one 2  last error at 2025-10-09 13:53:21: ESME_RBINDFAIL \N{REPLACEMENT CHARACTER}[2J",
        ]
        assert cells(queue) == [["waiting,", "due", "0"], ["held,", "in", "doubt", "0"]]
        assert [line[0] for line in cells(settings)] == [
            *("setting", "host", "port", "system_id", "password", "binds", "error_texts"),
        ]

    @pytest.mark.parametrize("columns", [80, 100, 160])
    def test_no_line_is_wider_than_the_terminal(
        self,
        done: Done,
        kcell: str,
        tmp_path: Path,
        wide: Callable[[int], None],
        columns: int,
    ) -> None:
        texts = json.dumps({f"0x{400 + n}": "what it means to people" for n in range(9)})
        done("operator", "set", kcell, f"error_texts={texts}")
        reported(tmp_path, report(), report("down", last_error="words " * 40, last_error_at=5))
        wide(columns)
        for words in (("show", kcell, "--all"), ("list",)):
            told = done("operator", *words)
            assert max(map(len, told.splitlines())) <= columns
            assert "smsc.example:2775" in told
        assert " ".join(done("operator", "show", kcell).split()).count("words") == 40

    def test_an_old_report_is_told_as_such(self, done: Done, kcell: str, tmp_path: Path) -> None:
        reported(tmp_path, report(), ago=60_000)
        told = done("operator", "show", kcell)
        assert "was up" in told
        assert "one 1  not heard of since 20" in told
        assert ["binds", "up", "0", "of", "2"] in cells(told)

    def test_a_report_of_another_version(self, done: Done, kcell: str, tmp_path: Path) -> None:
        reported(tmp_path, '{"strange": 1}')
        assert "whose report this one cannot read" in done("operator", "show", kcell)
        assert done("operator", "list", "--json")

    def test_what_waits_for_it(self, done: Done, kcell: str, tmp_path: Path) -> None:
        done("account", "add", "acme", "--generate")

        async def work(store: Any) -> None:
            messages: list[Submission] = [SUBMISSION, SUBMISSION._replace(customer_id=8)]
            await written(store.journal.submit, messages)

        beside(tmp_path / "habar-data", work)
        told = cells(done("operator", "show", kcell))
        assert ["waiting,", "due", "2"] in told
        assert ["acme", "1", "2025-10-09", "13:53:20"] in told
        queue = json.loads(done("operator", "show", kcell, "--json"))["queue"]
        assert queue == {
            "accounts": [{"account": "acme", "priority": 1, "due_at": SUBMISSION.due_at}],
            "due": 2,
            "held": 0,
        }


def test_the_profiles_are_told_with_what_they_say(done: Done) -> None:
    told = done("operator", "profiles")
    assert "hex-decimal\n" in told
    assert "response_id_base=hex, receipt_id_base=decimal" in told


def test_the_commands_of_the_how_to_do_what_it_says(done: Done) -> None:
    lines = STAFF.findall(HOW_TO.read_text("utf-8").replace("\\\n", " "))
    told = [done(*shlex.split(line, comments=True)) for line in lines]
    assert [line.split()[1] for line in lines] == [
        *("add", "show", "set", "set", "set", "disable", "enable", "remove"),
    ]
    assert ["profile", "hex-decimal"] in cells(told[1])
    assert ["window", "default", "10"] in cells(told[3])
