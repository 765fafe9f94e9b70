"""Why one inference costs so much: the money above the line, charge by charge, and what was counted
below it, source by source."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from aicost.kernel.targets import LEVELS
from attribution.reports import unit_cost
from attribution.reports.base import binds, check, fetch
from attribution.reports.explain import Explanation, explain
from attribution.reports.explain_words import NoFigure, named, told, when
from attribution.reports.spec import SHOWN, BadSpec, Spec
from attribution.reports.trust import Trust, trust_of

COLUMNS = tuple(
    f"{kind}_cost_per_{unit}" for unit in unit_cost.UNITS for kind in ("marginal", "loaded")
)
# What people call a denominator; the reports keep the columns of usage.
COUNTED_WORDS = {"requests": "inferences"}
_PARTS = {"marginal_cost": "workload", "idle_cost": "idle"}


@dataclass(frozen=True)
class Counted:
    """What one source counted of the denominator; None: it counts none of it. `rows` are its daily
    sums, a source that counted nothing only repeats what call logs told."""

    source: str
    is_count: bool
    rows: int
    first_day: date | None
    last_day: date | None
    deliveries: tuple[str, ...]
    counted: int | None


@dataclass(frozen=True)
class UnitPart:
    """One part of the numerator and the charges behind it."""

    name: str
    cost: Decimal
    why: Explanation


@dataclass(frozen=True)
class UnitExplanation:
    """`figure` is `numerator` times `size` divided by `denominator`, None when either is unknown.
    The parts sum to the numerator."""

    figure: Decimal | None
    column: str
    currency: str | None
    sentence: str
    trust: Trust
    numerator: Decimal | None
    denominator: int | None
    denominator_name: str
    size: int
    parts: tuple[UnitPart, ...]
    counted: tuple[Counted, ...]


def counted_words(counting: str) -> str:
    return COUNTED_WORDS.get(counting, counting.replace("_", " "))


def explain_unit(
    spec: Spec,
    dimensions: Mapping[str, str],
    *,
    column: str = "",
    currency: str | None = None,
    with_charge: bool = True,
    with_rows: bool = False,
) -> UnitExplanation:
    """Explain one figure of report `unit_cost`: `column` of the row of `dimensions`, marginal cost
    per inference unless another is named. Raises BadSpec, NotAllowed, and NoFigure when the report
    has no such row."""
    column = column or COLUMNS[0]
    if column not in COLUMNS:
        raise BadSpec(f"column {column!r} is not one of: {', '.join(COLUMNS)}")
    asked = replace(spec, report="unit_cost", group_by=tuple(dimensions), granularity="total")
    check(unit_cost.REPORT, asked)
    above = [name for name in LEVELS if name in dimensions or name in spec.filters]
    if above:
        raise BadSpec(
            f"why of a unit cost is asked of names of the ledger, not of {', '.join(above)}: ask "
            f"it by {', '.join(dict.fromkeys(LEVELS[name] for name in above))}"
        )
    row = _row(asked, dimensions, currency)
    kind, _, unit = column.partition("_cost_per_")
    counting, size = unit_cost.UNITS[unit]
    shows = {"with_charge": with_charge, "with_rows": with_rows}
    parts = _parts(asked, dimensions, row, kind, shows) if row["currency"] else ()
    numerator = row[f"{kind}_cost"]
    counted = _counted(asked, dimensions, counting)
    return UnitExplanation(
        figure=row[column],
        column=column,
        currency=row["currency"],
        sentence=_sentence(asked, dimensions, column, row, counting, counted),
        trust=trust_of(asked),
        numerator=numerator,
        denominator=row[counting],
        denominator_name=counting,
        size=size,
        parts=parts,
        counted=counted,
    )


def _row(asked: Spec, dimensions: Mapping[str, str], currency: str | None) -> dict:
    rows = [
        row
        for row in unit_cost.rows(asked)
        if all(row[name] == value for name, value in dimensions.items())
        and currency in (None, "", row["currency"])
    ]
    if not rows:
        raise NoFigure(f"no unit cost of {named(dimensions)} on {when(asked.period)}")
    return rows[0]


def _parts(
    asked: Spec, dimensions: Mapping[str, str], row: Mapping, kind: str, shows: Mapping[str, bool]
) -> tuple[UnitPart, ...]:
    """Money knows no versions: the charges of a version are those of its model."""
    at = {name: value for name, value in dimensions.items() if name != "model_version"}
    names = ("marginal_cost",) if kind == "marginal" else tuple(_PARTS)
    found = []
    for name in names:
        spreads = name == "marginal_cost" and kind == "loaded"
        cost = replace(
            asked,
            report="cost",
            group_by=(),
            filters={**asked.filters, "kind": (_PARTS[name],), "activity": ("inference",)},
            idle=asked.idle if spreads else SHOWN,
            shared=asked.shared if spreads else SHOWN,
        )
        why = explain(cost, at, line="owned", currency=row["currency"], **shows)
        found.append(UnitPart(name, why.figure, why))
    return tuple(found)


def _counted(asked: Spec, dimensions: Mapping, counting: str) -> tuple[Counted, ...]:
    """The same query as the report's, source by source, so that they sum to its denominator."""
    shared = binds(asked)
    infers = asked.asker.teams is not None or bool(set(dimensions) & unit_cost.INFERRED_DIMENSIONS)
    told: dict[int, list[dict]] = {}
    for row in fetch(
        "unit_cost_usage", shared | {"infers": infers, "by_source": True, "latency": False}
    ):
        if all(row[name] == value for name, value in dimensions.items()):
            told.setdefault(row["source_id"], []).append(row)
    found = []
    for source in fetch("explain_usage_sources", shared):
        rows = told.get(source["id"], [])
        counts = [row[counting] for row in rows if row[counting] is not None]
        if rows or source["is_count"]:
            shown = {name: source[name] for name in ("source", "is_count", "first_day", "last_day")}
            found.append(
                Counted(
                    **shown,
                    rows=source["rows"],
                    deliveries=tuple(source["deliveries"] or ()),
                    counted=sum(counts) if counts else None,
                )
            )
    return tuple(found)


def _sentence(
    asked: Spec,
    dimensions: Mapping,
    column: str,
    row: Mapping,
    counting: str,
    counted: tuple[Counted, ...],
) -> str:
    kind, _, unit = column.partition("_cost_per_")
    head = f"{when(asked.period)}: {named(dimensions)}, {kind} cost per {unit.replace('_', ' ')}"
    if row[column] is None:
        lacking = "cost is" if row[f"{kind}_cost"] is None else f"{counted_words(counting)} are"
        return f"{head} is unknown: no {lacking} known of it."
    cost, count = row[f"{kind}_cost"], row[counting]
    size = unit_cost.UNITS[unit][1]
    scale = f" times {size:,}" if size > 1 else ""
    sources = ", ".join(one.source for one in counted if one.counted)
    by = f", counted by {sources}" if sources else ""
    tail = {
        "marginal": "Only what served inferences is in it: no idle time, no training.",
        "loaded": f"Of the cost, {told(row['idle_cost'] or Decimal(0))} is its own idle time;"
        " training is not in it.",
    }
    return (
        f"{head} is {told(cost)} {row['currency']}{scale} divided by {count:,} "
        f"{counted_words(counting)}{by}."
        f" {tail[kind]}"
    )
