"""What stands below and beside a chart: periods, round amounts, and their texts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from aicost.web import numbers

TICKS_MAX = 5
LABELS_X_MAX = 31


@dataclass(frozen=True)
class Axis:
    """How periods are written below and amounts beside the chart. `cut` are steps of which the
    view has only a part, with its days: beside whole months part of one looks like a fall."""

    step: str
    currency: str | None = None
    unit: str = "money"
    estimate_from: date | None = None
    events: Mapping[date, str] = field(default_factory=dict)
    cut: Mapping[date, str] = field(default_factory=dict)

    def is_open(self, when: date) -> bool:
        """Whether its amount is not the last word: it is hatched."""
        return when in self.cut or (self.estimate_from is not None and when >= self.estimate_from)

    def named(self, when: date) -> str:
        """ "Nov, to 26 Nov" where only a part of the step is meant."""
        text = period_text(when, self.step)
        return f"{text}, {self.cut[when]}" if when in self.cut else text


def nice_ticks(top: Decimal) -> list[Decimal]:
    """Zero to at least `top` in at most five even, round steps."""
    if top <= 0:
        return [Decimal(0), Decimal(1)]
    raw = top / (TICKS_MAX - 1)
    scale = Decimal(1).scaleb(raw.adjusted())
    step = next(m * scale for m in map(Decimal, ("1", "2", "2.5", "5", "10")) if m * scale >= raw)
    ticks = [Decimal(0)]
    while ticks[-1] < top:
        ticks.append(ticks[-1] + step)
    return ticks


def tick_text(value: Decimal, axis: Axis) -> str:
    if not value:
        return "0"
    if axis.unit == "money":
        if abs(value) < 10:
            sign = numbers.MINUS if value < 0 else ""
            places = max(2, -value.normalize().as_tuple().exponent) if value % 1 else 0
            return f"{sign}{numbers.sign_of(axis.currency)}{abs(value):.{places}f}"
        return numbers.short_money(value, axis.currency)
    if axis.unit == "index":
        return f"{value.normalize():f}"
    if axis.unit == "percent":
        return f"{value.normalize():f}%".replace("-", numbers.MINUS)
    if axis.unit == "ms":
        return f"{value.normalize():f} ms" if value < 1000 else f"{(value / 1000).normalize():f} s"
    return numbers.short_count(value).replace(".0", "")


def value_text(value: Decimal, axis: Axis) -> str:
    if axis.unit == "money":
        small = abs(value) < 1
        return (numbers.unit_money if small else numbers.money)(value, axis.currency)
    return tick_text(value, axis) if axis.unit != "count" else numbers.count(value)


def period_text(when: date, step: str) -> str:
    if step == "quarter":
        return numbers.quarter(when)
    if step == "month":
        return f"{when:%b}"
    return numbers.day(when)


def x_labels(periods: Sequence[date], axis: Axis) -> tuple[list[int], list[str]]:
    """Where labels stand and what they say; a part of a step says so in a second line."""
    every = -(-len(periods) // LABELS_X_MAX)
    places = list(range(0, len(periods), every))
    texts, month = [], None
    for n in places:
        when = periods[n]
        if axis.step == "day" and when.month == month:
            text = str(when.day)
        else:
            text = period_text(when, axis.step)
        texts.append(f"{text}<br>{axis.cut[when]}" if when in axis.cut else text)
        month = when.month
    return places, texts
