"""The business side: revenue, outcomes and quality scores, and the maps that join the worlds."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from aicost.runtime.demo import company as c
from aicost.runtime.demo import files
from aicost.runtime.demo.fleet import Fleet
from aicost.runtime.demo.story import Story, date_of_hour

# USD a day in the middle of each month. Fraud scoring and tagging earn nothing by themselves.
REVENUE = {
    c.RECOMMENDATIONS: (7900, 8100, 8700, 8950, 9250, 9450),
    c.PERSONALISATION: (0, 2300, 2800, 3150, 3380, 3560),
    c.SEARCH: (2020, 2080, 2150, 2220, 2290, 2350),
    c.SUPPORT: (215, 240, 262, 270, 264, 272),
}
OUTCOMES = {
    c.RECOMMENDATIONS: ("orders_assisted", "rank-v3", (2900, 2950, 3150, 3230, 3330, 3400)),
    c.PERSONALISATION: ("baskets_completed", "persona-v1", (0, 1500, 1800, 1990, 2110, 2200)),
    c.SEARCH: ("orders_from_search", "search-rank", (1050, 1080, 1110, 1140, 1170, 1200)),
    c.SUPPORT: ("tickets_solved", c.LARGE, (5200, 5600, 6000, 6450, 6900, 7300)),
    c.FRAUD: ("frauds_stopped", "fraud-net", (61, 63, 66, 70, 72, 74)),
    c.CATALOGUE: ("items_tagged", "tagger", (26e3, 27e3, 29e3, 31e3, 32e3, 34e3)),
}
# version, score, experiment; v3.2 costs most and v3.0-distil least for what they bring.
RANK_QUALITY = (
    ("v2.8-small", "0.4021", ""),
    ("v2.9", "0.4096", ""),
    ("v3.0-distil", "0.4109", ""),
    ("v3.1", "0.4138", "ab-rank-a"),
    ("v3.2", "0.4171", "ab-rank-b"),
    ("v3.3", "0.4182", "ab-rank-c"),
)
# What experiments score, week by week in the months from the fourth on: model, measure, data set,
# experiment, first score and what a week adds. Two-tower is scored once the test's variants are,
# so that its gain is over them; wider embeddings bring nothing.
TRIAL_QUALITY = (
    ("rank-v3", "ndcg@10", "holdout", "two-tower", 21, "0.4179", "0.0005"),
    ("persona-v1", "auc", "holdout", "gnn-basket", 10, "0.7802", "0.0012"),
    ("rank-v3", "ndcg@10", "holdout", "wide-embeddings", 11, "0.4081", "0.0002"),
)
_SHARES = np.array([share for _, share in c.STOREFRONTS]) / 1000


def revenue_rows(story: Story) -> Iterator[list[object]]:
    """Cents, exactly: a row a day, feature and storefront."""
    for feature, curve in REVENUE.items():
        chance = story.random("revenue " + feature)
        for day in story.days:
            noise = 1 + 0.02 * chance.standard_normal(len(_SHARES))
            weekend = 0.92 if day.weekday() >= 5 else 1.032
            if feature == c.PERSONALISATION and day < story.second_model:
                continue
            cents = np.rint(100 * story.curve(day, curve) * weekend * _SHARES * noise)
            for (customer, _), amount in zip(c.STOREFRONTS, cents.tolist(), strict=True):
                money = Decimal(int(amount)).scaleb(-2)
                yield [day, feature, customer, f"{money:f}", c.CURRENCY]


def _outcome_rows(story: Story) -> Iterator[list[object]]:
    for feature, (name, model, curve) in OUTCOMES.items():
        for day in story.days:
            if feature == c.PERSONALISATION and day < story.second_model:
                continue
            weekend = 0.9 if day.weekday() >= 5 else 1.04
            counts = np.rint(story.curve(day, curve) * weekend * _SHARES).astype(int)
            for (customer, _), count in zip(c.STOREFRONTS, counts.tolist(), strict=True):
                yield [day, name, feature, "", model, customer, count]


def _quality_rows(story: Story) -> Iterator[list[object]]:
    """Every Monday each version is scored on the same holdout; chance moves the fourth digit."""
    chance = story.random("quality")
    known = {"v2.8-small": story.months[0], "v2.9": story.months[0]}
    for day in (day for day in story.days if day.weekday() == 0):
        for version, score, experiment in RANK_QUALITY:
            if day >= known.get(version, story.ab_test):
                value = Decimal(score) + Decimal(int(chance.integers(-3, 4))).scaleb(-4)
                yield [day, "rank-v3", version, "ndcg@10", value, experiment, "holdout"]
        yield from _trial_rows(story, day)
        drift = Decimal("0.0004") * max(0, 4 - abs(story.month_index(day) - 3))
        yield [day, "persona-v1", "v1.4", "auc", Decimal("0.7810") - drift, "", "holdout"]
        solved = Decimal("0.714") + Decimal("0.003") * story.month_index(day)
        yield [day, c.LARGE, "2026-04", "solved_rate", solved, "", "tickets"]


def _trial_rows(story: Story, day: date) -> Iterator[list[object]]:
    """The scores of experiments on a Monday; each is a candidate version of the model."""
    for model, measure, dataset, experiment, since, first, step in TRIAL_QUALITY:
        start = story.day_of_month(3, since)
        ends = story.forgotten_idle_from + timedelta(days=7)
        if day < start or (experiment == "wide-embeddings" and day > ends):
            continue
        week = (day - start).days // 7
        value = Decimal(first) + Decimal(step) * min(week, 12)
        yield [day, model, experiment, measure, value, experiment, dataset]


def write_business(story: Story, folder: Path) -> int:
    place = files.made(folder, "business")
    rows = 0
    for name, columns, lines in (
        ("revenue", "day,feature,customer,revenue,currency", revenue_rows(story)),
        ("outcomes", "day,outcome,feature,experiment,model,customer,count", _outcome_rows(story)),
        (
            "quality",
            "day,model,model_version,measure,score,experiment,dataset",
            _quality_rows(story),
        ),
    ):
        written = list(lines)
        files.write_csv(place / f"{name}.csv", columns.split(","), written)
        rows += len(written)
    return rows


_WORK_NAMES = """
cluster namespace pattern activity workload model feature experiment team environment valid_from
valid_to
"""
_WORK_COLUMNS = tuple(_WORK_NAMES.split())


def write_maps(story: Story, folder: Path, fleet: Fleet) -> int:
    """maps/: node → instance id, pod pattern → what it serves, and names the logs spell oddly."""
    place = files.made(folder, "maps")
    resources = _resources(fleet)
    works = [
        [
            "",
            work.namespace,
            work.pattern,
            work.activity,
            work.workload,
            work.model,
            work.feature,
            work.experiment,
            work.team,
            work.environment,
            "",
            "",
        ]
        for work in c.WORKS.values()
    ]
    aliases = [
        ["model", "sage-large-2026-04", c.LARGE, "", ""],
        ["model", "SageLarge", c.LARGE, "", ""],
        ["team", "recsys", "relevance", "", ""],
    ]
    columns = ["cluster", "node", "resource_id", "valid_from", "valid_to"]
    files.write_csv(place / "resource_map.csv", columns, resources)
    files.write_csv(place / "workload_map.csv", _WORK_COLUMNS, works)
    alias = ["dimension", "raw", "canonical", "valid_from", "valid_to"]
    files.write_csv(place / "alias.csv", alias, aliases)
    return len(resources) + len(works) + len(aliases)


def _resources(fleet: Fleet) -> Sequence[list[object]]:
    first: dict[object, int] = {}
    for life in fleet.lives:
        first[life.node] = min(life.start, first.get(life.node, life.start))
    return [
        [node.cluster, node.name, node.resource_id, date_of_hour(start), ""]
        for node, start in sorted(first.items(), key=lambda each: (each[1], each[0].name))
    ]
