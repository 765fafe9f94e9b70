"""Why this number? From a figure to its charges, the rule, the weights, the telemetry and the rows
of the file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.periods import Period
from aicost.kernel.targets import DIMENSIONS, KINDS, OWNING_DIMENSIONS
from attribution.models import AllocationRule
from attribution.reports.base import NAMING_DIMENSIONS, binds, check, fetch, hours
from attribution.reports.cost import REPORT as COST
from attribution.reports.cost import billed_rows
from attribution.reports.expected import EVIDENCE_COLUMNS
from attribution.reports.explain_calls import (
    CallsSeen,
    TokenPrice,
    UnitPrices,
    calls_of,
    token_prices,
    unit_prices,
)
from attribution.reports.explain_pools import Spreads, spreads
from attribution.reports.explain_words import (
    NoFigure,
    RuleShown,
    ratio_of,
    rule_shown,
    sentence,
)
from attribution.reports.spec import BadSpec, Spec
from attribution.reports.trust import Trust, trust_of
from ingest.file_rows import rows_of_charge
from ingest.models import Charge

LINES_MAX = 12
ROWS_MAX = 24
LINES = ("owned", "total", *KINDS)
WEIGHT_FIELDS = (
    "kind",
    "state",
    "activity",
    "evidence",
    "weight",
    "weight2",
    "cost",
    "chosen",
)
WEIGHT_UNITS = {
    "gpu_time": "GPU-milliseconds",
    "pods": "machine-microseconds",
    "tokens": "tokens",
    "provisioned": "hundred-thousandths of a unit-minute",
    "requests": "requests",
    "storage": "bytes",
    "follow": "money there × 10^12",
    "refund": "money there × 10^12",
}


@dataclass(frozen=True)
class ChargeLine:
    """Charges of the same thing under the same rule. `charged` is None for an asker who sees only
    some teams; `ratio` is part / charged, None where nothing was charged. `day` and `charge_id`
    name its largest charge."""

    what: str
    service: str
    resource_id: str
    resource_name: str
    charge_category: str
    charges: int
    charged: Decimal | None
    part: Decimal
    ratio: Decimal | None
    rule: str
    rule_title: str
    version: int
    method: str
    evidence: str
    day: date
    charge_id: int


@dataclass(frozen=True)
class Weight:
    """One part of the chosen charge. The ratio is weight/total_weight, times weight2/total_weight2
    where a second stage split it; `chosen` parts stand in the figure."""

    dimensions: dict[str, str]
    kind: str
    state: str
    activity: str
    evidence: str
    weight: int
    total_weight: int | None
    weight2: int | None
    total_weight2: int | None
    ratio: Decimal | None
    cost: Decimal
    chosen: bool


@dataclass(frozen=True)
class Telemetry:
    """GPU-hours of the chosen charge's resource that day, and how much of them was observed."""

    sources: str
    gpu_hours: Decimal
    observed_hours: Decimal
    devices: int
    intervals: int


@dataclass(frozen=True)
class ChosenCharge:
    """The charge whose weights are shown. `weight_unit` and `weight_unit2` are what the two stages
    weigh, `calls` and `token_prices` what tokens and requests were counted and how they weigh;
    `rows` are of the kept file, as ingest.file_rows gives them, at most ROWS_MAX, `rows_note` says
    what is missing of them. An asker who sees only some teams gets neither quantity, prices,
    telemetry, calls nor rows: they would tell what stands with others."""

    line: ChargeLine
    quantity: Decimal | None
    quantity_unit: str
    unit_prices: UnitPrices | None
    rule: RuleShown
    weight_unit: str
    weight_unit2: str
    weights: tuple[Weight, ...]
    telemetry: Telemetry | None
    calls: tuple[CallsSeen, ...]
    token_prices: tuple[TokenPrice, ...]
    delivery: str
    delivery_id: int
    rows: tuple[dict, ...]
    rows_note: str


@dataclass(frozen=True)
class Explanation:
    """`figure` is own + idle_spread + shared_spread; `own` is the sum of the parts of all lines,
    `spreads` says where the other two come from, None when nothing is spread.
    `more_lines` is how many lines are not listed, `more_part` what they sum to."""

    figure: Decimal
    own: Decimal
    idle_spread: Decimal
    shared_spread: Decimal
    currency: str | None
    sentence: str
    trust: Trust
    lines: tuple[ChargeLine, ...]
    more_lines: int
    more_part: Decimal
    charges: int
    charged: Decimal | None
    chosen: ChosenCharge | None
    spreads: Spreads | None


