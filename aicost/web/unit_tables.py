"""Unit costs as tables: what a unit of each feature costs, numerator and denominator beside it.

Rows of report unit_cost are added up for the blended line; nothing else is computed here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.colours import colour
from aicost.web.reasons import address
from aicost.web.sorting import Sorting
from aicost.web.units import unit_rows
from attribution.reports.unit_cost import UNITS, per_unit

ZERO = Decimal(0)
BY_FEATURE = ("feature",)
SUMMED = ("marginal_cost", "loaded_cost")


@dataclass(frozen=True)
class Kind:
    """One unit: its key in unit_cost, how it is called and how many are written as one."""

    unit: str
    title: str
    head: str
    counted: str
    times: int = 1


KINDS = (
    Kind("inference", "Per inference", "Per 1k inferences", "Inferences", 1000),
    Kind("million_tokens", "Per million tokens", "Per 1M tokens", "Tokens"),
    Kind("outcome", "Per outcome", "Per outcome", "Outcomes"),
)


@dataclass
class UnitLine:
    """One name and one unit. `row` has numerator and denominator; before is the compared row."""

    name: str
    swatch: str
    currency: str
    row: dict
    before: dict | None
    kind: Kind
    why: str = ""
    blended: bool = False

    @property
    def count(self) -> int | None:
        return self.row[UNITS[self.kind.unit][0]]

    def each(self, cost: str, row: dict | None = None) -> Decimal | None:
        """Cost of as many units as one writes, unrounded; None is unknown."""
        row = self.row if row is None else row
        counted, size = UNITS[self.kind.unit]
        return per_unit(row[f"{cost}_cost"], row[counted], size * self.kind.times)

    @property
    def marginal(self) -> str:
        return numbers.unit_money(self.each("marginal"), self.currency)

    @property
    def loaded(self) -> str:
        return numbers.unit_money(self.each("loaded"), self.currency)

    @property
    def growth(self) -> str:
        if self.before is None:
            return numbers.NOT_APPLICABLE
        return numbers.change_percent(self.each("marginal"), self.each("marginal", self.before))

    @property
    def outcome(self) -> str:
        return (self.row["outcome"] or "").replace("_", " ")


def _marginal(line: UnitLine) -> Decimal | None:
    return line.each("marginal")


def _loaded(line: UnitLine) -> Decimal | None:
    return line.each("loaded")


# All tables of units at once, the dearest first; the file has a row a feature.
SORTS = Sorting(
    {
        "name": "name",
        "outcome": "outcome",
        "marginal_cost": "row.marginal_cost",
        "loaded_cost": "row.loaded_cost",
        "count": "count",
        "marginal": _marginal,
        "loaded": _loaded,
    },
    words=("name", "outcome"),
    data={
        "name": "feature",
        "count": "requests",
        "marginal": "marginal_cost_per_inference",
        "loaded": "loaded_cost_per_inference",
    },
)


def feature_rows(ask: Ask) -> list[tuple[dict, dict | None]]:
    """(row, the row compared with) per feature that has calls and money, the dearest first; one
    currency, that of the largest row."""
    return ask.once(_feature_rows)


def _feature_rows(ask: Ask) -> list[tuple[dict, dict | None]]:
    found = unit_rows(ask, BY_FEATURE)
    main = next((unit.currency for unit in found if unit.currency), "")
    return [
        (unit.row, unit.previous.row if unit.previous else None)
        for unit in found
        if unit.currency == main and unit.name
    ]


def unit_lines(ask: Ask, kind: Kind) -> list[UnitLine]:
    """Features that have this unit, the dearest first, then all of them blended. Outcomes of
    different names are never blended."""
    counted = UNITS[kind.unit][0]
    pairs = [(now, was) for now, was in feature_rows(ask) if now[counted] and now["marginal_cost"]]
    lines = [
        UnitLine(
            row["feature"],
            colour("feature", row["feature"]),
            row["currency"],
            row,
            before,
            kind,
            address(ask, figure="unit_cost", at=[("feature", row["feature"])],
                    column=f"marginal_cost_per_{kind.unit}", currency=row["currency"]),
        )
        for row, before in pairs
    ]  # fmt: skip
    lines = SORTS.rows(ask.view, lines)
    if kind.unit != "outcome" and len(lines) > 1:
        rows = [line.row for line in lines]
        was = [line.before for line in lines if line.before is not None]
        blended = added(rows, counted)
        before = added(was, counted) if was else None
        lines.append(UnitLine("Blended", "s-total", lines[0].currency, blended, before, kind,
                              blended=True))  # fmt: skip
    return lines


def added(rows: Iterable[dict], counted: str) -> dict:
    """Numerators and denominator of the rows summed; what one does not know, no sum has."""
    rows = list(rows)
    found: dict = {name: _sum([row[name] for row in rows]) for name in (*SUMMED, counted)}
    return found | {"outcome": None}


def _sum(values: Sequence[Decimal | int | None]) -> Decimal | int | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None
