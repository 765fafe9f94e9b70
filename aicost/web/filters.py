"""The state of a page is its address: a readable query string in canonical order.

`from` and `to` are days, both included, or `period` names a preset. The same keys work on every
page; a page ignores what it cannot use, and a link to another page carries all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import re
from urllib.parse import urlencode

from django.http import QueryDict

from aicost.kernel.periods import Period, utc_today
from aicost.web.spans import (
    CUSTOM,
    ONE_DAY,
    PRESETS,
    Calendar,
    before,
    months_of,
    preset_of,
    stepped,
    year_before,
)
from attribution.reports import named
from attribution.reports.patterns import ANY
from attribution.reports.question import (
    currency_of,
    day_of,
    one_of,
    period_of,
    question,
)
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
PREVIOUS, A_YEAR, NOTHING = "previous", "year", "none"
COMPARISONS = (PREVIOUS, A_YEAR, CUSTOM, NOTHING)
# -table.column, as aicost.web.sorting reads it.
_SORT = re.compile(r"-?([a-z_]{1,40}\.)?[a-z_0-9]{1,60}")
# Keys of a page that say a place in an answer: with another answer they say nothing.
PLACES = ("page",)
# A period is charted by days up to so many, by weeks up to so many, else by months.
DAYS_CHARTED_MAX, DAYS_BY_WEEK_MAX = 62, 120
# Keys of the address with one word each, in canonical order.
WORDS = ("compare", "step", "basis", "idle", "shared", "in_currency", "chart", "sort")
BASE = ("base_from", "base_to")
HAS = "has:"
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


@dataclass(frozen=True)
class View:
    """One reading of the query string. Every value is checked; `BadSpec` names what is not.
    `base` is the period compared with when `compare` is custom; `in_currency` '' is money as
    billed; `sort` '' is each table's own order. `own` are the keys of the page itself."""

    period: Period
    preset: str = CUSTOM
    compare: str = PREVIOUS
    base: Period | None = None
    group_by: tuple[str, ...] = ("feature",)
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    step: str = ""
    basis: str = "effective"
    idle: str = SHOWN
    shared: str = SHOWN
    in_currency: str = ""
    chart: str = "bars"
    sort: str = ""
    long: bool = False
    own: tuple[tuple[str, str], ...] = ()
    calendar: Calendar = field(default_factory=lambda: Calendar(utc_today()))

    @property
    def granularity(self) -> str:
        """The step asked for, else days, or what leaves few enough bars to read."""
        days = self.period.length_days
        by_length = "week" if days <= DAYS_BY_WEEK_MAX else "month"
        return self.step or ("day" if days <= DAYS_CHARTED_MAX else by_length)

    @property
    def months(self) -> int:
        """The months of the unit this period is, or is the beginning of; 0: days."""
        return months_of(self.period, self.preset)

    @property
    def other(self) -> Period | None:
        """The period compared with, or None."""
        if self.compare == PREVIOUS:
            return before(self.period, self.months)
        return year_before(self.period) if self.compare == A_YEAR else self.base

    def stepped(self, sign: int) -> "View | None":
        """The same question one unit earlier (-1) or later (+1); None when there is none."""
        span = stepped(self.period, self.months, sign, self.calendar.today)
        if span is None:
            return None
        return replace(self, period=span, preset=preset_of(span, self.calendar))

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
            "in_currency": self.in_currency if named(report).converts else "",
        }
        return replace(question(report, asker, asked), **changes)

    def query(self, **changes) -> str:
        """The query string of this view with changes, defaults left out, canonical order."""
        view = replace(self, **changes)
        pairs: list[tuple[str, str]] = []
        if view.preset == CUSTOM:
            pairs += _dated(("from", "to"), view.period)
        elif view.preset != view.calendar.preset:
            pairs.append(("period", view.preset))
        if view.group_by != ("feature",):
            pairs.append(("group", ",".join(view.group_by)))
        for name in WORDS:
            if getattr(view, name) != View.__dataclass_fields__[name].default:
                pairs.append((name, getattr(view, name)))
            if name == "compare" and view.compare == CUSTOM and view.base is not None:
                pairs += _dated(BASE, view.base)
        if view.long:
            pairs.append(("long", "1"))
        known = (*DIMENSIONS, *CHARGE_DIMENSIONS)
        tags = sorted(name for name in view.filters if name not in known)
        for dimension in (*known, *tags):
            pairs += [(dimension, value) for value in view.filters.get(dimension, ())]
        return urlencode(pairs)

    def here(self, **changes) -> str:
        """The query string of this page with changes: the view's, and the page's own keys. Another
        answer begins at its first page."""
        own = [(k, v) for k, v in self.own if not (changes and k in PLACES)]
        return "&".join(filter(None, (self.query(**changes), urlencode(own))))

    def with_filter(self, dimension: str, value: str) -> str:
        kept = tuple(v for v in self.filters.get(dimension, ()) if v != value)
        return self.query(filters={**self.filters, dimension: (*kept, value)})

    def without_filter(self, dimension: str) -> str:
        return self.here(filters={k: v for k, v in self.filters.items() if k != dimension})

    def frozen_dates(self) -> "View":
        """The same view with its dates written out: what a link that is sent should say. What it
        is compared with stays, also where dates alone would be compared with others."""
        frozen = replace(self, preset=CUSTOM)
        if frozen.other == self.other:
            return frozen
        return replace(frozen, compare=CUSTOM, base=self.other)


