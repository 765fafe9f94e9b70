"""What is kept by month is made anew when something below it changed, and only then."""

from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F
import pytest

from aicost.bi import tasks
from aicost.bi.models import Month
from aicost.bi.refresh import refresh
from aicost.jobs.models import Job
from aicost.kernel.periods import utc_today
from attribution.models import DayState
from ingest.models import Alias, Revenue
from tests.attribution.ledger import calls, delivery, source
from tests.bi.sight import select

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bi_world")]


def requests_of(model: str) -> Decimal | None:
    return select("select sum(requests) from reporting_v1.fact_unit_cost_daily where model = %s"
                  " and usage_date = %s", model, date(2026, 8, 11))[0][0]  # fmt: skip


def test_nothing_is_done_twice_and_each_change_reaches_its_month():
    assert refresh() == 0
    months = Month.objects.count()
    before = requests_of("chat-2") or 0
    calls("chat-2", 70, day=date(2026, 8, 11), feature="search")
    assert (refresh(), requests_of("chat-2")) == (1, before + 70)
    business = source("business", "business")
    Revenue.objects.create(source=business, delivery=delivery(business), day=date(2026, 9, 9),
                           feature="search", amount=Decimal(5), currency="USD")  # fmt: skip
    DayState.objects.filter(day__month=8).update(published_version=F("published_version") + 1)
    assert (refresh(), refresh()) == (2, 0)
    Alias.objects.create(dimension="model", raw="chat-2", canonical="chat-3")
    assert (refresh(), requests_of("chat-2"), requests_of("chat-3")) == (months, None, before + 70)
    assert refresh(again=True) == months


def test_the_minute_looks_at_what_is_quick_to_see_and_the_hour_at_everything():
    old = date(2026, 7, 30)
    assert old < utc_today() - timedelta(days=100)
    calls("chat-2", 70, day=old, feature="search")
    assert tasks.refresh(Job(kind="bi.refresh", key="lately")) == {"months": 0}
    assert tasks.refresh(Job(kind="bi.refresh", key="all")) == {"months": 1}
    DayState.objects.filter(day__month=7).update(published_version=F("published_version") + 1)
    assert tasks.refresh(Job(kind="bi.refresh", key="lately")) == {"months": 1}
