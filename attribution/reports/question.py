"""A question in words, as addresses, options of commands and pages have it, read into a Spec: one
reading for all, and one set of errors that name the part and say what to write."""

from collections.abc import Iterable, Mapping
from datetime import date
import re

from aicost.kernel.periods import FIRST_YEAR, LAST_YEAR, Period
from attribution.reports.spec import (
    BASES,
    ESTIMATE_OPTIONS,
    GRANULARITIES,
    POOL_OPTIONS,
    Asker,
    BadSpec,
    Spec,
)

DAYS_MAX = 3700
CHOICES = {
    "granularity": GRANULARITIES,
    "basis": BASES,
    "idle": POOL_OPTIONS,
    "shared": POOL_OPTIONS,
    "estimates": ESTIMATE_OPTIONS,
}
FLAGS = ("long", "by_rules")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
Told = Mapping[str, object]


def question(report: str, asker: Asker, told: Told) -> Spec:
    """`told` has the fields of Spec by name, in words or read already; a period also as `from` and
    `to`, the first day no longer included. What is None or not told is the default. Raises
    BadSpec; whether the report can be asked so is for `check`."""
    period = told.get("period") or period_of(
        day_of("from", told.get("from")), day_of("to", told.get("to"))
    )
    known = {name: one_of(name, told[name], choices) for name, choices in CHOICES.items()
             if told.get(name) is not None}  # fmt: skip
    flags = {name: bool(told[name]) for name in FLAGS if told.get(name) is not None}
    return Spec(
        report=report,
        period=period,
        asker=asker,
        group_by=names_of(told.get("group_by")),
        filters=picked(told.get("filters")),
        in_currency=currency_of("in_currency", told.get("in_currency")),
        against=span_of("against", told.get("against")),
        **known,
        **flags,
    )


def spec_values(spec: Spec) -> dict:
    """The question as it was understood; `to` is the first day no longer included."""
    return {
        "from": spec.period.start.isoformat(),
        "to": spec.period.end.isoformat(),
        "granularity": spec.granularity,
        "group_by": list(spec.group_by),
        "filters": {name: list(values) for name, values in sorted(spec.filters.items())},
        "basis": spec.basis,
        "idle": spec.idle,
        "shared": spec.shared,
        "long": spec.long,
        "estimates": spec.estimates,
        "in_currency": spec.in_currency,
    } | _of_two_periods(spec)


def _of_two_periods(spec: Spec) -> dict:
    found = {"against": [str(spec.against.start), str(spec.against.end)]} if spec.against else {}
    return found | ({"by_rules": True} if spec.by_rules else {})


def day_of(name: str, told: object) -> date:
    """Raises BadSpec for what is no day of a year that counts."""
    if not told:
        raise BadSpec(f"{name} is missing: write {name}=YYYY-MM-DD")
    try:
        day = told if isinstance(told, date) else date.fromisoformat(str(told))
    except ValueError as error:
        raise BadSpec(f"{name}={_short(told)} is no date: write {name}=YYYY-MM-DD") from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadSpec(f"{name}={told} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return day


def period_of(start: date, end: date, days_max: int = DAYS_MAX) -> Period:
    """`end` is the first day no longer included. Raises BadSpec."""
    if end <= start:
        raise BadSpec(f"{start} to {end} (excluded) is empty or reversed: `to` comes later")
    if (end - start).days > days_max:
        raise BadSpec(f"{start} to {end} (excluded) is longer than {days_max} days: ask for parts")
    return Period(start, end)


def span_of(name: str, told: object) -> Period | None:
    """FROM:TO, TO excluded; None for nothing. Raises BadSpec."""
    if told is None or told == "" or isinstance(told, Period):
        return told or None
    start, colon, end = str(told).partition(":")
    first, last = day_of(name, start), day_of(name, end) if colon else date.min
    if last <= first:
        raise BadSpec(f"{name} is no period: write FROM:TO, two days, TO excluded")
    return Period(first, last)


def names_of(told: object) -> tuple[str, ...]:
    """`a,b`, or names already."""
    if not isinstance(told, str):
        return tuple(told or ())
    return tuple(part.strip() for part in told.split(",") if part.strip())


def picked(told: object, option: str = "--filter") -> Mapping[str, tuple[str, ...]]:
    """`dimension=value` several times, or values by dimension already. Raises BadSpec."""
    if told is None or isinstance(told, Mapping):
        return told or {}
    found: dict[str, tuple[str, ...]] = {}
    for text in told:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadSpec(f"{option} {_short(text)!r} is not dimension=value")
        found[name] = (*found.get(name, ()), value)
    return found


def currency_of(name: str, told: object) -> str:
    """A code, or '' for none. Raises BadSpec."""
    code = str(told or "")
    if code and not _CURRENCY.match(code):
        raise BadSpec(f"{name}={_short(code)} is no currency code such as EUR")
    return code


def one_of(name: str, told: object, choices: Iterable[str]) -> str:
    """Raises BadSpec with what there is to choose."""
    if told not in choices:
        offered = ", ".join(filter(None, choices)) or "none for this report"
        raise BadSpec(f"{name} {_short(told)!r} is not one of: {offered}")
    return str(told)


def _short(told: object) -> str:
    return str(told)[:40].encode(errors="replace").decode()
