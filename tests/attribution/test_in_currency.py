"""Cost in another currency: each month by its own rate, unrounded, and nothing taken as 1."""

from datetime import date
from decimal import Decimal
import io
import json

from django.core.management import CommandError, call_command
import pyarrow.parquet as pq
import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.formats import to_json, to_parquet, to_table
from attribution.reports.spec import Asker, BadSpec, Spec
from ingest.models import FxRate, Revenue
from tests.attribution.ledger import charge, delivery, source

pytestmark = pytest.mark.django_db

D = Decimal
SUMMER = Period(date(2026, 8, 15), date(2026, 10, 1))


@pytest.fixture
def built():
    """Three currencies over two months; no rate leads to CHF."""
    for month, rate in ((8, "1.05"), (9, "1.110000000000000001")):
        FxRate.objects.create(
            month=date(2026, month, 1), from_currency="EUR", to_currency="USD", rate=D(rate)
        )
    for day, billed, currency in (
        (date(2026, 8, 20), "10", "EUR"),
        (date(2026, 9, 2), "10.000000000000000001", "EUR"),
        (date(2026, 9, 2), "5", "USD"),
        (date(2026, 9, 3), "7", "CHF"),
    ):
        charge(billed, day=day, billing_currency=currency, tags={"team": "search"})
    attribute()


def ask(**more):
    return run(Spec("cost", SUMMER, Asker("finance"), **more))


def test_it_converts_each_month_by_its_own_rate_without_rounding(built):
    answer = ask(in_currency="USD", group_by=("team",))

    assert [(row["team"], row["currency"], row["cost"]) for row in answer.rows] == [
        ("search", "USD", D("10.5") + D("10.000000000000000001") * D("1.110000000000000001") + 5),
        ("search", "CHF", D(7)),
    ]
    assert answer.missing_rates == ((date(2026, 9, 1), "CHF", "USD"),)
    assert answer.currency is None


def test_it_keeps_months_apart_when_asked_by_month(built):
    answer = ask(in_currency="EUR", granularity="month")

    assert [(row["period"], row["currency"], row["cost"]) for row in answer.rows] == [
        (date(2026, 8, 1), "EUR", D(10)),
        (date(2026, 9, 1), "EUR", D("10.000000000000000001") + 5 * D("0.900900900900900900")),
        (date(2026, 9, 1), "CHF", D(7)),
    ]


def test_it_sets_revenue_of_one_currency_against_cost_of_another(built):
    """Without a rate the two stand on rows of their own and no margin can be told."""
    FxRate.objects.create(
        month=date(2026, 9, 1), from_currency="EUR", to_currency="CHF", rate=D("0.95")
    )
    finance = source("finance", "business")
    told = {"source": finance, "delivery": delivery(finance), "feature": "chat"}
    Revenue.objects.create(**told, day=date(2026, 9, 5), amount=D(100), currency="USD")
    charge("40", day=date(2026, 9, 2), billing_currency="EUR", tags={"feature": "chat"})
    charge("1", day=date(2026, 8, 20), billing_currency="EUR", tags={"feature": "chat"})
    attribute()

    def chat(**more):
        answer = run(Spec("margin", SUMMER, Asker("finance"), **more))
        return [(r["currency"], r["cost"], r["revenue"], r["margin"]) for r in answer.rows
                if r["feature"] == "chat"]  # fmt: skip

    assert chat() == [("USD", D(0), D(100), D(100)), ("EUR", D(41), None, None)]
    cost = D("1.05") + 40 * D("1.110000000000000001")
    assert chat(in_currency="USD") == [("USD", cost, D(100), 100 - cost)]


def test_a_bridge_takes_each_side_at_the_rates_of_its_own_months(built):
    """10 EUR were 10.50 in August; in September 10 are dearer by their rate, and 5 USD are new."""
    august, september = Period(SUMMER.start, date(2026, 9, 1)), Period(date(2026, 9, 1), SUMMER.end)
    answer = run(Spec("bridge", september, Asker("finance"), against=august, in_currency="USD"))

    rows = {row["currency"]: row for row in answer.rows}
    dollars = D("10.000000000000000001") * D("1.110000000000000001") + 5
    assert (rows["USD"]["previous"], rows["USD"]["cost"]) == (D("10.5"), dollars)
    assert (rows["CHF"]["previous"], rows["CHF"]["cost"]) == (D(0), D(7))
    assert answer.missing_rates == ((date(2026, 9, 1), "CHF", "USD"),)


def test_it_says_so_in_every_format(built):
    answer = ask(in_currency="USD")

    told = json.loads(to_json(answer))
    assert told["spec"]["in_currency"] == "USD"
    assert told["missing_rates"] == [{"month": "2026-09", "from": "CHF", "to": "USD"}]
    assert "there is no rate: CHF to USD of 2026-09" in to_table(answer)
    stored = pq.read_table(io.BytesIO(to_parquet(answer))).to_pylist()
    assert [row["cost"] for row in stored] == [row["cost"] for row in answer.rows]


def test_the_command_asks_in_a_currency(built, capsys):
    days = {"start": SUMMER.start, "end": SUMMER.end}

    call_command("report", "cost", in_currency="CHF", format="json", **days)

    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["currency"]: row["cost"] for row in rows} == {
        "CHF": "7", "EUR": "20.000000000000000001", "USD": "5",
    }  # fmt: skip
    with pytest.raises(CommandError, match="cannot be asked in another currency"):
        call_command("report", "freshness", in_currency="EUR", **days)


def test_it_refuses_what_is_no_currency(built):
    with pytest.raises(BadSpec, match="euro is no currency code"):
        ask(in_currency="euro")
