"""What is prepaid or promised, as people enter it: a balance on a day. A later one of the same name
corrects the earlier. Kept in the history of names (dimension `balance`) and in the audit trail."""

from collections.abc import Mapping

from django.db import transaction

from attribution.budgeting.edit import (
    amount_of,
    check_currency,
    check_filters,
    check_length,
    check_title,
    day_of,
    filters_of,
    one_of,
    text_of,
    told,
)
from attribution.entities.changes import By, EntityRefused, lock_entities, note_change
from attribution.models import CreditBalance
from attribution.models.budgets import BALANCE_KINDS, COMMITMENT, PREPAID

HISTORY = "balance"
FIELDS = {
    "title": (text_of, ""),
    "kind": (text_of, PREPAID),
    "day": (day_of, None),
    "balance": (amount_of, None),
    "currency": (text_of, ""),
    "filters": (filters_of, {}),
    "ends_on": (day_of, None),
    "note": (text_of, ""),
}


def texts_of(row: CreditBalance) -> dict[str, str]:
    return {name: told(name, getattr(row, name)) for name in FIELDS}


@transaction.atomic
def save_balance(texts: Mapping[str, str], by: By) -> CreditBalance:
    """Enter a balance; one of the same name and day is replaced. Raises EntityRefused."""
    lock_entities()
    values = {
        name: read(text) if (text := texts.get(name, "").strip()) else default
        for name, (read, default) in FIELDS.items()
    }
    _check(CreditBalance(**values))
    key = {"title": values["title"], "day": values["day"]}
    row = CreditBalance.objects.filter(**key).first()
    before = texts_of(row) if row else {}
    made, _ = CreditBalance.objects.update_or_create(**key, defaults=values)
    after = texts_of(made)
    if before != after:
        note_change(HISTORY, made.title, "changed" if before else "added", before, after, by)
    return made


@transaction.atomic
def remove_balance(row: CreditBalance, by: By) -> None:
    """All of its name: it is no longer followed."""
    lock_entities()
    note_change(HISTORY, row.title, "removed", texts_of(row), {}, by)
    CreditBalance.objects.filter(title=row.title).delete()


def _check(one: CreditBalance) -> None:
    check_title(one.title, "credit")
    one_of("kind", one.kind, BALANCE_KINDS)
    check_currency(one.currency)
    check_filters(one.filters)
    if one.day is None:
        raise EntityRefused("a balance of no day", "Say at the beginning of which day it was so")
    if one.balance is None or one.balance < 0:
        raise EntityRefused("a balance is 0 or more", "Give what is left, such as 25000")
    if one.ends_on is not None and one.ends_on < one.day:
        raise EntityRefused("it ends before its day", "Give a last day after the day")
    check_length(one.day, one.ends_on)
    if one.kind == COMMITMENT and one.ends_on is None:
        raise EntityRefused("a promise has a last day", "Give the day it is to be spent by")
