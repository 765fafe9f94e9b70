"""Telemetry that stopped: of a machine that is still paid for, or of a whole source.

Facts `gpu_days` (a row per day, resource and holder) and `silent_sources` (a row per source)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import day_text, money_text, when_text

ZERO = Decimal(0)


@dataclass(frozen=True)
class SilenceSettings:
    share: float = setting(0.4, "part of a day's GPU time that nobody observed", low=0.7, high=0.2)
    before: float = setting(0.1, "part that may be unobserved on the days before")
    days: int = setting(3, "days before it on which it was seen")
    cost: float = setting(50, "money the unobserved time cost", low=100, high=20)
    weeks: int = setting(2, "weeks in which it is told")


@dataclass(frozen=True)
class SourceSilenceSettings:
    days: int = setting(2, "whole days without anything new", low=3, high=1)
    gone: int = setting(30, "days after which it is gone, not silent")


def machines(rows: list[Mapping], settings: SilenceSettings) -> Iterator[Noticed]:
    """The last stretch of unobserved days of each machine that was observed before it."""
    through = max((row["period"] for row in rows), default=None)
    hours: dict = defaultdict(lambda: defaultdict(lambda: [ZERO, ZERO, ZERO]))
    for row in rows:
        one = hours[row["resource"], row["currency"]][row["period"]]
        for at, name in enumerate(("gpu_hours", "unobserved_hours", "unobserved_cost")):
            one[at] += row[name]
    for (resource, currency), days in hours.items():
        silent = _stretch(days, through, settings)
        cost = sum((days[day][2] for day in silent), ZERO)
        if not silent or cost < settings.cost:
            continue
        onset, last = silent[0], silent[-1]
        yield Noticed(
            "resource", resource, currency, "silence", onset, last, last, ZERO, cost,
            f"{resource} sent no telemetry {when_text(onset, last)}:"
            f" {money_text(cost, currency)} unobserved",
            f"A machine is told of whose GPU time {settings.share:.0%} or more was unobserved on a"
            f" day, after {settings.days} days on which it was seen, for {settings.cost:g} or"
            " more.",
            goes_on=last == through,
            evidence={"resources": [resource]},
        )  # fmt: skip


def _stretch(days: Mapping, through: date, settings: SilenceSettings) -> list[date]:
    """The newest days in a row with too much unobserved time, seen just before."""
    share, before = Decimal(str(settings.share)), Decimal(str(settings.before))
    since = through - timedelta(days=7 * settings.weeks)
    silent = {d for d, (all_, not_seen, _) in days.items() if all_ and not_seen >= all_ * share}
    last = max((day for day in silent if day > since), default=None)
    if last is None:
        return []
    found = [last]
    while (day := found[-1] - timedelta(days=1)) in silent:
        found.append(day)
    seen = [found[-1] - timedelta(days=k) for k in range(1, settings.days + 1)]
    if all(day in days and days[day][1] <= days[day][0] * before for day in seen):
        return found[::-1]
    return []


def sources(rows: list[Mapping], settings: SourceSilenceSettings) -> Iterator[Noticed]:
    """Sources of telemetry and calls that stopped some days ago."""
    for row in rows:
        quiet = (row["day"] - row["through"]).days
        if not settings.days <= quiet <= settings.gone:
            continue
        onset = row["through"] + timedelta(days=1)
        yield Noticed(
            "source", row["source"], "", "source_silence", onset, row["day"], row["day"], None,
            None, f"{row['source']} has sent nothing since {day_text(row['through'])}",
            f"A source of {row['kind']} is told of that sent nothing for {settings.days} whole"
            " days.",
        )  # fmt: skip


SILENCE = Detector(
    "silence", "Telemetry of a machine gone silent while it is paid for", "facts",
    SilenceSettings, machines, facts="gpu_days",
)  # fmt: skip
SOURCE_SILENCE = Detector(
    "source_silence", "A source of telemetry or calls that sends nothing any more", "facts",
    SourceSilenceSettings, sources, facts="silent_sources",
)  # fmt: skip
