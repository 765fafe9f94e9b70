"""A quarter is one of the company's fiscal year, in the database and in Python alike."""

from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st
import pytest

from aicost.accounts.company import set_company
from aicost.kernel.periods import Period, quarter_start
from aicost.web.numbers import quarter
from aicost.web.parts import periods_of
from attribution.models import CostDay, CostSum
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import Source
from tests.web.world import make_costs, sum_costs

D = Decimal
PERIOD = Period(date(2025, 11, 7), date(2027, 2, 4))
# First and last days of months, where a shift by months could go wrong.
DAYS = [date(y, m, d) for y, m, d in (
    (2025, 11, 7), (2025, 11, 30), (2025, 12, 1), (2026, 1, 31), (2026, 2, 28), (2026, 3, 31),
    (2026, 4, 1), (2026, 5, 31), (2026, 6, 1), (2026, 8, 31), (2026, 10, 1), (2026, 12, 31),
    (2027, 1, 1), (2027, 2, 3))]  # fmt: skip


def walked(day: date, fiscal: int) -> date:
    """The oracle: from the beginning of a fiscal year on in threes of months."""
    start = date(2015, fiscal, 1)
    while start + relativedelta(months=3) <= day:
        start += relativedelta(months=3)
    return start


@given(st.dates(date(2016, 1, 1), date(2032, 12, 31)), st.integers(1, 12))
def test_a_quarter_begins_where_walking_finds_it(day, fiscal):
    assert quarter_start(day, fiscal) == walked(day, fiscal)


@pytest.mark.django_db
def test_reports_and_charts_have_the_quarters_of_the_fiscal_year():
    """For each first month of a year: every quarter of the report is the sum of its days, and the
    chart has the same ones."""
    make_costs()
    row = CostDay.objects.filter(target__feature="answers").first()
    CostDay.objects.all().delete()
    CostSum.objects.all().delete()
    for n, day in enumerate(DAYS):
        source = Source.objects.create(name=f"s{n}", kind="bill")
        row.pk, row.day, row.billing_period, row.source = None, day, day.replace(day=1), source
        row.billed_cost = row.effective_cost = D(2) ** n
        row.save()
        sum_costs(source)
    for fiscal in range(1, 13):
        set_company(fiscal, "UTC")
        spec = Spec("cost", PERIOD, Asker("finance"), granularity="quarter")
        found = {row["period"]: row["cost"] for row in run(spec).rows}
        wanted: dict[date, Decimal] = {}
        for n, day in enumerate(DAYS):
            first = walked(day, fiscal)
            wanted[first] = wanted.get(first, D(0)) + D(2) ** n
        assert found == wanted, fiscal
        assert set(found) <= set(periods_of(PERIOD, "quarter"))
        assert all(walked(first, fiscal) == first for first in periods_of(PERIOD, "quarter"))


def test_it_is_named_by_its_months_where_the_calendar_has_no_such_quarter():
    assert quarter(date(2026, 10, 1)) == "Q4 2026"
    assert quarter(date(2026, 11, 1)) == "Nov–Jan 2027"
    assert quarter(date(2026, 2, 1)) == "Feb–Apr 2026"
