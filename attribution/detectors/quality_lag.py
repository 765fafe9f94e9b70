"""Versions that took the lead and cost more for little, or cost less. Facts `versions`: rows of
report `quality` of the versions that lead, with the cost of a call `before`, and `day`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import money_text

CENT = Decimal("0.01")


@dataclass(frozen=True)
class QualityLagSettings:
    rise: float = setting(0.3, "part by which a call got dearer", low=0.5, high=0.2)
    points: float = setting(1, "points of quality it gained less than", low=0.3, high=2)
    monthly: float = setting(300, "money a month the dearer calls cost", low=1000, high=100)


def run(rows: list[Mapping], settings: QualityLagSettings) -> Iterator[Noticed]:
    """Versions that took the lead with a dearer call and no gain worth it."""
    for row in rows:
        now, before = row["marginal_cost_per_inference"], row["before"]
        gained, monthly = row["gained_points"], row["gain_cost_per_month"]
        if not now or not before or gained is None or monthly is None or not row["requests"]:
            continue
        dearer = now >= before * (1 + Decimal(str(settings.rise)))
        if not dearer or gained >= Decimal(str(settings.points)) or monthly < settings.monthly:
            continue
        onset, calls = max(row["leads_since"], row["cost_from"]), row["requests_alone"]
        yield Noticed(
            "model", row["model"], row["currency"], "quality_lag", onset, row["day"], row["day"],
            (calls * before).quantize(CENT), (calls * now).quantize(CENT),
            f"{row['model']} {row['model_version']} costs {now / before - 1:.0%} more a call than"
            f" {row['leads_after']} for {gained:.2g} points of {row['measure']}:"
            f" {money_text(monthly, row['currency'])} a month",
            f"A version is told of whose call costs {settings.rise:.0%} more than that of the"
            f" version before it, for less than {settings.points:g} points of quality and"
            f" {settings.monthly:g} or more a month.",
        )  # fmt: skip


@dataclass(frozen=True)
class CheaperSettings:
    fall: float = setting(0.2, "part by which a call got cheaper", low=0.3, high=0.1)
    monthly: float = setting(300, "money a month that saves", low=1000, high=100)
    days: int = setting(40, "days since it leads in which it is told")


def cheaper(rows: list[Mapping], settings: CheaperSettings) -> Iterator[Noticed]:
    """Versions that took the lead and made calls cheaper: good news, with its money."""
    for row in rows:
        now, before = row["marginal_cost_per_inference"], row["before"]
        monthly, calls = row["gain_cost_per_month"], row["requests_alone"]
        if not now or not before or monthly is None or not calls:
            continue
        falls = now <= before * (1 - Decimal(str(settings.fall)))
        recent = (row["day"] - row["leads_since"]).days <= settings.days
        if not falls or not recent or -monthly < settings.monthly:
            continue
        onset = max(row["leads_since"], row["cost_from"])
        yield Noticed(
            "model", row["model"], row["currency"], "cheaper_version", onset, row["day"],
            row["day"], (calls * before).quantize(CENT), (calls * now).quantize(CENT),
            f"{row['model']} {row['model_version']} costs {1 - now / before:.0%} less a call than"
            f" {row['leads_after']}: {money_text(-monthly, row['currency'])} a month saved",
            f"A version that leads is told of whose call costs {settings.fall:.0%} less than that"
            f" of the version before it, for {settings.monthly:g} or more a month.",
            goes_on=False,
        )  # fmt: skip


QUALITY_LAG = Detector(
    "quality_lag", "Cost that grows faster than quality", "facts", QualityLagSettings, run,
    facts="versions",
)  # fmt: skip
CHEAPER = Detector(
    "cheaper_version", "A version that made calls cheaper", "facts", CheaperSettings, cheaper,
    facts="versions",
)  # fmt: skip
