"""The levels that are watched, from the whole down: what is told of each, and to whom."""

from dataclasses import dataclass
from typing import NamedTuple


class Scope(NamedTuple):
    """One watched series: what it is of, and the currency its money is in."""

    level: str
    name: str
    currency: str


@dataclass(frozen=True)
class Level:
    """`dimension` of report `cost`; '' is the whole. The deeper level tells the same money better.
    Of a `leaf` people are told only what is large and seen at low sensitivity too. `quantities`:
    what a cost per unit is measured in, the first that is known."""

    name: str
    title: str
    depth: int
    dimension: str = ""
    leaf: bool = False
    quantities: tuple[str, ...] = ()


ORGANISATION = "organisation"
LEVELS = (
    Level(ORGANISATION, "All AI", 0),
    Level("service", "Service", 1, "service"),
    Level("team", "Team", 1, "team"),
    Level("feature", "Feature", 2, "feature", quantities=("requests",)),
    Level("model", "Model", 3, "model", quantities=("tokens", "requests")),
    Level("workload", "Workload", 4, "workload", leaf=True),
    Level("experiment", "Experiment", 5, "experiment", leaf=True),
    Level("customer", "Customer", 6, leaf=True),
)
# What only detectors of facts speak of.
OF_FACTS = (
    Level("source", "Source", 1),
    Level("account", "Account", 1),
    Level("resource", "Resource", 6, leaf=True),
    Level("budget", "Budget", 1),
)
BY_NAME = {one.name: one for one in (*LEVELS, *OF_FACTS)}
# Dimensions of report `cost` asked together, to tell what of one lies within another.
NESTED = (
    ("team", "feature", "model", "experiment"),
    ("service", "feature", "model", "experiment"),
    ("team", "feature", "model", "workload"),
    ("service", "experiment", "workload"),
)
