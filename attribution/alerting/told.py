"""A finding on a series said in exact money and in words. Pure: no Django.

The cost of its days is the ledger's. What they were expected to cost is a judgement, rounded to the
cent: of a day that stands out its own expectation, of a level that moved the level before it (the
expectation itself follows the new one), of a cost per unit the use at the earlier cost.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from attribution.alerting.judging import UNIT, Judged
from attribution.alerting.series import Days, Watched
from attribution.alerting.words import rule_of, title_of
from attribution.detectors.findings import Noticed

CENT, ZERO = Decimal("0.01"), Decimal(0)
MOVED = ("shift", "drift")
NEW = "new"
GOES_ON = (*MOVED, NEW, UNIT)
BEFORE_WEEKS, BEFORE_LEAST, UNIT_DAYS = 8, 3, 28
WIDE = 5
SHOWN_BEFORE, SHOWN_AFTER = 42, 14


def told(watched: Watched, one: Judged) -> Noticed:
    """What happened, on which days, for how much."""
    finding, scope = one.finding, one.scope
    days = [finding.onset + timedelta(days=n) for n in range(one.length)]
    quantity, used, paid = watched.unit.get(scope, ("", {}, {}))
    costs = paid if finding.kind == UNIT else watched.cost[scope]
    actual = sum((costs.get(day, ZERO) for day in days), ZERO)
    if finding.kind == UNIT:
        expected = _at_the_old_price(used, paid, finding.onset, days)
    elif finding.kind in MOVED:
        expected = sum((_as_before(costs, finding.onset, day) for day in days), ZERO)
    else:
        expected = sum((one.expected.get(day, (ZERO,))[0] for day in days), ZERO)
    # a level where nothing was before is something new
    kind = NEW if finding.kind in MOVED and not expected else finding.kind
    figures = (kind, finding.onset, finding.last, actual, expected)
    return Noticed(
        *scope,
        kind=kind,
        onset=finding.onset,
        last=finding.last,
        raised_on=finding.raised_on,
        expected=expected,
        actual=actual,
        title=title_of(*scope, *figures),
        rule=rule_of(kind),
        goes_on=kind in GOES_ON,
        sure=one.sure,
        evidence=_evidence(one, costs, quantity),
    )


def _as_before(costs: Days, onset: date, day: date) -> Decimal:
    """What such a weekday cost in the weeks before it began; with few of them, any day."""
    weeks = range((day - onset).days // 7 + 1, (day - onset).days // 7 + 1 + BEFORE_WEEKS)
    same = [costs[at] for k in weeks if (at := day - timedelta(days=7 * k)) in costs]
    if len(same) < BEFORE_LEAST:
        fortnight = (onset - timedelta(days=k) for k in range(1, 15))
        same = [costs[at] for at in fortnight if at in costs]
    return median(same).quantize(CENT) if same else ZERO


def _at_the_old_price(used: Days, paid: Days, onset: date, days: Iterable[date]) -> Decimal:
    """The use of these days at what a unit cost in the four weeks before."""
    earlier = [onset - timedelta(days=k) for k in range(1, UNIT_DAYS + 1)]
    quantity = sum((used.get(day, ZERO) for day in earlier), ZERO)
    cost = sum((paid.get(day, ZERO) for day in earlier if used.get(day)), ZERO)
    if not quantity:
        return ZERO
    now = sum((used.get(day, ZERO) for day in days), ZERO)
    return (now * cost / quantity).quantize(CENT)


def _evidence(one: Judged, costs: Days, quantity: str) -> dict:
    """Days around it as [day, cost, expected, low, high], decimals as text, null unknown; what the
    finding saw."""
    finding = one.finding
    shown = range(-SHOWN_BEFORE, one.length + SHOWN_AFTER)
    days = []
    for day in (finding.onset + timedelta(days=k) for k in shown):
        if day in costs:
            band = (
                one.expected.get(day, (None, None, None)) if finding.kind != UNIT else (None,) * 3
            )
            if band[2] is not None and band[2] > WIDE * max(costs[day], band[0]):
                band = (None,) * 3  # so little was known that the band says nothing
            figures = (costs[day].quantize(CENT), *band)
            days.append([day.isoformat(), *(None if x is None else str(x) for x in figures)])
    return {
        "days": days,
        "vintage": finding.vintage,
        "score": round(finding.score, 2),
        "quantity": quantity if finding.kind == UNIT else "",
    }
