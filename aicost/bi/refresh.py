"""Unit costs, usage and margin by day, for tools that read SQL: the rows of the reports, kept.

A month is made anew whole, as the reports answer for the month: who called where a call does not
say so is decided over a month, and bundled revenue is split by its use."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection, models, transaction

from aicost.accounts.models import ADMIN
from aicost.bi.models import Margin, Month, UnitCost, Usage
from aicost.kernel.periods import month_of, month_start, utc_today
from aicost.kernel.sqlfiles import sql
from attribution.once import steady
from attribution.reports import REPORTS, run
from attribution.reports.base import binds, fetch
from attribution.reports.spec import SPREAD, Asker, Spec
from attribution.reports.unit_cost import DIMENSIONS, QUANTITIES

EVER = date(1, 1, 1)
LATELY = timedelta(days=62)
EVERYBODY = Asker(ADMIN)
COUNTS = (*QUANTITIES, "outcomes")


def refresh(*, again: bool = False, lately: bool = False) -> int:
    """Work out every month that changed since; how many. `lately` takes calls and revenue from two
    months back as unchanged; what is published is always looked at."""
    since = month_start(utc_today() - LATELY) if lately else EVER
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.bi.queries", "stale_months"), {"since": since, "again": again})
        stale = cursor.fetchall()
    return sum(_work_out(month, published, measured, again) for month, published, measured in stale)


def _work_out(month: date, published: int, measured: str, again: bool) -> bool:
    with transaction.atomic(), steady():
        Month.objects.get_or_create(month=month)
        known = Month.objects.select_for_update().get(month=month)
        if not again and (known.published, known.measured) == (published, measured):
            return False  # another worker was first
        period = month_of(month)
        for model, rows in (
            (Usage, _usage(month)),
            (UnitCost, _unit_costs(month)),
            (Margin, _margins(month)),
        ):
            model.objects.filter(day__gte=period.start, day__lt=period.end).delete()
            _copy(model, rows)
        known.published, known.measured = published, measured
        known.save()
    return True


def _usage(month: date) -> list[dict]:
    spec = _spec("unit_cost", month, group_by=(*DIMENSIONS, "model_version"))
    return fetch(
        "unit_cost_usage", binds(spec) | {"infers": True, "by_source": True, "latency": True}
    )


def _unit_costs(month: date) -> list[dict]:
    """By all names at once: `run` takes four. The spreads stand beside what is shown without.
    Calls that met money of several currencies stand beside the first alone, so that they add up."""
    spec = _spec("unit_cost", month, group_by=DIMENSIONS)
    spread = binds(replace(spec, idle=SPREAD, shared=SPREAD))
    spreads = {_key(row): row for row in fetch("unit_cost_money", spread)}
    found, counted = [], set()
    for row in sorted(REPORTS["unit_cost"].rows(spec), key=lambda row: row["currency"] or ""):
        beside = spreads.get(_key(row))
        for name in ("idle_spread", "shared_spread"):
            row[name] = (beside[name] or Decimal(0)) if beside else None
        row |= dict.fromkeys(COUNTS) if _key(row)[:-1] in counted else {}
        counted.add(_key(row)[:-1])
        found.append(row | {"currency": row["currency"] or ""})
    return found


def _margins(month: date) -> list[dict]:
    return run(_spec("margin", month)).rows


def _spec(report: str, month: date, **more) -> Spec:
    return Spec(report, month_of(month), EVERYBODY, granularity="day", **more)


def _key(row: dict) -> tuple:
    return tuple(row[name] for name in ("period", *DIMENSIONS, "currency"))


def _copy(model: type[models.Model], rows: Iterable[dict]) -> None:
    names = [field.attname for field in model._meta.concrete_fields if field.attname != "id"]
    columns: Sequence[str] = ["period" if name == "day" else name for name in names]
    with connection.cursor() as cursor:
        statement = f"copy {model._meta.db_table} ({', '.join(names)}) from stdin"
        with cursor.copy(statement) as out:
            for row in rows:
                out.write_row([row[column] for column in columns])
