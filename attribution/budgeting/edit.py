"""Add, change and remove budgets: from texts, as a form and a file give them. Each change is kept
in the history of names (EntityChange, of dimension `budget`) and in the audit trail."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
import json
import re

from django.db import transaction

from aicost.kernel.money import NotMoney, parse_decimal, plain, to_ledger
from attribution.budgeting.plans import UNITS, of_budget
from attribution.budgeting.stops import EXPERIMENT, experiment_of
from attribution.entities.changes import (
    NAME_CHARS_MAX,
    By,
    EntityRefused,
    is_storable,
    lock_entities,
    note_change,
)
from attribution.entities.spans import is_empty
from attribution.models import Budget
from attribution.models.budgets import (
    ALERT_PERCENT,
    NOTHING_ROLLS,
    ONCE,
    PERIODS,
    ROLL_OVERS,
    WARN_PERCENT,
)
from attribution.models.entities import MONTH
from attribution.reports.forecast import DIMENSIONS
from attribution.reports.spec import HIERARCHY_DIMENSIONS
from attribution.reports.unit_cost import DIMENSIONS as UNIT_DIMENSIONS

HISTORY = "budget"
TEXT_CHARS_MAX, VALUES_MAX, COUNT_MAX, PERCENT_MAX = 2000, 50, 10**12, 1000
UNUSED_DAYS_MAX, AHEAD_DAYS_MAX = 3650, 3660
YEARS = (2000, 2199)
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_WHOLE = re.compile(r"\d{1,13}\Z")


def text_of(value: str) -> str:
    if len(value) > TEXT_CHARS_MAX or not is_storable(value):
        raise EntityRefused(
            f"{value[:20]!r} cannot be kept", f"Use at most {TEXT_CHARS_MAX} printable characters"
        )
    return value


def amount_of(value: str) -> Decimal | None:
    try:
        return to_ledger(parse_decimal(value)) if value else None
    except NotMoney as error:
        raise EntityRefused(str(error), "Write a number such as 1500.00") from error


def count_of(value: str) -> int | None:
    if value and not _WHOLE.match(value):
        raise EntityRefused(f"{value[:20]!r} is no whole number", "Write digits alone")
    return int(value) if value else None


def day_of(value: str) -> date | None:
    try:
        day = date.fromisoformat(value) if value else None
    except ValueError as error:
        raise EntityRefused(f"{value[:20]!r} is no date", "Write YYYY-MM-DD") from error
    if day is not None and not YEARS[0] <= day.year <= YEARS[1]:
        raise EntityRefused(f"{value} is out of all years", f"Take {YEARS[0]} to {YEARS[1]}")
    return day


def _percents(value: str) -> list[int]:
    parts = (part.strip() for part in value.split(","))
    return sorted({number for part in parts if part and (number := count_of(part)) is not None})


def filters_of(text: str) -> dict[str, list[str]]:
    """`feature=search, answers; environment=prod`, or the same as JSON where names hold a comma;
    '' is the whole company. Raises EntityRefused."""
    if text.startswith("{"):
        return _from_json(text)
    found: dict[str, list[str]] = {}
    for part in filter(None, (one.strip() for one in text.split(";"))):
        name, equals, values = part.partition("=")
        if not equals:
            raise EntityRefused(f"{part[:40]!r} is no filter", "Write feature=search; team=a, b")
        found.setdefault(name.strip(), []).extend(
            value for one in values.split(",") if (value := one.strip())
        )
    return found


def _from_json(text: str) -> dict[str, list[str]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise EntityRefused("the filters are no JSON", 'Write {"team": ["a"]}') from error
    if not all(
        isinstance(values, list) and all(isinstance(one, str) for one in values)
        for values in found.values()
    ):
        raise EntityRefused("the filters are no lists of names", 'Write {"team": ["a"]}')
    return found


def filter_text(filters: Mapping[str, list[str]]) -> str:
    """What `filters_of` reads back."""
    odd = any(set(value) & set(",;=") for values in filters.values() for value in values)
    if odd:
        return json.dumps(filters, ensure_ascii=False)
    return "; ".join(f"{name}={', '.join(values)}" for name, values in sorted(filters.items()))


# Field -> how its text is read, and what an empty one is.
FIELDS: dict[str, tuple[Callable, object]] = {
    "title": (text_of, ""),
    "filters": (filters_of, {}),
    "amount": (amount_of, None),
    "currency": (text_of, ""),
    "period": (text_of, MONTH),
    "per": (text_of, ""),
    "per_count": (count_of, 1),
    "roll_over": (text_of, NOTHING_ROLLS),
    "owner": (text_of, ""),
    "warn_percent": (count_of, WARN_PERCENT),
    "alert_percent": (count_of, ALERT_PERCENT),
    "used_percents": (_percents, []),
    "stop_on": (day_of, None),
    "stop_unused_days": (count_of, None),
    "stop_points": (amount_of, None),
    "stop_points_percent": (count_of, 50),
    "valid_from": (day_of, None),
    "valid_to": (day_of, None),
    "note": (text_of, ""),
}


def texts_of(row: Budget) -> dict[str, str]:
    """Its fields as `save_budget` reads them back."""
    return {name: told(name, getattr(row, name)) for name in FIELDS}


def told(name: str, value: object) -> str:
    """A field as text."""
    if name == "filters":
        return filter_text(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


@transaction.atomic
def save_budget(texts: Mapping[str, str], by: By, row: Budget | None = None) -> Budget:
    """Add the budget, or change `row` to what the texts say: a field that is not given is as it
    was, an empty one is its default. Raises EntityRefused."""
    lock_entities()
    budget = row or Budget()
    before = texts_of(row) if row else {}
    for name, text in texts.items():
        if name not in FIELDS:
            raise EntityRefused(f"{name!r} is no field", f"Take one of {', '.join(FIELDS)}")
        read, default = FIELDS[name]
        setattr(budget, name, read(text.strip()) if text.strip() else default)
    check(budget)
    after = texts_of(budget)
    if before == after:
        return budget
    budget.save()
    changed = [name for name in FIELDS if before.get(name, "") != after[name]]
    old = {name: before[name] for name in changed} if before else {}
    what = "changed" if before else "added"
    note_change(HISTORY, budget.title, what, old, {name: after[name] for name in changed}, by)
    return budget


@transaction.atomic
def remove_budget(row: Budget, by: By) -> None:
    """With what its days said; that it was there stays in the history."""
    lock_entities()
    note_change(HISTORY, row.title, "removed", texts_of(row), {}, by)
    row.delete()


def check(one: Budget) -> None:
    """Raises EntityRefused for what cannot be a budget."""
    check_title(one.title, "budget")
    if Budget.objects.filter(title=one.title).exclude(pk=one.pk).exists():
        raise EntityRefused(
            f"there is a budget called {one.title}", "Change that one, or call this otherwise"
        )
    if one.amount is None or one.amount <= 0:
        raise EntityRefused("a budget is above 0", "Give the amount, such as 12000")
    check_currency(one.currency)
    one_of("period", one.period, PERIODS)
    one_of("roll_over", one.roll_over, ROLL_OVERS)
    _check_dates(one)
    _check_filters(one)
    _check_percents(one)
    if not 1 <= (one.stop_unused_days or 1) <= UNUSED_DAYS_MAX:
        raise EntityRefused("too many days without use", f"Give 1 to {UNUSED_DAYS_MAX}")
    if of_budget(one).stop and experiment_of(of_budget(one)) is None:
        raise EntityRefused("stop criteria are for one experiment", f"Filter by {EXPERIMENT}=NAME")


def check_title(title: str, what: str) -> None:
    if not title or len(title) > NAME_CHARS_MAX:
        raise EntityRefused(f"a {what} has a name", f"Give one of at most {NAME_CHARS_MAX} letters")


def check_currency(currency: str) -> None:
    if not _CURRENCY.match(currency):
        raise EntityRefused(
            f"{currency[:20]!r} is no currency code", "Write three capital letters, such as USD"
        )


def _check_dates(one: Budget) -> None:
    if is_empty(one.valid_from, one.valid_to):
        raise EntityRefused(
            f"{one.valid_from} to {one.valid_to} holds no day",
            "Let the second day be after the first",
        )
    if one.period == ONCE and not (one.valid_from and one.valid_to):
        raise EntityRefused("a budget for once has two days", "Give valid_from and valid_to")
    if one.period == ONCE:
        check_length(one.valid_from, one.valid_to)
    if one.roll_over != NOTHING_ROLLS and (one.period == ONCE or one.valid_from is None):
        raise EntityRefused(
            "what rolls over begins somewhere, and goes on to a next period",
            "Give valid_from and a month, quarter or year, or let nothing roll over",
        )


def check_length(first: date | None, last: date | None) -> None:
    if first and last and (last - first).days > AHEAD_DAYS_MAX:
        raise EntityRefused("it goes on for more than ten years", "Let it end sooner")


def _check_filters(one: Budget) -> None:
    check_filters(one.filters, (*UNIT_DIMENSIONS, *HIERARCHY_DIMENSIONS) if one.per else DIMENSIONS)
    if one.per:
        one_of("per", one.per, tuple(UNITS))
    if not 1 <= one.per_count <= COUNT_MAX:
        raise EntityRefused(f"an amount for {one.per_count} of a unit", "Give 1 or more")


def check_filters(filters: Mapping[str, list[str]], known: tuple[str, ...] = DIMENSIONS) -> None:
    for name, values in filters.items():
        one_of("filter", name, known)
        if not values or len(values) > VALUES_MAX or not all(map(is_storable, values)):
            raise EntityRefused(
                f"the filter {name} has no names, or too many", f"Give 1 to {VALUES_MAX} names"
            )


def _check_percents(one: Budget) -> None:
    percents = (one.warn_percent, one.alert_percent, one.stop_points_percent)
    if not all(1 <= value <= 100 for value in percents) or one.alert_percent < one.warn_percent:
        raise EntityRefused(
            "a threshold is no per cent from 1 to 100, or the alert comes before the warning",
            f"Leave them empty for {WARN_PERCENT} and {ALERT_PERCENT}",
        )
    if not all(1 <= value <= PERCENT_MAX for value in one.used_percents):
        raise EntityRefused("a share of the budget is no per cent", f"Take 1 to {PERCENT_MAX}")


def one_of(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise EntityRefused(f"{what} {value[:40]!r} is none", f"Take one of {', '.join(choices)}")
