"""What the estimates still expect, beside what is billed: never inside it, so that every table adds
up to the bill whether estimates are shown or not."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from aicost.kernel.periods import utc_today
from attribution.reports.base import binds, charge_dimensions, fetch
from attribution.reports.spec import (
    HIERARCHY_DIMENSIONS,
    LAYER,
    SERIES_DIMENSIONS,
    SHOWN,
    SPREAD,
    Spec,
)

ESTIMATED = "estimated_cost"
EVIDENCE_COLUMNS = ("measured_cost", "tagged_cost", "inferred_cost", "fallback_cost")
# An estimate knows its source; account, service and the like come with the bill.
_OF_THE_BILL = tuple(name for name in SERIES_DIMENSIONS if name != "source")
_NAMES = ("feature", "model", "workload", "experiment", "team", "environment", "activity", "kind",
          "state", "source", LAYER, *HIERARCHY_DIMENSIONS)  # fmt: skip


def billed_columns(spec: Spec) -> tuple[str, ...]:
    """Those of `cost` without what is still expected."""
    spreads = (("idle_spread",) if spec.idle == SPREAD else ()) + (
        ("shared_spread",) if spec.shared == SPREAD else ()
    )
    money = ("cost", "idle_cost", *spreads, *EVIDENCE_COLUMNS)
    return ("period", *spec.group_by, "line", "currency", *money)


def with_expected(spec: Spec, rows: Iterable[dict]) -> list[dict]:
    """The rows of `cost`, each a dictionary of its own, with `estimated_cost` where it is shown:
    0 when no more is expected, None when what is expected has no price. Rows of which nothing is
    billed yet stand at the end, with cost 0."""
    return list(with_expected_each(spec, rows))


def with_expected_each(spec: Spec, rows: Iterable[dict]) -> Iterator[dict]:
    """`with_expected` one by one; what is expected is little."""
    if spec.estimates != SHOWN:
        yield from map(dict, rows)
        return
    found = {_key(spec, row): row for row in expected_rows(spec)}
    nothing = {ESTIMATED: Decimal(0)}
    for row in rows:
        more = found.pop(_key(spec, row), None) if found else None
        yield row | ({ESTIMATED: more[ESTIMATED]} if more else nothing)
    named = ("period", *spec.group_by, "line", "currency")
    empty = dict.fromkeys(billed_columns(spec), Decimal(0))
    for row in found.values():
        told = {name: row.get(name, "") for name in named}
        yield empty | told | {ESTIMATED: row[ESTIMATED]}


def expected_rows(spec: Spec) -> list[dict]:
    """What is still expected, per row of `cost`; none for questions that only a bill answers."""
    if charge_dimensions(spec) or any(name in _OF_THE_BILL for name in spec.filters):
        return []
    return fetch("expected", binds(spec) | {"today": utc_today()})


def _key(spec: Spec, row: dict) -> tuple:
    """Rows of estimates stand where the bill's own dimensions are not known."""
    names = tuple(row[name] for name in spec.group_by if name in _NAMES)
    told = tuple(row.get(name) or "" for name in spec.group_by if name in _OF_THE_BILL)
    return row["period"], row["line"], row["currency"], names, told
