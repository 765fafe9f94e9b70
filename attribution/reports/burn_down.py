"""What is prepaid or promised: how much of it is left, when it is gone, what of a promise is
missing at its end. Balances are entered by hand; what draws them down is report `cost`."""

from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q

from aicost.kernel.periods import Period
from attribution.budgeting.odds import chance_over, reached_on
from attribution.budgeting.outlook import Outlook, outlook
from attribution.models import CreditBalance
from attribution.models.budgets import COMMITMENT
from attribution.reports import cost
from attribution.reports.base import Report
from attribution.reports.convert import converted
from attribution.reports.forecast import HISTORY_DAYS, data_through
from attribution.reports.spec import LEFT_OUT, Spec

COLUMNS = (
    "name", "kind", "filters", "currency", "day", "balance", "used", "left", "ends_on", "p50",
    "p10", "p90", "runs_out_on", "missing", "probability_percent", "data_through", "reason",
    "balance_id",
)  # fmt: skip
OPEN_DAYS = 366  # how far is looked where no end is known
ONE_DAY = timedelta(days=1)
ZERO = Decimal(0)


def rows(spec: Spec) -> list[dict]:
    """One row a credit or promise, by the newest balance known on the last day of the period.
    `missing` is what of a promise is not spent at its end by p50, and the probability that it is
    not spent in full; of a credit, that it does not last to its end."""
    day = spec.period.end - ONE_DAY
    return sorted((_row(spec, one, day) for one in _newest(day)), key=_soonest)


def _newest(day: date) -> list[CreditBalance]:
    return list(
        CreditBalance.objects.filter(Q(ends_on=None) | Q(ends_on__gte=day), day__lte=day)
        .order_by("title", "-day")
        .distinct("title")
    )


def _row(spec: Spec, one: CreditBalance, day: date) -> dict:
    end = (one.ends_on or day + timedelta(days=OPEN_DAYS)) + ONE_DAY
    period = Period(one.day, end)
    look = _outlook(spec, one, day, period)
    told = dict.fromkeys(COLUMNS) | {
        "name": one.title,
        "kind": one.kind,
        "filters": "; ".join(f"{n}={', '.join(v)}" for n, v in sorted(one.filters.items())),
        "currency": one.currency,
        "day": one.day,
        "balance": one.balance,
        "used": look.so_far,
        "left": max(one.balance - look.so_far, ZERO),
        "ends_on": one.ends_on,
        "data_through": look.data_through,
        "reason": look.reason,
        "balance_id": one.pk,
    }
    if look.p50 is None or look.p10 is None or look.p90 is None:
        return told
    odds = chance_over(one.balance, look.so_far, look.p50, look.p10, look.p90)
    gone = reached_on(one.balance, look.final_so_far, look.ahead)
    if one.kind == COMMITMENT:
        told |= {"missing": max(one.balance - look.p50, ZERO), "runs_out_on": gone}
        odds = 1 - odds
    else:
        told |= {"runs_out_on": gone}
    if one.ends_on is not None:
        told |= {"p50": look.p50, "p10": look.p10, "p90": look.p90}
        told["probability_percent"] = odds * 100
    return told


def _outlook(spec: Spec, one: CreditBalance, day: date, period: Period) -> Outlook:
    filters = {name: tuple(values) for name, values in one.filters.items()}
    first = min(one.day, day - timedelta(days=HISTORY_DAYS))
    asked = Spec("cost", Period(first, day + ONE_DAY), spec.asker, granularity="day",
                 filters=filters, estimates=LEFT_OUT, in_currency=one.currency)  # fmt: skip
    costs: dict[date, Decimal] = {}
    for row in converted(cost.REPORT, asked)[0]:
        if row["currency"] == one.currency:
            costs[row["period"]] = costs.get(row["period"], ZERO) + row["cost"]
    return outlook(costs, day, data_through(asked, day), period)


def _soonest(row: dict) -> tuple:
    return row["runs_out_on"] is None, row["runs_out_on"] or date.max, row["name"]


REPORT = Report(
    "burn_down",
    "Credits and commitments",
    rows,
    lambda spec: COLUMNS,
    whole_company=True,
)
