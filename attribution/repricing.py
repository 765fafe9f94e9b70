"""History is priced anew only when somebody says so: preview it, then do it. Audited."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from aicost.accounts.audit import record
from aicost.kernel.money import plain
from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from attribution.estimates import estimate
from attribution.models import EstimatedCost, MonthClose
from ingest.models import ChangedDay, Source

REPRICED = "prices_repriced"
EDITED_BY_HAND = "prices edited by hand"


class CannotReprice(ValueError):
    """The period cannot be priced anew; the message says why and what to do."""


@dataclass(frozen=True)
class Repriced:
    """`days` with usage of the models, whose bills are attributed anew by the weights of today's
    prices; the open estimates of the period before and after, per currency. Final days have none:
    what a bill says is not changed by a price."""

    days: int
    before: dict[str, Decimal]
    after: dict[str, Decimal]

    def as_json(self) -> dict:
        told = asdict(self)
        for name in ("before", "after"):
            told[name] = {code: plain(cost) for code, cost in told[name].items()}
        return told


def preview_reprice(period: Period, models: tuple[str, ...] | None = None) -> Repriced:
    """What `reprice` would change; nothing is changed."""
    with transaction.atomic():
        done = _reprice(period, models)
        transaction.set_rollback(True)
    return done


def reprice(period: Period, models: tuple[str, ...] | None = None, user=None) -> Repriced:
    """Price the days of a period anew, of `models` (canonical) or all. Raises CannotReprice for a
    closed month."""
    with transaction.atomic():
        done = _reprice(period, models)
        detail = {"models": list(models or ()), **done.as_json()}
        record(user, REPRICED, f"{period.start} to {period.end}", detail)
    return done


def _reprice(period: Period, models: tuple[str, ...] | None) -> Repriced:
    closed = MonthClose.objects.filter(
        reopened_at=None, month__gte=period.start.replace(day=1), month__lt=period.end
    ).first()
    if closed:
        raise CannotReprice(f"{closed.month:%B %Y} is closed. Reopen it, or choose other days")
    days = _days(period, models)
    source, _ = Source.objects.get_or_create(name=EDITED_BY_HAND, defaults={"kind": "map"})
    ChangedDay.objects.bulk_create(ChangedDay(source=source, day=day, what="price") for day in days)
    before = _open_estimates(period, models)
    estimate(period.start, period.end, reprice=True, models=models)
    return Repriced(len(days), before, _open_estimates(period, models))


def _days(period: Period, models: tuple[str, ...] | None) -> list[date]:
    binds = {"start": period.start, "end": period.end, "models": list(models) if models else None}
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "days_of_models"), binds)
        return [day for (day,) in cursor.fetchall()]


def _open_estimates(period: Period, models: tuple[str, ...] | None) -> dict[str, Decimal]:
    rows = EstimatedCost.objects.filter(
        superseded_at=None, hour__date__gte=period.start, hour__date__lt=period.end
    )
    if models:
        rows = rows.filter(model__in=models)
    out: dict[str, Decimal] = {}
    for currency, cost in rows.values_list("currency", "estimated_cost"):
        if cost is not None:
            out[currency] = out.get(currency, Decimal(0)) + cost
    return out