def explain(
    spec: Spec,
    dimensions: Mapping[str, str],
    *,
    line: str = "owned",
    currency: str | None = None,
    charge: tuple[date, int] | None = None,
    limit: int = LINES_MAX,
    with_charge: bool = True,
    with_rows: bool = True,
) -> Explanation:
    """Explain one figure of report `cost`: the row of `dimensions` (dimension -> value, '' for not
    set) and `line` (owned, workload, shared, idle, unattributed, or total for all of the filters).
    `charge` (day, id) chooses whose weights to show, else the largest; none of them unless
    `with_charge`. In several currencies the
    figure is of `currency`, else of the largest. Raises BadSpec and NotAllowed like `run`, and
    NoFigure for a charge that has no part in it."""
    asked = narrowed(spec, dimensions, line)
    check(COST, asked)
    amounts = _amounts(asked, currency)
    lines = _lines(asked, amounts["currency"])
    chosen = _line_of(asked, charge) if charge else (lines[0] if lines else None)
    scoped = spec.asker.teams is not None
    return Explanation(
        figure=amounts["cost"],
        own=amounts["cost"] - amounts["idle_spread"] - amounts["shared_spread"],
        idle_spread=amounts["idle_spread"],
        shared_spread=amounts["shared_spread"],
        currency=amounts["currency"],
        sentence=sentence(asked, dimensions, line, amounts, lines),
        trust=trust_of(asked),
        lines=tuple(lines[:limit]),
        more_lines=max(len(lines) - limit, 0),
        more_part=sum((one.part for one in lines[limit:]), Decimal(0)),
        charges=sum(one.charges for one in lines),
        charged=None if scoped else sum((one.charged for one in lines), Decimal(0)),
        chosen=_chosen(asked, chosen, with_rows) if chosen and with_charge else None,
        spreads=spreads(asked, amounts["currency"]),
    )


def narrowed(spec: Spec, dimensions: Mapping[str, str], line: str) -> Spec:
    """The question whose answer is the one figure: every dimension of its row becomes a filter."""
    filters = {name: tuple(values) for name, values in spec.filters.items()}
    if line not in LINES:
        raise BadSpec(f"line {line!r} is not one of: {', '.join(LINES)}")
    if line in KINDS:
        unnamed = [name for name in spec.group_by if name in NAMING_DIMENSIONS]
        dimensions = dict.fromkeys(unnamed, "") | dict(dimensions)
        filters["kind"] = (line,)
    # The activity of a pool is not a name: its row shows '' and holds whatever it is, of all that
    # names no owner either.
    if dimensions.get("activity") == "":
        dimensions = dict.fromkeys(OWNING_DIMENSIONS, "") | dict(dimensions)
    filters |= {
        name: (value,) for name, value in dimensions.items() if (name, value) != ("activity", "")
    }
    # A named activity counts only what is used or has an owner, as the row does: the question
    # stays grouped by it, which the queries read.
    group = ("activity",) if dimensions.get("activity") else ()
    return replace(spec, report=COST.name, group_by=group, granularity="total", filters=filters)


def _amounts(asked: Spec, currency: str | None) -> dict:
    rows = billed_rows(asked)
    if asked.group_by:
        rows = [row for row in rows if row["activity"]]
    wanted = [row for row in rows if currency in (None, row["currency"])]
    names = ("cost", "idle_cost", "idle_spread", "shared_spread", *EVIDENCE_COLUMNS)
    nothing = dict.fromkeys(names, Decimal(0)) | {"currency": currency}
    return nothing | max(wanted, key=lambda row: abs(row["cost"]), default={})


def _lines(asked: Spec, currency: str | None) -> list[ChargeLine]:
    found = fetch("explain_charges", binds(asked) | {"charge": None})
    scoped = asked.asker.teams is not None
    return [_line(row, scoped) for row in found if row["currency"] == currency]


def _line_of(asked: Spec, charge: tuple[date, int]) -> ChargeLine:
    day, number = charge
    one_day = replace(asked, period=Period(day, day + timedelta(days=1)))
    inside = asked.period.start <= day < asked.period.end
    found = fetch("explain_charges", binds(one_day) | {"charge": number}) if inside else []
    if not found:
        raise NoFigure(f"charge {number} of {day} has no part in this figure")
    return _line(found[0], asked.asker.teams is not None)


