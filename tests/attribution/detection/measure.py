"""The table of docs/anomalies.md: `python -m tests.attribution.detection.measure 2000`.

Seeds from 1001 on: nothing was ever tuned on them."""

import sys

from attribution.detectors.run import judge
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


if __name__ == "__main__":
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    daily(cases)
    hourly(cases // 2)
