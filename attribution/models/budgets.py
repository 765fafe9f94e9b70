"""What cost may come to, what is prepaid or promised, and what each day said of where it ends.

A budget for one name can also be said with the name (EntityBudget). attribution.budgeting.plans
reads both."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from attribution.models.entities import MONTH, QUARTER, YEAR
from ingest.models.fields import TEXT, money

ONCE = "once"
PERIODS = (MONTH, QUARTER, YEAR, ONCE)
NOTHING_ROLLS, UNSPENT_ROLLS, ALL_ROLLS = ROLL_OVERS = ("no", "unspent", "all")
WARN, ALERT, BREACH = LEVELS = ("warn", "alert", "breach")
PREPAID, COMMITMENT = BALANCE_KINDS = ("prepaid", "commitment")
WARN_PERCENT, ALERT_PERCENT = 50, 80


def _percent(value: int) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(default=value, help_text="of P(over)")


class Budget(models.Model):
    """What some cost may come to in each period, or once from the first day to the last. With `per`
    the amount is for `per_count` of a unit, so that the budget grows with the use."""

    title = models.TextField(unique=True)
    filters = models.JSONField(default=dict, help_text="dimension -> names; {}: everything")
    amount = money()
    currency = models.TextField()
    period = models.TextField(default=MONTH)
    per = models.TextField(**TEXT, help_text="a unit of attribution.budgeting.plans.UNITS")
    per_count = models.PositiveBigIntegerField(default=1)
    roll_over = models.TextField(default=NOTHING_ROLLS)
    owner = models.TextField(**TEXT, help_text="a person or a mail address")
    warn_percent = _percent(WARN_PERCENT)
    alert_percent = _percent(ALERT_PERCENT)
    used_percents = ArrayField(
        models.PositiveSmallIntegerField(), default=list, help_text="of the budget: each warns once"
    )
    stop_on = models.DateField(null=True, blank=True)
    stop_unused_days = models.PositiveSmallIntegerField(null=True, blank=True)
    stop_points = money(null=True, blank=True, help_text="points of quality it has to gain")
    stop_points_percent = models.PositiveSmallIntegerField(
        default=50, help_text="of the budget, by which it has to have gained them"
    )
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    note = models.TextField(**TEXT)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.title


class BudgetStatus(models.Model):
    """One budget on the evening of one day: derived, made anew with the day, and kept as the memory
    of what was said. `p50`, `p10`, `p90` are None where there is no forecast, and `reason` says
    why. `dimension` and `name` tell a budget said with a name, `budget` the others."""

    budget = models.ForeignKey(Budget, models.CASCADE, null=True)
    dimension = models.TextField(**TEXT)
    name = models.TextField(**TEXT)
    day = models.DateField()
    period_start = models.DateField()
    period_end = models.DateField(help_text="excluded")
    currency = models.TextField()
    amount = money(help_text="of this period alone")
    carried = money(help_text="from the periods before; below 0 where they were overspent")
    used = money(help_text="billed by the evening of the day")
    units = models.DecimalField(max_digits=38, decimal_places=0, null=True)
    units_p50 = models.DecimalField(max_digits=38, decimal_places=0, null=True)
    p50 = money(null=True)
    p10 = money(null=True)
    p90 = money(null=True)
    probability = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    breach_on = models.DateField(null=True)
    data_through = models.DateField(null=True, help_text="the last day that was final by then")
    level = models.TextField(**TEXT, help_text="warn, alert, breach or empty")
    words = models.TextField(**TEXT, help_text="why it is of this level")
    stop = models.TextField(**TEXT, help_text="the stop criteria that are met, in words")
    reason = models.TextField(**TEXT, help_text="why there is no forecast")
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "budget statuses"
        constraints = [
            models.UniqueConstraint(
                fields=["budget", "dimension", "name", "day"],
                nulls_distinct=False,
                name="budget_status_identity",
            )
        ]
        indexes = [models.Index(fields=["day"], name="budget_status_day")]

    def __str__(self) -> str:
        return f"{self.budget or self.name} on {self.day}"


class CreditBalance(models.Model):
    """What of a prepaid credit was left, or of a promised spend still to be spent, at the beginning
    of a day: entered by hand. The newest row of a title on or before a day counts; the cost that
    meets the filters draws it down from that day on."""

    title = models.TextField()
    kind = models.TextField(default=PREPAID)
    day = models.DateField()
    balance = money()
    currency = models.TextField()
    filters = models.JSONField(default=dict)
    ends_on = models.DateField(
        null=True, blank=True, help_text="the last day of the credit or of the promise"
    )
    note = models.TextField(**TEXT)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["title", "day"], name="credit_balance_identity")
        ]

    def __str__(self) -> str:
        return f"{self.title} on {self.day}"
