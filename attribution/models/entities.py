"""What people say of a target or of a level above targets; see docs/targets.md.

An entity is named by (dimension, name), as the ledger names it. Parents and budgets are dated; each
change also stands in EntityChange, which a trigger keeps from being edited (migration).
"""

from django.conf import settings
from django.db import models

from ingest.models.fields import TEXT, money

ACTIVE, RETIRED = STATUSES = ("active", "retired")
MONTH, QUARTER, YEAR = BUDGET_PERIODS = ("month", "quarter", "year")


def _who() -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )


class Entity(models.Model):
    """A registered name. What nobody registered still has its money: registration adds words."""

    dimension = models.TextField()
    name = models.TextField()
    title = models.TextField(**TEXT)
    owner = models.TextField(**TEXT, help_text="a person or a mail address")
    status = models.TextField(default=ACTIVE)
    retired_on = models.DateField(null=True, blank=True)
    business_case = models.TextField(**TEXT)
    expected_value = money(null=True, blank=True, help_text="a month; null: nobody said")
    expected_currency = models.TextField(**TEXT)
    attributes = models.JSONField(default=dict, help_text="see attribution.entities.attributes")
    note = models.TextField(**TEXT)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = _who()
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = _who()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dimension", "name"], name="entity_identity")
        ]
        verbose_name_plural = "entities"

    def __str__(self) -> str:
        return f"{self.dimension} {self.name}"


class EntityParent(models.Model):
    """`name` stands below `parent` (a name of the kind `level`) from a day on, half-open. On one
    day a name has at most one parent of each level."""

    dimension = models.TextField()
    name = models.TextField()
    level = models.TextField()
    parent = models.TextField()
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dimension", "name", "level", "valid_from"],
                nulls_distinct=False,
                name="entity_parent_identity",
            )
        ]


class EntityAbove(models.Model):
    """What EntityParent comes to for reports: the name at `level` (a key of LEVELS) above a ledger
    name, in spans that do not overlap. Derived; rebuilt whole with every change of a parent."""

    level = models.TextField()
    dimension = models.TextField()
    name = models.TextField()
    above = models.TextField()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["dimension", "name"], name="entity_above_name")]


class EntityBudget(models.Model):
    """What a target may cost in each month, quarter or year, from a day on, half-open."""

    dimension = models.TextField()
    name = models.TextField()
    amount = money()
    currency = models.TextField()
    period = models.TextField(default=MONTH)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dimension", "name", "valid_from"],
                nulls_distinct=False,
                name="entity_budget_identity",
            )
        ]


class EntityChange(models.Model):
    """One change of what is said of a name: who, when, why, before and after. Only ever added."""

    at = models.DateTimeField(auto_now_add=True)
    by = _who()
    dimension = models.TextField()
    name = models.TextField()
    what = models.TextField(help_text="details, parent, budget, alias, renamed")
    reason = models.TextField(**TEXT)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["dimension", "name", "-at"], name="entity_change_name")]
