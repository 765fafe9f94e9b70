"""Where the month, the quarter and the year of a day end: p50 and an 80 % band, of any cost that
report `cost` knows by day."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from aicost.accounts.company import company
from aicost.kernel.periods import Period, month_of, quarter_of, year_of
from attribution.budgeting.outlook import Daily, Outlook, outlooks
from attribution.reports import cost
from attribution.reports.base import ALL_POOLS, Report
from attribution.reports.convert import converted
from attribution.reports.spec import ANY_TAG, CHARGE_DIMENSIONS, LEFT_OUT, Spec
from attribution.reports.trust import trust_of

HISTORY_DAYS = 200
ENDED_DAYS = 35  # a bill that is silent for so long is not waited for
HORIZONS = ("month", "quarter", "year")
FIGURES = ("so_far", "p50", "p10", "p90", "reason")
# Single charges are read for at most a month: too little to learn from.
DIMENSIONS = tuple(name for name in cost.DIMENSIONS if name not in (*CHARGE_DIMENSIONS, ANY_TAG))


def columns(spec: Spec) -> tuple[str, ...]:
    return ("horizon", *spec.group_by, "line", "currency", "first_day", "last_day",
            "data_through", *FIGURES)  # fmt: skip


def rows(spec: Spec) -> list[dict]:
    """A row for each horizon, group and currency. The last day of the asked period is the day of
    asking; what came later is not looked at."""
    day = spec.period.end - timedelta(days=1)
    series = daily_costs(spec, first_of(day))
    through = data_through(spec, day)
    found = []
    for horizon, period in horizons(day):
        answers = outlooks(list(series.values()), day, through, period)
        for key, answer in zip(series, answers, strict=True):
            found.append(dict(zip((*spec.group_by, "line", "currency"), key, strict=True))
                         | row_of(horizon, answer))  # fmt: skip
    return found


def horizons(day: date) -> Iterator[tuple[str, Period]]:
    fiscal = company().fiscal_month
    periods = (month_of(day), quarter_of(day, fiscal), year_of(day, fiscal))
    return zip(HORIZONS, periods, strict=True)


def first_of(day: date) -> date:
    """How far back is read: at least as far as the year goes."""
    return min(day - timedelta(days=HISTORY_DAYS), *(span.start for _, span in horizons(day)))


def row_of(horizon: str, one: Outlook) -> dict:
    return {
        "horizon": horizon,
        "first_day": one.period.start,
        "last_day": one.period.end - timedelta(days=1),
        "data_through": one.data_through,
        "so_far": one.so_far,
        "p50": one.p50,
        "p10": one.p10,
        "p90": one.p90,
        "reason": one.reason,
    }


def daily_costs(spec: Spec, first: date) -> dict[tuple, Daily]:
    """(*group, line, currency) -> cost by day from `first` to the last asked day, dearest first."""
    asked = replace(
        spec,
        report="cost",
        granularity="day",
        estimates=LEFT_OUT,
        period=Period(first, spec.period.end),
    )
    found = converted(cost.REPORT, asked)[0] if asked.in_currency else cost.rows(asked)
    series: dict[tuple, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in found:
        key = (*(row[name] for name in spec.group_by), row["line"], row["currency"])
        series[key][row["period"]] += row["cost"]
    dearest = sorted(series, key=lambda key: (-sum(series[key].values()), key))
    return {key: series[key] for key in dearest}


def data_through(spec: Spec, day: date) -> date | None:
    """The last day up to the asked one that is final in every bill asked about."""
    wanted, oldest = spec.filters.get("source"), day - timedelta(days=ENDED_DAYS)
    ends = [
        one.final_through
        for one in trust_of(spec).freshness
        if one.kind == "bill" and one.through is not None and one.through >= oldest
        and (wanted is None or one.source in wanted)
    ]  # fmt: skip
    return min((*ends, day)) if ends and None not in ends else None


REPORT = Report(
    name="forecast",
    title="Forecast",
    rows=rows,
    columns=columns,
    groups=DIMENSIONS,
    filters=DIMENSIONS,
    pools=ALL_POOLS,
    measure=None,
    converts=True,
    by_itself=True,
    groups_max=2,
)
