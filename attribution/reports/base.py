"""What every report is made of: its entry in the registry, its binds and its rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
import json
from operator import itemgetter

from django.db import connection

from aicost.accounts.company import company
from aicost.kernel.sqlfiles import sql
from aicost.kernel.targets import LEVELS
from attribution.entities.hierarchy import cuts_between, names_under
from attribution.reports.question import currency_of, one_of
from attribution.reports.spec import (
    ANY_TAG,
    BASES,
    CHARGE_DAYS_MAX,
    ESTIMATE_OPTIONS,
    GRANULARITIES,
    GROUPS_MAX,
    HIERARCHY_DIMENSIONS,
    LAYER,
    POOL_OPTIONS,
    SERIES_DIMENSIONS,
    SPREAD,
    TAG,
    TARGET_DIMENSIONS,
    BadSpec,
    NotAllowed,
    Spec,
    TooLong,
    is_charge_dimension,
)

PACKAGE = "attribution.reports"

# Dimensions that put money on a named row; kind and state only describe it.
NAMING_DIMENSIONS = (
    "feature",
    "model",
    "workload",
    "experiment",
    "team",
    "environment",
    "activity",
    *HIERARCHY_DIMENSIONS,
    LAYER,
)
# Filters of single reports, beside the dimensions all share.
OWN_FILTERS = ("resource", "instance_type", "outcome", "invoice", "rule", "edition", "alert")
# A charge and its rule know these; all other dimensions of a charge are of its series.
OUTSIDE_SERIES = ("invoice", "rule")
# What only the bill knows of a row of the rollup (a layer asks for its service); every grain knows
# source and evidence.
BILL_DIMENSIONS = frozenset((*SERIES_DIMENSIONS, LAYER)) - {"source", "evidence"}
# What sums by billing period know; they tell no spread.
PERIOD_DIMENSIONS = frozenset(("kind", "evidence", "source"))
# What may be read as one: months and, at the edges of the period, weeks; for weeks only weeks.
STEPS = {"total": "month", "month": "month", "quarter": "month", "week": "week"}
ALL_GRANULARITIES, ALL_POOLS = GRANULARITIES, POOL_OPTIONS
MS_PER_HOUR = 3_600_000
ROWS_AT_ONCE = 2_000
HOUR_QUANTUM = Decimal("0.000001")
# How many rows a query may have, None is any number.
_most: ContextVar[int | None] = ContextVar("rows_at_most", default=None)


@dataclass(frozen=True)
class Report:
    """One entry of REPORTS. `rows` and `columns` are asked with the checked spec; `measure` is
    the column that comparisons compare; `roles` None is everybody; a report of the
    `whole_company` has no team on its rows, so it is refused to an asker who sees only some teams;
    one that `converts` can be asked in another currency: its rows add up over months, or its
    `parts` do, and `finished` makes the rows of their sums, or it does it `by_itself`, or is
    `exchanged` in a way of its own: (rows, missing rates). One of two periods takes `against`; one
    that may be very long has its rows one by one as a `stream` too, and is `queried` (name, binds)
    where they are those of one query as they are, else None."""

    name: str
    title: str
    rows: Callable[[Spec], list[dict]]
    columns: Callable[[Spec], tuple[str, ...]]
    groups: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    granularities: tuple[str, ...] = ("total",)
    pools: tuple[str, ...] = ("shown",)
    measure: str | None = None
    roles: tuple[str, ...] | None = None
    whole_company: bool = False
    converts: bool = False
    by_itself: bool = False
    parts: Callable[[Spec], list[dict]] | None = None
    finished: Callable[[Spec, list[dict]], list[dict]] | None = None
    exchanged: Callable[[Spec], tuple[list[dict], tuple]] | None = None
    against: bool = False
    groups_max: int = GROUPS_MAX
    stream: Callable[[Spec], Iterator[dict]] | None = None
    queried: Callable[[Spec], tuple[str, dict] | None] | None = None


def check(report: Report, spec: Spec) -> None:
    """Raise NotAllowed or BadSpec, naming what is wrong and what can be asked instead."""
    if report.roles is not None and spec.asker.role not in report.roles:
        raise NotAllowed(
            f"the report {report.name} is for {', '.join(report.roles)}; "
            f"your role is {spec.asker.role or 'none'}"
        )
    if report.whole_company and spec.asker.teams is not None:
        raise NotAllowed(
            f"the report {report.name} shows the whole company; you see only some teams"
        )
    if spec.in_currency and not report.converts:
        raise BadSpec(f"the report {report.name} cannot be asked in another currency")
    if spec.against and not (report.against and spec.granularity == "total"):
        raise BadSpec(f"the report {report.name} cannot be asked against another period so")
    if spec.by_rules and not (report.against and spec.granularity == "total"):
        raise BadSpec(f"the report {report.name} cannot tell rule changes apart so")
    if spec.by_rules and spec.asker.teams is not None:
        raise NotAllowed("a rule moves money of all teams; ask somebody who sees all of them")
    currency_of("in_currency", spec.in_currency)
    one_of("granularity", spec.granularity, report.granularities)
    one_of("basis", spec.basis, BASES)
    one_of("idle", spec.idle, report.pools)
    one_of("shared", spec.shared, report.pools)
    one_of("estimates", spec.estimates, ESTIMATE_OPTIONS)
    for name in spec.group_by:
        _dimension("group_by", name, report.groups)
    for name in spec.filters:
        _dimension("filter", name, report.filters)
    if len(set(spec.group_by)) < len(spec.group_by):
        raise BadSpec(f"group_by names a dimension twice: {', '.join(spec.group_by)}")
    if len(spec.group_by) > report.groups_max:
        raise BadSpec(f"group_by takes at most {report.groups_max} dimensions")
    if ANY_TAG in report.groups:
        _check_charges(spec)


def charge_dimensions(spec: Spec) -> tuple[str, ...]:
    """The dimensions of the question that only single charges know, groups first."""
    return tuple(
        name for name in dict.fromkeys((*spec.group_by, *spec.filters)) if is_charge_dimension(name)
    )


def _check_charges(spec: Spec) -> None:
    """Single charges are many, and what was spread is kept by day and target only."""
    names = ", ".join(charge_dimensions(spec))
    if names and SPREAD in (spec.idle, spec.shared):
        raise BadSpec(
            f"{names}: idle and shared cost are spread over targets, not over single charges; "
            "ask with idle and shared shown"
        )
    if names and not spec.long and spec.period.length_days > CHARGE_DAYS_MAX:
        raise BadSpec(
            f"{names}: a question about single charges takes at most {CHARGE_DAYS_MAX} days, not "
            f"{spec.period.length_days}; ask for fewer, or say that it may be long "
            "(--long, or long=1 in an address)"
        )


def binds(spec: Spec) -> dict[str, object]:
    """The named binds all report queries share. A filter that is not set binds NULL."""
    filters = {
        f"f_{name}": list(spec.filters[name]) if name in spec.filters else None
        for name in (
            *TARGET_DIMENSIONS,
            *HIERARCHY_DIMENSIONS,
            LAYER,
            *SERIES_DIMENSIONS,
            *OWN_FILTERS,
        )
    }
    levels = [n for n in HIERARCHY_DIMENSIONS if n in spec.group_by or n in spec.filters]
    of_levels = {n: list(spec.filters[n]) for n in levels if n in spec.filters}
    narrowed = _narrow(spec, filters)
    series = [name for name in charge_dimensions(spec) if name not in OUTSIDE_SERIES]
    return filters | {
        "series_groups": [name for name in series if name in spec.group_by],
        "series_filters": json.dumps(
            {n: list(spec.filters[n]) for n in series if n in spec.filters}
        ),
        "picks": narrowed
        or spec.asker.teams is not None
        or any(n in TARGET_DIMENSIONS for n in spec.filters),
        "layered": LAYER in (*spec.group_by, *spec.filters),
        "levels": levels,
        "cuts": cuts_between(levels, spec.period.start, spec.period.end) if levels else [],
        "above_filters": json.dumps(of_levels),
        "start": spec.period.start,
        "end": spec.period.end,
        "granularity": spec.granularity,
        "shift": _shift(spec.granularity),
        "groups": list(spec.group_by),
        "naming": any(name in NAMING_DIMENSIONS for name in spec.group_by),
        "basis": spec.basis,
        "idle": spec.idle,
        "shared": spec.shared,
        "teams": None if spec.asker.teams is None else list(spec.asker.teams),
        "grain": grain(spec),
        "step": STEPS.get(spec.granularity, "day"),
    }


def _shift(granularity: str) -> str:
    """By how much quarters begin after those of the calendar: they are the fiscal year's."""
    months = (company().fiscal_month - 1) % 3 if granularity == "quarter" else 0
    return f"{months} months"


