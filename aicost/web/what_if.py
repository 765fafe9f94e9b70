"""What if: the margin of a period worked again with other costs, volumes and prices.

Arithmetic on what was, not a forecast. Pure: rows of report margin in, sums out. With v the change
of volume, c that of the cost of a request and p that of one feature's price, per feature

    cost of revenue' = cost of revenue · (1 + v) · (1 + c)
    revenue'         = revenue · (1 + v, if revenue grows with volume) · (1 + p, if it is its price)

Research and development, and all that stands on no feature, stay as they are: they follow no call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from aicost.kernel.money import NotMoney, parse_decimal
from attribution.reports.spec import BadSpec

KEYS = ("cost", "volume", "price", "feature", "revenue")
GROWS, STAYS = REVENUE = ("grows", "stays")
PERCENT_MIN, PERCENT_MAX = Decimal(-100), Decimal(1000)
ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)


@dataclass(frozen=True)
class Question:
    """Changes in per cent; `feature` is the one whose price changes."""

    cost: Decimal = ZERO
    volume: Decimal = ZERO
    price: Decimal = ZERO
    feature: str = ""
    revenue: str = GROWS

    @property
    def asks(self) -> bool:
        return bool(self.cost or self.volume or (self.price and self.feature))


def asked(params: Mapping[str, str]) -> Question:
    """Read from an address; empty is no change. Raises BadSpec naming what cannot be read."""
    found = {name: _percent(name, params.get(name, "")) for name in ("cost", "volume", "price")}
    revenue = params.get("revenue") or GROWS
    if revenue not in REVENUE:
        raise BadSpec(f"revenue={revenue[:20]} is not known: take one of {', '.join(REVENUE)}")
    return Question(**found, feature=params.get("feature_price", ""), revenue=revenue)


def _percent(name: str, text: str) -> Decimal:
    text = text.strip().removesuffix("%").strip().replace("\N{MINUS SIGN}", "-")
    if not text:
        return ZERO
    try:
        value = parse_decimal(text)
    except NotMoney as error:
        raise BadSpec(f"{name}={text[:20]} is no number of per cent") from error
    if not PERCENT_MIN <= value <= PERCENT_MAX:
        raise BadSpec(f"{name}={text[:20]} is not between {PERCENT_MIN} and {PERCENT_MAX} per cent")
    return value


@dataclass(frozen=True)
class Outcome:
    """The whole ledger of a period: what earns, what earning cost, and what else AI cost."""

    revenue: Decimal = ZERO
    cost_of_revenue: Decimal = ZERO
    below: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        return self.revenue - self.cost_of_revenue

    @property
    def gross_percent(self) -> Decimal | None:
        return self.gross / self.revenue * HUNDRED if self.revenue > 0 else None

    @property
    def left(self) -> Decimal:
        return self.gross - self.below

    @property
    def left_percent(self) -> Decimal | None:
        return self.left / self.revenue * HUNDRED if self.revenue > 0 else None

    def plus(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.revenue + other.revenue,
            self.cost_of_revenue + other.cost_of_revenue,
            self.below + other.below,
        )


def outcome_of(row: Mapping) -> Outcome:
    """One row of report margin as it stands; revenue nobody told adds nothing."""
    below = row["research_cost"] + row["other_class_cost"]
    return Outcome(row["revenue"] or ZERO, row["cost_of_revenue"], below)


def changed(row: Mapping, question: Question) -> Outcome:
    """The same row under the question."""
    now, feature = outcome_of(row), row["feature"] or ""
    if not feature:
        return now
    volume = ONE + question.volume / HUNDRED
    cost = now.cost_of_revenue * volume * (ONE + question.cost / HUNDRED)
    revenue = now.revenue * (volume if question.revenue == GROWS else ONE)
    if feature == question.feature:
        revenue *= ONE + question.price / HUNDRED
    return Outcome(revenue, cost, now.below)


def total(outcomes: Iterable[Outcome]) -> Outcome:
    found = Outcome()
    for one in outcomes:
        found = found.plus(one)
    return found
