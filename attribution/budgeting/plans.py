"""All budgets of a day, said with a name or by themselves, as one kind of thing. This is the only
place that reads the two tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q

from aicost.kernel.periods import Period, month_of, quarter_of, year_of
from attribution.models import Budget, Entity, EntityBudget, EntityParent
from attribution.models.budgets import ALERT_PERCENT, NOTHING_ROLLS, ONCE, WARN_PERCENT
from attribution.models.entities import MONTH, QUARTER, RETIRED

# What a budget can be for one of -> the column of report unit_cost that counts it.
UNITS = {
    "inference": "requests",
    "success": "successes",
    "token": "tokens",
    "outcome": "outcomes",
}
Key = tuple[int | None, str, str]
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stop:
    """When an experiment is to be stopped, beside having used its budget up: from `on`, after
    `unused_days` without use, or with `points_percent` of the budget used and fewer than `points`
    points of quality gained."""

    on: date | None = None
    unused_days: int | None = None
    points: Decimal | None = None
    points_percent: int = 50

    def __bool__(self) -> bool:
        return not (self.on is self.unused_days is self.points is None)


@dataclass(frozen=True)
class Plan:
    """One budget as it holds on a day. `key` is its identity: (id, '', '') or (None, dimension,
    name). `filters` are those of a report, {} is the whole company; `amount` is for each period,
    or with `per` for `per_count` of that unit."""

    key: Key
    title: str
    filters: Mapping[str, tuple[str, ...]]
    amount: Decimal
    currency: str
    period: str
    owner: str = ""
    per: str = ""
    per_count: int = 1
    roll_over: str = NOTHING_ROLLS
    valid_from: date | None = None
    valid_to: date | None = None
    warn_percent: int = WARN_PERCENT
    alert_percent: int = ALERT_PERCENT
    used_percents: tuple[int, ...] = ()
    stop: Stop = field(default_factory=Stop)

    def period_of(self, day: date, fiscal: int = 1) -> Period:
        """The period a day is in: of the calendar, quarters and years of a fiscal year that
        begins with month `fiscal`; of a budget once, all of its days."""
        if self.period == ONCE:
            return Period(self.valid_from or day, self.valid_to or day + _ONE_DAY)
        if self.period == MONTH:
            return month_of(day)
        return quarter_of(day, fiscal) if self.period == QUARTER else year_of(day, fiscal)

    @property
    def is_whole(self) -> bool:
        """Of all there is."""
        return not self.filters

    def is_seen_by(self, teams: Iterable[str] | None) -> bool:
        """A budget is shown to whoever sees all the money that it counts."""
        if teams is None:
            return True
        own = self.filters.get("team")
        return bool(own) and set(own) <= set(teams)


def holding(day: date) -> Q:
    """The dated rows that hold on a day."""
    return (Q(valid_from=None) | Q(valid_from__lte=day)) & (Q(valid_to=None) | Q(valid_to__gt=day))


def plans_on(day: date) -> list[Plan]:
    """All budgets that hold on a day; none of names that are retired."""
    own = [of_budget(row) for row in Budget.objects.filter(holding(day)).order_by("title")]
    rows = EntityBudget.objects.filter(holding(day)).order_by("dimension", "name")
    named = list(rows)
    if not named:
        return own
    known = {
        (one.dimension, one.name): one
        for one in Entity.objects.filter(name__in={row.name for row in named})
    }
    based: set[str] = set()
    if any(row.dimension == "model" for row in named):
        versions = EntityParent.objects.filter(dimension="model", level="model")
        based = set(versions.values_list("parent", flat=True))
    for row in named:
        entity = known.get((row.dimension, row.name))
        if entity is None or entity.status != RETIRED:
            own.append(_of_name(row, entity.owner if entity else "", based))
    return own


def of_budget(row: Budget) -> Plan:
    return Plan(
        key=(row.pk, "", ""),
        title=row.title,
        filters={name: tuple(values) for name, values in sorted(row.filters.items())},
        amount=row.amount,
        currency=row.currency,
        period=row.period,
        owner=row.owner,
        per=row.per,
        per_count=row.per_count,
        roll_over=row.roll_over,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        warn_percent=row.warn_percent,
        alert_percent=row.alert_percent,
        used_percents=tuple(sorted(row.used_percents)),
        stop=Stop(row.stop_on, row.stop_unused_days, row.stop_points, row.stop_points_percent),
    )


def _of_name(row: EntityBudget, owner: str, based: set[str]) -> Plan:
    """A model with versions is all of them."""
    is_base = row.dimension == "model" and row.name in based
    return Plan(
        key=(None, row.dimension, row.name),
        title=row.name,
        filters={"base_model" if is_base else row.dimension: (row.name,)},
        amount=row.amount,
        currency=row.currency,
        period=row.period,
        owner=owner,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
