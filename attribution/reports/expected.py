"""What the estimates still expect, beside what is billed: never inside it, so that every table adds
up to the bill whether estimates are shown or not."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from aicost.kernel.periods import utc_today
from attribution.reports.base import binds, charge_dimensions, fetch
from attribution.reports.spec import HIERARCHY_DIMENSIONS, LAYER, SERIES_DIMENSIONS, SHOWN, Spec

ESTIMATED = "estimated_cost"
# An estimate knows its source; account, service and the like come with the bill.
_OF_THE_BILL = tuple(name for name in SERIES_DIMENSIONS if name != "source")
_NAMES = ("feature", "model", "workload", "experiment", "team", "environment", "activity", "kind",
          "state", "source", LAYER, *HIERARCHY_DIMENSIONS)  # fmt: skip


def with_expected(spec: Spec, rows: list[dict]) -> list[dict]:
    """The rows of `cost` with `estimated_cost`: 0 when no more is expected, None when what is
    expected has no price. Rows of which nothing is billed yet stand at the end, with cost 0."""
    return list(with_expected_each(spec, rows)) if spec.estimates == SHOWN else rows


def with_expected_each(spec: Spec, rows: Iterable[dict]) -> Iterator[dict]:
    """`with_expected` one by one; what is expected is little."""
    found = {}
    if spec.estimates == SHOWN:
        found = {_key(spec, row): row for row in expected_rows(spec)}
    if not found:
        yield from rows  # the query says 0 of all of them
        return
    for row in rows:
        more = found.pop(_key(spec, row), None)
        yield row | {ESTIMATED: more[ESTIMATED] if more else Decimal(0)}
    money = {
        name: Decimal(0)
        for name in ("cost", "idle_cost", "idle_spread", "shared_spread", "measured_cost",
                     "tagged_cost", "inferred_cost", "fallback_cost")
    }  # fmt: skip
    absent = {name: "" for name in spec.group_by if name in _OF_THE_BILL}
    for row in found.values():
        yield row | money | absent


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
