"""What one inference, one success, a million tokens and one outcome cost, marginal and loaded,
with numerator and denominator both in the row. Unknown is None: no calls, no cost per call."""

from decimal import Decimal, localcontext
from functools import partial
import json

from aicost.kernel.money import QUANTUM
from attribution.reports.base import ALL_GRANULARITIES, ALL_POOLS, Report, binds, fetch, pick
from attribution.reports.convert import EXACT_DIGITS, folded
from attribution.reports.spec import HIERARCHY_DIMENSIONS, SPREAD, BadSpec, Spec
from attribution.reports.unit_cost_levels import by_levels, levels_of
from ingest.latency import quantile_ms

DIMENSIONS = ("model", "feature", "workload", "experiment", "team", "environment")
OUTCOME_DIMENSIONS = {"model", "feature", "experiment", "outcome"}
INFERRED_DIMENSIONS = {"workload", "experiment", "team", "environment"}
QUANTITIES = (
    "requests",
    "successes",
    "attempts",
    "tokens",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "images",
    "audio_ms",
    "characters",
)
# unit -> (denominator, how many of it make one unit)
UNITS = {
    "inference": ("requests", 1),
    "success": ("successes", 1),
    "million_tokens": ("tokens", 1_000_000),
    "image": ("images", 1),
    "audio_minute": ("audio_ms", 60_000),
    "million_characters": ("characters", 1_000_000),
    "outcome": ("outcomes", 1),
}
EACH = tuple(f"{kind}_cost_per_{unit}" for unit in UNITS for kind in ("marginal", "loaded"))
COUNTED = (*QUANTITIES, "outcome", "outcomes", "latency_p50_ms", "latency_p95_ms")
NOTHING_COUNTED = dict.fromkeys((*COUNTED, *EACH))
KEY = ("period", "model", "model_version", *DIMENSIONS[1:], *HIERARCHY_DIMENSIONS)
OUTCOME_KEY = ("period", "model", "feature", "experiment", *HIERARCHY_DIMENSIONS)
LOADED = ("marginal_cost", "idle_cost", "idle_spread", "shared_spread")
MONEY = (*LOADED, "training_cost", "cost")


def columns(spec: Spec) -> tuple[str, ...]:
    spreads = (("idle_spread",) if spec.idle == SPREAD else ()) + (
        ("shared_spread",) if spec.shared == SPREAD else ()
    )
    return (
        ("period", *spec.group_by, "currency", "marginal_cost", "idle_cost")
        + spreads
        + ("loaded_cost", "training_cost", "other_cost")
        + COUNTED
        + EACH
    )


def rows(spec: Spec) -> list[dict]:
    """Calls that meet money in several currencies stand beside each of them."""
    return _rows(spec, set())


def exchanged(spec: Spec) -> tuple[list[dict], tuple]:
    """Money at the rates of its months, then divided; and the rates that are missing."""
    missing: set = set()
    with localcontext(prec=EXACT_DIGITS):
        return _rows(spec, missing), tuple(sorted(missing))


def _rows(spec: Spec, missing: set) -> list[dict]:
    if "model_version" in spec.group_by and "model" not in spec.group_by:
        raise BadSpec("group_by model_version needs model beside it: versions belong to models")
    ask = partial(parts, missing=missing)
    paid_rows, usage, told_rows = by_levels(spec, ask, KEY) if levels_of(spec) else ask(spec)
    money: dict[tuple, list[dict]] = {}
    for row in paid_rows:
        money.setdefault(_key(row, KEY), []).append(row)
    calls = {_key(row, KEY): row for row in usage}
    outcomes = {_key(row, OUTCOME_KEY): row for row in told_rows}
    found = []
    for key in money.keys() | calls.keys():
        named = dict(zip(KEY, key, strict=True))
        told = outcomes.get(_key(named, OUTCOME_KEY), {}) if outcomes else {}
        for paid in money.get(key, [{}]):
            found.append(named | _row(paid, calls.get(key, {}), told))
    return pick(sorted(found, key=_dearest_first), columns(spec))


