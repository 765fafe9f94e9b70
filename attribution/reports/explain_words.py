"""The words of "Why this number?": the sentence and the rule as people read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Protocol

from aicost.kernel.periods import Period
from attribution.models import AllocationRule
from attribution.reports.spec import Spec
from attribution.rules import RULES
from attribution.ruling.words import condition

_LINE_NAMES = {
    "total": "all cost",
    "workload": "cost of workloads without a name here",
    "idle": "idle capacity",
    "shared": "shared cost",
    "unattributed": "unattributed cost",
}
_EVIDENCE = (
    ("measured_cost", "was measured"),
    ("tagged_cost", "was placed by tags"),
    ("inferred_cost", "was placed by a rule's pattern"),
    ("fallback_cost", "was left where nothing better was known"),
)
_THEN = {"requests": "requests", "tokens": "tokens"}
_RATIO_DIGITS = 12
_POOLS = {"idle": "ownerless idle capacity", "shared": "shared cost"}


class NoFigure(LookupError):
    """There is no such figure, or the charge has no part in it; the message says which."""


@dataclass(frozen=True)
class RuleShown:
    """A rule version: `conditions` in words, all of which held; `method` is a key of RULES."""

    key: str
    version: int
    title: str
    method: str
    method_title: str
    conditions: tuple[str, ...]
    then: str
    note: str
    built_in: bool
    valid_from: date | None
    created_at: datetime
    created_by: str


class Share(Protocol):
    source: str
    pool: str
    start: date
    over_month: bool
    given: Decimal | None
    ratio: Decimal | None
    part: Decimal


class Line(Protocol):
    what: str
    resource_id: str
    charges: int
    ratio: Decimal | None


def rule_shown(rule: AllocationRule) -> RuleShown:
    titles = {method.method_id: method.title for method in RULES}
    by = rule.created_by
    return RuleShown(
        key=rule.key,
        version=rule.version,
        title=rule.title,
        method=rule.method,
        method_title=titles.get(rule.method, rule.method),
        conditions=tuple(condition(one) for one in rule.conditions),
        then=_THEN.get(rule.then, ""),
        note=rule.note,
        built_in=rule.built_in,
        valid_from=rule.valid_from,
        created_at=rule.created_at,
        created_by=(by.get_full_name() or by.username) if by else "",
    )


def sentence(
    spec: Spec, dimensions: Mapping[str, str], line: str, amounts: Mapping, lines: Sequence[Line]
) -> str:
    """One paragraph: what the figure is of, its largest charge, and by what evidence."""
    of = named(dimensions, "")
    name = _LINE_NAMES.get(line) or of or "all cost"
    if line not in ("owned", "total") and of:
        name = f"{name} ({of})"
    head = when(spec.period)
    if not lines:
        return f"{head}: no charge has a part in {name}."
    charges = sum(one.charges for one in lines)
    words = [f"{head}: {name} is made of parts of {charges:,} charge{'s'[: charges != 1]}."]
    words.append(_largest(lines[0]))
    words.append(_evidence(amounts))
    if amounts["idle_spread"] or amounts["shared_spread"]:
        words.append("It includes its share of idle and shared cost, spread by effective cost.")
    return " ".join(word for word in words if word)


def told(amount: Decimal) -> str:
    """Money and quantities to be read: to the cent, small ones to three digits. The exact one
    stands beside the sentence."""
    if amount and abs(amount) < 1:
        with localcontext() as context:
            context.prec = 3
            return f"{+amount:f}"
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def named(dimensions: Mapping[str, str], nothing: str = "all") -> str:
    """What a figure is of: "search, no team"."""
    return ", ".join(value or f"no {name}" for name, value in dimensions.items()) or nothing


def when(period: Period) -> str:
    """ "1 Sep 2026", or "1 Sep 2026 to 30 Sep 2026"."""
    last = date.fromordinal(period.end.toordinal() - 1)
    if period.length_days == 1:
        return _day(last)
    return f"{_day(period.start)} to {_day(last)}"


def spread_sentence(sums: Mapping, shares: Sequence[Share], origins: Sequence) -> str:
    """What was received of the pools, by which weight the largest part, and what they are."""
    words = []
    for pool, name in _POOLS.items():
        if sums[pool]:
            words.append(f"It carries {told(sums[pool])} of {name}")
        if sums[f"gave_{pool}"]:
            words.append(f"It gave {told(sums[f'gave_{pool}'])} of {name} to those that were used")
    largest = next((one for one in shares if one.part), None)
    if largest is not None and largest.ratio is not None:
        window = f"{largest.start:%B %Y}" if largest.over_month else _day(largest.start)
        words.append(
            f"The largest part is {window}, {largest.source}: {told(largest.given)} were spread by"
            f" effective cost, of which it had {percent(largest.ratio * 100)}"
        )
    if origins:
        named = dict.fromkeys(one.state.replace("_", " ") for one in origins)
        words.append(f"The pools are {', '.join(named)}")
    return "".join(f"{one}. " for one in words).strip()


def ratio_of(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """To twelve digits; None of nothing."""
    if not whole:
        return None
    with localcontext() as context:
        context.prec = _RATIO_DIGITS
        return Decimal(part) / Decimal(whole)


def _largest(line: Line) -> str:
    what = f"{line.what} {line.resource_id}".strip()
    if line.ratio is None:
        return f"The largest is {what}."
    return f"The largest is {what}, of which it takes {line.ratio * 100:.1f}%."


def _evidence(amounts: Mapping) -> str:
    whole = sum((amounts[column] for column, _ in _EVIDENCE), Decimal(0))
    if whole <= 0:
        return ""
    parts = [
        f"{percent(amounts[column] / whole * 100)} {words}"
        for column, words in _EVIDENCE
        if amounts[column]
    ]
    return f"Of this figure {', '.join(parts)}."


def percent(value: Decimal) -> str:
    """What is there never reads 0%, and what is not all never 100%."""
    if 0 < value < 1:
        return "under 1%"
    return "over 99%" if 99 < value < 100 else f"{value:.0f}%"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
