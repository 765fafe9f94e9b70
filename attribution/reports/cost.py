"""Cost by any dimension. Every row sums all that stands on its dimensions, so every table adds up
to the bill; what has no name stands on lines below, by kind."""

from collections.abc import Iterator, Mapping
from functools import partial

from attribution.once import kept
from attribution.reports.base import (
    ALL_GRANULARITIES,
    ALL_POOLS,
    Report,
    binds,
    charge_dimensions,
    each,
    fetch,
    pick,
)
from attribution.reports.expected import (
    ESTIMATED,
    billed_columns,
    expected_rows,
    with_expected,
    with_expected_each,
)
from attribution.reports.spec import (
    ANY_TAG,
    CHARGE_DIMENSIONS,
    HIERARCHY_DIMENSIONS,
    LAYER,
    SERIES_DIMENSIONS,
    SHOWN,
    SPREAD,
    TARGET_DIMENSIONS,
    Spec,
)

DIMENSIONS = (
    *TARGET_DIMENSIONS,
    *HIERARCHY_DIMENSIONS,
    LAYER,
    *SERIES_DIMENSIONS,
    *CHARGE_DIMENSIONS,
    ANY_TAG,
)


def columns(spec: Spec) -> tuple[str, ...]:
    return billed_columns(spec) + ((ESTIMATED,) if spec.estimates == SHOWN else ())


def rows(spec: Spec) -> list[dict]:
    found = with_expected(spec, billed_rows(spec))
    return pick(found, columns(spec)) if charge_dimensions(spec) else found


def stream(spec: Spec) -> Iterator[dict]:
    """`rows` one by one."""
    wanted = columns(spec)
    for row in with_expected_each(spec, (row for row in _standing_each(spec) if not gave_all(row))):
        yield {name: row[name] for name in wanted}


def queried(spec: Spec) -> tuple[str, dict] | None:
    """One query says it all where neither tags nor pools nor what is expected change its rows."""
    if charge_dimensions(spec) or SPREAD in (spec.idle, spec.shared):
        return None
    if spec.estimates == SHOWN and expected_rows(spec):
        return None
    return "cost", binds(spec)


def _standing_each(spec: Spec) -> Iterator[dict]:
    values = binds(spec)
    if not charge_dimensions(spec):
        yield from each("cost", values, billed_columns(spec))
        return
    for row in each("cost_charges", values):
        yield row | dict(zip(values["series_groups"], row["named"], strict=True))


def billed_rows(spec: Spec) -> list[dict]:
    """The rows with the spreads that are asked for and without what is still expected. A pool that
    gave everything away has no line of its own left."""
    if SPREAD not in (spec.idle, spec.shared):
        return list(standing(spec))  # a chart has thousands of rows
    return [row for row in standing(spec) if not gave_all(row)]


def gave_all(row: Mapping) -> bool:
    given = row.get("idle_spread") or row.get("shared_spread")
    return bool(row["line"] in ("idle", "shared") and given and not row["cost"])


def standing(spec: Spec) -> list[dict]:
    """`billed_rows` with the pools that gave everything away, for what is summed further; from
    the rollup where it knows all that is asked, else from the allocated charges."""
    if not charge_dimensions(spec):
        return kept(_key(spec), partial(_from_rollups, spec))
    values = binds(spec)
    found = fetch("cost_charges", values)
    return [row | dict(zip(values["series_groups"], row["named"], strict=True)) for row in found]


def _from_rollups(spec: Spec) -> list[dict]:
    """Without the dimensions that were not asked for: a chart has thousands of rows."""
    return fetch("cost", binds(spec), billed_columns(spec))


def _key(spec: Spec) -> tuple:
    """All that the query hangs on: it is the same with and without what is still expected."""
    filters = tuple(sorted((name, tuple(values)) for name, values in spec.filters.items()))
    return ("cost", spec.period, spec.asker, spec.granularity, spec.group_by, filters, spec.basis,
            spec.idle, spec.shared)  # fmt: skip


REPORT = Report(
    name="cost",
    title="Cost",
    rows=rows,
    columns=columns,
    groups=DIMENSIONS,
    filters=DIMENSIONS,
    granularities=ALL_GRANULARITIES,
    pools=ALL_POOLS,
    measure="cost",
    converts=True,
    stream=stream,
    queried=queried,
)
