"""What a detector says, and the shape of a detector itself."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
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
class Noticed:
    """Something that happened to one name of one level, in exact money of reports: what a fact
    detector says, and what a finding on a series becomes for an alert.

    `expected` and `actual` are of the days `onset` to `last`; None where the kind expects nothing
    in money. `goes_on`: it costs the same again every day until somebody acts. `sure`: seen at low
    sensitivity too, so that it is told of a leaf as well.
    `title` says what happened, `rule` by which rule, with its figures."""

    level: str
    name: str
    currency: str
    kind: str
    onset: date
    last: date
    raised_on: date
    expected: Decimal | None
    actual: Decimal | None
    title: str
    rule: str
    goes_on: bool = True
    sure: bool = True
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def excess(self) -> Decimal | None:
        if self.actual is None or self.expected is None:
            return None
        return self.actual - self.expected

    @property
    def days(self) -> int:
        return (self.last - self.onset).days + 1


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

    `facts` names the rows a detector of facts is given (attribution.alerting.facts).

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
    facts: str = ""


ERRORS, DOLLARS = "errors", "dollars"


def setting(
    value: float, text: str, low: float | None = None, high: float | None = None, of: str = ""
) -> Any:
    """A field of a settings dataclass: its value at medium sensitivity, its help, and its values
    at low and high where they differ. `of` says what grows when feedback makes a rule duller:
    ERRORS for usual errors, DOLLARS for money."""
    return field(default=value, metadata={"help": text, "low": low, "high": high, "of": of})


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


@dataclass(frozen=True)
class Dulled:
    """By how much feedback made the rules of a series duller: 1 is not at all."""

    errors: float = 1.0
    dollars: float = 1.0

    def settings(self, chosen: Any) -> Any:
        """Settings with their usual errors and their dollars grown so."""
        factors = {ERRORS: self.errors, DOLLARS: self.dollars}
        grown = {
            one.name: getattr(chosen, one.name) * factors[one.metadata["of"]]
            for one in fields(chosen)
            if one.metadata.get("of")
        }
        return replace(chosen, **grown) if grown else chosen


SHARP = Dulled()
