"""A bill that changed after the fact: delivered again with other amounts, or corrected later.

Facts `restatements`: what later deliveries changed, by source and days; facts `corrections`:
charges of an earlier day that came with a later bill."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import money_text, when_text


@dataclass(frozen=True)
class RestatedSettings:
    cost: float = setting(50, "money by which the bill changed", low=200, high=20)
    days: int = setting(30, "days in which it is told")


@dataclass(frozen=True)
class CorrectedSettings:
    cost: float = setting(50, "money of the correction, up or down", low=200, high=20)


def restated(rows: list[Mapping], settings: RestatedSettings) -> Iterator[Noticed]:
    """Expected is nothing: the excess is what the bill changed by."""
    for row in rows:
        delta, age = row["billed_delta"], (row["day"] - row["changed_on"]).days
        if abs(delta) < settings.cost or age > settings.days or row["first_day"] is None:
            continue
        onset, last = row["first_day"], row["last_day"]
        yield Noticed(
            "source", row["source"], row["currency"], "restated_bill", onset, last,
            row["changed_on"], delta * 0, delta,
            f"{row['source']} restated its bill {when_text(onset, last)}:"
            f" {money_text(delta, row['currency'])}",
            f"A bill is told of that was delivered again and changed by {settings.cost:g} or more.",
            goes_on=False,
        )  # fmt: skip


def corrected(rows: list[Mapping], settings: CorrectedSettings) -> Iterator[Noticed]:
    """Refunds and late charges for days of a month whose bill was already there."""
    for row in rows:
        if abs(row["cost"]) < settings.cost:
            continue
        yield Noticed(
            *(("model", row["model"]) if row["model"] else ("source", row["source"])),
            row["currency"], "corrected_bill", row["period"], row["period"], row["day"],
            row["cost"] * 0, row["cost"],
            f"{row['source']} corrected {when_text(row['period'], row['period'])} with a later"
            f" bill: {money_text(row['cost'], row['currency'])}",
            f"A correction is told of that a later bill holds for an earlier day, of"
            f" {settings.cost:g} or more.",
            goes_on=False,
        )  # fmt: skip


RESTATED = Detector(
    "restated_bill", "A bill that was delivered again with other amounts", "facts",
    RestatedSettings, restated, facts="restatements",
)  # fmt: skip
CORRECTED = Detector(
    "corrected_bill", "A correction of an earlier day that came with a later bill", "facts",
    CorrectedSettings, corrected, facts="corrections",
)  # fmt: skip
