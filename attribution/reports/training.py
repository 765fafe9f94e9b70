"""What training costs: as spent, and written off over the time its model serves."""

from datetime import date
from decimal import Decimal

from aicost.kernel.periods import FIRST_YEAR
from attribution.reports.base import ALL_GRANULARITIES, Report, binds, fetch, pick
from attribution.reports.spec import Spec

DIMENSIONS = ("model", "experiment", "feature", "team")
MONTHS = {"total": 0, "month": 1, "quarter": 3}
SPENT = ("active_cost", "idle_cost")
WRITTEN_OFF = ("spent_to_date", "amortised_cost", "amortised_to_date")
SERVING = ("serving_from", "serving_life_months", "serving_basis")


def _groups(spec: Spec) -> tuple[str, ...]:
    return spec.group_by or ("model", "experiment")


def _folded(spec: Spec, query: str, money: tuple[str, ...], also: tuple[str, ...] = (), **more):
    """Rows of a query summed over what was not asked for."""
    found: dict[tuple, dict] = {}
    names = ("period", *_groups(spec), "currency", *also)
    for row in fetch(query, binds(spec) | more):
        key = tuple(row[name] for name in names)
        into = found.setdefault(key, {name: row[name] for name in names})
        for name in money:
            into[name] = into.get(name, Decimal(0)) + (row[name] or Decimal(0))
    return list(found.values())


def spent_columns(spec: Spec) -> tuple[str, ...]:
    return ("period", *_groups(spec), "currency", "training_cost", *SPENT)


def spent_rows(spec: Spec) -> list[dict]:
    """Training on the days it was charged, its own idle included; the dearest first."""
    rows = _folded(spec, "training", SPENT)
    for row in rows:
        row["training_cost"] = row["active_cost"] + row["idle_cost"]
    rows.sort(key=lambda row: (row["period"], -row["training_cost"]))
    return pick(rows, spent_columns(spec))


def _serving(spec: Spec) -> tuple[str, ...]:
    return SERVING if "model" in _groups(spec) else ()


def amortised_columns(spec: Spec) -> tuple[str, ...]:
    return ("period", *_groups(spec), "currency", *WRITTEN_OFF, "balance", *_serving(spec))


def amortised_rows(spec: Spec) -> list[dict]:
    """`spent_to_date` = `amortised_to_date` + `balance`, exactly. A model that does not serve yet
    keeps all of its training as balance."""
    rows = _folded(spec, "training_amortised", WRITTEN_OFF, _serving(spec),
                   months=MONTHS[spec.granularity], since=date(FIRST_YEAR, 1, 1))  # fmt: skip
    for row in rows:
        row["balance"] = row["spent_to_date"] - row["amortised_to_date"]
    rows.sort(key=lambda row: (row["period"], -row["amortised_cost"], -row["spent_to_date"]))
    return pick(rows, amortised_columns(spec))


REPORTS = (
    Report(
        "training",
        "Training as spent",
        spent_rows,
        spent_columns,
        groups=DIMENSIONS,
        filters=DIMENSIONS,
        granularities=ALL_GRANULARITIES,
        measure="training_cost",
    ),
    Report(
        "training_amortised",
        "Training over the serving life of its model",
        amortised_rows,
        amortised_columns,
        groups=DIMENSIONS,
        filters=DIMENSIONS,
        granularities=tuple(MONTHS),
        measure="amortised_cost",
    ),
)
