"""A budget that will not do. Facts `budgets`: what budgeting says of each budget on the day, with
what it is of (`level`, `name`), its amount, the forecast, P(over), and since when it says so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import day_text, money_text


@dataclass(frozen=True)
class BurnSettings:
    chance: float = setting(0.8, "chance of going over, on two days in a row", low=0.9, high=0.5)


def run(rows: list[Mapping], settings: BurnSettings) -> Iterator[Noticed]:
    """Expected is the budget, actual the middle of the forecast."""
    for row in rows:
        chance = row["probability"]
        if not row["breached"] and (chance is None or chance < Decimal(str(settings.chance))):
            continue
        breach = f", over it on {day_text(row['breach_on'])}" if row["breach_on"] else ""
        said = "is over its budget" if row["breached"] else f"goes over its budget{breach}"
        chances = "" if chance is None or row["breached"] else f" (chance {chance:.0%})"
        yield Noticed(
            row["level"], row["name"], row["currency"], "budget_burn", row["since"], row["day"],
            row["day"], row["amount"], row["forecast"],
            f"{row['title']} {said}: {money_text(row['forecast'], row['currency'])} of"
            f" {money_text(row['amount'], row['currency'])}{chances}",
            f"A budget is told of when it is used up, or when the chance of that is"
            f" {settings.chance:.0%} or more on two days in a row, from the fourth day on.",
            goes_on=False,
        )  # fmt: skip


DETECTOR = Detector(
    "budget_burn", "A budget that will not do", "facts", BurnSettings, run, facts="budgets"
)
