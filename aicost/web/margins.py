"""Margin: the lines of its page and its key figure; the report refuses whoever may not see it."""

from dataclasses import dataclass
from decimal import Decimal

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.colours import colour
from aicost.web.parts import Figure, against
from aicost.web.tables import LINE_NAMES

ZERO = Decimal(0)
TRAINING = "training_cost"


@dataclass
class MarginLine:
    """One row of the page: a feature that earns, one of which nobody says so, or a line below."""

    name: str
    line: str
    swatch: str
    row: dict
    before: dict | None
    why: str = ""
    bar: dict | None = None

    @property
    def earns(self) -> bool:
        return self.row["revenue"] is not None

    @property
    def unknown(self) -> bool:
        """A feature without a revenue row: unknown; a pool earns nothing: not applicable."""
        return not self.earns and self.line == "owned"

    @property
    def points(self) -> Decimal | None:
        """How many percentage points margin moved."""
        if self.before is None or self.before["margin_percent"] is None:
            return None
        if self.row["margin_percent"] is None:
            return None
        return self.row["margin_percent"] - self.before["margin_percent"]


def margin_lines(ask: Ask) -> list[MarginLine]:
    """All rows of report margin in its order, coloured, each with its row of the period before."""
    before = {}
    for row in ask.rows_before("margin", group_by=()) or []:
        before[(row["feature"], row["line"], row["currency"])] = row
    found = []
    for row in ask.report("margin", group_by=()).rows:
        line, feature = row["line"], row["feature"] or ""
        name = feature or LINE_NAMES.get(line, "No feature")
        was = before.get((row["feature"], line, row["currency"]))
        found.append(MarginLine(name, line, colour("feature", feature, line), row, was))
    return found


def summed(rows: list[dict]) -> tuple[Decimal, Decimal]:
    """Revenue and cost of the rows that earn."""
    earning = [row for row in rows if row["revenue"] is not None]
    return (
        sum((row["revenue"] for row in earning), ZERO),
        sum((row["cost"] for row in earning), ZERO),
    )


def margin_figure(ask: Ask) -> Figure:
    """Margin of the features that earn, in per cent of their revenue."""
    if set(ask.view.filters) - {"feature"}:
        under = (("", "take filters other than feature away", False),)
        return Figure("Margin of features", numbers.NOT_APPLICABLE, word=True, under=under)
    answer = ask.report("margin", group_by=())
    revenue, cost = summed(answer.rows)
    if not revenue:
        under = (("", "no revenue in this period", False),)
        return Figure("Margin of features", numbers.UNKNOWN, word=True, under=under)
    under = []
    was_revenue, was_cost = summed(ask.rows_before("margin", group_by=()) or [])
    if was_revenue:
        points = (revenue - cost) / revenue * 100 - (was_revenue - was_cost) / was_revenue * 100
        strong = f"{numbers.arrow(points)} {numbers.percent_of(abs(points))[:-1]} pts"
        under.append((strong, against(ask), False))
    currency = answer.currency or ""
    text = f"{numbers.money(cost, currency, 0)} on {numbers.money(revenue, currency, 0)} revenue"
    under.append(("", text, False))
    value = numbers.percent(revenue - cost, revenue)
    return Figure("Margin of features", value, under=tuple(under), final=answer.final)
