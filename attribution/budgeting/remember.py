"""Work a day's budgets out and keep what it says: the memory of "two days in a row" and of the day
on which a budget was first seen to break. A day is deleted and made anew, never edited."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from aicost.accounts.company import company
from aicost.kernel.periods import Period, month_start, utc_today
from attribution.budgeting.allowance import Allowance, allowances, per_unit
from attribution.budgeting.judge import Standing, judged
from attribution.budgeting.odds import chance_over, reached_on
from attribution.budgeting.outlook import (
    ZERO,
    Daily,
    Outlook,
    billed,
    outlook,
    per_unit_outlook,
)
from attribution.budgeting.outward import tell_crossed
from attribution.budgeting.plans import UNITS, Key, Plan, plans_on
from attribution.budgeting.stops import stop_words
from attribution.models import BudgetStatus
from attribution.models.budgets import NOTHING_ROLLS, ONCE
from attribution.once import steady
from attribution.reports import run
from attribution.reports.forecast import HISTORY_DAYS, data_through
from attribution.reports.spec import LEFT_OUT, Asker, Spec

ONE_DAY = timedelta(days=1)
EVERYBODY = Asker("budgets")
MONTH_END_DAYS = 10  # so long a month that is over is worked out again: bills come late
PERIODS_MAX = 240


def remember(day: date | None = None, only: Key | None = None) -> list[BudgetStatus]:
    """The statuses of a day, yesterday if none is given, made and kept; of one budget, if `only` is
    given. The evening before is made too where it is missing. Doing it again changes nothing."""
    last = day or utc_today() - ONE_DAY
    days = [last]
    if not BudgetStatus.objects.filter(day=last - ONE_DAY, **_of(only)).exists():
        days.insert(0, last - ONE_DAY)
    made: list[BudgetStatus] = []
    for one in days:
        made = _remember(one, only)
    return made


def remember_lately() -> list[BudgetStatus]:
    """Yesterday, and for some days the end of the month that is over."""
    yesterday = utc_today() - ONE_DAY
    ended = month_start(yesterday) - ONE_DAY
    if (yesterday - ended).days <= MONTH_END_DAYS:
        remember(ended)
    return remember(yesterday)


@transaction.atomic
def _remember(day: date, only: Key | None) -> list[BudgetStatus]:
    with steady({}):
        plans = [plan for plan in plans_on(day) if only is None or plan.key == only]
        before = _evening_before(day)
        made = [_status(plan, day, before.get(plan.key)) for plan in plans]
    BudgetStatus.objects.filter(day=day, **_of(only)).delete()
    kept = BudgetStatus.objects.bulk_create(made)
    tell_crossed({plan.key: plan for plan in plans}, kept)
    return kept


def _of(only: Key | None) -> dict:
    return {} if only is None else dict(zip(("budget", "dimension", "name"), only, strict=True))


def key_of(row: BudgetStatus) -> Key:
    return row.budget_id, row.dimension, row.name


def _evening_before(day: date) -> dict[Key, BudgetStatus]:
    return {key_of(row): row for row in BudgetStatus.objects.filter(day=day - ONE_DAY)}


@dataclass(frozen=True)
class Known:
    """What the reports say of one plan: cost by day, units by day, the last final day."""

    costs: Daily
    units: Daily
    through: date | None
    lacking: str = ""


def _status(plan: Plan, day: date, before: BudgetStatus | None) -> BudgetStatus:
    fiscal = company().fiscal_month
    period = plan.period_of(day, fiscal)
    chain = _periods(plan, period, fiscal)
    known = _known(plan, Period(min(chain[0].start, day - timedelta(HISTORY_DAYS)), day + ONE_DAY))
    cost, units, band = _outlooks(plan, known, day, period)
    last = _allowed(plan, chain, known, day, units)
    odds = chance_over(last.available, *band) if band else None
    same = before if before is not None and before.period_start == period.start else None
    stop = stop_words(plan, day, cost.so_far, last.available)
    at = Standing(day, period, last.available, cost.so_far, odds,
                  same.probability if same else None, stop)  # fmt: skip
    level, words = judged(plan, at)
    budget, dimension, name = plan.key
    return BudgetStatus(
        budget_id=budget,
        dimension=dimension,
        name=name,
        day=day,
        period_start=period.start,
        period_end=period.end,
        currency=plan.currency,
        amount=last.amount,
        carried=last.carried,
        used=cost.so_far,
        units=_whole(units.so_far) if units else None,
        units_p50=_whole(units.p50) if units and units.p50 is not None else None,
        p50=cost.p50,
        p10=cost.p10,
        p90=cost.p90,
        probability=odds,
        breach_on=None if plan.per else _breach(last.available, cost, known.costs, day),
        data_through=cost.data_through,
        level=level,
        words=words,
        stop=stop,
        reason="; ".join(filter(None, (cost.reason, known.lacking))),
    )


def _outlooks(
    plan: Plan, known: Known, day: date, period: Period
) -> tuple[Outlook, Outlook | None, tuple | None]:
    """Of the cost and, per unit, of the units; and (certain, p50, p10, p90) of what is held against
    the amount. An amount per unit grows with the units, so that nothing of it is certain, and only
    what a unit costs makes it end above."""
    if not plan.per:
        cost = outlook(known.costs, day, known.through, period)
        band = (cost.so_far, cost.p50, cost.p10, cost.p90)
        return cost, None, None if cost.p50 is None else band
    both = per_unit_outlook(known.costs, known.units, day, known.through, period)
    band = (ZERO, both.cost.p50, both.p10, both.p90)
    return both.cost, both.units, None if both.p10 is None else band


def _periods(plan: Plan, current: Period, fiscal: int) -> list[Period]:
    """Those that hand money on, the current one last."""
    if plan.roll_over == NOTHING_ROLLS or plan.period == ONCE or plan.valid_from is None:
        return [current]
    found = [plan.period_of(plan.valid_from, fiscal)]
    while found[-1].end <= current.start:
        found.append(plan.period_of(found[-1].end, fiscal))
    return found[-PERIODS_MAX:]


def _allowed(
    plan: Plan, chain: list[Period], known: Known, day: date, units: Outlook | None
) -> Allowance:
    """Of the current period; per unit, of the units it is expected to have."""
    amounts = [plan.amount] * len(chain)
    if units is not None:
        counts = [billed(known.units, period, day) for period in chain]
        counts[-1] = units.so_far if units.p50 is None else units.p50
        amounts = [per_unit(plan.amount, plan.per_count, _whole(count)) for count in counts]
    spent = [billed(known.costs, period, day) for period in chain]
    return allowances(amounts, spent, plan.roll_over)[-1]


def _breach(available: Decimal, cost: Outlook, costs: Daily, day: date) -> date | None:
    """The day it was used up, or is by the forecast."""
    if cost.so_far > available:
        inside = sorted((when, amount) for when, amount in costs.items()
                        if cost.period.start <= when <= day)  # fmt: skip
        return reached_on(available, ZERO, inside)
    if cost.p50 is None or cost.p50 <= available:
        return None
    return reached_on(available, cost.final_so_far, cost.ahead)


def _known(plan: Plan, span: Period) -> Known:
    """Cost in the plan's currency, by the frozen rate of each month where there is another."""
    spec = Spec("cost", span, EVERYBODY, granularity="day", filters=plan.filters,
                estimates=LEFT_OUT)  # fmt: skip
    answer = run(spec)
    if any(row["currency"] != plan.currency for row in answer.rows):
        answer = run(replace(spec, in_currency=plan.currency))
    lacking = [f"no rate {billed_in} to {wanted} for {month:%b %Y}: that cost is left out"
               for month, billed_in, wanted in answer.missing_rates[:1]]  # fmt: skip
    costs = _by_day((row["period"], row["cost"]) for row in answer.rows
                    if row["currency"] == plan.currency)  # fmt: skip
    through = data_through(spec, span.end - ONE_DAY)
    return Known(costs, _units(plan, span) if plan.per else {}, through, "".join(lacking))


def _units(plan: Plan, span: Period) -> Daily:
    """The plan's units by day. Calls that meet money in several currencies stand beside each."""
    spec = Spec("unit_cost", span, EVERYBODY, granularity="day", filters=plan.filters,
                estimates=LEFT_OUT)  # fmt: skip
    column, found = UNITS[plan.per], {}
    for row in run(spec).rows:
        if row[column] is not None:
            found[row["period"]] = max(Decimal(row[column]), found.get(row["period"], ZERO))
    return found


def _by_day(pairs: Iterable[tuple[date, Decimal]]) -> Daily:
    found: dict[date, Decimal] = {}
    for day, cost in pairs:
        found[day] = found.get(day, ZERO) + cost
    return found


def _whole(number: Decimal) -> Decimal:
    return number.quantize(Decimal(1))
