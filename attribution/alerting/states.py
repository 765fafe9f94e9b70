"""The states of an alert, open → updated → resolved → closed, and what each step writes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from attribution.alerting import outward
from attribution.alerting.levels import Scope
from attribution.alerting.merging import FACTS
from attribution.alerting.weighing import SETTINGS
from attribution.detectors.words import day_text, money_text
from attribution.models import Alert, AlertEvent
from attribution.models.alerts import ANNOTATED, CLOSED, OPEN, OPENED, RESOLVED, STANDING, UPDATED

ZERO = Decimal(0)
WITHDRAWN = "withdrawn"


@dataclass
class Look:
    """What one look knows: the last day judged and how far the days of each scope are known, who
    owns and pays what, monthly budgets, the first day looked at, whether at `estimates` of hours;
    and what it changed."""

    through: date
    window: date
    known_until: Mapping[Scope, date] = field(default_factory=dict)
    owners: Mapping[tuple[str, str], str] = field(default_factory=dict)
    teams: Mapping[Scope, str] = field(default_factory=dict)
    budgets: Mapping[Scope, Decimal] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    is_first: bool = False
    estimates: bool = False

    def is_fresh(self, alert: Alert) -> bool:
        """Whether people hear of it: what is found in old data is history, and to the first look
        all that was over is."""
        told_of = min(alert.last, alert.raised_on) if self.is_first else alert.raised_on
        return told_of >= self.through - timedelta(days=SETTINGS.fresh_days)

    def is_over(self, alert: Alert) -> bool:
        """Whether enough days are known after its last, and none of them belongs to it."""
        scope = Scope(alert.level, alert.name, alert.currency)
        known = self.known_until.get(scope, self.through)
        return (known - _late(alert)).days >= SETTINGS.normal_days

    def is_old(self, alert: Alert) -> bool:
        return (self.through - _late(alert)).days >= SETTINGS.close_days

    def is_silent(self, alert: Alert) -> bool:
        return alert.snoozed_until is not None and alert.snoozed_until > self.through


def _late(alert: Alert) -> date:
    """Its last day; of what came to light later, that day."""
    return max(alert.last, alert.raised_on) if alert.kind in FACTS else alert.last


def figures_of(alert: Alert) -> dict[str, Any]:
    """The alert as it stands, decimals as text."""
    money = ("expected", "actual", "excess", "percent", "monthly")
    told = {name: getattr(alert, name) for name in money}
    texts = {name: None if value is None else f"{value:f}" for name, value in told.items()}
    return texts | {"currency": alert.currency, "severity": alert.severity}


def happen(look: Look, alert: Alert, what: str, text: str = "", tell: bool | None = None) -> None:
    """Write one event; people are told unless it is old, snoozed or only listed."""
    if tell is None:
        tell = alert.notifies and look.is_fresh(alert) and not look.is_silent(alert)
    event = AlertEvent.objects.create(
        alert=alert, what=what, figures=figures_of(alert), text=text, notifies=tell
    )
    outward.tell(event)
    look.changes[what] += 1


def open_(look: Look, alert: Alert) -> None:
    """A new alert. One that was over before anybody looked is history at once."""
    alert.state = OPEN
    if look.is_fresh(alert):
        alert.save()
        happen(look, alert, OPENED)
        settle(look, alert)
        return
    if look.is_over(alert) and not getattr(alert, "holds", False):
        alert.state = CLOSED if look.is_old(alert) else RESOLVED
    alert.save()
    text = "found in older data: nobody was told"
    happen(look, alert, OPENED, text, tell=False)


def tell_again(look: Look, alert: Alert, text: str) -> None:
    """Its impact doubled, or people are told of it only now; a snooze breaks."""
    alert.state, alert.snoozed_until = UPDATED, None
    alert.told = abs(alert.monthly or ZERO)
    alert.save()
    happen(look, alert, UPDATED, text, tell=alert.notifies)


def come_back(look: Look, alert: Alert) -> None:
    alert.state = OPEN
    alert.save()
    happen(look, alert, OPENED, "it came back")


def settle(look: Look, alert: Alert, text: str = "") -> None:
    """Resolved once enough normal days passed, closed some days later; not while a fact holds."""
    if getattr(alert, "holds", False):
        return
    if alert.state in STANDING and look.is_over(alert):
        alert.state = RESOLVED
        alert.save()
        normal = f"normal for {SETTINGS.normal_days} days after {day_text(alert.last)}"
        happen(look, alert, RESOLVED, text or normal)
    if alert.state == RESOLVED and look.is_old(alert):
        alert.state = CLOSED
        alert.save()
        happen(look, alert, CLOSED, "closed by itself", tell=False)


def stop(look: Look, alert: Alert) -> None:
    """A fact that is no longer so."""
    if alert.state in STANDING:
        alert.state = RESOLVED
        alert.save()
        happen(look, alert, RESOLVED, "it is no longer so")
    settle(look, alert)


def restated(look: Look, alert: Alert, before: Decimal | None) -> None:
    """The days of the alert cost something else than when it was told, after they were final."""
    text = (
        f"the bill was restated: these days cost {money_text(before, alert.currency)} when it was"
        f" told, and cost {money_text(alert.actual, alert.currency)} now"
    )
    happen(look, alert, ANNOTATED, text)


def withdraw(look: Look, alert: Alert, now: Decimal | None) -> None:
    """By today's data it would not have been raised: that is said once, and nothing is deleted."""
    if WITHDRAWN not in alert.evidence:
        alert.evidence[WITHDRAWN] = look.through.isoformat()
        alert.save()
        cost = f": these days now cost {money_text(now, alert.currency)}" if now is not None else ""
        happen(look, alert, ANNOTATED, f"by the data as they are now it would not be raised{cost}")
    settle(look, alert)


def billed(look: Look, alert: Alert, estimated: Decimal | None) -> None:
    """What estimates of hours raised, the bill of its days says too."""
    before, now = (money_text(one, alert.currency) for one in (estimated, alert.actual))
    text = f"the bill of these days is in: they cost {now}; estimates of single hours said {before}"
    happen(look, alert, ANNOTATED, text)


def overtaken(look: Look, alert: Alert, now: Decimal | None) -> None:
    """What estimates of hours raised, the bill does not, once it is final: that ends it."""
    cost = f"these days cost {money_text(now, alert.currency)} and do not stand out"
    text = f"the bill is in: {cost}" if now is not None else "no bill has come for it"
    settle(look, alert, text)
