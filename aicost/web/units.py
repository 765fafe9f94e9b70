"""Unit costs of the view as pages show them, beside those of the period compared with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from aicost.web import numbers
from aicost.web.ask import Ask
from attribution.reports import REPORTS

THOUSAND = 1000


@dataclass(frozen=True)
class Unit:
    """Cost per inference of one name; numerator and denominator beside it, unknown is None."""

    name: str
    currency: str
    marginal: Decimal | None
    loaded: Decimal | None
    requests: int | None
    row: dict
    previous: "Unit | None" = None

    @property
    def shown(self) -> str:
        return "" if self.marginal is None else per_thousand(self.marginal, self.currency)

    @property
    def loaded_shown(self) -> str:
        return "" if self.loaded is None else per_thousand(self.loaded, self.currency)

    @property
    def per_tokens(self) -> dict[str, str]:
        """Cost of a million tokens; empty where calls tell no tokens."""
        column = "{}_cost_per_million_tokens"
        known = {kind: self.row[column.format(kind)] for kind in ("marginal", "loaded")}
        return {
            kind: numbers.unit_money(cost, self.currency)
            for kind, cost in known.items()
            if cost is not None
        }

    @property
    def p95(self) -> str:
        told = self.row["latency_p95_ms"]
        return "" if told is None else f"{told:,.0f}"

    @property
    def growth(self) -> str:
        if self.previous is None:
            return numbers.NOT_APPLICABLE
        return numbers.change_percent(self.marginal, self.previous.marginal)


def per_thousand(cost: Decimal | None, currency: str) -> str:
    """Cost per inference, written per thousand with three significant digits."""
    return numbers.UNKNOWN if cost is None else numbers.unit_money(cost * THOUSAND, currency)


def _unit(row: dict, group_by: Sequence[str]) -> Unit:
    return Unit(
        name=str(row.get(group_by[0]) or "") if group_by else "",
        currency=row["currency"] or "",
        marginal=row["marginal_cost_per_inference"],
        loaded=row["loaded_cost_per_inference"],
        requests=row["requests"],
        row=row,
    )


def keyed(found: Sequence[Unit]) -> dict[tuple[str, str], Unit]:
    """(name, currency) -> unit."""
    return {(unit.name, unit.currency): unit for unit in found}


def unit_rows(ask: Ask, group_by: Sequence[str], *, compared: bool = True, **changes) -> list[Unit]:
    """One unit a row of report unit_cost, `compared` with the same row of the other period; none
    when the view filters by something calls do not know, such as an account."""
    if set(ask.view.filters) - set(REPORTS["unit_cost"].filters):
        return []
    group_by = tuple(group_by)
    answer = ask.report("unit_cost", group_by=group_by, **changes)
    before = ask.rows_before("unit_cost", group_by=group_by, **changes) if compared else None
    was = {(u.name, u.currency): u for u in (_unit(row, group_by) for row in before or [])}
    found = [_unit(row, group_by) for row in answer.rows]
    return [replace(u, previous=was.get((u.name, u.currency))) for u in found]


def units_now(ask: Ask, dimension: str) -> dict[tuple[str, str], Unit]:
    """(name, currency) -> its unit cost, compared with nothing: half the questions."""
    if set(ask.view.filters) - set(REPORTS["unit_cost"].filters):
        return {}
    rows = ask.report("unit_cost", group_by=(dimension,)).rows
    found = [_unit(row, (dimension,)) for row in rows]
    return keyed([u for u in found if u.name])
