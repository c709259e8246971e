"""`habar route …` and `habar range …` on a real database."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from .test_operator import WHO, report, reported

HOW_TO = Path(__file__).parents[4] / "docs" / "how-to" / "route-messages.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
Done = Callable[..., str]
Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def operators(done: Done) -> None:
    """Two of them, and an account."""
    for name in ("kcell", "beeline"):
        done("operator", "add", name, *WHO, "--no-password")
    done("account", "add", "demo", "--generate")


class TestRoutes:
    def test_they_are_listed_in_the_order_in_which_they_are_asked(self, done: Done) -> None:
        assert done("route", "add", "kcell:cost=4.50; beeline:step=2") == "route 1 is added\n"
        words = ("--account", "demo", "--sender", "TEXT_MSG", "--network", "unknown")
        more = ("--prefix", "7701", "--kind", "flash", "--priority", "2", "--prefer", "cost")
        done("route", "add", "beeline", *words, *more, "--at", "1")
        assert done("route", "list").splitlines() == [
            "at  route  takes            prefers  operators",
            " 1      2  account demo     cost     beeline:step=1,weight=1,cost=0.00",
            "           sender TEXT_MSG",
            "           network unknown",
            "           prefix 7701",
            "           kind flash",
            "           priority 2",
            " 2      1  all              step     kcell:step=1,weight=1,cost=4.50",
            "                                     beeline:step=2,weight=1,cost=0.00",
        ]
        assert done("route", "remove", "2") == "route 2 is removed\n"
        assert len(done("route", "list").splitlines()) == 3

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("add", "tele2"), "there is no operator 'tele2'"),
            (("add", "kcell:speed=1"), "'speed=1' of kcell: step, weight and cost are set"),
            (("add", "kcell", "--account", "nobody"), "there is no account nobody"),
            (("add", "kcell", "--network", "kcel"), "no range is of a network 'kcel'"),
            (("add", "kcell", "--prefix", "8"), "'8' is no beginning of a number"),
            (("add", "kcell", "--priority", "3"), "a priority is a number from 0 to 2"),
            (("add", "kcell", "--at", "0"), "a position is a number from 1 on"),
            (("remove", "9"), "there is no route 9"),
        ],
    )
    def test_what_cannot_be_is_told_in_a_sentence(
        self, refused: Refused, words: tuple[str, ...], said: str
    ) -> None:
        assert said in refused("route", *words)


class TestTest:
    WAY = ("route", "test", "--account", "demo", "--to", "77011234567")

    def test_the_decision_line_by_line(self, done: Done) -> None:
        done("route", "add", "beeline", "--kind", "flash")
        done("route", "add", "beeline:step=2; kcell", "--network", "kcell")
        assert done(*self.WAY, "--sender", "INFO_KAZ").splitlines() == [
            "number 77011234567: network kcell, range 7701",
            "traffic: account demo, sender INFO_KAZ, text, priority 1",
            "route 1: no: kind is text, not flash",
            "route 2: yes: network is kcell",
            "  step 1: kcell, cost 0.00 a part, weight 1 of 1 (100 %)",
            "  step 2: beeline, cost 0.00 a part, weight 1 of 1 (100 %)",
            "order: kcell, beeline, then from the first again",
            "result: kcell by route 2",
        ]
        assert "result: beeline by route 1" in done(*self.WAY, "--flash")

    def test_a_disabled_operator_is_out(self, done: Done) -> None:
        done("operator", "disable", "kcell")
        told = done(*self.WAY)
        assert "order: kcell (out), beeline, then from the first again" in told
        assert "result: beeline by the default" in told

    def test_a_route_whose_only_operator_is_disabled_keeps_its_messages(self, done: Done) -> None:
        done("route", "add", "kcell")
        done("operator", "disable", "kcell")
        assert "result: kcell by route 1, though it is out: so are all" in done(*self.WAY)

    def test_one_whose_links_are_down_is_out_where_its_traffic_fails_over(
        self, done: Done, tmp_path: Path
    ) -> None:
        reported(tmp_path, report("down"))
        assert "result: kcell by the default" in done(*self.WAY)  # it waits
        done("operator", "set", "kcell", "when_down=fail-over")
        assert "result: beeline by the default" in done(*self.WAY)

    def test_a_ported_number(self, done: Done, tmp_path: Path) -> None:
        (tmp_path / "ported.csv").write_text("77011234567,beeline\n")
        done("ported", "import", "ported.csv")
        assert "network beeline, ported, from kcell (range 7701)" in done(*self.WAY)

    def test_what_cannot_be_asked(self, refused: Refused) -> None:
        way = ("route", "test", "--account", "demo", "--to")
        assert "'123' is no mobile number" in refused(*way, "123")
        assert refused("route", "test", "--account", "x", "--to", "77011234567") == (
            "there is no account x"
        )


class TestRanges:
    def test_add_list_remove(self, done: Done, refused: Refused) -> None:
        assert "7701    kcell" in done("range", "list").splitlines()
        assert done("range", "add", "7709", "new-one") == "7709 is new-one's\n"
        assert "7709    new-one" in done("range", "list").splitlines()
        assert refused("range", "add", "7709", "kcell").startswith("7709 is new-one's already")
        assert done("range", "remove", "7709") == "7709 is nobody's\n"
        assert refused("range", "remove", "7709") == "there is no range 7709"

    @pytest.mark.parametrize(("prefix", "network"), [("8701", "kcell"), ("7709", "Kcell")])
    def test_what_is_none(self, refused: Refused, prefix: str, network: str) -> None:
        assert " is no " in refused("range", "add", prefix, network)


def test_the_how_to_tells_what_happens(done: Done, tmp_path: Path) -> None:
    """Its commands one after the other, each with the lines that it shows under it."""
    done("account", "add", "bank", "--generate")
    done("sender", "add", "bank", "BANK")
    (tmp_path / "ported.csv").write_text("77011234567;beeline\n")
    told, shown = "", 0
    for kind, block in FENCE.findall(HOW_TO.read_text("utf-8")):
        if kind == "sh":
            for line in block.splitlines():
                program, *words = shlex.split(line)
                assert program == "habar"
                told = done(*words)
        else:
            shown += 1
            assert set(block.splitlines()) <= set(told.splitlines()), told
    assert shown > 5
