"""What customers leave: revenue less cost of revenue by the cost classes of finance, then less the
rest; for whoever may see margin. A customer has its share of what it called, so research stands in
its margin only where its own inferences are classed so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aicost.kernel.periods import Period
from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.customer_rows import PLAIN
from aicost.web.parts import cut_steps, twin
from aicost.web.story_months import first_days, six_months
from attribution.finance.shapes import COST_OF_REVENUE
from attribution.reports.classed import CLASS

ZERO, HUNDRED = Decimal(0), Decimal(100)
# Money as it was billed: what customers earn is not converted, so their cost is not either.
BILLED = PLAIN | {"in_currency": ""}
Key = tuple[date, str, str]


@dataclass(frozen=True)
class Left:
    """One customer in one currency; `before` is the same of the period compared with."""

    customer: str
    currency: str
    revenue: Decimal
    cost_of_revenue: Decimal
    cost: Decimal
    requests: int | None = None
    before: "Left | None" = None

    @property
    def gross(self) -> Decimal:
        return self.revenue - self.cost_of_revenue

    @property
    def below(self) -> Decimal:
        return self.cost - self.cost_of_revenue

    @property
    def left(self) -> Decimal:
        return self.revenue - self.cost

    @property
    def gross_percent(self) -> Decimal | None:
        return self.gross / self.revenue * HUNDRED if self.revenue > 0 else None

    @property
    def left_percent(self) -> Decimal | None:
        return self.left / self.revenue * HUNDRED if self.revenue > 0 else None

    @property
    def points(self) -> Decimal | None:
        """How many points gross margin moved; None where one of the two is unknown."""
        was = self.before.gross_percent if self.before else None
        return None if was is None or self.gross_percent is None else self.gross_percent - was


def costs_of_revenue(ask: Ask, names: Iterable[str], **changes) -> dict[Key, Decimal]:
    """(period, customer, currency) -> its cost of revenue."""
    filters = {**ask.view.filters, "customer": tuple(names)}
    asked = BILLED | {"group_by": (CLASS,), "filters": filters} | changes
    return {
        (row["period"], row["customer"], row["currency"]): row["cost"]
        for row in ask.report("customers", **asked).rows
        if row[CLASS] == COST_OF_REVENUE
    }


def left_of(ask: Ask, rows: Iterable[Mapping], before: Iterable[Mapping] = ()) -> list[Left]:
    """The rows of report customer_margin that earn, in their order, with their classes. `before`
    are rows of the period compared with."""
    rows, before = [x for x in rows if _earns(x)], [x for x in before if _earns(x)]
    names = dict.fromkeys(row["customer"] for row in rows)
    now = costs_of_revenue(ask, names) if rows else {}
    was = costs_of_revenue(ask, names, period=ask.view.other) if rows and before else {}
    old = {(x["customer"], x["currency"]): _left(x, was) for x in before}
    return [_left(x, now, old.get((x["customer"], x["currency"]))) for x in rows]


def _earns(row: Mapping) -> bool:
    return bool(row["customer"]) and row["margin"] is not None


def _left(row: Mapping, classed: Mapping[Key, Decimal], before: Left | None = None) -> Left:
    key = (row["period"], row["customer"], row["currency"])
    return Left(row["customer"], row["currency"], row["revenue"], classed.get(key, ZERO),
                row["cost"], row["requests"], before)  # fmt: skip


def _monthly(ask: Ask) -> tuple[list[figures.Stack], Period]:
    """The page's customer month by month, as far as it earned: gross margin, and after all."""
    span = six_months(ask)
    asked = BILLED | {"period": span, "granularity": "month"}
    rows = [row for row in ask.report("customer_margin", **asked).rows if _earns(row)]
    if not rows:
        return [], span
    names = dict.fromkeys(row["customer"] for row in rows)
    classed = costs_of_revenue(ask, names, period=span, granularity="month")
    known = {row["period"]: _left(row, classed) for row in rows}
    lines = [
        figures.Stack(name, "s-accent", {day: value(one) for day, one in known.items()}, dash)
        for name, value, dash in (
            ("Gross margin", _gross, "solid"),
            ("After all AI cost", _after, "dash"),
        )
    ]
    return [x for x in lines if any(v is not None for v in x.values.values())], span


def _gross(one: Left) -> Decimal | None:
    return one.gross_percent


def _after(one: Left) -> Decimal | None:
    return one.left_percent


def trend(ask: Ask) -> dict:
    layers, span = _monthly(ask)
    title = "Margin by month"
    if not layers:
        return {"title": title, "empty": True}
    note = "In per cent of its revenue. Dashed: after all AI cost."
    return {
        "title": title,
        "note": note,
        "size": "low",
        "summary": f"{title}. {note}",
        "twin": twin(layers, first_days(span), "month", numbers.percent_of),
    }


def trend_figure(ask: Ask) -> dict:
    layers, span = _monthly(ask)
    if not layers:
        return {"data": [], "layout": {}}
    axis = figures.Axis("month", unit="percent", cut=cut_steps(span, "month"))
    return figures.lines(layers, first_days(span), axis)
