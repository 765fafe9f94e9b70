"""All budgets of a day, said with a name or by themselves, as one kind of thing. This is the only
place that reads the two tables together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
import json
from typing import Any

from django.db import connection
from django.db.models import Q

from aicost.kernel.periods import Period, month_of, quarter_of, year_of
from aicost.kernel.sqlfiles import sql
from attribution.models import Budget
from attribution.models.budgets import ALERT_PERCENT, NOTHING_ROLLS, ONCE, WARN_PERCENT
from attribution.models.entities import MONTH, QUARTER

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
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "budget_plans"), {"day": day})
        names = [column.name for column in cursor.description]
        return [plan_of(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def plan_of(row: Mapping[str, Any]) -> Plan:
    """Of a row of budget_plans.sql."""
    filters = row["filters"]
    told = json.loads(filters) if isinstance(filters, str) else filters
    same = ("title", "amount", "currency", "period", "owner", "per", "per_count", "roll_over",
            "valid_from", "valid_to", "warn_percent", "alert_percent")  # fmt: skip
    return Plan(
        key=(row["budget_id"], row["dimension"], row["name"]),
        filters={name: tuple(values) for name, values in sorted(told.items())},
        used_percents=tuple(sorted(row["used_percents"])),
        stop=Stop(*(row[f"stop_{name}"] for name in ("on", "unused_days", "points",
                                                     "points_percent"))),
        **{name: row[name] for name in same},
    )  # fmt: skip


def of_budget(row: Budget) -> Plan:
    return plan_of(vars(row) | {"budget_id": row.pk, "dimension": "", "name": ""})
