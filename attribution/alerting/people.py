"""Who owns a name and what it may cost in a month, as Names & owners says."""

from datetime import date
from decimal import Decimal

from django.db.models import Q

from attribution.alerting.levels import Scope
from attribution.models import Budget, Entity, EntityBudget
from attribution.models.entities import MONTH, QUARTER, YEAR

MONTHS = {MONTH: 1, QUARTER: 3, YEAR: 12}


def owners() -> dict[tuple[str, str], str]:
    """(level, name) -> owner, of names and budgets that have one."""
    rows = Entity.objects.exclude(owner="").values_list("dimension", "name", "owner")
    of_names = {(dimension, name): owner for dimension, name, owner in rows}
    plans = Budget.objects.exclude(owner="").values_list("title", "owner")
    return {("budget", title): owner for title, owner in plans} | of_names


def monthly_budgets(day: date) -> dict[Scope, Decimal]:
    """What each name may cost in a month, by the budget that holds on the day."""
    rows = EntityBudget.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=day),
        Q(valid_to__isnull=True) | Q(valid_to__gt=day),
    )
    return {
        Scope(row.dimension, row.name, row.currency): row.amount / MONTHS[row.period]
        for row in rows
    }
