"""What pages of names say of a budget: the row of report `budgets` that page Budgets shows, too."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.names import kind_of
from aicost.web.pacing import stated, whole_of
from attribution.models.budgets import ALERT, BREACH, ONCE
from attribution.reports.budgets import FILTER

SURE = 99  # per cent


@dataclass(frozen=True)
class Held:
    """The budget of one name on the evening of a day. Until that evening is worked out, only what
    may be spent is known."""

    row: Mapping

    @property
    def known(self) -> bool:
        return self.row["used"] is not None

    @property
    def used(self) -> Decimal | None:
        return self.row["used"]

    @property
    def amount(self) -> Decimal | None:
        """What may be spent in the period, with what was carried into it."""
        available = self.row["available"]
        return self.row["amount"] if available is None else available

    @property
    def currency(self) -> str:
        return self.row["currency"]

    @property
    def period(self) -> str:
        """month, quarter, year, or once."""
        return self.row["budget_period"]

    @property
    def each(self) -> str:
        return "in all" if self.period == ONCE else f"a {self.period}"

    @property
    def part(self) -> Decimal | None:
        return self.used / self.amount if self.known and self.amount else None

    @property
    def share(self) -> str:
        return numbers.percent(self.used, self.amount, 0) if self.known else "not known yet"

    @property
    def note(self) -> str:
        """ "of $140,000 a month"; of a budget per unit nothing is known before its evening is."""
        if self.amount is None:
            return ""
        whole = f"{numbers.money(self.amount, self.currency, 0)} {self.each}"
        return f"of {whole}" if self.known else whole

    @property
    def gone(self) -> str:
        """ "7% of the month gone", on the evening that was worked out."""
        row = self.row
        days = Decimal((row["last_day"] - row["first_day"]).days + 1)
        past = Decimal((row["day"] - row["first_day"]).days + 1)
        whole = "its time" if self.period == ONCE else f"the {self.period}"
        return f"{numbers.percent(past, days, 0)} of {whole} gone"

    @property
    def is_over(self) -> bool:
        return self.row["level"] == BREACH

    @property
    def is_alerted(self) -> bool:
        """It is used up, or most likely will be."""
        return self.row["level"] in (BREACH, ALERT)

    @property
    def outlook(self) -> str:
        """Where it ends, and how likely that is above."""
        row = self.row
        end = numbers.money(whole_of(row), self.currency, 0)
        if row["p50"] is None:
            return f"{end} at this pace"
        odds = row["probability_percent"]
        if odds is None or odds < 1 or self.is_over:
            return f"heads for {end}"
        likely = "over 99%" if odds > SURE else numbers.percent_of(odds, 0)
        return f"heads for {end}; the chance of over is {likely}"


def held(ask: Ask, kind: str) -> dict[str, Held]:
    """name -> its budget on the last day of the view, of those that the asker may see. One said
    with the name goes before one that counts the same, and money before money per unit; of two
    alike it is the worse."""
    found: dict[str, Held] = {}
    for row in sorted(stated(ask, "budgets").rows, key=_nearness):
        if name := _name_of(row, kind):
            found.setdefault(name, Held(row))
    return found


def _nearness(row: Mapping) -> tuple[bool, bool]:
    return row["budget_id"] is not None, bool(row["per"])


def _name_of(row: Mapping, kind: str) -> str:
    """The one name of the kind whose whole cost the budget counts, else nothing."""
    if row["kind"] == kind:
        return row["name"]
    dimension, _, name = row["filters"].partition("=")
    is_one = row["kind"] == FILTER and not any(sign in name for sign in (", ", "; "))
    return name if is_one and kind_of(dimension) == kind else ""