def parts(spec: Spec, missing: set) -> tuple[list[dict], list[dict], list[dict]]:
    """Money, calls and outcomes per group, of names of the ledger; rates that are not known are
    added to `missing`."""
    asked = set(spec.group_by) | set(spec.filters)
    infers = spec.asker.teams is not None or bool(asked & INFERRED_DIMENSIONS)
    usage = fetch(
        "unit_cost_usage",
        binds(spec) | {"infers": infers, "by_source": False, "latency": True},
    )
    money = _versioned(spec, folded(spec, _money, MONEY, missing), usage)
    return money, usage, _outcomes(spec, asked)


def _money(spec: Spec) -> list[dict]:
    return fetch("unit_cost_money", binds(spec))


def _key(row: dict, names: tuple[str, ...]) -> tuple:
    return tuple([row.get(name, "") for name in names])


def _versioned(spec: Spec, money: list[dict], usage: list[dict]) -> list[dict]:
    """Money knows models, not versions: it stands on the version if the model had only one."""
    if "model_version" not in spec.group_by:
        return money
    versions: dict[tuple, set[str]] = {}
    for row in usage:
        versions.setdefault((row["period"], row["model"]), set()).add(row["model_version"])
    only = {key: found.pop() for key, found in versions.items() if len(found) == 1}
    return [row | {"model_version": only.get((row["period"], row["model"]), "")} for row in money]


def _outcomes(spec: Spec, asked: set[str]) -> list[dict]:
    """Outcome rows know feature, experiment and model only; asked for more, the calls' own
    outcomes have to do."""
    if spec.asker.teams is not None or not asked <= OUTCOME_DIMENSIONS:
        return []
    return fetch("unit_cost_outcomes", binds(spec))


def _row(paid: dict, called: dict, told: dict) -> dict:
    """One row of money, calls and outcomes; `paid` {} is money nobody knows, not zero."""
    money = {name: paid[name] or Decimal(0) for name in MONEY} if paid else dict.fromkeys(MONEY)
    loaded = other = None
    if paid:
        loaded = sum((money[name] for name in LOADED), Decimal(0))
        other = money["cost"] - loaded - money["training_cost"]
    money |= {"currency": paid.get("currency"), "loaded_cost": loaded, "other_cost": other}
    if not (called or told):  # money of a name without calls: most of a ledger's names
        return money | NOTHING_COUNTED
    row = money | {name: called.get(name) for name in QUANTITIES}
    row |= {
        "outcome": told.get("outcome"),
        "outcomes": told["outcomes"] if told else called.get("outcomes"),
        "latency_p50_ms": _latency(called, 0.5),
        "latency_p95_ms": _latency(called, 0.95),
    }
    for unit, (denominator, size) in UNITS.items():
        for kind in ("marginal", "loaded"):
            each = per_unit(row[f"{kind}_cost"], row[denominator], size)
            row[f"{kind}_cost_per_{unit}"] = each
    return row


def per_unit(cost: Decimal | None, count: int | None, size: int = 1) -> Decimal | None:
    """`cost` for `size` of `count`, to 18 decimals; None when either is unknown or nothing was
    counted."""
    if cost is None or not count:
        return None
    with localcontext() as context:
        context.prec = 60
        return (cost * size / count).quantize(QUANTUM)


def _latency(called: dict, quantile: float) -> float | None:
    told = called.get("latency")  # Django's cursors leave jsonb as text
    found = quantile_ms(json.loads(told) if isinstance(told, str) else told, quantile)
    return None if found is None else round(found, 2)


def _dearest_first(row: dict) -> tuple:
    cost = row["loaded_cost"]
    return row["period"], cost is None, -(cost or 0), -(row["requests"] or 0), _key(row, KEY)


REPORT = Report(
    name="unit_cost",
    title="Unit cost",
    rows=rows,
    columns=columns,
    groups=(*DIMENSIONS, *HIERARCHY_DIMENSIONS, "model_version"),
    filters=(*DIMENSIONS, *HIERARCHY_DIMENSIONS, "outcome"),
    granularities=ALL_GRANULARITIES,
    pools=ALL_POOLS,
    measure="loaded_cost_per_inference",
    converts=True,
    exchanged=exchanged,
)
