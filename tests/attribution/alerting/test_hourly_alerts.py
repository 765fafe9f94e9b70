"""What runs away is told within hours, from estimates; its bill confirms or ends the alert."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period, utc_today
from attribution.alerting.hourly_look import look_at_hours
from attribution.alerting.look import look
from attribution.models import (
    Alert,
    AlertEvent,
    CostDay,
    CostSum,
    DayState,
    EstimatedCost,
    EstimatedDay,
    Target,
)
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.attribution.ledger import charge, source
from tests.web.world import sum_costs

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = utc_today()
RAN_AWAY = TODAY - timedelta(days=5)
NOON = datetime(RAN_AWAY.year, RAN_AWAY.month, RAN_AWAY.day, 12, 20, tzinfo=UTC)
USUAL, WILD, HOURS, HISTORY_DAYS = D(10), D(100), (8, 9, 10), 30


def targets() -> list[Target]:
    names = (("search", "relevance"), ("chat", "support"))
    return [
        Target.objects.get_or_create(kind="workload", state="active", activity="inference",
                                     feature=feature, team=team)[0]
        for feature, team in names
    ]  # fmt: skip


def bill(through: date, runaway: Decimal) -> None:
    """About 240.00 a day for each feature, from 40 days ago; search's on one day is its own."""
    first = TODAY - timedelta(days=40)
    days = [first + timedelta(days=n) for n in range((through - first).days + 1)]
    for model in (CostDay, CostSum, DayState):
        model.objects.all().delete()
    CostDay.objects.bulk_create(
        CostDay(day=day, billing_period=day.replace(day=1), source=source(), currency="USD",
                target=target, evidence="measured", charge_category="Usage", billed_cost=cost,
                effective_cost=cost)
        for target in targets() for n, day in enumerate(days)
        for cost in [runaway if day == RAN_AWAY and target.feature == "search" else D(240 + n % 5)]
    )  # fmt: skip
    charge("0", day=through)  # how far the bill reaches
    sum_costs(source())


def estimates(wild: Decimal = WILD) -> None:
    """Hour by hour up to noon of the day on which search runs away for three hours."""
    first = NOON.replace(hour=0, minute=0) - timedelta(days=HISTORY_DAYS)
    rows = []
    for target in targets():
        for n in range(HISTORY_DAYS * 24 + 12):
            hour = first + timedelta(hours=n)
            ran = target.feature == "search" and hour.date() == RAN_AWAY and hour.hour in HOURS
            cost = wild if ran else USUAL + n % 3 * D("0.1")
            rows.append(EstimatedCost(source=source(), hour=hour, target=target, model="m",
                                      token_class="input_tokens", quantity=1, price_basis="list",
                                      estimated_cost=cost, currency="USD"))  # fmt: skip
    EstimatedCost.objects.bulk_create(rows)
    EstimatedDay.objects.bulk_create(
        EstimatedDay(day=RAN_AWAY, source=source(), target=target, model="m", currency="USD",
                     estimated_cost=sum(row.estimated_cost for row in rows
                                        if row.target == target and row.hour.date() == RAN_AWAY))
        for target in targets()
    )  # fmt: skip


def told() -> list[tuple[str, str, bool]]:
    rows = AlertEvent.objects.order_by("id")
    return [(row.what, row.alert.name, row.notifies) for row in rows if row.alert.notifies]


def test_a_runaway_hour_is_told_from_estimates_and_once():
    bill(RAN_AWAY - timedelta(days=2), D(240))
    estimates()
    look_at_hours(NOON - timedelta(hours=4))  # eight o'clock is not over
    assert not Alert.objects.exists()
    first = look_at_hours(NOON - timedelta(hours=2))
    assert (first.through.date(), first.through.hour) == (RAN_AWAY, 9)
    assert told() == [("opened", "search", True)]
    for _ in range(2):
        look_at_hours(NOON)
    alert = Alert.objects.get(notifies=True)
    assert (alert.level, alert.name, alert.team) == ("feature", "search", "relevance")
    assert alert.kind in ("burst", "rolling") and (alert.estimate, alert.state) == (True, "open")
    assert alert.actual == 3 * WILD and D(265) < alert.excess < D(272)
    assert "from 08:00 to 11:00 UTC" in alert.title and "(estimate)" in alert.title
    # three hours are not twice what two of them cost: nobody is told again
    assert told() == [("opened", "search", True)]
    asked = Spec("estimated_hours", Period(RAN_AWAY, RAN_AWAY + timedelta(days=1)), Asker("admin"),
                 filters={"feature": ("search",)})  # fmt: skip
    by_hour = {row["at"].hour: row["estimated_cost"] for row in run(asked).rows}
    assert sum(by_hour[hour] for hour in HOURS) == alert.actual
    [row] = [row for row in run(Spec("alerts", asked.period, Asker("admin"))).rows
             if row["told"] == "yes"]  # fmt: skip
    assert row["estimate"] == "yes"
    # the look at the bill leaves it alone until the bill of its day is there
    look(RAN_AWAY + timedelta(days=1))
    assert Alert.objects.get(notifies=True).estimate


def test_hours_somewhat_above_the_usual_are_not_told():
    bill(RAN_AWAY - timedelta(days=2), D(240))
    estimates(D(12))
    look_at_hours(NOON)
    assert not Alert.objects.exists()


def test_the_bill_takes_over_what_it_sees_too():
    bill(RAN_AWAY - timedelta(days=2), D(240))
    estimates()
    look_at_hours(NOON)
    bill(TODAY - timedelta(days=1), D(512))
    look()
    alert = Alert.objects.get(level="feature", name="search")
    assert (alert.kind, alert.estimate, alert.actual) == ("spike", False, 512)
    assert (alert.onset, alert.last) == (RAN_AWAY, RAN_AWAY)
    said = AlertEvent.objects.filter(alert=alert).values_list("what", "text")
    assert ("annotated", "the bill of these days is in: they cost $512.00; estimates of single"
            " hours said $300.00") in said  # fmt: skip
    # what the bill tells, its hours tell no more
    before = AlertEvent.objects.count()
    look_at_hours(NOON)
    assert AlertEvent.objects.count() == before


def test_the_bill_ends_what_it_does_not_see():
    bill(RAN_AWAY - timedelta(days=2), D(240))
    estimates()
    look_at_hours(NOON)
    bill(TODAY - timedelta(days=1), D(241))
    look()
    alert = Alert.objects.get(level="feature", name="search")
    assert (alert.estimate, alert.state) == (True, "resolved")
    told = AlertEvent.objects.filter(alert=alert, what="resolved").get().text
    assert told == "the bill is in: these days cost $241.00 and do not stand out"
