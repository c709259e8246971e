"""Figures as people read them."""

from bench.cases import QUICK, all_cases
from bench.table import number, tables, verdict
from rich.console import Console

CASES = {case.name: case for case in all_cases(QUICK)}


def printed(*rows: tuple[str, dict[str, float]]) -> str:
    console = Console(width=200, record=True, quiet=True)
    with console.capture() as text:
        console.quiet = False
        for table in tables([(CASES[name], figures) for name, figures in rows]):
            console.print(table)
    return text.get()


def test_numbers() -> None:
    assert number({"a": 1234567.8}, "a") == "1 234 568"
    assert number({"a": 1.236}, "a", "{:.2f}") == "1.24"
    assert number({}, "a") == ""


class TestVerdict:
    def test_met_and_missed(self) -> None:
        case = CASES["packages-1000-window-100-receipts"]
        assert "[green]met, 1.20" in verdict(case, {"receipts_rate": 30_000.0})
        assert "[red]missed, 0.50" in verdict(case, {"receipts_rate": 12_500.0})

    def test_a_ratio_without_its_partner_is_told_in_words(self) -> None:
        told = verdict(CASES["single-16"], {"sent_rate": 9_000.0})
        assert told == "1.3 x Kannel without a store"

    def test_no_target_no_words(self) -> None:
        assert verdict(CASES["single-64"], {"sent_rate": 9_000.0}) == ""


class TestTables:
    def test_only_those_that_have_rows(self) -> None:
        assert len(tables([(CASES["single-1"], {})])) == 1
        assert len(tables([(CASES["single-1"], {}), (CASES["steady"], {})])) == 2

    def test_a_stream(self) -> None:
        text = printed(("single-64-receipts", {"accepted_rate": 12_345.0, "cpu_per_1000": 0.07}))
        (row,) = [line for line in text.splitlines() if "64 connections" in line]
        assert "yes" in row
        assert "12 345" in row
        assert "0.0700" in row

    def test_postgresqls_own_only_where_it_was_measured(self) -> None:
        figures = {"cpu_per_1000": 0.07}
        assert "PG" not in printed(("single-64", figures))
        served = figures | {"database_cpu_per_1000": 0.05, "database_mb": 123.0}
        text = printed(("single-64", served))
        assert "PG CPU s/1000" in text
        (row,) = [line for line in text.splitlines() if "64 connections" in line]
        assert "0.0500" in row
        assert "123" in row

    def test_a_latency_has_its_target_at_its_own_line(self) -> None:
        text = printed(("steady", {"handed_p99_ms": 4.2, "submitted_p99_ms": 9.9}))
        (aimed,) = [line for line in text.splitlines() if "< 5 ms" in line]
        assert "accepted to submit_sm" in aimed
        assert "4.20" in aimed

    def test_operators_healthy_beside_sick(self) -> None:
        figures = {
            "healthy_sent_rate": 10_000.0,
            "sick_sent_rate": 9_700.0,
            "kept": 0.97,
            "kept_least": 0.94,
            "kept_most": 0.99,
            "spread": 0.031,
        }
        text = printed(("operators-20", figures))
        (aimed,) = [line for line in text.splitlines() if ">= 0.95" in line]
        for told in ("10 000", "9 700", "0.970 (0.940 to 0.990", "3.1% apart", "met"):
            assert told in aimed

    def test_call_backs(self) -> None:
        text = printed(("single-16-callbacks-http", {"told_rate": 2_345.0, "calls_rate": 4_690.0}))
        (row,) = [line for line in text.splitlines() if "HTTP" in line]
        assert "2 345" in row
        assert "4 690" in row
        assert "2 x Kannel" in row

    def test_subscribers(self) -> None:
        figures = {"replies_rate": 3_456.0, "replied_p99_ms": 78.94, "database_mb": 12.0}
        text = printed(("subscribers-window-10", figures))
        (row,) = [line for line in text.splitlines() if "10 deliver_sm" in line]
        assert "3 456" in row
        assert "78.9" in row
        assert "PG MB" in text

    def test_the_million(self) -> None:
        text = printed(("million", {"waiting_rss_mb": 301.0, "restart_s": 1.5}))
        (aimed,) = [line for line in text.splitlines() if "< 300 MB" in line]
        assert "missed" in aimed
