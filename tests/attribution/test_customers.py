"""Customers: the day's cost of each target over the customers of its calls, to the last quantum."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
import random

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.finance.shapes import COST_OF_REVENUE, RESEARCH
from attribution.finance.tables import newest, save
from attribution.models import CustomerSplit
from attribution.reports import run
from attribution.reports.customers import ranked
from attribution.reports.spec import Asker, NotAllowed, Spec
from ingest.models import Alias, ChangedDay, Customer, Revenue, Usage
from ingest.partitions import ensure_partitions
from tests.attribution.ledger import DAY, calls, charge, delivery, source

pytestmark = pytest.mark.django_db
NEXT = DAY + timedelta(days=1)
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
ADMIN = Asker("admin")
_ids = iter(range(1, 10**9))


def called(customer: str, feature: str, requests: int, *, day: date = DAY, model="m", **more):
    """Calls of one customer, and their sum of the day as loading would keep it."""
    of = source("calls", "usage")
    ensure_partitions("ingest_usage", [day])
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    Usage.objects.create(id=next(_ids), source=of, delivery=delivery(of), time=at, hour=at,
                         customer=customer, feature=feature, model=model, requests=requests,
                         **more)  # fmt: skip
    calls(model, requests, day=day, feature=feature, **more)


def answer(name: str = "customers", period: Period = SEPTEMBER, asker=ADMIN, **more) -> list[dict]:
    return run(Spec(name, period, asker, **more)).rows


def costs(**more) -> dict[tuple, str]:
    """(customer or line, feature) -> cost."""
    return {
        (row["customer"] or row["line"], row.get("feature", "")): str(row["cost"].normalize())
        for row in answer(**more)
        if row["cost"] is not None
    }


def listed(spec: Spec, **order) -> tuple[list[str], int]:
    rows, count = ranked(spec, **order)
    return [row["customer"] for row in rows], count


@pytest.fixture
def shop():
    """Two features by tag, one day: chat costs 10 and search 9; tax is 1, and 5 are nobody's.

    chat   acme 3 calls, globex 1, no customer 1    10 over 5: acme 6, globex 2, 2 stay
    search acme 1 call, globex 1, Initech 1         9 over 3: 3 each
    """
    charge("10", tags={"feature": "chat", "team": "talk"})
    charge("9", tags={"feature": "search", "team": "find"})
    charge("1", charge_category="Tax")
    charge("5")
    called("acme", "chat", 3)
    called("globex", "chat", 1)
    called("", "chat", 1)
    for customer in ("acme", "globex", "Initech"):
        called(customer, "search", 1)
    attribute()


def test_each_customer_has_its_share_and_the_rest_stays_visible(shop):
    assert costs() == {
        ("acme", ""): "9", ("globex", ""): "5", ("Initech", ""): "3",
        ("workload", ""): "2", ("shared", ""): "1", ("unattributed", ""): "5",
    }  # fmt: skip
    assert costs(group_by=("feature",), filters={"customer": ("acme",)}) == {
        ("acme", "chat"): "6", ("acme", "search"): "3",
    }  # fmt: skip
    rows = {row["customer"] or row["line"]: row["requests"] for row in answer()}
    assert (rows["acme"], rows["workload"], rows["shared"]) == (4, 1, None)


def test_by_cost_class_it_is_the_same_money(shop):
    """Finance calls search research: of acme 6 are cost of revenue and 3 are not; nothing of what
    stands on nobody is lost."""
    rows = [{"cost_class": RESEARCH, "feature": "search"}, *newest("cost_classes").rows]
    save("cost_classes", rows, None, "search is a trial", None)
    found = {
        (row["customer"] or row["line"], row["cost_class"]): row["cost"]
        for row in answer(group_by=("cost_class",))
    }
    assert found[("acme", COST_OF_REVENUE)] == 6 and found[("acme", RESEARCH)] == 3
    assert found[("Initech", RESEARCH)] == 3 and ("Initech", COST_OF_REVENUE) not in found
    assert found[("workload", COST_OF_REVENUE)] == 2
    assert sum(found.values()) == 25
    assert {row["requests"] for row in answer(group_by=("cost_class",))} == {None}


def test_a_team_sees_the_customers_of_its_own_money_only(shop):
    talk = Asker("engineer", ("talk",))
    assert costs(asker=talk) == {("acme", ""): "6", ("globex", ""): "2", ("workload", ""): "2"}
    assert listed(Spec("customers", SEPTEMBER, talk)) == (["acme", "globex"], 2)
    assert {row["requests"] for row in answer(asker=talk, filters={"customer": ("acme",)})} == {3}
    for asker in (talk, Asker("engineer")):
        with pytest.raises(NotAllowed):
            answer("customer_margin", asker=asker)
        with pytest.raises(NotAllowed):
            ranked(Spec("customers", SEPTEMBER, asker), sort="margin")


def test_calls_that_come_late_split_also_what_no_rule_weighs_by_them(shop):
    called("globex", "chat", 5)
    ChangedDay.objects.create(source=source("calls"), day=DAY, what="usage")
    attribute()
    assert costs()[("globex", "")] == "9"  # 6 of 10 calls of chat, and 3 of search
    assert CustomerSplit.objects.get(day=DAY).summed


def test_tokens_weigh_where_all_calls_of_the_model_tell_them_and_prices_where_known(shop):
    charge("7", day=NEXT, tags={"model": "sage", "feature": "chat"})
    called("acme", "chat", 9, day=NEXT, model="sage", input_tokens=100)
    called("globex", "chat", 1, day=NEXT, model="sage", input_tokens=600)
    attribute()
    one = Period(NEXT, NEXT + timedelta(days=1))
    assert costs(period=one) == {("globex", ""): "6", ("acme", ""): "1"}
    called("acme", "chat", 6, day=NEXT, model="sage")  # tells none: now calls weigh, 15 to 1
    attribute()
    assert costs(period=one) == {("acme", ""): "6.5625", ("globex", ""): "0.4375"}


def test_names_of_a_customer_are_one_and_revenue_stands_beside(shop):
    Alias.objects.create(dimension="customer", raw="Initech", canonical="globex")
    attribute()
    of = source("crm", "business")
    earned = {"source": of, "delivery": delivery(of), "day": DAY, "currency": "USD"}
    Revenue.objects.create(customer="Initech", feature="search", amount=Decimal(6), **earned)
    Revenue.objects.create(customer="newcomer", feature="chat", amount=Decimal(4), **earned)
    Customer.objects.create(customer="globex", name="Globex Corporation")
    rows = {row["customer"] or row["line"]: row for row in answer("customer_margin")}
    assert rows["globex"]["margin"] == 6 - 8
    assert (rows["newcomer"]["cost"], rows["newcomer"]["margin_percent"]) == (0, 100)
    assert rows["acme"]["revenue"] is None and rows["acme"]["margin"] is None
    spec = Spec("customers", SEPTEMBER, ADMIN)
    assert listed(spec, sort="margin") == (["globex", "newcomer", "acme"], 3)
    assert listed(spec, asked="corpor") == (["globex"], 1)
    assert listed(spec, first=1, rows_max=1) == (["globex"], 2)
    assert ranked(spec)[0][1]["name"] == "Globex Corporation"


def test_all_customers_and_the_rest_are_the_bill_whatever_is_asked():
    """A random quarter: of any period, step, group and basis the report adds up as `cost` does."""
    pick = random.Random(7)
    days = list(Period(date(2026, 7, 25), date(2026, 9, 8)).days())
    for day in days:
        for feature in ("chat", "search", "help"):
            cost = Decimal(pick.randrange(-50, 10**6)) / 7000
            cost = cost.quantize(Decimal("0.000000000000000001"))
            charge(cost, cost * 2, day=day, tags={"feature": feature, "team": feature[0]})
            for customer in pick.sample(["a", "b", "B", "ç", "d", ""], 3):
                called(customer, feature, pick.randrange(1, 10**9), day=day)
    charge("3.3", day=days[3])
    attribute()
    periods = (
        Period(date(2026, 8, 1), date(2026, 9, 1)),
        Period(date(2026, 7, 20), date(2026, 9, 20)),
        Period(date(2026, 8, 3), date(2026, 9, 4)),
    )
    groups = ((), ("feature",), ("team", "model"))
    for period, by, step in product(periods, groups, ("total", "day", "month")):
        for basis in ("effective", "billed"):
            asked = {"group_by": by, "granularity": step, "basis": basis, "period": period}
            whole = sum(row["cost"] for row in answer("cost", **asked | {"group_by": ()}))
            rows = answer(**asked)
            assert sum(row["cost"] or 0 for row in rows) == whole, asked
            if step == "total":
                days_of = answer(**asked | {"granularity": "day"})
                for customer in {row["customer"] for row in rows}:
                    assert sum(r["cost"] or 0 for r in rows if r["customer"] == customer) == sum(
                        r["cost"] or 0 for r in days_of if r["customer"] == customer
                    )
    # Page by page, from either end: the same customers in the same order, each of them once.
    august = Spec("customers", periods[0], ADMIN)
    whole, many = listed(august, rows_max=50)
    assert len(whole) == many > 3
    for size, way in product((1, 2, many), (False, True)):
        pages = [
            listed(august, first=n, rows_max=size, backwards=way) for n in range(0, many, size)
        ]
        assert [name for names, _ in pages for name in names] == whole[:: -1 if way else 1]
        assert {count for _, count in pages} == {many}
    assert listed(august, first=many, rows_max=2) == ([], 0)
