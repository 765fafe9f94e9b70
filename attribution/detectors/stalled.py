"""Training that went past its budget, or gains nothing any more.

Facts `trials`: per experiment or model its cost so far, its budget if it has one, its scores in
order of their day as (day, score), which way is better, and the cost since the best of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import day_text, money_text

LOWER = "lower"


@dataclass(frozen=True)
class OverBudgetSettings:
    over: float = setting(0, "part of its budget by which it is over", low=0.1, high=-0.1)
    cost: float = setting(20, "money by which it is over")


@dataclass(frozen=True)
class StalledSettings:
    scores: int = setting(3, "scores in a row none of which is better than the best", low=5, high=2)
    cost: float = setting(200, "money training cost since the best", low=1000, high=50)


def over_budget(rows: list[Mapping], settings: OverBudgetSettings) -> Iterator[Noticed]:
    """Expected is the budget, actual what it cost so far."""
    for row in rows:
        budget, cost = row["budget"], row["cost"]
        if budget is None or cost < budget * (1 + Decimal(str(settings.over))):
            continue
        if cost - budget < settings.cost:
            continue
        yield Noticed(
            row["level"], row["name"], row["currency"], "training_over_budget", row["first"],
            row["day"], row["day"], budget, cost,
            f"{row['name']} is past its budget of {money_text(budget, row['currency'])}:"
            f" {money_text(cost, row['currency'])} so far",
            f"Training is told of that cost {settings.over:.0%} more than its budget and"
            f" {settings.cost:g} or more.",
        )  # fmt: skip


def stalled(rows: list[Mapping], settings: StalledSettings) -> Iterator[Noticed]:
    """What training cost since its best score bought nothing."""
    for row in rows:
        scores, cost = row["scores"], row["cost_since_best"]
        if len(scores) <= settings.scores or cost is None or cost < settings.cost:
            continue
        best = (min if row["better"] == LOWER else max)(score for _, score in scores)
        at = next(place for place, (_, score) in enumerate(scores) if score == best)
        if len(scores) - 1 - at < settings.scores:
            continue
        onset = scores[at][0]
        yield Noticed(
            row["level"], row["name"], row["currency"], "stalled_training", onset, row["day"],
            row["day"], cost * 0, cost,
            f"{row['name']} is no better than on {day_text(onset)} ({row['measure']} {best:g}):"
            f" {money_text(cost, row['currency'])} of training since",
            f"Training is told of when {settings.scores} scores in a row are no better than the"
            f" best before them and it cost {settings.cost:g} or more since.",
        )  # fmt: skip


OVER_BUDGET = Detector(
    "training_over_budget", "Training past its budget", "facts", OverBudgetSettings, over_budget,
    facts="trials",
)  # fmt: skip
STALLED = Detector(
    "stalled_training", "Training that no longer improves", "facts", StalledSettings, stalled,
    facts="trials",
)  # fmt: skip