def _line(row: dict, scoped: bool) -> ChargeLine:
    shown = {name: row[name] for name in ChargeLine.__dataclass_fields__ if name in row}
    shown["ratio"] = None if scoped else ratio_of(row["part"], row["charged"])
    return ChargeLine(**shown | ({"charged": None} if scoped else {}))


def _chosen(asked: Spec, line: ChargeLine, with_rows: bool) -> ChosenCharge:
    charge = Charge.objects.select_related("series", "delivery", "source").get(
        day=line.day, id=line.charge_id
    )
    scoped = asked.asker.teams is not None
    rule = AllocationRule.objects.select_related("created_by").get(
        key=line.rule, version=line.version
    )
    values = binds(asked) | {"source": charge.source_id, "day": charge.day, "charge": charge.id}
    weights = tuple(_weight(row, scoped) for row in fetch("explain_weights", values))
    rows, note = _file_rows(charge, with_rows, scoped)
    return ChosenCharge(
        line=line,
        rule=rule_shown(rule),
        weight_unit=_unit_of(rule),
        weight_unit2=WEIGHT_UNITS.get(rule.then, ""),
        weights=weights,
        delivery=charge.delivery.name,
        delivery_id=charge.delivery_id,
        rows=tuple(rows),
        rows_note=note,
        **_facts(charge, rule, () if scoped else weights, scoped),
    )


def _unit_of(rule: AllocationRule) -> str:
    """A policy that splits the price of a node weighs in trillionths of it, not in GPU time."""
    if rule.options.get("node_price", "all_gpu") != "all_gpu":
        return "parts of the price"
    return WEIGHT_UNITS.get(rule.method, "")


def _facts(
    charge: Charge, rule: AllocationRule, weights: tuple[Weight, ...], scoped: bool
) -> dict[str, object]:
    """What of the whole charge was measured and priced; nothing for a scoped asker."""
    series = charge.series
    measured = charge.consumed_quantity is not None
    quantity = charge.consumed_quantity if measured else charge.pricing_quantity
    unit = series.consumed_unit if measured else series.pricing_unit
    by_calls = rule.method in ("tokens", "requests", "provisioned")
    models = [w.dimensions["model"] for w in weights if by_calls or w.weight2 is not None]
    calls = calls_of(charge.day, models)
    return {
        "quantity": None if scoped else quantity,
        "quantity_unit": unit,
        "unit_prices": None if scoped else unit_prices(charge, quantity, unit),
        "telemetry": _telemetry(charge) if rule.method == "gpu_time" and not scoped else None,
        "calls": calls,
        "token_prices": token_prices(charge, calls) if rule.method == "tokens" else (),
    }


def _weight(row: dict, scoped: bool) -> Weight:
    """A scoped asker sees no totals: they would tell what stands with others."""
    ratio = ratio_of(
        row["weight"] * (row["weight2"] or 1), row["total_weight"] * (row["total_weight2"] or 1)
    )
    return Weight(
        dimensions={name: row[name] for name in DIMENSIONS},
        ratio=None if scoped else ratio,
        total_weight=None if scoped else row["total_weight"],
        total_weight2=None if scoped else row["total_weight2"],
        **{name: row[name] for name in WEIGHT_FIELDS},
    )


def _telemetry(charge: Charge) -> Telemetry | None:
    values = {"source": charge.source_id, "day": charge.day, "resource": charge.series.resource_id}
    for row in fetch("explain_telemetry", values):
        return Telemetry(
            sources=row["sources"] or "",
            gpu_hours=hours(row["gpu_ms"]),
            observed_hours=hours(row["gpu_ms"] - row["unobserved_ms"]),
            devices=row["devices"],
            intervals=row["intervals"],
        )
    return None


def _file_rows(charge: Charge, wanted: bool, scoped: bool) -> tuple[list[dict], str]:
    if scoped:
        return [], "The rows of the bill are for those who see all teams."
    if not wanted:
        return [], ""
    if not charge.delivery.files.exists():
        return [], "This charge was not loaded from a kept file."
    rows = rows_of_charge(charge, ROWS_MAX + 1)
    more = "More rows than are shown here." if len(rows) > ROWS_MAX else ""
    return rows[:ROWS_MAX], more
