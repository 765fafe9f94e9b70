"""The look at hours: what costs too much within hours is told from estimates, days before its bill
says so. The bill's daily judgement confirms such an alert, restates it, or ends it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
import numpy as np

from aicost.kernel.periods import utc_now
from attribution.alerting.feedback import dulled, known_events
from attribution.alerting.hours import HISTORY_DAYS, HOUR, Hours, WatchedHours, watch_hours
from attribution.alerting.judging import (
    BAND,
    MEDIUM,
    Judged,
    Known,
    cents,
    judged,
    known_days,
    periods_of,
)
from attribution.alerting.levels import Scope
from attribution.alerting.merging import merge, scope_of
from attribution.alerting.people import monthly_budgets, owners
from attribution.alerting.states import Look
from attribution.alerting.store import store_estimates
from attribution.alerting.weighing import SETTINGS, passes
from attribution.alerting.words import rule_of, title_of_hours
from attribution.detectors import DETECTORS
from attribution.detectors.calendar import holiday_columns
from attribution.detectors.findings import Noticed, settings_at
from attribution.detectors.hourly import HourlySettings, hourly_track_of
from attribution.detectors.panel import Panel
from attribution.models import Alert

# Without outage: telemetry that goes silent looks the same (detector `silence`); without the cost
# per unit: an estimate has the price of the list.
KINDS = ("new", "burst", "rolling")
FRESH_HOURS = 48
# The expectation follows a new level within half a day: what goes on longer is held against the
# week before.
OWN_HOURS = 6
SHOWN_HOURS = 24
BILL_LAG_DAYS = 4
ZERO = Decimal(0)


@dataclass(frozen=True)
class LookedAtHours:
    """What one look did: the last hour judged (None: nothing is estimated), and of how many names
    there are too few hours."""

    through: datetime | None
    series: int
    changes: Counter
    young: int = 0


def look_at_hours(now: datetime | None = None) -> LookedAtHours:
    """Judge all whole hours before `now`; looked again, the same hours change nothing."""
    watched = watch_hours(now or utc_now())
    if watched is None:
        return LookedAtHours(None, 0, Counter())
    found = [one for one in noticed_hours(watched) if passes(one, _month(watched, one))]
    today = watched.last.date()
    look = Look(
        through=today,
        window=today - timedelta(days=SETTINGS.close_days),
        owners=owners(),
        teams=watched.days.team,
        budgets=monthly_budgets(today),
        estimates=True,
    )
    news = [one for one in found if not _told_by_bill(one)]
    merged = merge(news, watched.days.part, watched.days.lies_in(), HISTORY_DAYS)
    store_estimates(merged, look)
    least = settings_at(HourlySettings, MEDIUM).warm_hours
    young = sum(len(hours) < least for hours in watched.cost.values())
    return LookedAtHours(watched.last, len(watched.cost), look.changes, young)


def noticed_hours(watched: WatchedHours) -> list[Noticed]:
    """What the hourly detectors raised lately."""
    scopes = list(watched.cost)
    if not scopes:
        return []
    panel = hourly_panel(watched, scopes, known_events(), settings.AICOST_COUNTRY)
    chosen = tuple(one for one in DETECTORS if one.name in KINDS)
    found = judged(panel, scopes, dulled(watched.last.date()), chosen, hourly_bands)
    since = watched.last - FRESH_HOURS * HOUR
    return [told_of_hours(watched, one) for one in found if one.finding.raised_on >= since]


def hourly_panel(
    watched: WatchedHours, scopes: list[Scope], known: list[Known], country: str
) -> Panel:
    hours = watched.hours
    places = {hour: at for at, hour in enumerate(hours)}
    cost = np.full((len(scopes), len(hours)), np.nan, np.float32)
    for row, scope in enumerate(scopes):
        for hour, value in watched.cost[scope].items():
            cost[row, places[hour]] = value
    periods = np.array(hours, dtype="datetime64[h]")
    since, passing = known_days(scopes, known, list(watched.days.period.days()))
    since = np.repeat(since, 24, axis=1)[:, : len(hours)].astype(np.int32)
    of_day = np.arange(len(hours)) % 24
    return Panel(
        series=tuple(str(place) for place in range(len(scopes))),
        periods=periods,
        cost=cost,
        known=np.where(since < 0, -1, since * 24 + of_day),
        in_known=np.repeat(passing, 24, axis=1)[:, : len(hours)],
        holiday=np.broadcast_to(holiday_columns(country, periods), cost.shape),
    )


def hourly_bands(panel: Panel, rows: list[int]) -> dict[int, dict[datetime, tuple]]:
    """By row and hour: expected, between what it usually lies, and expected on the level of the
    week before."""
    if not rows:
        return {}
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        track = hourly_track_of(panel.only(np.array(rows)), settings_at(HourlySettings, MEDIUM))
        spread = BAND * track.sigma[track.ages[-1]]
        middle = track.expected
        usual = np.where(np.isfinite(track.usual), track.usual, middle)
        around = [track.amount(track.expected_log + sign * spread) for sign in (-1, 1)]
    hours = panel.periods.tolist()
    return {
        row: {
            hour: tuple(cents(one[at, k]) for one in (middle, *around, usual))
            for k, hour in enumerate(hours)
            if np.isfinite(middle[at, k]) and np.isfinite(around[1][at, k])
        }
        for at, row in enumerate(rows)
    }


def told_of_hours(watched: WatchedHours, one: Judged) -> Noticed:
    """What happened, in which hours, for how much, by estimates."""
    finding, hours = one.finding, periods_of(one.finding)
    costs = watched.cost[one.scope]
    actual = sum((costs.get(hour, ZERO) for hour in hours), ZERO)
    expected = ZERO
    if finding.kind != "new":
        known = ((n, one.expected[hour]) for n, hour in enumerate(hours) if hour in one.expected)
        expected = sum((band[0] if n < OWN_HOURS else band[3] for n, band in known), ZERO)
    figures = (finding.kind, finding.onset, finding.last + HOUR, actual, expected)
    return Noticed(
        *one.scope,
        kind=finding.kind,
        onset=finding.onset.date(),
        last=finding.last.date(),
        raised_on=finding.raised_on.date(),
        expected=expected,
        actual=actual,
        title=title_of_hours(*one.scope, *figures),
        rule=rule_of(finding.kind),
        goes_on=finding.kind == "new",
        sure=one.sure,
        evidence={"days": [], "hours": _shown(one, costs), "score": round(finding.score, 2)},
    )


def _shown(one: Judged, costs: Hours) -> list:
    """Hours around it as [hour, cost, expected, belongs to it], decimals as text."""
    finding = one.finding
    marked = set(periods_of(finding))
    first = max(finding.onset - SHOWN_HOURS * HOUR, finding.last - 4 * SHOWN_HOURS * HOUR)
    shown = []
    for hour in sorted(costs):
        if first <= hour <= finding.last + SHOWN_HOURS * HOUR:
            expected = one.expected.get(hour)
            text = None if expected is None else str(expected[0])
            cost = f"{costs[hour]:.2f}"
            shown.append([f"{hour.isoformat()}Z", cost, text, hour in marked])
    return shown


def _month(watched: WatchedHours, one: Noticed) -> Decimal:
    return watched.days.total(scope_of(one))


def _told_by_bill(one: Noticed) -> bool:
    """Whether an alert of the bill tells of a rise on the same name that may still go on."""
    return Alert.objects.filter(
        level=one.level, name=one.name, currency=one.currency, estimate=False, excess__gt=0,
        onset__lte=one.last, last__gte=one.onset - timedelta(days=BILL_LAG_DAYS),
    ).exists()  # fmt: skip
