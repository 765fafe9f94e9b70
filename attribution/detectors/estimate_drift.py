"""Estimates that went apart from the bill. Facts `estimated_models`: per model, what four weeks of
final days were estimated and billed at, with their first and last day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import money_text


@dataclass(frozen=True)
class EstimateDriftSettings:
    share: float = setting(
        0.15, "part of the bill by which the estimate is off", low=0.25, high=0.1
    )
    cost: float = setting(100, "money by which it is off in four weeks", low=300, high=30)


def run(rows: list[Mapping], settings: EstimateDriftSettings) -> Iterator[Noticed]:
    """Models whose price, or whose calls, the estimate does not know well."""
    for row in rows:
        estimated, billed = row["estimated_cost"], row["billed_cost"]
        if estimated is None or not billed:
            continue
        apart = abs(estimated - billed)
        if apart < settings.cost or apart < abs(billed) * Decimal(str(settings.share)):
            continue
        yield Noticed(
            "model", row["model"], row["currency"], "estimate_drift", row["onset"], row["last"],
            row["last"], estimated, billed,
            f"{row['model']} is billed at {money_text(billed, row['currency'])} and was estimated"
            f" at {money_text(estimated, row['currency'])}",
            f"A model is told of whose estimate is {settings.share:.0%} or more off the bill over"
            f" four weeks, by {settings.cost:g} or more: its price or its calls are unsure.",
        )  # fmt: skip


DETECTOR = Detector(
    "estimate_drift", "Estimates that drift from the bill", "facts", EstimateDriftSettings, run,
    facts="estimated_models",
)  # fmt: skip
