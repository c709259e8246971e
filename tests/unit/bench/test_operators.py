"""Many operators: who is measured when, what is made of it, and where messages go."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench.cases import Case, Work
from bench.operators import LIMIT, SICK, SILENT, THROTTLED, jobs, missing, order, together
from bench.packages import Prefix
from bench.rig import names
from bench.runs import one_by_one
from bench.sink import Plan
from bench.ways import Ways, lay

from habar.app.database import Place, books_of
from habar.config import load
from habar.model.route import Route
from habar.simulator import Limit

OPERATOR = """
[[operators]]
name = "{}"
host = "127.0.0.1"
port = 2775
system_id = "habar"
password = "habar"
"""


class TestTurns:
    def test_each_as_often_and_on_the_average_as_late(self) -> None:
        assert order(1) == ["healthy", "sick"]
        turns = order(4)
        healthy = [place for place, state in enumerate(turns) if state == "healthy"]
        assert len(healthy) == 4
        assert sum(healthy) * 2 == sum(range(8))

    def test_what_was_kept_is_the_ratio_of_medians(self) -> None:
        healthy = [{"sent_rate": rate} for rate in (100.0, 120.0, 90.0)]
        sick = [{"sent_rate": rate} for rate in (95.0, 90.0, 99.0)]
        figures = together(healthy, sick)
        assert figures["kept"] == 0.95
        assert (figures["kept_least"], figures["kept_most"]) == (0.75, 1.1)
        assert figures["spread"] == 0.3
        assert figures["sick_sent_rate"] == 95.0

    def test_nothing_is_kept_of_nothing(self) -> None:
        assert "kept" not in together([{"sent_rate": 0.0}], [{"sent_rate": 0.0}])


def test_the_single_sender_is_the_same_as_beside_a_neighbour() -> None:
    case = Case("x", "x", Work.OPERATORS, 100, size=10, seconds=2.0)
    nodes: Any = SimpleNamespace(ports=[1, 2])
    crowd, lone = jobs(case, nodes)
    assert lone == one_by_one(case, nodes)
    assert (lone.size, lone.stamps, crowd.stamps) == (1, True, False)


class TestSick:
    def test_what_goes_wrong_at_whom(self) -> None:
        plan = Plan(operators=20, silent=[SILENT], throttled=[THROTTLED], limit=LIMIT)
        faults = [plan.faults(place) for place in range(plan.operators)]
        assert [place for place, one in enumerate(faults) if one.links_silent] == [SILENT]
        assert faults[SILENT].silent_after == 1, "the bind is answered"
        assert faults[THROTTLED].limit == Limit(LIMIT)
        assert not any(one.limit for place, one in enumerate(faults) if place != THROTTLED)


def told(unique: int, **more: int) -> dict[str, Any]:
    return {"unique": unique, "repeated": 0, "refused": 0, "throttled": 0} | more


class TestMissing:
    def test_a_sick_one_may_have_less_and_refuse(self) -> None:
        after = [told(15), told(12, throttled=3)]
        assert not missing([told(10), told(10)], after, [5, 5], healthy=[0])

    def test_a_healthy_one_may_not(self) -> None:
        after = [told(14, throttled=1), told(15, repeated=1)]
        assert missing([told(10), told(10)], after, [5, 5], healthy=[0, 1]) == {
            "lost": 1,
            "refused by the sink": 1,
            "sent twice": 1,
        }

    def test_nobody_may_have_anothers(self) -> None:
        after = [told(16), told(14)]
        faults = missing([told(10), told(10)], after, [5, 5], healthy=[0])
        assert faults == {"sent to another operator": 1}


class TestWays:
    def test_packages_are_spread_evenly_and_nothing_else_reaches_the_sick(self) -> None:
        ways = Ways(range(1, 21), SICK)
        shares = ways.counts(Prefix.NEIGHBOUR, range(20_000))
        assert sum(shares) == 20_000
        assert min(shares) > 850
        assert max(shares) < 1150
        for prefix in (Prefix.MEASURED, Prefix.WARM):
            others = ways.counts(prefix, range(2_000))
            assert sum(others) == 2_000
            assert {place for place, count in enumerate(others) if not count} == SICK

    def test_the_database_has_the_same(self, tmp_path: Path) -> None:
        path = tmp_path / "habar.toml"
        stated = "".join(OPERATOR.format(name) for name in names(3))
        path.write_text(f'[gateway]\ndata = "{tmp_path / "data"}"\n{stated}')
        path.chmod(0o600)
        ways = lay(path, sick=[1])

        async def kept() -> tuple[list[str], list[Route]]:
            async with books_of(Place.of(load(path))) as store:
                operators = await store.network.operators()
                return [one.name for one in operators], await store.network.routes()

        operators, routes = asyncio.run(kept())
        assert operators == ["sink-01", "sink-02", "sink-03"]
        assert [len(route.targets) for route in routes] == [3, 2]
        assert ways.counts(Prefix.MEASURED, range(10))[1] == 0


@pytest.mark.parametrize(("operators", "called"), [(1, ["sink"]), (2, ["sink-01", "sink-02"])])
def test_names(operators: int, called: list[str]) -> None:
    assert names(operators) == called
