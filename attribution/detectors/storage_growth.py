"""Storage that only grows. Facts `storage_weeks`: a row per whole week and whose storage it is
(`level`, `name`), with its cost and last day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import money_text

ZERO = Decimal(0)


@dataclass(frozen=True)
class StorageGrowthSettings:
    weeks: int = setting(8, "weeks in a row that cost no less than the one before", low=12, high=6)
    rise: float = setting(0.3, "part by which it grew over them", low=0.5, high=0.2)
    cost: float = setting(20, "money it grew by over them, all weeks together", low=100, high=10)


def run(rows: list[Mapping], settings: StorageGrowthSettings) -> Iterator[Noticed]:
    """Nothing was deleted for weeks: expected is what it cost in the first of them."""
    by_name: dict[tuple, list[Mapping]] = defaultdict(list)
    for row in rows:
        by_name[row["level"], row["name"], row["currency"]].append(row)
    for (level, name, currency), weeks in by_name.items():
        weeks.sort(key=lambda row: row["period"])
        grown = [weeks.pop()]
        while weeks and weeks[-1]["cost"] <= grown[0]["cost"]:
            grown.insert(0, weeks.pop())
        first, last = grown[0]["cost"], grown[-1]["cost"]
        actual, expected = sum((row["cost"] for row in grown), ZERO), first * len(grown)
        if len(grown) <= settings.weeks or last < first * (1 + Decimal(str(settings.rise))):
            continue
        if actual - expected >= settings.cost:
            yield Noticed(
                level, name, currency, "storage_growth", grown[0]["period"], grown[-1]["last"],
                grown[-1]["last"], expected, actual,
                f"Storage of {name or 'nobody'} only grows:"
                f" {money_text(first, currency)} a week {len(grown)} weeks ago,"
                f" {money_text(last, currency)} now",
                f"Storage is told of that cost no less for {settings.weeks} weeks in a row,"
                f" {settings.rise:.0%} more in the end, {settings.cost:g} or more together;"
                " expected is the first week.",
            )  # fmt: skip


DETECTOR = Detector(
    "storage_growth", "Storage that only grows", "facts", StorageGrowthSettings, run,
    facts="storage_weeks",
)  # fmt: skip
