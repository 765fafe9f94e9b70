"""The training fleets. They take what the month's target leaves, in whole node-hours a day."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from aicost.runtime.demo.company import INSTANCE_TYPES, TAX_RATE, WORKS
from aicost.runtime.demo.fleet import SPOT, TRAIN, Fleet, Life, Node, Segment
from aicost.runtime.demo.story import Story, hour_number

_KIND = INSTANCE_TYPES["p4d.24xlarge"]


@dataclass(frozen=True)
class Run:
    """One training run; times in hours since 1970."""

    name: str
    day: date
    work: str
    version: str
    start: int
    end: int
    gpu_hours: int
    status: str


@dataclass
class Training:
    fleet: Fleet = field(default_factory=lambda: Fleet([], []))
    runs: list[Run] = field(default_factory=list)


def spot_price(story: Story, day: date) -> Decimal:
    """USD an hour of a spot node on a day, four decimals, around the list of `company`."""
    drift = story.random(f"spot {day}").integers(-60, 61)
    return _KIND.spot + Decimal(int(drift)) / 100


def _runs_a_day(story: Story, work: str, day: date) -> int:
    month = story.month_index(day)
    if work == "train-rank":
        return (1, 1, 1, 2, 12, 24)[month]
    return (1, 1, 1, 1, 4, 6)[month]


def _personal_share(story: Story, day: date) -> Decimal:
    """Personalisation's part of the training money; its window doubles in the last month."""
    if day < story.second_model:
        return Decimal(0)
    last_month = story.month_index(day) == 5
    return Decimal("0.45") if last_month and day.day >= 9 else Decimal("0.36")


def plan_training(story: Story, other_cost: Callable[[date], Decimal]) -> Training:
    """`other_cost` is everything else of a day, tax included. What a day's whole node-hours leave
    of its target goes to the next day, so a month misses its target by less than one node-hour."""
    training, carry = Training(), Decimal(0)
    for day in story.days:
        left = story.day_target(day) + carry - other_cost(day)
        personal = _hours(left * _personal_share(story, day), _KIND.demand)
        spot = spot_price(story, day)
        spent = personal * _KIND.demand * (1 + TAX_RATE)
        ranking = _hours(left - spent, spot)
        carry = left - spent - ranking * spot * (1 + TAX_RATE)
        _train(story, training, day, "train-rank", ranking)
        _train(story, training, day, "train-persona", personal)
    return training


def _hours(money: Decimal, price: Decimal) -> int:
    hours = (money / (price * (1 + TAX_RATE))).to_integral_value(ROUND_FLOOR)
    return max(int(hours), 0)


def _train(story: Story, training: Training, day: date, work: str, node_hours: int) -> None:
    """Fill nodes one after the other; runs follow each other on all nodes of the hour."""
    start, runs = hour_number(day), _runs_a_day(story, work, day)
    length = 24 // runs
    gpu_hours = [0] * runs
    slot = 0
    while node_hours > 0:
        hours = min(node_hours, 24)
        node = _training_node(work, slot, day)
        training.fleet.lives.append(Life(node, start, start + hours))
        # On-demand nodes stand a last hour empty before somebody stops them.
        used = hours - 1 if node.pricing != SPOT and 1 < hours < 24 else hours
        for run in range(runs):
            from_, to = run * length, min((run + 1) * length, used)
            if from_ >= used:
                break
            pod = f"{work}-{day:%Y%m%d}-{run:02d}-{slot}"
            training.fleet.segments.append(
                Segment(node, start + from_, start + to, 0, 8, WORKS[work], pod, 0.9, 0.03)
            )
            gpu_hours[run] += 8 * (to - from_)
        if used < hours:
            training.fleet.segments.append(Segment(node, start + used, start + hours, 0, 8))
        node_hours -= hours
        slot += 1
    for run, hours in enumerate(gpu_hours):
        if hours:
            training.runs.append(_run(story, work, day, run, length, hours))


def _training_node(work: str, slot: int, day: date) -> Node:
    """Spot nodes are replaced every week, each with a resource id of its own."""
    if work == "train-rank":
        name = f"rec-train-{day:%G%V}-{slot + 1}"
        return Node(name, "rec-train", _KIND, TRAIN, "relevance", SPOT)
    name = f"pers-train-{slot + 1:02d}"
    return Node(name, "pers-train", _KIND, TRAIN, "personalisation")


def _run(story: Story, work: str, day: date, run: int, length: int, gpu_hours: int) -> Run:
    name = f"{work}-{day:%Y%m%d}-{run:02d}"
    failed = story.random(name).random() < 0.06
    version = f"{day:%Y%m%d}"
    start = hour_number(day) + run * length
    status = "failed" if failed else "succeeded"
    return Run(name, day, work, version, start, start + length, gpu_hours, status)
