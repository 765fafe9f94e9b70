"""What people say of an alert changes what is said next.

*expected*: a known event from its onset on, so that the new level is the usual one; *not useful*:
the rules of that series need 1.25 times the usual errors and 1.5 times the money, at most twice,
which fades within 90 days; *useful* restores them. The organisation is never dulled.
"""

from datetime import date, timedelta
from decimal import Decimal

from attribution.alerting.judging import Known
from attribution.alerting.levels import ORGANISATION
from attribution.detectors.findings import Dulled
from attribution.models import Alert, AlertFeedback, KnownEvent
from attribution.models.alerts import EXPECTED, NOT_USEFUL, VERDICTS

ERRORS, DOLLARS, MOST = Decimal("1.25"), Decimal("1.5"), Decimal(2)
FADE_DAYS = 90
ONE = Decimal(1)
# What is over by itself; all else is a level that stays.
PASSING = ("spike", "drop", "irregular")


class BadVerdict(ValueError):
    """Feedback that is none of VERDICTS."""


def dulled(day: date) -> dict[tuple[str, str], Dulled]:
    """(level, name) -> by how much its rules are duller on the day."""
    since = day - timedelta(days=FADE_DAYS)
    return {
        (row.level, row.name): Dulled(
            float(faded(row.errors, row.set_on, day)), float(faded(row.dollars, row.set_on, day))
        )
        for row in AlertFeedback.objects.filter(set_on__gt=since)
    }


def faded(factor: Decimal, set_on: date, day: date) -> Decimal:
    """What is left of a factor: it goes back to 1 evenly over FADE_DAYS days."""
    left = max(FADE_DAYS - max((day - set_on).days, 0), 0)
    return ONE + (factor - ONE) * left / FADE_DAYS


def known_events() -> list[Known]:
    return [
        Known(row.level, row.name, row.begins, row.ends)
        for row in KnownEvent.objects.order_by("begins", "id")
    ]


def learn(alert: Alert, verdict: str, day: date, by=None, text: str = "") -> None:
    """Keep what a verdict means for the series of the alert. Raises BadVerdict."""
    if verdict not in VERDICTS:
        raise BadVerdict(f"feedback is one of: {', '.join(VERDICTS)}")
    if verdict == EXPECTED:
        KnownEvent.objects.create(
            level=alert.level, name=alert.name, begins=alert.onset,
            ends=alert.last if alert.kind in PASSING else None,
            text=text or alert.title, alert=alert, by=by,
        )  # fmt: skip
    elif verdict == NOT_USEFUL:
        if alert.level != ORGANISATION:
            _dull(alert, day, by)
    else:
        AlertFeedback.objects.filter(level=alert.level, name=alert.name).delete()


def _dull(alert: Alert, day: date, by) -> None:
    scope = {"level": alert.level, "name": alert.name}
    row = AlertFeedback.objects.select_for_update().filter(**scope).first()
    errors, dollars = ONE, ONE
    if row is not None:
        errors, dollars = (faded(f, row.set_on, day) for f in (row.errors, row.dollars))
    values = {
        "errors": min(errors * ERRORS, MOST).quantize(Decimal("0.0001")),
        "dollars": min(dollars * DOLLARS, MOST).quantize(Decimal("0.0001")),
        "set_on": day,
        "set_by": by,
    }
    AlertFeedback.objects.update_or_create(**scope, defaults=values)
