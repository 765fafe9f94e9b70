"""One question put for two periods, row beside row."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext

from aicost.accounts.company import company
from aicost.kernel.periods import Period, month_start, next_month, quarter_start
from attribution.reports.base import Report
from attribution.reports.spec import Answer, Spec

NEW = "new"
PERCENT_DIGITS = 12
DAYS_OF_MONTH_MAX = 31
COMPARED = ("previous", "delta", "delta_percent")


def merge(report: Report, now: Answer, before: Answer) -> Answer:
    """The rows of `now` with `previous`, `delta` and `delta_percent` of the report's measure; rows
    that are gone stand at the end with a measure of 0. `delta_percent` is "new" on a base of 0."""
    assert report.measure is not None
    was = {_key(now.spec, before.spec, row): row for row in before.rows}
    rows = []
    for row in now.rows:
        old = was.pop(_key(now.spec, now.spec, row), None)
        rows.append(row | _change(row[report.measure], old and old[report.measure], old is None))
    for key, old in was.items():
        gone = dict.fromkeys(now.columns) | _dimensions(now.spec, old) | {"period": key[0]}
        gone[report.measure] = Decimal(0)
        rows.append(gone | _change(Decimal(0), old[report.measure], False))
    return replace(now, rows=rows, columns=now.columns + COMPARED)


def _dimensions(spec: Spec, row: dict) -> dict:
    names = (*spec.group_by, "feature", "line", "currency")
    return {name: row[name] for name in names if name in row}


def _key(target: Spec, asked: Spec, row: dict) -> tuple:
    """Step n of one period stands beside step n of the other."""
    found = _dimensions(asked, row)
    return _shifted(row["period"], asked, target), *sorted(found.items(), key=lambda item: item[0])


def _shifted(step: date, asked: Spec, target: Spec) -> date:
    if asked.period == target.period:
        return step
    steps = _steps(asked.period, asked.granularity)
    wanted = _steps(target.period, target.granularity)
    position = steps.index(step)
    return wanted[position] if position < len(wanted) else step


def _steps(period: Period, granularity: str) -> list[date]:
    """The first days of the steps that touch the period, as reports name them."""
    return sorted({step_of(day, granularity, period.start) for day in period.days()})


def step_of(day: date, granularity: str, start: date) -> date:
    """The first day of the step a day stands in: a week begins on Monday, a quarter with the
    company's fiscal year; `total` on `start`."""
    if granularity == "total":
        return start
    if granularity == "day":
        return day
    if granularity == "week":
        return day.fromordinal(day.toordinal() - day.weekday())
    if granularity == "month":
        return month_start(day)
    return quarter_start(day, company().fiscal_month)


def previous_period(period: Period) -> Period:
    """Whole months are compared with as many months before, anything else with the equally long
    time before. Raises ValueError where the calendar has no such time."""
    if period.start.toordinal() <= period.length_days + DAYS_OF_MONTH_MAX:
        raise ValueError(f"there is no period as long before {period.start}")
    if period.start.day != 1 or period.end.day != 1:
        return period.before()
    months, month = 0, period.start
    while month < period.end:
        month, months = next_month(month), months + 1
    first = period.start
    for _ in range(months):
        first = month_start(first.fromordinal(first.toordinal() - 1))
    return Period(first, period.start)


def _change(now: Decimal | None, old: Decimal | None, absent: bool) -> dict:
    """A row that was absent was 0; a measure that is unknown on either side has no change."""
    base = Decimal(0) if absent else old
    if now is None or base is None:
        return {"previous": base, "delta": None, "delta_percent": None}
    delta = now - base
    if not base:
        return {"previous": base, "delta": delta, "delta_percent": NEW if delta else None}
    with localcontext() as context:
        context.prec = PERCENT_DIGITS
        return {"previous": base, "delta": delta, "delta_percent": delta / abs(base) * 100}
