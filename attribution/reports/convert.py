"""A report in another currency: each month by its own frozen rate, unrounded.

What has no rate stays on rows of its own, in the currency it was billed in, and the answer names
it; it is never taken as 1."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Context, Decimal

from aicost.kernel.periods import Period, month_start, next_month
from attribution.closing.pinned import open_closes, rates_of
from attribution.once import once
from attribution.reports.base import Report
from attribution.reports.columns import DECIMAL, is_additive, kind_of
from attribution.reports.compare import step_of
from attribution.reports.spec import Spec
from ingest.fx import MissingRate, Rates

# A rate has 18 decimals as money has, so their products have 36.
EXACT_DIGITS = 100
_EXACT = Context(prec=EXACT_DIGITS)
_LINES = ("owned", "workload", "shared", "idle", "unattributed")


def converted(report: Report, spec: Spec) -> tuple[list[dict], tuple[tuple[date, str, str], ...]]:
    """The rows of the report and the rates that are missing, as (month, from, to). Rows that each
    stand in one month are converted, and summed over what they have in common."""
    if report.exchanged is not None:
        return report.exchanged(spec)
    rates, missing = _rates(spec.period), set()
    summed: dict[tuple, dict] = {}
    for month, row in _rows_of_months(report, spec):
        try:
            rate = rates.rate(month, row["currency"], spec.in_currency)
        except MissingRate as error:
            missing.add((error.month, error.from_currency, error.to_currency))
        else:
            row = _times(row, rate) | {"currency": spec.in_currency}
        if spec.granularity in ("total", "quarter"):
            row["period"] = step_of(row["period"], spec.granularity, spec.period.start)
        key = tuple(sorted((n, str(v)) for n, v in row.items() if not is_additive(n)))
        summed[key] = _added(summed[key], row) if key in summed else row
    rows = list(summed.values())
    rows = report.finished(spec, rows) if report.finished else sorted(rows, key=_place)
    return rows, tuple(sorted(missing))


def folded(
    spec: Spec, asked: Callable[[Spec], Iterable[dict]], money: Collection[str], missing: set
) -> list[dict]:
    """The rows that `asked` finds, in the currency of the question where it names one: each month
    by its rate, then summed to the steps of the question over all columns but `money`. What has no
    rate stays as it was billed and is added to `missing`."""
    if not spec.in_currency:
        return list(asked(spec))
    step = "day" if spec.granularity in ("day", "week") else "month"
    rates, summed = _rates(spec.period), {}
    for row in asked(replace(spec, granularity=step)):
        try:
            rate = rates.rate(month_start(row["period"]), row["currency"], spec.in_currency)
        except MissingRate as error:
            missing.add((error.month, error.from_currency, error.to_currency))
        else:
            row = row | {"currency": spec.in_currency}
            row |= {n: _EXACT.multiply(row[n], rate) for n in money if row[n] is not None}
        row["period"] = step_of(row["period"], spec.granularity, spec.period.start)
        key = tuple(value for name, value in row.items() if name not in money)
        if (old := summed.get(key)) is not None:
            row |= {name: _known_sum(old[name], row[name]) for name in money}
        summed[key] = row
    return list(summed.values())


def _known_sum(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    """As SQL sums: nothing known beside something is that."""
    return b if a is None else a if b is None else _EXACT.add(a, b)


@once
def _rates(period: Period) -> Rates:
    """The rates of all months of the period, those of closed ones as pinned."""
    rates = rates_of(open_closes(period.start, period.end))
    rates.load(period)
    return rates


def _rows_of_months(report: Report, spec: Spec) -> Iterator[tuple[date, dict]]:
    """Each row with a day of its month: by one question where its steps stand in one month or can
    be made of months, else by one a month, since a week may stand in two."""
    asked = report.parts or report.rows
    if spec.granularity == "week" or "month" not in report.granularities:
        for part in _months(spec.period):
            for row in asked(replace(spec, period=part)):
                yield part.start, row
    else:
        step = "day" if spec.granularity == "day" else "month"
        for row in asked(replace(spec, granularity=step)):
            yield row["period"], row


def _months(period: Period) -> Iterator[Period]:
    start = period.start
    while start < period.end:
        end = min(next_month(month_start(start)), period.end)
        yield Period(start, end)
        start = end


def _times(row: dict, rate: Decimal) -> dict:
    return {
        name: _EXACT.multiply(value, rate)
        if kind_of(name) == DECIMAL and isinstance(value, Decimal)
        else value
        for name, value in row.items()
    }


def _added(old: dict, new: dict) -> dict:
    """Unknown in one of the two is unknown in the sum."""
    return {
        name: _sum(value, new[name]) if is_additive(name) else value for name, value in old.items()
    }


def _sum(a: Decimal | int | None, b: Decimal | int | None) -> Decimal | int | None:
    if a is None or b is None:
        return None
    return _EXACT.add(a, b) if isinstance(a, Decimal) else a + b


def _place(row: dict) -> tuple:
    """The order of the report: period, line, cost, then names."""
    line = _LINES.index(row["line"]) if row.get("line") in _LINES else len(_LINES)
    names = tuple(str(v or "") for n, v in row.items() if not is_additive(n) and n != "period")
    return row["period"], line, -row["cost"], names
