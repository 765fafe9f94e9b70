"""Margin: the lines of its page and its key figure; the report refuses whoever may not see it.

Gross margin is revenue less cost of revenue; after all AI cost, less research and the rest too."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.colours import colour
from aicost.web.parts import Figure, against
from aicost.web.tables import pool_name

ZERO = Decimal(0)
SUMMED = ("revenue", "cost", "idle_cost", "cost_of_revenue", "research_cost", "other_class_cost")


def below_of(row: Mapping) -> Decimal:
    return row["research_cost"] + row["other_class_cost"]


@dataclass
class MarginLine:
    """One row of the page: a feature that earns, one of which nobody says so, or a line below."""

    name: str
    line: str
    swatch: str
    row: dict
    before: dict | None
    why: str = ""
    margin_why: str = ""
    bar: dict | None = None

    @property
    def earns(self) -> bool:
        return self.row["revenue"] is not None

    @property
    def unknown(self) -> bool:
        """A feature without a revenue row: unknown; a pool earns nothing: not applicable."""
        return not self.earns and self.line in ("owned", "other")

    @property
    def below(self) -> Decimal:
        """Cost below gross margin: research and development, and every class but the first."""
        return below_of(self.row)

    @property
    def points(self) -> Decimal | None:
        """How many percentage points gross margin moved."""
        if self.before is None or self.before["gross_margin_percent"] is None:
            return None
        if self.row["gross_margin_percent"] is None:
            return None
        return self.row["gross_margin_percent"] - self.before["gross_margin_percent"]


@dataclass(frozen=True)
class Sums:
    """The rows that earn, summed."""

    revenue: Decimal = ZERO
    cost: Decimal = ZERO
    idle_cost: Decimal = ZERO
    cost_of_revenue: Decimal = ZERO
    research_cost: Decimal = ZERO
    other_class_cost: Decimal = ZERO

    @property
    def gross_margin(self) -> Decimal:
        return self.revenue - self.cost_of_revenue

    @property
    def margin(self) -> Decimal:
        return self.revenue - self.cost

    @property
    def below(self) -> Decimal:
        return self.research_cost + self.other_class_cost

    @property
    def gross_percent(self) -> Decimal | None:
        return self.gross_margin / self.revenue * 100 if self.revenue > 0 else None

    @property
    def percent(self) -> Decimal | None:
        return self.margin / self.revenue * 100 if self.revenue > 0 else None


def margin_lines(ask: Ask, *, compared: bool = True) -> list[MarginLine]:
    """All rows of report margin in its order, coloured, each with its row of the period before
    where they are `compared`."""
    before = {}
    for row in (ask.rows_before("margin", group_by=()) if compared else None) or []:
        before[(row["feature"], row["line"], row["currency"])] = row
    found = []
    for row in ask.report("margin", group_by=()).rows:
        line, feature = row["line"], row["feature"] or ""
        name = feature or pool_name(line, "feature") or "No feature"
        was = before.get((row["feature"], line, row["currency"]))
        found.append(MarginLine(name, line, colour("feature", feature, line), row, was))
    return found


def folded(lines: list[MarginLine], lines_max: int) -> list[MarginLine]:
    """The lines, of features those that come last as one, so that they still add up."""
    owned = [x for x in lines if x.line == "owned"]
    rest = owned[lines_max - 1 :]
    if len(rest) < 2 or len({x.row["currency"] for x in rest}) > 1:
        return lines
    sums = {name: sum((x.row[name] or ZERO for x in rest), ZERO) for name in SUMMED}
    row = sums | {"feature": "", "line": "other", "currency": rest[0].row["currency"]}
    one = summed([row]) if rest[0].earns else None
    row |= {
        "revenue": one and one.revenue,
        "gross_margin": one and one.gross_margin,
        "gross_margin_percent": one and one.gross_percent,
        "margin": one and one.margin,
        "margin_percent": one and one.percent,
    }
    others = MarginLine(f"{len(rest)} others", "other", "s-other", row, None)
    return [*owned[: lines_max - 1], others, *(x for x in lines if x.line != "owned")]


def summed(rows: list[dict]) -> Sums:
    """Revenue and costs of the rows that earn."""
    earning = [row for row in rows if row["revenue"] is not None]
    return Sums(*(sum((row[name] for row in earning), ZERO) for name in SUMMED))


def margin_figure(ask: Ask) -> Figure:
    """Gross margin of the features that earn, in per cent of their revenue."""
    name = "Gross margin of features"
    if set(ask.view.filters) - {"feature"}:
        under = (("", "take filters other than feature away", False),)
        return Figure(name, numbers.NOT_APPLICABLE, word=True, under=under)
    answer = ask.report("margin", group_by=())
    now = summed(answer.rows)
    if now.gross_percent is None:
        under = (("", "no revenue in this period", False),)
        return Figure(name, numbers.UNKNOWN, word=True, under=under)
    under = []
    was = summed(ask.rows_before("margin", group_by=()) or [])
    if was.gross_percent is not None:
        points = now.gross_percent - was.gross_percent
        strong = f"{numbers.arrow(points)} {numbers.percent_of(abs(points))[:-1]} pts"
        under.append((strong, against(ask), False))
    after = numbers.percent_of(now.percent)
    revenue = numbers.money(now.revenue, answer.currency or "", 0)
    under.append(("", f"of {revenue} revenue; {after} after R&D and all AI cost", False))
    value = numbers.percent_of(now.gross_percent)
    return Figure(name, value, under=tuple(under), final=answer.final)
