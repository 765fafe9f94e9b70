"""Any bill, any classes: they partition it, journals balance, revenue is conserved."""

from datetime import date
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from aicost.kernel.targets import ACTIVITIES, KINDS, STATES
from attribution.finance import tables
from attribution.finance.shapes import CLASSES
from attribution.reports import journal
from attribution.reports.spec import Spec
from tests.attribution.books import (
    AUGUST,
    FINANCE,
    SEPTEMBER,
    SUMMER,
    ask,
    by,
    nonzero,
    revenue,
    stand,
)  # fmt: skip

CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "12"))
amounts = st.decimals(min_value=-1000, max_value=1000, places=18)
names = st.sampled_from(["", "a", "b"])
stands = st.lists(
    st.tuples(amounts, st.sampled_from(KINDS), st.sampled_from(ACTIVITIES), names, names, names,
              st.integers(1, 58)),
    min_size=1, max_size=12,
)  # fmt: skip
rules = st.lists(
    st.tuples(st.sampled_from(CLASSES), st.sampled_from(["", "idle", "!idle, shared"]),
              st.sampled_from(["", "training", "inference, data"]),
              st.sampled_from(["", "a", "!a"]), st.sampled_from(["", "2026-09-01"])),
    max_size=5,
)  # fmt: skip


class AnyBill(TestCase):
    @settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(stands, rules, st.sampled_from(["total", "day", "week", "month", "quarter"]))
    def test_classes_partition_it_and_journals_balance(self, costs, classes, step):
        for amount, kind, activity, team, feature, environment, day in costs:
            stand(
                date.fromordinal(AUGUST.start.toordinal() + day), amount, kind=kind,
                state=STATES[kind][0], activity=activity, team=team, feature=feature,
                environment=environment,
            )  # fmt: skip
        last = {"cost_class": "other"}
        given = [
            {"cost_class": name, "kind": k, "activity": a, "environment": e, "valid_from": start}
            for name, k, a, e, start in classes
        ]
        tables.save("cost_classes", [*given, last])
        bill = sum(row[0] for row in costs)
        for group in ((), ("feature",), ("team", "kind")):
            rows = ask("cost_class", SUMMER, group_by=group, granularity=step)
            cost = ask("cost", SUMMER, group_by=group, granularity=step)
            keys = ("period", *group, "line")
            assert nonzero(by(rows, *keys, "currency")) == nonzero(by(cost, *keys, "currency"))
            assert sum(row["cost"] for row in rows) == bill
        for row in ask("margin", SUMMER, granularity=step):
            parts = ("cost_of_revenue", "research_cost", "other_class_cost")
            assert sum(row[name] for name in parts) == row["cost"]
        lines = ask("journal", SUMMER)
        assert sum(row["debit"] or 0 for row in lines) == sum(row["credit"] or 0 for row in lines)
        exact = journal.parts(Spec("journal", SUMMER, FINANCE))
        assert sum(row["exact_amount"] for row in exact) == 0
        assert all(row["debit"] is None or row["debit"] > 0 for row in lines)
        assert sum(row["cost"] for row in ask("statement", SUMMER)) == bill

    @settings(max_examples=CASES, deadline=None)
    @given(
        st.lists(st.tuples(amounts, st.integers(0, 29)), min_size=1, max_size=6),
        st.lists(st.integers(0, 10**6), min_size=2, max_size=4).filter(any),
    )
    def test_bundled_revenue_is_conserved(self, paid, shares):
        for amount, day in paid:
            revenue(date.fromordinal(SEPTEMBER.start.toordinal() + day), amount, feature="suite")
        features = ", ".join(f"f{n}={share}" for n, share in enumerate(shares))
        tables.save("revenue_splits", [{"product": "suite", "by": "shares", "features": features}])
        whole = sum(amount for amount, _ in paid)
        assert sum(row["revenue"] for row in ask("margin") if row["revenue"] is not None) == whole
        daily = by(ask("margin", granularity="day"), "feature", of="revenue")
        assert nonzero(daily) == nonzero(by(ask("margin"), "feature", of="revenue"))
