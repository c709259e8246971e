"""What staff do with ported numbers, above all the file with millions of them."""

from __future__ import annotations

import pytest

from habar.admin.ported import PortedNumbers
from habar.errors import InvalidValue, StoreUnavailable

NUMBERS = (77011234567, 77011234568, 77771234567)


@pytest.fixture
def ported(scripted_network):
    return PortedNumbers(scripted_network, actor="aliya", now=lambda: 5)


@pytest.fixture
def write(tmp_path):
    def write(text, name="ported.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "msisdn,network\n77011234567,tele2\n77771234567,kcell\n",
        "network;msisdn\r\ntele2;77011234567\r\nkcell;77771234567\r\n",
        "77011234567;tele2\n77771234567;kcell",
        "\ufeffMSISDN;Network\n+77011234567;TELE2\n87771234567;Kcell\n",
        '"msisdn","date","network"\n"77011234567","2026-01-02","tele2"\n\n"77771234567","","kcell"',
        "\n\n 77011234567 , tele2 \n,\n7 777 123-45-67,kcell,more,columns\n",
    ],
)
async def test_forms_of_the_file(ported, scripted_network, write, text):
    done = await ported.load(write(text))
    assert scripted_network.ported_rows == {77011234567: "tele2", 77771234567: "kcell"}
    assert (done.lines - done.wrong, done.written, done.wrong) == (2, 2, 0)
    assert scripted_network.audit == [
        ("aliya", "ported import", "ported.csv: 2 written, 0 removed, 0 unchanged")
    ]


async def test_bad_lines_are_told_with_their_numbers_and_skipped(ported, scripted_network, write):
    text = (
        b"msisdn,network\n"
        b"77011234567,tele2\n"
        b"7701123456,tele2\n"
        b"\n"
        b"77011234568\n"
        b'"77011234568,"tele\n'
        b"77771234567,kcell\n"
        b"\xff\xfe,kcell\n" + b"7" * 5000 + b"\n77011234568,beeline\n"
    )
    done = await ported.load(write(text))
    assert scripted_network.ported_rows == {
        77011234567: "tele2",
        77771234567: "kcell",
        77011234568: "beeline",
    }
    assert done.wrong == 5
    assert done.wrong_lines == [
        "line 3: '7701123456' is no mobile number",
        "line 5: a number and a network are wanted",
        "line 6: 'tele' is no network that has a range",
        "line 8: '��' is no mobile number",
        "line 9: a number and a network are wanted",
    ]


async def test_at_most_20_bad_lines_are_told(ported, write):
    done = await ported.load(write("77011234567,tele2\n" + "x,y\n" * 100))
    assert (done.wrong, len(done.wrong_lines)) == (100, 20)


@pytest.mark.parametrize("text", ["", "\n\n", "msisdn,network\n", "a,b\n", b"\x00\x01\x02"])
async def test_a_file_without_a_number_changes_nothing(ported, scripted_network, write, text):
    scripted_network.ported_rows = {NUMBERS[0]: "tele2"}
    with pytest.raises(InvalidValue, match="no ported number"):
        await ported.load(write(text), replace=True)
    assert scripted_network.ported_rows == {NUMBERS[0]: "tele2"}
    assert scripted_network.audit == []


async def test_a_first_line_that_names_half_the_columns(ported, write):
    with pytest.raises(InvalidValue, match="names columns"):
        await ported.load(write("msisdn,operator\n77011234567,tele2\n"))


async def test_a_file_that_is_not_there(ported, tmp_path):
    with pytest.raises(InvalidValue, match=r"none\.csv: No such file"):
        await ported.load(tmp_path / "none.csv")


@pytest.mark.parametrize("replace", [False, True])
async def test_an_import_that_is_repeated_changes_nothing(ported, scripted_network, write, replace):
    path = write("77011234567,tele2\n77771234567,kcell\n77011234567,tele2\n")
    await ported.load(path, replace=replace)
    audit = list(scripted_network.audit)
    scripted_network.calls.clear()
    done = await ported.load(path, replace=replace)
    assert (done.written, done.unchanged, done.removed) == (0, 3, 0)
    assert set(scripted_network.calls) == {"ranges", "ported"}
    assert scripted_network.audit == audit


async def test_the_last_line_on_a_number_counts(ported, scripted_network, write):
    for there in ({}, {NUMBERS[0]: "tele2"}, {NUMBERS[0]: "kcell"}):
        scripted_network.ported_rows = dict(there)
        await ported.load(write("77011234567,tele2\n77011234567,kcell\n77011234567,tele2\n"))
        assert scripted_network.ported_rows == {NUMBERS[0]: "tele2"}


