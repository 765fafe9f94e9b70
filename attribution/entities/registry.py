"""Register a name, say who owns it, what stands above it, what it may cost. The page, the command
and the import all come through here; what is already so changes nothing and is no history."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
import re

from django.db import transaction

from aicost.kernel.money import plain, to_ledger
from aicost.kernel.targets import PARENTS
from attribution.entities.attributes import parsed
from attribution.entities.changes import (
    By,
    EntityRefused,
    check_name,
    is_storable,
    lock_entities,
    note_change,
)
from attribution.entities.hierarchy import rebuild_above
from attribution.entities.spans import Span, is_empty, overwritten, told
from attribution.models import Entity, EntityBudget, EntityParent
from attribution.models.entities import ACTIVE, BUDGET_PERIODS, STATUSES

DETAILS = (
    "title",
    "owner",
    "status",
    "retired_on",
    "business_case",
    "expected_value",
    "expected_currency",
    "attributes",
    "note",
)
TEXT_CHARS_MAX = 4000
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
Dates = tuple[date | None, date | None]
ALWAYS: Dates = (None, None)


def entity_of(dimension: str, name: str) -> Entity | None:
    return Entity.objects.filter(dimension=dimension, name=name).first()


@transaction.atomic
def save_details(dimension: str, name: str, values: Mapping[str, object], by: By) -> Entity:
    """Register the name or change what is said of it; `values` are fields of Entity out of DETAILS,
    what is not given stays. Raises EntityRefused."""
    name = check_name(dimension, name)
    lock_entities()
    found = entity_of(dimension, name)
    entity = found or Entity(dimension=dimension, name=name)
    before = {field: getattr(entity, field) for field in DETAILS}
    for field, value in values.items():
        if field not in DETAILS:
            raise EntityRefused(f"{field!r} is no field", f"Take one of {', '.join(DETAILS)}")
        setattr(entity, field, value.strip() if isinstance(value, str) else value)
    _check_details(entity)
    after = {field: getattr(entity, field) for field in DETAILS}
    changed = [field for field in DETAILS if before[field] != after[field]]
    if found and not changed:
        return found
    entity.changed_by = by.user
    entity.created_by = entity.created_by if found else by.user
    entity.save()
    told = changed if found else [field for field in DETAILS if after[field] or field == "status"]
    old = {field: before[field] for field in told} if found else {}
    note_change(dimension, name, "details", old, {field: after[field] for field in told}, by)
    return entity


def _check_details(entity: Entity) -> None:
    for field in ("title", "owner", "business_case", "note", "expected_currency"):
        text = getattr(entity, field)
        if len(text) > TEXT_CHARS_MAX or not is_storable(text):
            raise EntityRefused(
                f"{field} cannot be kept", f"Use at most {TEXT_CHARS_MAX} printable characters"
            )
    if entity.status not in STATUSES:
        raise EntityRefused(
            f"status {entity.status!r} is none", f"Take one of {', '.join(STATUSES)}"
        )
    if entity.status == ACTIVE and entity.retired_on:
        raise EntityRefused(
            f"{entity.name} has a day of retirement and is active",
            "Take the day away, or let the status be retired",
        )
    _check_value(entity)
    if not all(is_storable(str(value)) for value in entity.attributes.values()):
        raise EntityRefused("an attribute cannot be kept", "Use printable characters")
    try:
        entity.attributes = parsed(entity.dimension, entity.attributes)
    except ValueError as error:
        raise EntityRefused(str(error), "Correct the attribute or leave it out") from error


def _check_value(entity: Entity) -> None:
    if entity.expected_value is None:
        entity.expected_currency = ""
        return
    entity.expected_value = to_ledger(entity.expected_value)
    if entity.expected_value < 0:
        raise EntityRefused("the expected value is below 0", "Give what a month should bring")
    _check_currency(entity.expected_currency)


def _check_currency(currency: str) -> None:
    if not _CURRENCY.match(currency):
        raise EntityRefused(
            f"{currency[:20]!r} is no currency code", "Write three capital letters, such as USD"
        )


@transaction.atomic
def set_parent(
    dimension: str,
    name: str,
    level: str,
    parent: str,
    by: By,
    dates: Dates = ALWAYS,
    *,
    rebuild: bool = True,
) -> bool:
    """Let the name stand below `parent` on the days of `dates` (half-open, None open), whatever
    was said of these days; '' takes its parent away. True if that changed anything. The ledger is
    not touched: reports group later days differently. Raises EntityRefused."""
    name = check_name(dimension, name)
    parent = check_name(level, parent) if parent.strip() else ""
    if level not in PARENTS.get(dimension, ()):
        offered = ", ".join(PARENTS.get(dimension, ())) or "nothing"
        raise EntityRefused(f"a {dimension} stands below no {level}", f"It can: {offered}")
    check_dates(dates)
    lock_entities()
    if level == dimension and parent:
        _check_base(dimension, name, parent)
    rows = EntityParent.objects.filter(dimension=dimension, name=name, level=level)
    old = [Span(row.valid_from, row.valid_to, row.parent) for row in rows.order_by("valid_from")]
    new = overwritten(old, Span(*dates, parent or None))
    if told(old) == told(new):
        return False
    rows.delete()
    EntityParent.objects.bulk_create(
        EntityParent(
            dimension=dimension,
            name=name,
            level=level,
            parent=span.value,
            valid_from=span.start,
            valid_to=span.end,
        )
        for span in new
    )
    if rebuild:
        rebuild_above()
    _register(dimension, name, by)
    note_change(dimension, name, "parent", {level: told(old)}, {level: told(new)}, by)
    return True


def _check_base(dimension: str, name: str, parent: str) -> None:
    """A version stands below a base model, and a base model below none."""
    if name == parent:
        raise EntityRefused(f"{name} cannot stand below itself", "Choose another base model")
    rows = EntityParent.objects.filter(dimension=dimension, level=dimension)
    if of := rows.filter(name=parent).values_list("parent", flat=True).first():
        raise EntityRefused(
            f"{parent} is itself a version of {of}", f"Let {name} be a version of {of}"
        )
    if below := rows.filter(parent=name).values_list("name", flat=True).first():
        raise EntityRefused(
            f"{name} has a version of its own, {below}", f"Move {below} below {parent} first"
        )


@transaction.atomic
def set_budget(
    dimension: str,
    name: str,
    amount: Decimal | None,
    currency: str,
    period: str,
    by: By,
    dates: Dates = ALWAYS,
) -> bool:
    """Let the name cost at most `amount` a month, quarter or year on these days; None: no budget.
    True if that changed anything. Raises EntityRefused."""
    name = check_name(dimension, name)
    check_dates(dates)
    value = None
    if amount is not None:
        if amount <= 0:
            raise EntityRefused("a budget is above 0", "Leave it empty for no budget")
        _check_currency(currency)
        if period not in BUDGET_PERIODS:
            raise EntityRefused(
                f"a budget for {period!r}", f"Take one of {', '.join(BUDGET_PERIODS)}"
            )
        value = (to_ledger(amount), currency, period)
    lock_entities()
    rows = EntityBudget.objects.filter(dimension=dimension, name=name)
    old = [
        Span(row.valid_from, row.valid_to, (row.amount, row.currency, row.period))
        for row in rows.order_by("valid_from")
    ]
    new = overwritten(old, Span(*dates, value))
    if told(old, _budget) == told(new, _budget):
        return False
    rows.delete()
    EntityBudget.objects.bulk_create(
        EntityBudget(
            dimension=dimension,
            name=name,
            amount=span.value[0],
            currency=span.value[1],
            period=span.value[2],
            valid_from=span.start,
            valid_to=span.end,
        )
        for span in new
    )
    _register(dimension, name, by)
    note_change(
        dimension,
        name,
        "budget",
        {"budgets": told(old, _budget)},
        {"budgets": told(new, _budget)},
        by,
    )
    return True


def check_dates(dates: Dates) -> None:
    if is_empty(*dates):
        raise EntityRefused(
            f"{dates[0]} to {dates[1]} holds no day", "Let the second day be after the first"
        )


def _budget(value: tuple[Decimal, str, str]) -> str:
    return f"{plain(value[0])} {value[1]} a {value[2]}"


def _register(dimension: str, name: str, by: By) -> None:
    """Of whatever something is said, there is a page and a row in the file."""
    if entity_of(dimension, name) is None:
        save_details(dimension, name, {}, by)
