"""What every report is made of: its entry in the registry, its binds and its rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from aicost.kernel.sqlfiles import sql
from attribution.reports.spec import (
    BASES,
    GRANULARITIES,
    GROUPS_MAX,
    POOL_OPTIONS,
    SERIES_DIMENSIONS,
    TARGET_DIMENSIONS,
    BadSpec,
    NotAllowed,
    Spec,
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
)
# Filters of single reports, beside the dimensions all share.
OWN_FILTERS = ("resource", "instance_type", "outcome")
ALL_GRANULARITIES, ALL_POOLS = GRANULARITIES, POOL_OPTIONS
MS_PER_HOUR = 3_600_000
HOUR_QUANTUM = Decimal("0.000001")


@dataclass(frozen=True)
class Report:
    """One entry of REPORTS. `rows` and `columns` are asked with the checked spec; `measure` is
    the column that comparisons compare; `roles` None is everybody; a report of the `whole_company`
    has no team on its rows, so it is refused to an asker who sees only some teams."""

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
    _one_of("granularity", spec.granularity, report.granularities)
    _one_of("basis", spec.basis, BASES)
    _one_of("idle", spec.idle, report.pools)
    _one_of("shared", spec.shared, report.pools)
    for name in spec.group_by:
        _one_of("group_by", name, report.groups)
    for name in spec.filters:
        _one_of("filter", name, report.filters)
    if len(set(spec.group_by)) < len(spec.group_by):
        raise BadSpec(f"group_by names a dimension twice: {', '.join(spec.group_by)}")
    if len(spec.group_by) > GROUPS_MAX:
        raise BadSpec(f"group_by takes at most {GROUPS_MAX} dimensions")


def binds(spec: Spec) -> dict[str, object]:
    """The named binds all report queries share. A filter that is not set binds NULL."""
    filters = {
        f"f_{name}": list(spec.filters[name]) if name in spec.filters else None
        for name in TARGET_DIMENSIONS + SERIES_DIMENSIONS + OWN_FILTERS
    }
    return filters | {
        "start": spec.period.start,
        "end": spec.period.end,
        "granularity": spec.granularity,
        "groups": list(spec.group_by),
        "naming": any(name in NAMING_DIMENSIONS for name in spec.group_by),
        "basis": spec.basis,
        "idle": spec.idle,
        "shared": spec.shared,
        "teams": None if spec.asker.teams is None else list(spec.asker.teams),
    }


def fetch(query: str, values: Mapping[str, object]) -> list[dict]:
    """The rows of `<query>.sql` as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, query), values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def pick(rows: Iterable[Mapping], columns: tuple[str, ...]) -> list[dict]:
    return [{name: row[name] for name in columns} for row in rows]


def hours(milliseconds: int) -> Decimal:
    """Hours of wall clock, to a millionth."""
    return (Decimal(milliseconds) / MS_PER_HOUR).quantize(HOUR_QUANTUM)


def _one_of(part: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        offered = ", ".join(choices) or "none for this report"
        raise BadSpec(f"{part} {value!r} is not one of: {offered}")
