"""Which days have to be rebuilt: what ingest changed, and what rules and aliases changed."""

from datetime import date, timedelta

from django.db import connection, transaction

from aicost.kernel.sqlfiles import sql
from attribution.claims import live_rule_set_on
from attribution.models import AllocationRule, DayState
from ingest.models import Alias


def absorb_changes() -> int:
    """Turn ChangedDay rows into dirty days; how many days got dirty."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "alone"))
        cursor.execute(sql("attribution.sql", "absorb_changes"))
        return cursor.rowcount


def _segments() -> list[tuple[date | None, date | None]]:
    """Half-open spans of days within which no rule or alias begins or ends."""
    edges = set()
    for model in (AllocationRule, Alias):
        for start, end in model.objects.values_list("valid_from", "valid_to"):
            edges.update(edge for edge in (start, end) if edge)
    cuts = [None, *sorted(edges), None]
    return list(zip(cuts, cuts[1:], strict=False))


def dirty_stale_rules() -> int:
    """Mark the days published under other rules or aliases than now in force; how many. Days of
    closed months keep what is pinned."""
    if not DayState.objects.exists():
        return 0
    marked = 0
    for start, end in _segments():
        some_day = start or (end - timedelta(days=1) if end else date(2020, 1, 1))
        rule_set, _, _ = live_rule_set_on(some_day)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql("attribution.sql", "alone"))
            cursor.execute(
                sql("attribution.sql", "dirty_stale_rules"),
                {"rule_set": rule_set.id, "from": start, "to": end},
            )
            marked += cursor.rowcount
    return marked


def dirty_again(start: date | None, end: date | None) -> int:
    """Mark the days in [start, end) as asked to be rebuilt; how many. What they show stays until
    then, and what stands in the ledger does not change unless its rules or words did."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "alone"))
        cursor.execute(sql("attribution.sql", "dirty_again"), {"from": start, "to": end})
        return cursor.rowcount