def _dated(names: tuple[str, str], span: Period) -> list[tuple[str, str]]:
    """Both days included, as people write them."""
    return [(names[0], span.start.isoformat()), (names[1], (span.end - ONE_DAY).isoformat())]


def _choice(params: QueryDict, name: str, choices: tuple[str, ...], default: str) -> str:
    return one_of(name, params.get(name, default), choices)


def _days(params: QueryDict, names: tuple[str, str]) -> Period:
    """The days of two keys, both included."""
    first, last = (day_of(name, params.get(name)) for name in names)
    return period_of(first, last + ONE_DAY, DAYS_MAX)


def _period(params: QueryDict, by: Calendar) -> tuple[str, Period]:
    if "from" in params or "to" in params:
        return CUSTOM, _days(params, ("from", "to"))
    preset = _choice(params, "period", tuple(PRESETS), by.preset)
    return preset, PRESETS[preset].of(by)


def _sort(params: QueryDict) -> str:
    """Which column is none of this table's, the page says; here only that it may be one."""
    sort = params.get("sort", "")
    if sort and not _SORT.fullmatch(sort):
        raise BadSpec(
            f"sort={sort[:40]} is no column: write cost, -cost, table.cost or -table.cost"
        )
    return sort


def _group_by(params: QueryDict) -> tuple[str, ...]:
    """`group=a,b`, or `group=a&group=b` as a form sends it."""
    given = [part for text in params.getlist("group") for part in text.split(",") if part]
    names = tuple(dict.fromkeys(given)) or ("feature",)
    for name in names:
        if not is_dimension(name):
            offered = ", ".join((*DIMENSIONS, *CHARGE_DIMENSIONS))
            raise BadSpec(f"group {name!r} is not one of: {offered} or {ANY_TAG}")
    if len(names) > GROUPS_MAX:
        raise BadSpec(f"group by at most {GROUPS_MAX} dimensions, not {len(names)}")
    return names


def _filters(params: QueryDict) -> dict[str, tuple[str, ...]]:
    """`feature=a&feature=b`; `has:feature=chat`, as a form sends it, is `feature=*chat*`."""
    found: dict[str, list[str]] = {}
    for key in params:
        dimension = key.removeprefix(HAS)
        if not is_dimension(dimension):
            continue
        values = params.getlist(key)
        if key != dimension:
            parts = (value.strip() for value in values)
            values = [part if part.endswith(ANY) else f"*{part}*" for part in parts if part]
        if values:
            found.setdefault(dimension, []).extend(values)
    return {
        dimension: tuple(dict.fromkeys(values))[:FILTER_VALUES_MAX]
        for dimension, values in found.items()
    }


def parse(params: QueryDict, by: Calendar) -> View:
    """Read a query string. Unknown values raise `BadSpec`; unknown keys are ignored."""
    preset, period = _period(params, by)
    compare = _choice(params, "compare", COMPARISONS, PREVIOUS)
    return View(
        period=period,
        preset=preset,
        compare=compare,
        base=_days(params, BASE) if compare == CUSTOM else None,
        group_by=_group_by(params),
        filters=_filters(params),
        step=_choice(params, "step", ("", *STEPS), ""),
        basis=_choice(params, "basis", BASES, "effective"),
        idle=_choice(params, "idle", (SHOWN, SPREAD), SHOWN),
        shared=_choice(params, "shared", (SHOWN, SPREAD), SHOWN),
        in_currency=currency_of("in_currency", params.get("in_currency")),
        chart=_choice(params, "chart", CHARTS, "bars"),
        sort=_sort(params),
        long=_choice(params, "long", ("", "1"), "") == "1",
        calendar=by,
    )
