"""The demo company: files in the providers' own formats, with the truth written beside them.

Deterministic: the same day, seed and length give the same bytes. See docs/demo.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from aicost.runtime.demo import (
    aws,
    budgets,
    business,
    calls,
    focus,
    names,
    telemetry,
    tracker,
)
from aicost.runtime.demo.fleet import plan_fleet
from aicost.runtime.demo.gpu_hours import observe
from aicost.runtime.demo.services import credit, untagged_items
from aicost.runtime.demo.story import Story, plan_story
from aicost.runtime.demo.training import plan_training
from aicost.runtime.demo.truth import World, write_truth

SEED = 1207
Progress = Callable[[str, int, int], None]
_PARTS = 9


@dataclass(frozen=True)
class Step:
    """One load: `paths` go together to `ingest.load.load` as `source`."""

    title: str
    source: str
    paths: tuple[Path, ...]


def generate(
    folder: Path,
    today: date,
    progress: Progress | None = None,
    seed: int = SEED,
    days: int | None = None,
) -> None:
    """Write all files of the demo company below `folder`; the last day is the one before `today`.

    `progress(what, done, total)` is called before each part. `days` writes only the last so many
    days of the same story, for tests. Money is exact; nothing of it passes through a float.
    """
    told = iter(range(_PARTS))

    def say(what: str) -> None:
        if progress:
            progress(what, next(told), _PARTS)

    folder.mkdir(parents=True, exist_ok=True)
    story = plan_story(today, seed, days)
    say("Calls")
    simulated = calls.simulate(story)
    tokens = focus.token_charges(story, simulated)
    fleet = plan_fleet(story)
    training = plan_training(story, _other_cost(story, aws.node_days(story, fleet), tokens))
    fleet.add(training.fleet)
    counts = {"call_rows": calls.write_calls(story, folder, simulated)}
    say("Training runs")
    counts["run_rows"] = calls.write_runs(story, folder, training.runs)
    tracked = tracker.track(story, training.runs, fleet.segments)
    counts["tracked_runs"] = tracker.write_tracked(story, folder, tracked)
    say("Maps")
    counts["map_rows"] = business.write_maps(story, folder, fleet)
    counts["name_rows"] = names.write_names(story, folder)
    counts["budget_rows"] = budgets.write_budgets(story, folder)
    say("AWS bill")
    counts["cur_lines"] = aws.write_aws(story, folder, fleet)
    say("Model API bill")
    counts["focus_rows"] = focus.write_llm(story, folder, tokens)
    counts["focus_rows"] += focus.write_untagged(story, folder)
    say("GPU telemetry")
    gpus = observe(story, fleet.segments)
    counts["interval_rows"] = telemetry.write_archive(story, folder, gpus)
    say("GPU scrapes")
    counts["samples"] = telemetry.write_scrapes(story, folder, gpus)
    say("Revenue, outcomes, quality")
    counts["business_rows"] = business.write_business(story, folder)
    say("Truth")
    world = World(story, aws.node_days(story, fleet), gpus, tokens, tracked)
    write_truth(world, folder, counts)


def _other_cost(
    story: Story, nodes: list[aws.NodeDay], tokens: list[focus.TokenCharge]
) -> Callable[[date], Decimal]:
    """A day's cost in USD without training and support."""
    refund = focus.correction_day(story)
    of_nodes: dict[date, list[aws.NodeDay]] = {}
    for each in nodes:
        of_nodes.setdefault(each.day, []).append(each)
    of_tokens: dict[date, Decimal] = {}
    for charge in tokens:
        of_tokens[charge.day] = of_tokens.get(charge.day, Decimal(0)) + charge.cost

    def cost(day: date) -> Decimal:
        running = of_nodes.get(day, [])
        total = aws.day_cost(story, running, day) + aws.day_tax(story, running, day)
        total += credit(story, day) + of_tokens.get(day, Decimal(0))
        total += sum((item.cost for item in untagged_items(story, day)), Decimal(0))
        return total + (focus.CORRECTION if day == refund else 0)

    return cost


def steps(folder: Path) -> tuple[Step, ...]:
    """How to load the files, in order: what joins first, then what measures, then the bills, so
    that every day is attributed once; the restated bill at last, as it would arrive."""
    bills = folder / "bills"

    def under(*patterns: str) -> tuple[Path, ...]:
        return tuple(sorted(path for pattern in patterns for path in folder.glob(pattern)))

    wanted = (
        Step("Maps", "maps", under("maps/*.csv")),
        Step("Calls and training runs", "calls", under("usage/*")),
        Step("Experiment tracker", tracker.SOURCE, under("runs/*.csv.gz")),
        Step("GPU archive", "gpu-archive", under("telemetry/*.parquet")),
        Step("GPU scrapes", "dcgm-mf-serve", under("telemetry/dcgm/*.prom.gz")),
        Step("Revenue, outcomes, quality", "business", under("business/*.csv")),
        Step("AWS bill", aws.SOURCE, (bills / "aws",)),
        Step("Untagged account", focus.UNTAGGED_SOURCE, under("bills/account-4471/*.csv")),
        Step("Model API bill", focus.LLM_SOURCE, under("bills/llm/*.csv")),
        Step("Model API bill, restated", focus.LLM_SOURCE, under("bills/llm-restated/*.csv")),
    )
    return tuple(step for step in wanted if step.paths)
