"""The state of a page is its address: a readable query string in canonical order.

`from` and `to` are days, both included, or `period` names a preset. The same keys work on every
page; a page ignores what it cannot use, and a link to another page carries all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import QueryDict

from aicost.kernel.periods import Period, month_of, month_start, previous_month
from attribution.reports.spec import (
    ANY_TAG,
    BASES,
    CHARGE_DIMENSIONS,
    HIERARCHY_DIMENSIONS,
    LAYER,
    SERIES_DIMENSIONS,
    SHOWN,
    SPREAD,
    TAG,
    TARGET_DIMENSIONS,
    Asker,
    BadSpec,
    Spec,
    is_charge_dimension,
)

DIMENSIONS = (*TARGET_DIMENSIONS, *HIERARCHY_DIMENSIONS, LAYER, *SERIES_DIMENSIONS)
# What the group menu of Explore offers; an address may name any dimension of a charge, or tag:KEY.
GROUPS_OFFERED = (*DIMENSIONS, "resource", "instance_type", "sku", "rule")
STEPS = ("day", "week", "month", "quarter")
CHARTS = ("bars", "lines", "table")
GROUPS_MAX = 2
DAYS_MAX = 1100
FIRST_YEAR, LAST_YEAR = 2000, 2199
STEPS_BY_DAY_MAX = 120
FILTER_VALUES_MAX = 50
LABELS = {
    "charge_category": "Charge category",
    "kind": "Kind",
    "state": "State",
    "evidence": "Evidence",
    "sku": "SKU",
    "sku_meter": "SKU meter",
}


def label(dimension: str) -> str:
    if dimension.startswith(TAG):
        return f"Tag {dimension.removeprefix(TAG)}"
    return LABELS.get(dimension, dimension.capitalize().replace("_", " "))


def is_dimension(name: str) -> bool:
    return name != TAG and (name in DIMENSIONS or is_charge_dimension(name))


def _quarter_start(today: date) -> date:
    return date(today.year, (today.month - 1) // 3 * 3 + 1, 1)


def _month_to_date(today: date) -> Period:
    """This month up to yesterday; on the first day of a month, the month before."""
    first = month_start(today)
    return Period(first, today) if today > first else month_of(previous_month(today))


PRESETS = {
    "month": ("Month to date", _month_to_date),
    "last-month": ("Last month", lambda today: month_of(previous_month(today))),
    "7d": ("Last 7 days", lambda today: Period(today - timedelta(days=7), today)),
    "28d": ("Last 28 days", lambda today: Period(today - timedelta(days=28), today)),
    "90d": ("Last 90 days", lambda today: Period(today - timedelta(days=90), today)),
    "quarter": (
        "Quarter to date",
        lambda today: Period(min(_quarter_start(today), today - timedelta(days=1)), today),
    ),
    "6m": (
        "Six months",
        lambda today: Period(_months_back(_month_to_date(today).start, 5), today),
    ),
}
DEFAULT_PRESET = "month"


def _months_back(day: date, months: int) -> date:
    first = month_start(day)
    for _ in range(months):
        first = previous_month(first)
    return first


def previous_of(period: Period) -> Period:
    """What a period is compared with: whole months with as many months before, the first days of
    a month with the same days of the last one, anything else with the equally long time before."""
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    if period.start.day == 1 and period.end.day == 1:
        return Period(_months_back(period.start, months), period.start)
    last = period.end - timedelta(days=1)
    if period.start.day == 1 and month_start(last) == period.start:
        before = previous_month(period.start)
        return Period(before, min(before + (period.end - period.start), period.start))
    return period.before()


@dataclass(frozen=True)
class View:
    """One reading of the query string. Every value is checked; `BadSpec` names what is not."""

    period: Period
    preset: str = DEFAULT_PRESET
    compare: str = "previous"
    group_by: tuple[str, ...] = ("feature",)
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    step: str = ""
    basis: str = "effective"
    idle: str = SHOWN
    shared: str = SHOWN
    chart: str = "bars"
    sort: str = "cost"
    long: bool = False

    @property
    def granularity(self) -> str:
        """The step asked for, else days, or months where days would be too many to read."""
        return self.step or ("month" if self.period.length_days > STEPS_BY_DAY_MAX else "day")

    @property
    def other(self) -> Period | None:
        """The period compared with, or None."""
        return previous_of(self.period) if self.compare == "previous" else None

    def spec(self, report: str, asker: Asker, **changes) -> Spec:
        """The question of this view to a report; `changes` are fields of Spec."""
        asked = {
            "granularity": "total",
            "group_by": self.group_by,
            "filters": self.filters,
            "basis": self.basis,
            "idle": self.idle,
            "shared": self.shared,
            "period": self.period,
            "long": self.long,
        }
        return Spec(report=report, asker=asker, **(asked | changes))

    def query(self, **changes) -> str:
        """The query string of this view with changes, defaults left out, canonical order."""
        view = replace(self, **changes)
        pairs: list[tuple[str, str]] = []
        if view.preset == "custom":
            last = view.period.end - timedelta(days=1)
            pairs += [("from", view.period.start.isoformat()), ("to", last.isoformat())]
        elif view.preset != DEFAULT_PRESET:
            pairs.append(("period", view.preset))
        if view.group_by != ("feature",):
            pairs.append(("group", ",".join(view.group_by)))
        for name in ("compare", "step", "basis", "idle", "shared", "chart", "sort"):
            if getattr(view, name) != View.__dataclass_fields__[name].default:
                pairs.append((name, getattr(view, name)))
        if view.long:
            pairs.append(("long", "1"))
        known = (*DIMENSIONS, *CHARGE_DIMENSIONS)
        tags = sorted(name for name in view.filters if name not in known)
        for dimension in (*known, *tags):
            pairs += [(dimension, value) for value in view.filters.get(dimension, ())]
        return urlencode(pairs)

    def with_filter(self, dimension: str, value: str) -> str:
        kept = tuple(v for v in self.filters.get(dimension, ()) if v != value)
        return self.query(filters={**self.filters, dimension: (*kept, value)})

    def without_filter(self, dimension: str) -> str:
        return self.query(filters={k: v for k, v in self.filters.items() if k != dimension})

    def frozen_dates(self) -> "View":
        """The same view with its dates written out: what a link that is sent should say."""
        return replace(self, preset="custom")


def _choice(params: QueryDict, name: str, choices: tuple[str, ...], default: str) -> str:
    value = params.get(name, default)
    if value not in choices:
        raise BadSpec(f"{name}={value} is not known: take one of {', '.join(choices)}")
    return value


def _date(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadSpec(f"{name}={text} is no date: write YYYY-MM-DD") from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadSpec(f"{name}={text} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _period(params: QueryDict, today: date, default: str) -> tuple[str, Period]:
    if "from" in params or "to" in params:
        first = _date(params.get("from", ""), "from")
        last = _date(params.get("to", ""), "to")
        if not 0 <= (last - first).days < DAYS_MAX:
            raise BadSpec(f"{first} to {last} is reversed or longer than {DAYS_MAX} days")
        return "custom", Period(first, last + timedelta(days=1))
    preset = _choice(params, "period", tuple(PRESETS), default)
    return preset, PRESETS[preset][1](today)


def _group_by(params: QueryDict) -> tuple[str, ...]:
    """`group=a,b`, or `group=a&group=b` as a form sends it."""
    given = [part for text in params.getlist("group") for part in text.split(",") if part]
    names = tuple(dict.fromkeys(given)) or ("feature",)
    for name in names:
        if not is_dimension(name):
            offered = ", ".join((*DIMENSIONS, *CHARGE_DIMENSIONS))
            raise BadSpec(f"group={name} is not known: take one of {offered} or {ANY_TAG}")
    if len(names) > GROUPS_MAX:
        raise BadSpec(f"group by at most {GROUPS_MAX} dimensions, not {len(names)}")
    return names


def parse(params: QueryDict, today: date) -> View:
    """Read a query string. Unknown values raise `BadSpec`; unknown keys are ignored."""
    preset, period = _period(params, today, DEFAULT_PRESET)
    filters = {
        dimension: tuple(dict.fromkeys(params.getlist(dimension)))[:FILTER_VALUES_MAX]
        for dimension in params
        if is_dimension(dimension)
    }
    return View(
        period=period,
        preset=preset,
        compare=_choice(params, "compare", ("previous", "none"), "previous"),
        group_by=_group_by(params),
        filters=filters,
        step=_choice(params, "step", ("", *STEPS), ""),
        basis=_choice(params, "basis", BASES, "effective"),
        idle=_choice(params, "idle", (SHOWN, SPREAD), SHOWN),
        shared=_choice(params, "shared", (SHOWN, SPREAD), SHOWN),
        chart=_choice(params, "chart", CHARTS, "bars"),
        sort=_choice(params, "sort", ("cost", "change", "name"), "cost"),
        long=_choice(params, "long", ("", "1"), "") == "1",
    )
