"""Which operator a message goes to, and what staff are told of it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.errors import NoOperator
from habar.model.numbers import Networks, Ported
from habar.model.route import Kind, Operator, Prefer, Route, Routes, Target, Traffic

KCELL, BEELINE, TELE2 = Operator(1, "kcell"), Operator(2, "beeline"), Operator(3, "tele2")
ALL = (KCELL, BEELINE, TELE2)
NETWORKS = Networks(
    [("7701", "kcell"), ("7777", "beeline"), ("7707", "tele2")],
    Ported.of([(77011111111, "beeline")]),
)


def traffic(recipient=77011234567, sender="SHOP", account_id=1, kind=Kind.TEXT, priority=1):
    return Traffic(recipient, sender, account_id, kind, priority)


def route(route_id, *targets, position=None, **conditions):
    targets = tuple(t if isinstance(t, Target) else Target(t) for t in targets)
    return Route(route_id, position or route_id, targets, **conditions)


def routes(*given, operators=ALL, out=frozenset()):
    return Routes(operators, given, NETWORKS, out)


def names(plan):
    return [operator.name for operator in plan.operators]


class TestDefault:
    def test_all_that_send_in_the_order_of_their_ids(self):
        deaf = Operator(4, "listener", sends=False)
        plan = Routes((TELE2, deaf, KCELL)).plan(traffic())
        assert (plan.route_id, names(plan)) == (0, ["kcell", "tele2"])

    def test_where_none_sends_messages_wait_for_the_first(self):
        assert Routes((Operator(4, "a", sends=False),)).choose(traffic())[0].name == "a"

    def test_where_there_is_no_operator_it_says_so(self):
        empty = Routes(())
        assert empty.plan(traffic()).operators == ()
        with pytest.raises(NoOperator):
            empty.choose(traffic())
        with pytest.raises(NoOperator):
            empty.next_after(traffic(), 1)


class TestConditions:
    @pytest.mark.parametrize(
        ("conditions", "matching", "other"),
        [
            ({"account_id": 1}, {}, {"account_id": 2}),
            ({"sender": "SHOP"}, {}, {"sender": "shop"}),
            ({"network": "kcell"}, {}, {"recipient": 77771234567}),
            ({"network": "beeline"}, {"recipient": 77011111111}, {}),
            ({"network": ""}, {"recipient": 77601234567}, {}),
            ({"prefix": "770112"}, {}, {"recipient": 77011334567}),
            ({"kind": Kind.FLASH}, {"kind": 1}, {"kind": 0}),
            ({"priority": 0}, {"priority": 0}, {}),
            ({"network": "kcell", "sender": "SHOP"}, {}, {"sender": "INFO_KAZ"}),
        ],
    )
    def test_each_must_hold(self, conditions, matching, other):
        some = routes(route(5, 3, **conditions))
        assert some.choose(traffic(**matching)) == (TELE2, 5)
        assert some.choose(traffic(**other)) == (KCELL, 0)

    def test_the_first_by_position_decides(self):
        some = routes(route(1, 2, position=2), route(2, 3, position=1))
        assert some.choose(traffic()) == (TELE2, 2)

    def test_an_unknown_operator_is_skipped(self):
        some = routes(route(1, 9, Target(2, step=2)))
        assert names(some.plan(traffic())) == ["beeline"]

    def test_a_route_of_which_nothing_is_usable_is_passed_over(self):
        deaf = Operator(4, "listener", sends=False)
        some = routes(route(1, 9), route(2, 4), route(3, 2), operators=(*ALL, deaf))
        assert some.choose(traffic()) == (BEELINE, 3)
        assert routes(route(1, 9)).choose(traffic()) == (KCELL, 0)

    @given(
        st.lists(
            st.builds(
                traffic,
                recipient=st.sampled_from([77011234567, 77011111111, 77771234567, 77601234567]),
                sender=st.sampled_from(["SHOP", "INFO_KAZ", "OTHER"]),
                account_id=st.integers(1, 3),
                kind=st.integers(0, 1),
                priority=st.integers(0, 2),
            ),
            max_size=30,
        )
    )
    def test_what_is_remembered_changes_nothing(self, all_traffic):
        given = (
            route(1, 3, account_id=2, sender="SHOP"),
            route(2, 2, network="beeline", kind=Kind.TEXT),
            route(3, 3, prefix="776", priority=1),
            route(4, 2, sender="INFO_KAZ"),
        )
        lasting = routes(*given)
        for one in all_traffic:
            network = NETWORKS.of(one.recipient)
            wanted = next((r.id for r in given if r.takes(one, network)), 0)
            assert lasting.choose(one)[1] == wanted
            assert lasting.plan(one) == routes(*given).plan(one)

    def test_what_is_remembered_is_bounded(self):
        given = [route(n, 2, sender=f"S{n}") for n in range(1, 200)]
        some = routes(*given)
        for account in range(60):
            for n in range(1, 200):
                assert some.choose(traffic(sender=f"S{n}", priority=account)) == (BEELINE, n)
        assert len(some._ways) <= 10_000


class TestTargets:
    def test_steps_are_the_order_of_fail_over(self):
        some = routes(route(1, Target(3, step=1), Target(1, step=3), Target(2, step=2)))
        assert names(some.plan(traffic())) == ["tele2", "beeline", "kcell"]

    def test_a_step_is_shared_by_weight_within_a_hundredth(self):
        some = routes(route(1, Target(1, weight=70), Target(2, weight=30), Target(3, step=2)))
        numbers = range(77_011_000_000, 77_011_100_000)
        chosen = Counter(some.choose(traffic(number))[0].name for number in numbers)
        assert abs(chosen["kcell"] / 100_000 - 0.7) < 0.01
        assert set(chosen) == {"kcell", "beeline"}

    def test_a_number_always_goes_the_same_way(self):
        def made():
            return routes(route(1, Target(2, weight=1), Target(1, weight=1)))

        for number in range(77_011_000_000, 77_011_000_100):
            order = names(made().plan(traffic(number)))
            assert order == names(made().plan(traffic(number, sender="OTHER", priority=2)))
            assert sorted(order) == ["beeline", "kcell"]

    def test_by_cost_the_cheapest_is_first_and_equals_share(self):
        targets = (Target(1, 1, 1, 500), Target(2, 2, 3, 400), Target(3, 3, 1, 400))
        some = routes(route(1, *targets, prefer=Prefer.COST))
        orders = Counter(tuple(names(some.plan(traffic(77_011_000_000 + n)))) for n in range(4000))
        assert set(orders) == {("beeline", "tele2", "kcell"), ("tele2", "beeline", "kcell")}
        assert abs(orders["beeline", "tele2", "kcell"] / 4000 - 0.75) < 0.03


class TestOut:
    STEPS = (Target(1, step=1), Target(2, step=2), Target(3, step=3))

    def test_those_that_are_out_are_skipped(self):
        some = routes(route(1, *self.STEPS))
        assert some.without(frozenset({1})).choose(traffic()) == (BEELINE, 1)
        assert some.without(frozenset({1, 2})).choose(traffic()) == (TELE2, 1)
        assert some.choose(traffic()) == (KCELL, 1)

    def test_where_all_are_out_the_first_has_it(self):
        out = frozenset({1, 2, 3})
        assert routes(route(1, *self.STEPS), out=out).choose(traffic()) == (KCELL, 1)
        assert routes(out=out).choose(traffic()) == (KCELL, 0)

    def test_the_share_of_one_that_is_out_goes_to_its_step(self):
        given = route(1, Target(1, weight=2), Target(2, weight=1), Target(3, weight=1))
        some = routes(given)
        for number in range(77_011_000_000, 77_011_000_200):
            order = some.plan(traffic(number)).operators
            for out in ({order[0].id}, {order[0].id, order[1].id}):
                left = [operator for operator in order if operator.id not in out]
                assert some.without(frozenset(out)).choose(traffic(number)) == (left[0], 1)
            assert some.without(frozenset({1, 2, 3})).choose(traffic(number)) == (order[0], 1)

    def test_what_is_out_does_not_change_the_plan(self):
        some = routes(route(1, *self.STEPS), out=frozenset({1}))
        assert names(some.plan(traffic())) == ["kcell", "beeline", "tele2"]

    def test_other_routes_share_what_does_not_change(self):
        some = routes(route(1, *self.STEPS))
        other = some.without(frozenset({2}))
        assert (some.out, other.out) == (frozenset(), {2})
        assert other.networks is some.networks
        assert other.routes is some.routes
        assert other.operators == ALL


class TestNext:
    STEPS = TestOut.STEPS

    @pytest.mark.parametrize(
        ("out", "after", "wanted"),
        [
            ((), 1, "beeline"),
            ((), 3, "kcell"),
            ((2,), 1, "tele2"),
            ((1, 2), 3, "tele2"),
            ((1, 2, 3), 2, "beeline"),
            ((), 9, "kcell"),
            ((1,), 9, "beeline"),
            ((1, 2, 3), 9, "kcell"),
        ],
    )
    def test_in_cyclic_order_those_that_are_out_left_out(self, out, after, wanted):
        some = routes(route(1, *self.STEPS), out=frozenset(out))
        assert some.next_after(traffic(), after).name == wanted

    def test_one_alone_follows_itself(self):
        assert routes(route(1, 2)).next_after(traffic(), 2) == BEELINE


class TestExplain:
    def explain(self, some, one):
        return some.explain(
            one,
            operator=lambda n: {1: "kcell", 2: "beeline", 3: "tele2", 9: "old"}[n],
            account=lambda n: {1: "demo", 2: "bank"}[n],
            money=lambda tiyn: f"{tiyn / 100:.2f}",
        )

    def test_line_by_line(self):
        some = routes(
            route(4, 2, account_id=2, sender="BANK"),
            route(6, 9, kind=Kind.TEXT),
            route(
                5,
                Target(1, weight=70, cost=450),
                Target(2, weight=30, cost=500),
                Target(3, step=2),
                position=7,
                network="kcell",
                prefix="7701",
            ),
            route(7, 2, position=8),
            out=frozenset({3}),
        )
        assert self.explain(some, traffic()) == [
            "number 77011234567: network kcell, range 7701",
            "traffic: account demo, sender SHOP, text, priority 1",
            "route 4: no: account is demo, not bank; sender is SHOP, not BANK",
            "route 6: yes: kind is text; but none of its operators can send",
            "  step 1: old, cost 0.00 a part: skipped, it is not served",
            "route 5: yes: network is kcell; prefix is 7701",
            "  step 1: kcell, cost 4.50 a part, weight 70 of 100 (70 %): this number is here",
            "  step 1: beeline, cost 5.00 a part, weight 30 of 100 (30 %)",
            "  step 2: tele2, cost 0.00 a part, weight 1 of 1 (100 %), out",
            "not asked: 1 more route",
            "order: kcell, beeline, tele2 (out), then from the first again",
            "result: kcell by route 5",
        ]

    def test_by_default(self):
        lines = self.explain(routes(out=frozenset({1, 2, 3})), traffic(77601234567, kind=1))
        assert lines == [
            "number 77601234567: network not known, no range has it",
            "traffic: account demo, sender SHOP, flash, priority 1",
            "default: no route takes it, so all operators that send, in the order of their ids",
            "order: kcell (out), beeline (out), tele2 (out), then from the first again",
            "result: kcell by the default, though it is out: so are all",
        ]

    def test_by_cost_and_a_ported_number(self):
        given = route(1, Target(2, cost=500), Target(1, step=2, cost=450), prefer=Prefer.COST)
        lines = self.explain(routes(given), traffic(77011111111))
        assert lines[0] == ("number 77011111111: network beeline, ported, from kcell (range 7701)")
        assert lines[2:6] == [
            "route 1: yes: it takes everything",
            "  prefers cost: the cheapest first, whatever its step",
            "  step 2: kcell, cost 4.50 a part, weight 1 of 1 (100 %)",
            "  step 1: beeline, cost 5.00 a part, weight 1 of 1 (100 %)",
        ]

    def test_one_that_only_receives(self):
        deaf = Operator(9, "old", sends=False)
        lines = self.explain(routes(route(1, 9, 2), operators=(*ALL, deaf)), traffic())
        assert "  step 1: old, cost 0.00 a part: skipped, its binds only receive" in lines
        assert lines[-1] == "result: beeline by route 1"

    def test_without_an_operator(self):
        assert self.explain(Routes(()), traffic())[-1] == "result: refused, no operator is served"

    @given(st.integers(77_000_000_000, 77_999_999_999), st.sets(st.integers(1, 3)))
    def test_it_tells_what_is_chosen(self, number, out):
        some = routes(
            route(1, Target(1, weight=2), Target(2), Target(3, step=2)), out=frozenset(out)
        )
        chosen = some.choose(traffic(number))[0].name
        assert self.explain(some, traffic(number))[-1].startswith(f"result: {chosen} by route 1")
