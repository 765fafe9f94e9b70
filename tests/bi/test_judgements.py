"""Budgets, alerts and the calendar: what SQL shows of them, and to whom, is what the reports do."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from aicost.accounts.company import set_company
from aicost.kernel.periods import Period, quarter_start, year_of, year_start
from attribution.budgeting.remember import remember
from attribution.entities.registry import set_budget
from attribution.models import Alert, Budget
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.attribution.days import BY
from tests.bi.sight import seen_by, select

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bi_world")]
D = Decimal
SCOPES = (None, ("a",), ("b",), ("a", "b"), ("nobody",))
EVENING = date(2026, 9, 20)


def shown(report: str, columns: tuple[str, ...], scope) -> list[tuple]:
    period = Period(date(2026, 9, 1), EVENING + timedelta(days=1))
    rows = run(Spec(report, period, Asker("admin", scope))).rows
    return sorted(tuple(row[name] for name in columns) for row in rows)


def test_budgets_are_those_of_the_report_for_whoever_may_see_all_their_cost():
    for title, filters in (
        ("company", {}),
        ("of a", {"team": ["a"]}),
        ("of both", {"team": ["a", "b"]}),
        ("search of a", {"team": ["a"], "feature": ["search"]}),
        ("search", {"feature": ["search"]}),
        ("of no team", {"team": []}),
    ):
        Budget.objects.create(title=title, filters=filters, amount=D(500), currency="USD")
    set_budget("team", "b", D(90), "USD", "month", BY)
    set_budget("feature", "assistant", D(90), "USD", "month", BY)
    remember(EVENING)
    told = []
    for scope in SCOPES:
        with seen_by(teams=scope):
            rows = select(
                "select budget, currency, available, used, p50, level"
                " from reporting_v1.fact_budget_daily where usage_date = %s",
                EVENING,
            )
        columns = ("name", "currency", "available", "used", "p50", "level")
        assert sorted(rows) == shown("budgets", columns, scope), scope
        told.append(len(rows))
    assert told == [8, 2, 1, 4, 0]


def test_alerts_are_those_of_the_report_for_whoever_pays_them():
    for nth, team in enumerate(("a", "b", "", "a")):
        Alert.objects.create(level="team", name=team, currency="USD", kind="spike",
                             onset=EVENING - timedelta(days=nth), last=EVENING, raised_on=EVENING,
                             team=team, title=f"alert {nth}", rule="r", actual=D(nth))  # fmt: skip
    told = []
    for scope in SCOPES:
        with seen_by(teams=scope):
            rows = select("select alert_id, title, team, first_day, actual"
                          " from reporting_v1.fact_alert")  # fmt: skip
        columns = ("alert_id", "title", "team", "onset", "actual")
        assert sorted(rows) == shown("alerts", columns, scope), scope
        told.append(len(rows))
    assert told == [4, 2, 1, 3, 0]


@pytest.mark.parametrize("month", [1, 2, 4, 7, 12])
def test_the_calendar_is_the_companys(month):
    set_company(month, "UTC")
    try:
        rows = select(
            "select usage_date, fiscal_year, fiscal_quarter, fiscal_month, fiscal_year_start,"
            " fiscal_quarter_start from reporting_v1.dim_date"
        )
    finally:
        set_company(1, "UTC")
    assert len(rows) > 700
    for day, year, quarter, nth, begins, quarter_begins in rows:
        assert begins == year_start(day, month)
        assert quarter_begins == quarter_start(day, month)
        assert year == (year_of(day, month).end - timedelta(days=1)).year
        assert nth == (day.month - month) % 12 + 1 and quarter == (nth - 1) // 3 + 1
