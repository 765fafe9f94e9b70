"""The words of "Why this number?": the sentence and the rule as people read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from attribution.models import AllocationRule
from attribution.reports.spec import Spec
from attribution.rules import RULES

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
        conditions=tuple(_condition(one) for one in rule.conditions),
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
    of = ", ".join(value or f"no {name}" for name, value in dimensions.items())
    name = _LINE_NAMES.get(line) or of or "all cost"
    if line not in ("owned", "total") and of:
        name = f"{name} ({of})"
    last = date.fromordinal(spec.period.end.toordinal() - 1)
    when = (
        _day(last) if spec.period.length_days == 1 else f"{_day(spec.period.start)} to {_day(last)}"
    )
    if not lines:
        return f"{when}: no charge has a part in {name}."
    charges = sum(one.charges for one in lines)
    words = [f"{when}: {name} is made of parts of {charges:,} charge{'s'[: charges != 1]}."]
    words.append(_largest(lines[0]))
    words.append(_evidence(amounts))
    if amounts["idle_spread"] or amounts["shared_spread"]:
        words.append("It includes its share of idle and shared cost, spread by effective cost.")
    return " ".join(word for word in words if word)


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
        f"{_percent(amounts[column] / whole * 100)} {words}"
        for column, words in _EVIDENCE
        if amounts[column]
    ]
    return f"Of this figure {', '.join(parts)}."


def _percent(value: Decimal) -> str:
    """What is there never reads 0%, and what is not all never 100%."""
    if 0 < value < 1:
        return "under 1%"
    return "over 99%" if 99 < value < 100 else f"{value:.0f}%"


def _condition(condition: Mapping) -> str:
    value = condition.get("value", "")
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    op = str(condition.get("op", "is")).replace("_", " ")
    field = str(condition.get("field", "")).replace("_", " ")
    return f"{field} {op} {shown}".strip()


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
