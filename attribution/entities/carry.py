"""What is said of a name goes on to its new name: details, parents and budgets, from the day on."""

from aicost.kernel.targets import PARENTS
from attribution.entities.changes import By
from attribution.entities.registry import (
    DETAILS,
    Dates,
    entity_of,
    save_details,
    set_budget,
    set_parent,
)
from attribution.entities.spans import overlap
from attribution.models import EntityBudget, EntityParent


def carry_over(dimension: str, old: str, new: str, by: By, dates: Dates) -> bool:
    """Say of `new` what is said of `old` on these days, except where `new` has words of its own;
    whether that changed anything. The budget of `old` ends there, or it would count twice."""
    changed = False
    said, own = entity_of(dimension, old), entity_of(dimension, new)
    if said is not None and own is None:
        values = {field: getattr(said, field) for field in DETAILS}
        save_details(dimension, new, values | {"status": "active", "retired_on": None}, by)
        changed = True
    for level in PARENTS.get(dimension, ()):
        changed = _parents(dimension, old, new, level, by, dates) or changed
    return _budgets(dimension, old, new, by, dates) or changed


def _parents(dimension: str, old: str, new: str, level: str, by: By, dates: Dates) -> bool:
    rows = EntityParent.objects.filter(dimension=dimension, level=level)
    if rows.filter(name=new).exists():
        return False
    changed = False
    for row in list(rows.filter(name=old).exclude(parent=new)):
        shared = overlap((row.valid_from, row.valid_to), dates)
        if shared is not None:
            changed = set_parent(dimension, new, level, row.parent, by, shared) or changed
    return changed


def _budgets(dimension: str, old: str, new: str, by: By, dates: Dates) -> bool:
    rows = EntityBudget.objects.filter(dimension=dimension)
    taken = rows.filter(name=new).exists()
    changed = False
    for row in list(rows.filter(name=old)):
        shared = overlap((row.valid_from, row.valid_to), dates)
        if shared is not None:
            if not taken:
                amount = (row.amount, row.currency, row.period)
                set_budget(dimension, new, *amount, by, shared)
            set_budget(dimension, old, None, "", "", by, shared)
            changed = True
    return changed
