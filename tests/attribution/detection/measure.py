"""The table of docs/anomalies.md: `python -m tests.attribution.detection.measure 2000`.

Seeds from 1001 on: nothing was ever tuned on them."""

from datetime import timedelta
import sys

import numpy as np

from aicost.kernel.periods import next_month
from attribution.detectors.run import judge
from attribution.forecast import month_end
from tests.attribution.detection.baselines import BASELINES, HOURLY_BASELINES
from tests.attribution.detection.hours import hours
from tests.attribution.detection.panels import panel_of
from tests.attribution.detection.scoring import Score, score, total
from tests.attribution.detection.series import company

HEAD = (
    "| Method | F1 | recall | precision | false alarms per series-year | dollars found | delay |\n"
    "|---|---|---|---|---|---|---|"
)


def row(name: str, one: Score) -> str:
    return (
        f"| {name} | {one.f1:.2f} | {one.recall:.2f} | {one.precision:.2f} |"
        f" {one.false_per_year:.2f} | {one.dollar_recall:.2f} | {one.delay:g} |"
    )


def daily(cases: int) -> None:
    scores: dict[str, list[Score]] = {}
    for seed in range(1001, 1001 + cases // 200):
        world = company(seed)
        panel = panel_of(world)
        for sensitivity in ("medium", "low", "high"):
            judged = judge(panel, sensitivity, processes=1)
            one = score(world, judged.number > 0, judged.raised)
            scores.setdefault(f"`detect`, {sensitivity}", []).append(one)
        for name, rule in BASELINES.items():
            scores.setdefault(name, []).append(score(world, rule(panel)))
    print(HEAD)
    for name, several in scores.items():
        print(row(name, total(several)))
    kinds = total(scores["`detect`, medium"]).by_kind
    print({kind: f"{found}/{count}" for kind, (found, count) in sorted(kinds.items())})


def hourly(cases: int) -> None:
    scores: dict[str, list[Score]] = {}
    for seed in range(1001, 1001 + cases // 40):
        world = hours(seed)
        panel = panel_of(world, late=world.seen is not None)
        for sensitivity in ("medium", "low", "high"):
            judged = judge(panel, sensitivity, processes=1)
            one = score(world, judged.number > 0, judged.raised)
            scores.setdefault(f"`detect`, {sensitivity}", []).append(one)
        for name, rule in HOURLY_BASELINES.items():
            scores.setdefault(name, []).append(score(world, rule(panel)))
    print(HEAD)
    for name, several in scores.items():
        print(row(name, total(several)))
    kinds = total(scores["`detect`, medium"]).by_kind
    print({kind: f"{found}/{count}" for kind, (found, count) in sorted(kinds.items())})


def months_seen(seeds, day: int) -> dict[str, tuple[float, float]]:
    """Per method the median error of the month's total, seen on a day of the month, and for
    `forecast` the share of months within its band."""
    errors: dict[str, list] = {}
    inside = []
    for panel in (panel_of(company(seed)) for seed in seeds):
        first, last = panel.periods[[0, -1]].astype(object)
        for n in range(100, panel.periods.size):
            as_of = first + timedelta(days=n)
            finish = n + (next_month(as_of) - as_of).days
            if as_of.day != day or finish > panel.periods.size:
                continue
            answer = month_end(panel, as_of)
            begin = n - day + 1
            actual = panel.cost[:, begin:finish].astype(float).sum(axis=1)
            able = (actual > 1) & ~np.isnan(answer.p50)
            inside.append(((answer.p10 <= actual) & (actual <= answer.p90))[able])
            last_28 = panel.cost[:, n - 30 : n - 2].astype(float).mean(axis=1)
            simple = {
                "forecast": answer.p50,
                "so far / days so far x days": answer.so_far / day * (finish - begin),
                "so far + 28-day mean x days left": answer.so_far + last_28 * (finish - n - 1),
            }
            for name, guess in simple.items():
                errors.setdefault(name, []).append((np.abs(guess - actual) / actual)[able])
    share = float(np.concatenate(inside).mean())
    return {
        name: (float(np.nanmedian(np.concatenate(several))), share)
        for name, several in errors.items()
    }


def forecasts(cases: int) -> None:
    seeds = range(1001, 1001 + cases // 200)
    days = (5, 10, 15, 20, 25)
    seen = {day: months_seen(seeds, day) for day in days}
    print("| Method | " + " | ".join(f"day {day}" for day in days) + " |")
    print("|---" * (len(days) + 1) + "|")
    for name in seen[10]:
        figures = " | ".join(f"{100 * seen[day][name][0]:.1f} %" for day in days)
        print(f"| {name} | {figures} |")
    print("| in the band | " + " | ".join(f"{seen[d]['forecast'][1]:.0%}" for d in days) + " |")


if __name__ == "__main__":
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    daily(cases)
    hourly(cases // 2)
    forecasts(cases)
