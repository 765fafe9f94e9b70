"""truth.json: what the files say and what the product should find in them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
import json
from pathlib import Path

import numpy as np

from aicost.kernel.money import plain
from aicost.kernel.periods import next_month
from aicost.runtime.demo import aws, focus
from aicost.runtime.demo import company as c
from aicost.runtime.demo.business import revenue_rows
from aicost.runtime.demo.gpu_hours import GpuHours
from aicost.runtime.demo.services import credit, daily_items, untagged_items
from aicost.runtime.demo.story import Story, date_of_hour, day_number
from aicost.runtime.demo.tracker import FAILED, KILLED, RUNNING, Tracked

ENDS = (FAILED, KILLED, RUNNING)
FeatureMonth = tuple[str, str]


@dataclass(frozen=True)
class World:
    """What was planned and simulated; everything the truth is derived from."""

    story: Story
    nodes: Sequence[aws.NodeDay]
    gpus: GpuHours
    tokens: Sequence[focus.TokenCharge]
    tracked: Sequence[Tracked]


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _monthly(world: World) -> list[dict[str, object]]:
    """Billed per source and month of the charge day, after the restatement. Effective is the same:
    each plan's fee is used or unused in the hour it is due."""
    story = world.story
    totals: dict[FeatureMonth, Decimal] = defaultdict(Decimal)
    by_day: dict[date, list[aws.NodeDay]] = defaultdict(list)
    for each in world.nodes:
        by_day[each.day].append(each)
    for day in story.days:
        month, nodes = _month(day), by_day[day]
        cost = aws.day_cost(story, nodes, day) + aws.day_tax(story, nodes, day)
        totals[aws.SOURCE, month] += cost + credit(story, day)
        if day.day == 1:
            totals[aws.SOURCE, month] += story.monthly_support(day)
        untagged = sum((item.cost for item in untagged_items(story, day)), Decimal(0))
        totals[focus.UNTAGGED_SOURCE, month] += untagged
    for charge in world.tokens:
        totals[focus.LLM_SOURCE, _month(charge.day)] += charge.cost
    refund = focus.correction_day(story)
    if refund:
        totals[focus.LLM_SOURCE, _month(refund)] += focus.CORRECTION
    return [
        {"source": source, "month": month, "cost": plain(cost), "currency": c.CURRENCY}
        for (source, month), cost in sorted(totals.items())
    ]


