"""From what was noticed to alerts with a state: one transaction, and made again it changes nothing.

An alert takes in what is noticed of the same series on days that touch its own; only twice the
impact last told is told again. What the data no longer say is said, never deleted.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from django.db import connection, transaction

from attribution.alerting.levels import Scope
from attribution.alerting.merging import FACTS, UNIT, Merged
from attribution.alerting.states import (
    WITHDRAWN,
    Look,
    billed,
    come_back,
    open_,
    overtaken,
    restated,
    settle,
    stop,
    tell_again,
    withdraw,
)
from attribution.alerting.weighing import (
    SETTINGS,
    decimal,
    is_told,
    monthly,
    percent,
    severity,
    weight,
)
from attribution.models import Alert
from attribution.models.alerts import CLOSED, RESOLVED, STANDING

LOCK = 5_160_106  # pg_advisory_xact_lock: one look writes at a time
ZERO = Decimal(0)
RESTATED_SHARE, RESTATED_LEAST, FINAL_DAYS = Decimal("0.01"), Decimal(1), 4
KEPT = (WITHDRAWN, "hours")  # of the evidence, whatever is noticed anew
Costs = Mapping[Scope, Mapping]


def store(merged: Sequence[Merged], look: Look, costs: Costs) -> None:
    """Write what changed. `costs` are the days of each scope, for what is no longer noticed."""
    with transaction.atomic():
        stored = _stored(look)
        noticed = _put(merged, stored, look)
        for alert in stored:
            if alert.pk not in noticed and alert.state != CLOSED:
                _unseen(alert, look, costs)


def store_estimates(merged: Sequence[Merged], look: Look) -> None:
    """The same for what hours of estimates say. What they no longer say stands until its bill."""
    with transaction.atomic():
        _put(merged, [alert for alert in _stored(look) if alert.estimate], look)


def _stored(look: Look) -> list[Alert]:
    """What stands and may be changed; until the end of the transaction by this look alone."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    return list(Alert.objects.filter(last__gte=look.window).order_by("onset", "id"))


def _put(merged: Sequence[Merged], stored: list[Alert], look: Look) -> set[int]:
    """Write what is noticed; the ids of its alerts."""
    taken = _matched(merged, stored)
    alerts = [_alert(one, taken.get(place), look) for place, one in enumerate(merged)]
    _say_who_is_told(merged, alerts)
    # parents first: what they tell, a child refers to
    order = sorted(range(len(merged)), key=lambda at: merged[at].parent is not None)
    for at in order:
        parent = merged[at].parent
        alerts[at].parent = None if parent is None else alerts[parent]
        _write(alerts[at], merged[at], look)
    return {alert.pk for alert in alerts}


def _matched(merged: Sequence[Merged], stored: list[Alert]) -> dict[int, Alert]:
    """Place -> the alert that already tells of it."""
    exact = {(a.level, a.name, a.currency, a.kind, a.onset): a for a in stored}
    found: dict[int, Alert] = {}
    for place, one in enumerate(merged):
        if (alert := exact.get((*one.scope, one.noticed.kind, one.noticed.onset))) is not None:
            found[place] = alert
    free: dict[Scope, list[Alert]] = {}
    used = {alert.pk for alert in found.values()}
    for alert in stored:
        if alert.pk not in used:
            free.setdefault(Scope(alert.level, alert.name, alert.currency), []).append(alert)
    for place, one in enumerate(merged):
        if place not in found:
            touching = [alert for alert in free.get(one.scope, ()) if _touches(alert, one)]
            if touching:
                found[place] = touching[-1]
                free[one.scope].remove(touching[-1])
    return found


def _touches(alert: Alert, one: Merged) -> bool:
    """Whether they are of the same kind of thing, on days that touch, in the same direction."""
    noticed = one.noticed
    for alone in (*FACTS, UNIT):
        if (alert.kind == alone) != (noticed.kind == alone):
            return False
    near = timedelta(days=SETTINGS.near_days)
    touches = noticed.onset <= alert.last + near and alert.onset <= noticed.last + near
    told = alert.excess if alert.excess is not None else alert.actual or ZERO
    return touches and told * weight(noticed) >= 0