def _narrow(spec: Spec, filters: dict[str, object]) -> bool:
    """Let a filter by a level also filter by the ledger names that ever stand under it, of which
    queries keep those that do on the day; whether it could."""
    narrowed = False
    for level in HIERARCHY_DIMENSIONS:
        under = names_under(level, spec.filters[level]) if level in spec.filters else None
        if under is not None:
            name = f"f_{LEVELS[level]}"
            wanted = filters[name]
            filters[name] = sorted(under if wanted is None else under & set(wanted))
            narrowed = True
    return narrowed


def grain(spec: Spec) -> str:
    """The coarsest rollup that knows all that is asked: by billing `period` (and kind), by
    `service` (and kind and state), by `target`, or `all`. Teams stand on targets."""
    asked = {*spec.group_by, *spec.filters}
    names = bool(asked & {*NAMING_DIMENSIONS}) or spec.asker.teams is not None
    if not names:
        shown = SPREAD not in (spec.idle, spec.shared)
        return "period" if shown and asked <= PERIOD_DIMENSIONS else "service"
    return "all" if asked & BILL_DIMENSIONS else "target"


def fetch(query: str, values: Mapping[str, object], only: Sequence[str] = ()) -> list[dict]:
    """The rows of `<query>.sql` as dictionaries, of these columns only if some are named."""
    most, text = _most.get(), _text(query, only)
    if most is not None:
        text = f"select * from (\n{text}\n) q limit {most + 1}"
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        names = [column.name for column in cursor.description]
        rows = cursor.fetchall()
    if most is not None and len(rows) > most:
        raise TooLong(most)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _text(query: str, only: Sequence[str]) -> str:
    """Columns that nobody asks for are neither carried through sorts nor sent."""
    if not only:
        return sql(PACKAGE, query)
    return f"select {', '.join(only)} from (\n{sql(PACKAGE, query)}\n) q"