def _gpu_parts(world: World) -> dict[tuple[int, str], dict[str, int]]:
    """(day number, node) → feature → GPU-hours; '' is a model that several features share, or
    spare and unobserved time."""
    gpus = world.gpus
    features = sorted({each.work.feature for each in gpus.segments if each.work} | {""})
    of_segment = [features.index(each.work.feature if each.work else "") for each in gpus.segments]
    keys = np.stack([gpus.hour // 24, gpus.node, np.array(of_segment)[gpus.segment]])
    groups, counts = np.unique(keys, axis=1, return_counts=True)
    parts: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for (day, node, feature), n in zip(groups.T.tolist(), counts.tolist(), strict=True):
        parts[day, gpus.nodes[node].name][features[feature]] = n
    return parts


def _features(world: World) -> list[dict[str, object]]:
    """Cost per feature and month, own idle included. `exact` where no division was needed and no
    shared model is part of it."""
    story = world.story
    cost: dict[FeatureMonth, Decimal] = defaultdict(Decimal)
    inexact: set[FeatureMonth] = set()
    parts = _gpu_parts(world)
    for each in world.nodes:
        capacity = each.node.kind.gpus * len(each.hours)
        for feature, hours in parts[day_number(each.day), each.node.name].items():
            key = (feature, _month(each.day))
            cost[key] += each.effective_cost * hours / capacity
            if hours != capacity:
                inexact.add(key)
    for day in story.days:
        for item in daily_items(story, day):
            cost[item.tags.get("feature", ""), _month(day)] += item.cost
    for charge in world.tokens:
        feature = c.SUPPORT if charge.model == c.LARGE else c.CATALOGUE
        cost[feature, _month(charge.day)] += charge.metered * charge.price
    refund = focus.correction_day(story)
    if refund:
        cost[c.SUPPORT, _month(refund)] += focus.CORRECTION
    revenue: dict[FeatureMonth, Decimal] = defaultdict(Decimal)
    for day, feature, _, amount, _ in revenue_rows(story):
        revenue[feature, _month(day)] += Decimal(amount)
    shared = {c.SEARCH, c.RECOMMENDATIONS, c.CATALOGUE}
    return [
        {
            "feature": feature,
            "month": month,
            "cost": plain(amount.quantize(Decimal(1).scaleb(-18), ROUND_HALF_EVEN)),
            "exact": feature not in shared and (feature, month) not in inexact,
            "revenue": plain(revenue[feature, month]) if (feature, month) in revenue else None,
        }
        for (feature, month), amount in sorted(cost.items())
        if feature
    ]


def _runs(world: World) -> list[dict[str, object]]:
    """Tracked runs per experiment (of the model where there is none) and month they began in."""
    found: dict[tuple[str, str, str], list[Tracked]] = defaultdict(list)
    for run in world.tracked:
        model = "" if run.work.experiment else run.work.model
        found[run.work.experiment, model, _month(date_of_hour(run.start))].append(run)
    return [
        {
            "experiment": experiment,
            "model": model,
            "month": month,
            "runs": len(runs),
            "gpu_hours": sum(run.gpu_hours for run in runs),
            **{status: sum(run.status == status for run in runs) for status in ENDS},
        }
        for (experiment, model, month), runs in sorted(found.items())
    ]


def _event(name: str, title: str, start: date, end: date, **facts: object) -> dict[str, object]:
    return {"name": name, "title": title, "from": start, "to": end, **facts}


def _node_cost(world: World, name: str, first: date, end: date) -> Decimal:
    chosen = (x for x in world.nodes if x.node.name == name and first <= x.day < end)
    return sum((each.effective_cost for each in chosen), Decimal(0))


def _node_events(world: World) -> list[dict[str, object]]:
    story, saturday = world.story, world.story.idle_saturday
    monday, friday = saturday + timedelta(days=2), story.gap_day + timedelta(days=2)
    hourly = c.INSTANCE_TYPES["p4d.24xlarge"].demand
    idle = _node_cost(world, "gpu-exp-01", saturday, monday)
    forgotten = max(story.forgotten_idle_from, story.first)
    held = _node_cost(world, "exp-wide-01", forgotten, story.end)
    decided = max(story.decision, story.first)
    variant = _node_cost(world, "rec-ab-b", decided, story.end)

    def on(node: str) -> dict[str, object]:
        return {"node": node, "resource_ids": [c.resource_id(node)]}

    return [
        _event(
            "idle_weekend",
            "gpu-exp-01 stood empty over the weekend",
            saturday,
            monday,
            **on("gpu-exp-01"),
            kind="idle",
            state="empty_idle",
            experiment="two-tower",
            cost=plain(idle),
        ),
        _event(
            "telemetry_gap",
            "gpu-exp-01 sent no telemetry for 36 hours from noon",
            story.gap_day,
            friday,
            **on("gpu-exp-01"),
            kind="unattributed",
            state="unobserved",
            cost=plain(hourly * 36),
        ),
        _event(
            "forgotten_experiment",
            "wide-embeddings ended and still holds four GPUs",
            forgotten,
            story.end,
            **on("exp-wide-01"),
            kind="idle",
            state="held_idle",
            experiment="wide-embeddings",
            cost=plain(held),
        ),
        _event(
            "decided_variant",
            "Variant B got no more traffic and kept its GPUs",
            decided,
            story.end,
            **on("rec-ab-b"),
            kind="idle",
            state="held_idle",
            experiment="ab-rank-b",
            cost=plain(variant),
        ),
        _event(
            "past_its_plan",
            "two-tower goes on past its planned end",
            story.planned_end,
            story.end,
            experiment="two-tower",
        ),
    ]


def _bill_events(world: World) -> list[dict[str, object]]:
    story, restated = world.story, world.story.restated_month
    early = sum((focus.late_tokens(story, each).cost for each in world.tokens), Decimal(0))
    late = sum((each.cost for each in world.tokens), Decimal(0)) - early
    extra = sum(((x.tokens - x.metered) * x.price for x in world.tokens), Decimal(0))
    untagged = sum(
        (item.cost for day in story.days for item in untagged_items(story, day)), Decimal(0)
    )
    events = [
        _event(
            "untagged_account",
            "Nobody tags account 4471",
            story.first,
            story.end,
            account=c.UNTAGGED_ACCOUNT,
            kind="unattributed",
            state="unclaimed",
            cost=plain(untagged),
        ),
        _event(
            "unmetered_tokens",
            "The API bills retries that no log knows",
            story.first,
            story.end,
            model=c.LARGE,
            kind="unattributed",
            state="unmetered",
            cost=plain(extra),
        ),
    ]
    if late:
        title = "The API restates a month: output of its last three days was late"
        events.append(
            _event(
                "restated_bill",
                title,
                max(restated, story.first),
                next_month(restated),
                cost=plain(late),
            )
        )
    refund = focus.correction_day(story)
    if refund:
        title = "A refund comes with a later bill"
        next_day = refund + timedelta(days=1)
        events.append(_event("correction", title, refund, next_day, cost=plain(focus.CORRECTION)))
    return events


def _growth_events(world: World) -> list[dict[str, object]]:
    story, end = world.story, world.story.end
    steps = [
        ("second_model", "A second model for personalisation", story.second_model),
        ("five_minutes", "Inference every 5 minutes, not every hour", story.five_minute_inference),
        ("ab_test", "A/B test with three variants on own GPUs", story.ab_test),
        ("retraining", "Continuous retraining on twice the data", story.continuous_retraining),
        ("rollout", "v3.3 becomes the default", story.rollout),
        ("support_loses", "Support assistant costs more than it earns", story.months[4]),
    ]
    return [_event(name, title, since, end) for name, title, since in steps if since < end]


def write_truth(world: World, folder: Path, counts: dict[str, int]) -> None:
    """truth.json; money as decimal strings, `to` and `until` excluded."""
    story = world.story
    events = [*_node_events(world), *_bill_events(world), *_growth_events(world)]
    facts = {
        "company": c.NAME,
        "seed": story.seed,
        "currency": c.CURRENCY,
        "from": story.first,
        "until": story.end,
        "months": [_month(month) for month in story.months],
        "targets": [plain(target) for target in c.MONTHLY_TARGETS],
        "counts": counts,
        "monthly_totals": _monthly(world),
        "features": _features(world),
        "runs": _runs(world),
        "events": events,
    }
    text = json.dumps(facts, indent=1, default=str) + "\n"
    folder.joinpath("truth.json").write_text(text, encoding="utf-8")
