"""What a detector says, and the shape of a detector itself."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal

import numpy as np

SENSITIVITIES = ("low", "medium", "high")
Moment = date | datetime


@dataclass(frozen=True)
class Finding:
    """One event of one series. Costs are floats: estimates for a judgement, never booked.

    `onset` is its first period, `last` the last one marked so far; `raised_on` the latest period
    whose data the first alarm had seen; `vintage` how old those data were ("first", "second",
    "third" value or "final"). `expected` and `actual` are sums over the marked periods, `gates`
    what had to be passed and what was measured."""

    series: str
    kind: str
    onset: Moment
    last: Moment
    raised_on: Moment
    vintage: str
    expected: float
    actual: float
    score: float
    gates: dict[str, float]
    group: str = ""

    @property
    def excess(self) -> float:
        return self.actual - self.expected


@dataclass(frozen=True)
class NotEnough:
    """No judgement, and why: an answer too."""

    series: str
    detector: str
    reason: str


@dataclass(frozen=True)
class Marks:
    """What one series detector saw. Arrays are (series, periods).

    `fires[age]` says: the period, judged when `age` more periods have passed, is anomalous.
    `since` (counted in periods back from the judged one) is where the event began, 0 if there."""

    fires: dict[int, np.ndarray]
    since: np.ndarray | None = None


@dataclass(frozen=True)
class Detector:
    """One member of the registry. `reads` says what `run` is given: "series", a `Track` of the cost
    of many series, answered with `Marks`; "facts", rows of a report, answered with findings.

    `needs_usage`: without usage it has no answer. `concerns` tells for which series of a track it
    need be run at all (None: for all). An alarm of it stays away for `quiet_after_rise`, `_drop`,
    `_known` periods after an earlier rise, an earlier drop or an announced event: the same news is
    told once."""

    name: str
    title: str
    reads: Literal["series", "facts"]
    settings: type
    run: Callable[..., Any]
    concerns: Callable[..., np.ndarray] | None = None
    needs_usage: bool = False
    rises: bool = True
    frequencies: tuple[str, ...] = ("d",)
    quiet_after_rise: int = 0
    quiet_after_drop: int = 0
    quiet_after_known: int = 0


def setting(value: float, text: str, low: float | None = None, high: float | None = None) -> Any:
    """A field of a settings dataclass: its value at medium sensitivity, its help, and its values
    at low and high where they differ."""
    return field(default=value, metadata={"help": text, "low": low, "high": high})


def described(kind: type) -> list[tuple[str, float, float, float, str]]:
    """Each setting: name, its value at low, medium and high sensitivity, and its help."""
    low, medium, high = (settings_at(kind, one) for one in SENSITIVITIES)
    return [
        (one.name, getattr(low, one.name), one.default, getattr(high, one.name),
         one.metadata["help"])
        for one in fields(kind)
    ]  # fmt: skip


def settings_at(kind: type, sensitivity: str) -> Any:
    """The settings of a detector at "low", "medium" or "high" sensitivity."""
    if sensitivity not in SENSITIVITIES:
        raise ValueError(f"sensitivity {sensitivity!r} is none of {', '.join(SENSITIVITIES)}")
    chosen = {one.name: one.metadata.get(sensitivity) for one in fields(kind)}
    return kind(**{name: value for name, value in chosen.items() if value is not None})