@contextmanager
def at_most(rows: int) -> Iterator[None]:
    """Within it a query of more rows raises TooLong, before they stand in memory."""
    token = _most.set(rows)
    try:
        yield
    finally:
        _most.reset(token)


def each(query: str, values: Mapping[str, object], only: Sequence[str] = ()) -> Iterator[dict]:
    """As `fetch` one by one, from a cursor of the server: memory stays the same however many there
    are."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_text(query, only), values)
        names = [column.name for column in cursor.description]
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for row in rows:
                yield dict(zip(names, row, strict=True))


def pick(rows: Iterable[Mapping], columns: tuple[str, ...]) -> list[dict]:
    """Rows of these columns only, each a dictionary of its own."""
    if len(columns) < 2:  # of one column itemgetter gives the bare value
        return [{name: row[name] for name in columns} for row in rows]
    chosen = itemgetter(*columns)
    return [dict(zip(columns, chosen(row), strict=True)) for row in rows]


def hours(milliseconds: int) -> Decimal:
    """Hours of wall clock, to a millionth."""
    return (Decimal(milliseconds) / MS_PER_HOUR).quantize(HOUR_QUANTUM)


def _dimension(part: str, name: str, choices: tuple[str, ...]) -> None:
    """`tag:KEY` among the choices stands for any key."""
    if not (ANY_TAG in choices and name.startswith(TAG) and name != TAG):
        one_of(part, name, choices)