async def test_what_is_not_in_the_file_stays_or_is_replaced(ported, scripted_network, write):
    scripted_network.ported_rows = dict.fromkeys(NUMBERS, "tele2")
    path = write("77011234567,beeline\n77771234567,tele2\n")
    done = await ported.load(path)
    assert (done.written, done.unchanged, done.kept, done.removed) == (1, 1, 1, 0)
    assert len(scripted_network.ported_rows) == 3
    done = await ported.load(path, replace=True)
    assert (done.written, done.unchanged, done.kept, done.removed) == (0, 2, 0, 1)
    assert scripted_network.ported_rows == {NUMBERS[0]: "beeline", NUMBERS[2]: "tele2"}
    assert scripted_network.audit[-1][2] == "ported.csv: 0 written, 1 removed, 2 unchanged"


async def test_nothing_is_removed_for_a_file_with_a_slip_in_it(ported, scripted_network, write):
    scripted_network.ported_rows = dict.fromkeys(NUMBERS, "tele2")
    done = await ported.load(write("77011234567,kcell\n7777123456,tele2\n"), replace=True)
    assert (done.removed, done.kept, done.wrong) == (0, 2, 1)
    assert set(scripted_network.ported_rows) == set(NUMBERS)


async def test_it_goes_in_batches_with_progress_and_may_die_between_them(
    ported, scripted_network, write
):
    rows = {77_010_000_000 + n: ("tele2", "kcell")[n % 2] for n in range(25_000)}
    path = write("".join(f"{number},{network}\n" for number, network in rows.items()))
    scripted_network.ported_rows = {77_770_000_000: "tele2"}
    scripted_network.failures = [None, None, None, None, StoreUnavailable("away")]
    with pytest.raises(StoreUnavailable):
        await ported.load(path, replace=True)
    assert len(scripted_network.ported_rows) == 10_001  # the first batch, and what was there
    told = []
    done = await ported.load(
        path, replace=True, on_progress=lambda now: told.append((now.lines, now.written))
    )
    assert scripted_network.ported_rows == rows
    assert (done.written, done.unchanged, done.removed) == (15_000, 10_000, 1)
    assert told == [(10_000, 0), (20_000, 10_000), (25_000, 15_000)]


async def test_find_count_and_drop_one(ported, scripted_network):
    scripted_network.ported_rows = {NUMBERS[0]: "tele2"}
    assert await ported.find("8 701 123 45 67") == "tele2"
    assert await ported.find("77011234566") is None
    assert await ported.count() == 1
    assert await ported.drop("+77011234567")
    assert not await ported.drop("+77011234567")
    assert scripted_network.audit == [("aliya", "ported remove", "77011234567")]
    with pytest.raises(InvalidValue):
        await ported.find("123")


class TestOneNetwork:
    """A list of numbers of one network, which the file does not name."""

    @pytest.mark.parametrize(
        "text",
        [
            "77011234567\n77771234567\n",
            "msisdn\n77011234567\n77771234567\n",
            "date;network;msisdn\n1;tele2;77011234567\n2;nonsense;77771234567\n",
            "77011234567,whatever\n77771234567\n",
        ],
    )
    async def test_forms_of_the_file(self, ported, scripted_network, write, text):
        done = await ported.load(write(text), network="kcell")
        assert scripted_network.ported_rows == {77011234567: "kcell", 77771234567: "kcell"}
        assert (done.written, done.wrong) == (2, 0)

    async def test_a_first_line_without_the_number(self, ported, write):
        with pytest.raises(InvalidValue, match="names columns, but not msisdn"):
            await ported.load(write("network,date\nkcell,1\n"), network="kcell")

    async def test_one_that_has_no_range(self, ported, scripted_network, write):
        with pytest.raises(InvalidValue, match="'kcel' is no network that has a range: beeline"):
            await ported.load(write("77011234567\n"), network="kcel")
        assert scripted_network.ported_rows == {}

    async def test_replace_takes_out_its_own_only(self, ported, scripted_network, write):
        scripted_network.ported_rows = {
            77011234567: "kcell",
            77011234568: "tele2",
            77771234567: "kcell",
        }
        done = await ported.load(write("77011234567\n"), network="kcell", replace=True)
        assert scripted_network.ported_rows == {77011234567: "kcell", 77011234568: "tele2"}
        assert (done.unchanged, done.removed, done.kept) == (1, 1, 0)


async def test_all_are_forgotten_in_bounded_batches(ported, scripted_network):
    scripted_network.ported_rows = dict.fromkeys(range(77010000000, 77010025000), "tele2")
    assert await ported.clear() == 25_000
    assert scripted_network.calls["clear_ported"] == 4
    assert scripted_network.audit == [("aliya", "ported clear", ": 25000 removed")]
    assert await ported.clear() == 0
    assert len(scripted_network.audit) == 1
