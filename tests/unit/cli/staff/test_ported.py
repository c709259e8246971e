"""`habar ported …` on a real database."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from habar.cli.bar import Bar, Rate

from .conftest import Staff

Done = Callable[..., str]
Refused = Callable[..., str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ported.csv"
    path.write_text("msisdn;network\n77011234567;tele2\n87771234567;kcell\n")
    return path


def test_an_import_tells_what_it_did(done: Done, file: Path) -> None:
    assert done("ported", "import", str(file)).endswith(
        " a second): 2 written, 0 unchanged, 0 removed, 0 wrong\n"
    )
    assert done("ported", "import", str(file)).endswith(
        "0 written, 2 unchanged, 0 removed, 0 wrong\n"
    )
    assert done("ported", "count") == "2\n"
    assert done("ported", "show", "+77771234567") == "77771234567 is kcell's\n"
    assert done("ported", "show", "77770000000") == "77770000000 is not ported\n"


def test_bad_lines_are_told_and_the_others_stand(staff: Staff, file: Path) -> None:
    file.write_text("77011234567,tele2\n7701\x1b,tele2\n" + "77011234568,nobody\n" * 30)
    result = staff("ported", "import", "ported.csv", "--replace")
    assert result.exit_code == 1
    assert "1 written" in result.stdout
    first, *_, more, last = result.stderr.splitlines()
    assert first == "  line 2: '7701\\x1b' is no mobile number"
    assert more == "  and 11 more"
    assert last == "habar: ported.csv: 31 lines are no ported number: mend it and import it again"


def test_replace_takes_out_what_is_not_in_the_file(done: Done, staff: Staff, file: Path) -> None:
    done("ported", "import", "ported.csv")
    file.write_text("77011234567,tele2\nrubbish\n")
    result = staff("ported", "import", "ported.csv", "--replace")
    assert "1 line is no ported number, and 1 numbers that are not in it stay" in result.stderr
    file.write_text("77011234567,tele2\n")
    assert "1 removed" in done("ported", "import", "ported.csv", "--replace")
    assert done("ported", "count") == "1\n"


def test_a_list_of_one_networks_numbers(done: Done, refused: Refused, file: Path) -> None:
    done("ported", "import", "ported.csv")
    file.write_text("77010000001\n77010000002\n")
    assert "2 written" in done("ported", "import", "ported.csv", "--network", "kcell")
    file.write_text("date,msisdn\n2026-01-02,77010000001\n")
    told = done("ported", "import", "ported.csv", "--network", "kcell", "--replace")
    assert "0 written, 1 unchanged, 2 removed, 0 wrong" in told
    assert done("ported", "show", "77011234567") == "77011234567 is tele2's\n"
    assert "'kcel' is no network that has a range: 2day, arna" in refused(
        "ported", "import", "ported.csv", "--network", "kcel"
    )


def test_remove_and_clear(done: Done, refused: Refused, staff: Staff, file: Path) -> None:
    done("ported", "import", "ported.csv")
    assert done("ported", "remove", "77771234567") == "77771234567 is its range's again\n"
    assert refused("ported", "remove", "77771234567") == "77771234567 is not ported"
    assert staff("ported", "clear", stdin="n\n").exit_code == 1
    assert done("ported", "count") == "1\n"
    assert staff("ported", "clear", stdin="y\n").exit_code == 0
    assert done("ported", "clear", "--yes") == "0 ported numbers are forgotten\n"


def test_what_cannot_be_is_told_in_a_sentence(refused: Refused, file: Path) -> None:
    assert refused("ported", "import", "nowhere.csv") == "nowhere.csv: No such file or directory"
    assert "'12' is no mobile number" in refused("ported", "show", "12")
    file.write_text("\n")
    assert "no ported number is in it" in refused("ported", "import", "ported.csv")


def test_the_bar_tells_how_far_it_is() -> None:
    drawn = io.StringIO()
    bar = Bar(Console(file=drawn, force_terminal=True, width=100), rate="numbers/s")
    bar.stage("ported numbers", 20_000)
    bar.advance(10_000)
    bar.stage("no longer ported", None)
    assert "ported numbers" in drawn.getvalue()
    assert "0/20000" in drawn.getvalue()
    assert "no longer ported" in drawn.getvalue()


def test_the_bar_tells_how_fast_it_goes() -> None:
    seconds = iter(range(100))
    progress = Progress(Rate("numbers/s"), get_time=lambda: float(next(seconds)))
    progress.add_task("ported numbers", total=20_000)
    (task,) = progress.tasks
    assert str(Rate("numbers/s").render(task)) == ""
    for _ in range(3):
        progress.advance(task.id, 2_500)
    assert str(Rate("numbers/s").render(task)).endswith(" numbers/s")
    assert task.speed is not None