def _alert(one: Merged, alert: Alert | None, look: Look) -> Alert:
    """The alert with today's figures, not yet saved; `was` keeps what it said before."""
    noticed = one.noticed
    if alert is None:
        alert = Alert(level=noticed.level, name=noticed.name, currency=noticed.currency)
        alert.raised_on, alert.told = noticed.raised_on, abs(monthly(noticed) or ZERO)
    alert.was = {name: getattr(alert, name) for name in ("actual", "last", "notifies", "estimate")}
    alert.estimate = look.estimates
    alert.holds = noticed.kind in FACTS and noticed.goes_on
    kept = {name: alert.evidence[name] for name in KEPT if name in alert.evidence}
    alert.kind, alert.onset, alert.last = noticed.kind, noticed.onset, noticed.last
    alert.expected, alert.actual, alert.excess = noticed.expected, noticed.actual, noticed.excess
    alert.percent, alert.monthly = percent(noticed), monthly(noticed)
    alert.severity = severity(noticed, look.budgets)
    alert.team = look.teams.get(one.scope, alert.team)
    alert.owner = look.owners.get((noticed.level, noticed.name), "")
    alert.incident = one.incident
    alert.title, alert.rule, alert.evidence = noticed.title, noticed.rule, kept | noticed.evidence
    return alert


def _say_who_is_told(merged: Sequence[Merged], alerts: Sequence[Alert]) -> None:
    """Of the same money the alert that tells it best, of an incident the largest."""
    largest: dict[str, int] = {}
    for at, one in enumerate(merged):
        if one.incident and one.parent is None:
            best = largest.setdefault(one.incident, at)
            if abs(weight(one.noticed)) > abs(weight(merged[best].noticed)):
                largest[one.incident] = at
    for at, one in enumerate(merged):
        told, why = is_told(one.noticed)
        speaker = one.parent if one.parent is not None else largest.get(one.incident, at)
        if speaker != at:
            told, why = False, f"only listed: the same is told by “{alerts[speaker].title}”"
        alerts[at].notifies, alerts[at].why_notified = told, why


def _write(alert: Alert, one: Merged, look: Look) -> None:
    if alert.pk is None:
        open_(look, alert)
        return
    was = alert.was
    # what was told to people stays told
    alert.notifies = alert.notifies or was["notifies"]
    alert.save()
    if was["estimate"] and not alert.estimate:
        billed(look, alert, was["actual"])
    elif _was_final(alert, was, look):
        restated(look, alert, was["actual"])
    if alert.state == CLOSED:
        return
    again = decimal(SETTINGS.again) * (alert.told or ZERO)
    if again and abs(alert.monthly or ZERO) >= again:
        tell_again(look, alert, f"its impact is {SETTINGS.again:g} times what was last told")
    elif alert.notifies and not was["notifies"] and look.is_fresh(alert):
        tell_again(look, alert, "it is now large enough to be told")
    elif alert.state == RESOLVED and alert.last > was["last"] and not look.is_over(alert):
        come_back(look, alert)
    settle(look, alert)


def _was_final(alert: Alert, was: Mapping, look: Look) -> bool:
    """Whether the same days, long final, now cost something else."""
    if was["actual"] is None or alert.actual is None or alert.last != was["last"]:
        return False
    moved = abs(alert.actual - was["actual"])
    large = moved >= max(RESTATED_LEAST, abs(was["actual"]) * RESTATED_SHARE)
    return large and (look.through - alert.last).days >= FINAL_DAYS


def _unseen(alert: Alert, look: Look, costs: Costs) -> None:
    if alert.kind in FACTS:
        stop(look, alert)
        return
    days = costs.get(Scope(alert.level, alert.name, alert.currency), {})
    now = sum((cost for day, cost in days.items() if alert.onset <= day <= alert.last), ZERO)
    if alert.estimate:
        overtaken(look, alert, now if days else None)
    elif alert.state in STANDING or alert.state == RESOLVED:
        withdraw(look, alert, now if days and alert.kind != UNIT else None)
