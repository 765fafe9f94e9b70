"""A feature that earned more than it cost, and does no longer. Facts `margin_months`: a row per
month and feature with cost, revenue and margin, and the last day `through` that is known of it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import day_text, money_text

ZERO = Decimal(0)


@dataclass(frozen=True)
class NegativeMarginSettings:
    loss: float = setting(100, "money it lost since the margin turned", low=300, high=30)
    days: int = setting(10, "days of a month from which its margin counts")


def run(rows: list[Mapping], settings: NegativeMarginSettings) -> Iterator[Noticed]:
    """The months in a row with a loss, up to now, after a month without."""
    by_feature: dict[tuple, list[Mapping]] = defaultdict(list)
    for row in rows:
        counts = (row["through"] - row["period"]).days + 1 >= settings.days
        if row["margin"] is not None and counts:
            by_feature[row["feature"], row["currency"]].append(row)
    for (feature, currency), months in by_feature.items():
        months.sort(key=lambda row: row["period"])
        losses: list[Mapping] = []
        while months and months[-1]["margin"] < 0:
            losses.insert(0, months.pop())
        lost = -sum((row["margin"] for row in losses), ZERO)
        if not losses or not months or lost < settings.loss:
            continue
        onset, last = losses[0]["period"], losses[-1]["through"]
        yield Noticed(
            "feature", feature, currency, "negative_margin", onset, last, last,
            sum((row["revenue"] for row in losses), ZERO),
            sum((row["cost"] for row in losses), ZERO),
            f"{feature} costs more than it earns since {day_text(onset)}:"
            f" {money_text(lost, currency)} lost",
            f"A feature is told of whose margin was not negative and is now, once it lost"
            f" {settings.loss:g} or more; expected is what it earned. A month counts from its"
            f" {settings.days}th day on.",
        )  # fmt: skip


DETECTOR = Detector(
    "negative_margin", "A margin that turned negative", "facts", NegativeMarginSettings, run,
    facts="margin_months",
)  # fmt: skip
