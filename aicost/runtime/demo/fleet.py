"""Which node lives when, and what runs on its GPUs: the plan that bills and telemetry share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from aicost.runtime.demo.company import (
    INSTANCE_TYPES,
    PRODUCTION,
    RESEARCH,
    WORKS,
    InstanceType,
    Work,
    resource_id,
)
from aicost.runtime.demo.story import Story, hour_number

DEMAND, PLAN, SPOT = "demand", "plan", "spot"
HELD, EMPTY = "held", "empty"
SERVE, TRAIN = "mf-serve", "mf-train"


@dataclass(frozen=True)
class Node:
    name: str
    group: str
    kind: InstanceType
    cluster: str
    team: str
    pricing: str = DEMAND
    account: str = PRODUCTION
    environment: str = "prod"
    plan: int = 0  # which savings plan covers it

    @property
    def resource_id(self) -> str:
        return resource_id(self.name)


@dataclass(frozen=True)
class Life:
    """Billed hours of a node, half-open."""

    node: Node
    start: int
    end: int


@dataclass(frozen=True)
class Segment:
    """Observed hours of some GPUs of a node. Without work they are unreserved.

    `idle` is the share of five-minute buckets without activity by day, more at night when
    `nightly`; `idle_kind` tells whether memory is held meanwhile. `busy` is the mean of the rest.
    """

    node: Node
    start: int
    end: int
    first_gpu: int
    gpus: int
    work: Work | None = None
    pod: str = ""
    busy: float = 0.0
    idle: float = 0.0
    nightly: bool = False
    idle_kind: str = HELD


@dataclass
class Fleet:
    lives: list[Life]
    segments: list[Segment]

    def add(self, other: "Fleet") -> None:
        self.lives += other.lives
        self.segments += other.segments

    def nodes(self) -> list[Node]:
        return list(dict.fromkeys(life.node for life in self.lives))


def _node(name: str, kind: str, team: str, cluster: str = SERVE, **more: object) -> Node:
    group = name.rsplit("-", 1)[0]
    return Node(name, group, INSTANCE_TYPES[kind], cluster, team, **more)


@dataclass(frozen=True)
class Service:
    """A node that serves one workload from a day on, day and night."""

    node: Node
    since: date
    work: str
    gpus: int
    busy: float
    idle: float


def _services(story: Story) -> list[Service]:
    start = story.months[0]
    ab = [
        Service(_node(f"rec-ab-{arm}", "g5.24xlarge", "relevance"), story.ab_test, work, 4, busy, i)
        for arm, work, busy, i in (
            ("a", "rank-ab-a", 0.55, 0.10),
            ("b", "rank-ab-b", 0.48, 0.16),
            ("c", "rank-ab-c", 0.62, 0.06),
        )
    ]
    relevance, pers = "relevance", "personalisation"
    plan_1 = {"pricing": PLAN, "plan": 1}
    plan_2 = {"pricing": PLAN, "plan": 2}
    five = story.five_minute_inference
    return [
        Service(
            _node("rec-serve-01", "p4d.24xlarge", relevance, **plan_1),
            start,
            "rank-serve",
            8,
            0.66,
            0.04,
        ),
        Service(_node("rec-serve-02", "g5.48xlarge", relevance), five, "rank-serve", 8, 0.58, 0.05),
        Service(
            _node("pers-serve-01", "p4d.24xlarge", pers, **plan_2),
            story.second_model,
            "persona-serve",
            8,
            0.6,
            0.06,
        ),
        Service(
            _node("search-serve-01", "g5.12xlarge", "search"), start, "search-serve", 4, 0.6, 0.08
        ),
        Service(
            _node("search-serve-02", "g5.12xlarge", "search"),
            story.months[3],
            "search-serve",
            2,
            0.5,
            0.1,
        ),
        Service(
            _node("embed-serve-01", "g5.2xlarge", "platform"), start, "embed-serve", 1, 0.5, 0.1
        ),
        Service(_node("fraud-serve-01", "g5.2xlarge", "fraud"), start, "fraud-serve", 1, 0.4, 0.2),
        Service(_node("fraud-serve-02", "g5.2xlarge", "fraud"), start, "fraud-serve", 1, 0.4, 0.3),
        *ab,
    ]


def _serving(story: Story) -> Fleet:
    fleet = Fleet([], [])
    for service in _services(story):
        node = service.node
        start = hour_number(max(service.since, story.first))
        end = hour_number(story.end)
        fleet.lives.append(Life(node, start, end))
        pod = f"{service.work}-{node.name[-2:].strip('-')}"
        changes = [start, end]
        if service.work == "rank-ab-b":
            changes.insert(1, max(start, hour_number(story.decision)))
        for at, (from_, to) in enumerate(zip(changes, changes[1:], strict=False)):
            stopped = at == 1
            fleet.segments.append(
                Segment(
                    node,
                    from_,
                    to,
                    0,
                    service.gpus,
                    WORKS[service.work],
                    pod,
                    service.busy,
                    1.0 if stopped else service.idle,
                    nightly=not stopped,
                )
            )
        if service.gpus < node.kind.gpus:
            spare = node.kind.gpus - service.gpus
            fleet.segments.append(Segment(node, start, end, service.gpus, spare))
    return fleet


def _tagging(story: Story) -> Fleet:
    """A nightly batch of seven hours on a node that is stopped an hour too late."""
    node = _node("tag-batch-01", "g5.xlarge", "catalogue")
    fleet = Fleet([], [])
    for day in story.days:
        start = hour_number(day)
        fleet.lives.append(Life(node, start, start + 8))
        pod = f"tag-batch-{day:%Y%m%d}"
        work = WORKS["tag-batch"]
        fleet.segments.append(Segment(node, start, start + 7, 0, 1, work, pod, 0.85, 0.02))
        fleet.segments.append(Segment(node, start + 7, start + 8, 0, 1))
    return fleet


def _experiments(story: Story) -> Fleet:
    """gpu-exp-01 runs on weekdays from 8 to 24, but for the long weekend nobody switched it off."""
    node = _node(
        "gpu-exp-01",
        "p4d.24xlarge",
        "relevance",
        TRAIN,
        account=RESEARCH,
        environment="research",
    )
    fleet = Fleet([], [])
    saturday, gap = story.idle_saturday, story.gap_day
    for day in story.days:
        start = hour_number(day)
        if day < story.months[3]:
            continue
        if day == gap:
            fleet.lives.append(Life(node, start + 8, start + 24))
            fleet.segments += _experiment_hours(node, day, 8, 12)
        elif day == gap + timedelta(days=1):
            fleet.lives.append(Life(node, start, start + 24))
        elif day in (saturday, saturday + timedelta(days=1)):
            fleet.lives.append(Life(node, start, start + 24))
            work = WORKS["exp-two-tower"]
            fleet.segments.append(
                Segment(
                    node,
                    start,
                    start + 24,
                    0,
                    8,
                    work,
                    "exp-two-tower-notebook-0",
                    0.0,
                    1.0,
                    idle_kind=EMPTY,
                )
            )
        elif day.weekday() < 5:
            fleet.lives.append(Life(node, start + 8, start + 24))
            fleet.segments += _experiment_hours(node, day, 8, 24)
    return fleet


def _experiment_hours(node: Node, day: date, first: int, last: int) -> Iterable[Segment]:
    """Four GPUs for one experiment, two for another until eight in the evening, the rest spare."""
    start, end = hour_number(day, first), hour_number(day, last)
    late = min(end, hour_number(day, 20))
    tower, basket = WORKS["exp-two-tower"], WORKS["exp-gnn-basket"]
    stamp = f"{day:%m%d}"
    yield Segment(node, start, end, 0, 4, tower, f"exp-two-tower-{stamp}", 0.78, 0.06)
    yield Segment(node, start, late, 4, 3, basket, f"exp-gnn-basket-{stamp}", 0.7, 0.05)
    if late < end:
        yield Segment(node, late, end, 4, 3)
    yield Segment(node, start, end, 7, 1)


def _forgotten(story: Story) -> Fleet:
    """An experiment that ended after six days; its notebook still holds four GPUs."""
    node = _node(
        "exp-wide-01",
        "g5.12xlarge",
        "relevance",
        TRAIN,
        account=RESEARCH,
        environment="research",
    )
    start = max(hour_number(story.forgotten_from), hour_number(story.first))
    idle = max(start, hour_number(story.forgotten_idle_from))
    end = hour_number(story.end)
    work, pod = WORKS["exp-wide-embed"], "exp-wide-embed-notebook-0"
    fleet = Fleet([Life(node, start, end)], [])
    if start < idle:
        fleet.segments.append(Segment(node, start, idle, 0, 4, work, pod, 0.8, 0.03))
    fleet.segments.append(Segment(node, idle, end, 0, 4, work, pod, 0.0, 1.0))
    return fleet


def plan_fleet(story: Story) -> Fleet:
    """Everything but the training fleets, which take what the month's target leaves."""
    fleet = Fleet([], [])
    for part in (_serving, _tagging, _experiments, _forgotten):
        fleet.add(part(story))
    return fleet
