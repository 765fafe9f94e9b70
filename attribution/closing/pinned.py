"""What holds for a day of a closed month: everything as it was pinned. Of any other day: nothing.

Maps and aliases that SQL joins come from functions of the database, aicost_resourcemap_on(day),
aicost_workloadmap_on(day), aicost_storagemap_on(day) and aicost_alias_on(day), which choose in the
same way.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connection

from aicost.kernel.periods import month_start
from aicost.kernel.sqlfiles import sql
from attribution import vocabulary
from attribution.models import MonthClose, PinnedRuleSet, RuleSet
from attribution.once import once
from ingest.fx import Rates
from ingest.models import FxRate, Price
from ingest.price_book import PriceBook
from ingest.prices import price_book

PACKAGE = "attribution.closing.queries"


def close_of(day: date) -> MonthClose | None:
    """The close that holds for a day; None while its month is open."""
    return MonthClose.objects.filter(month=month_start(day), reopened_at=None).first()


def closed_months(start: date | None = None, end: date | None = None) -> list[date]:
    """The first days of the closed months that [start, end) touches: no rule, map, alias or price
    reaches them."""
    found = MonthClose.objects.filter(reopened_at=None)
    if start:
        found = found.filter(month__gte=month_start(start))
    if end:
        found = found.filter(month__lt=end)
    return list(found.order_by("month").values_list("month", flat=True))


def pinned_rule_set(day: date) -> RuleSet | None:
    """The rule set pinned for a day, None while its month is open."""
    held = PinnedRuleSet.objects.filter(
        day=day, close__month=month_start(day), close__reopened_at=None
    )
    found = held.select_related("rule_set").first()
    return found.rule_set if found else None


def pinned_aliases(day: date) -> dict[tuple[str, str], str]:
    """(dimension, raw name) -> canonical name of a day of a closed month."""
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, "aliases_on"), {"day": day})
        return {(dimension, raw): canonical for dimension, raw, canonical in cursor.fetchall()}


@contextmanager
def words_of(day: date) -> Iterator[None]:
    """Series are understood by the words of the day: pinned of a closed month, else today's."""
    close = close_of(day)
    kept = close.words.texts if close and close.words else None
    with vocabulary.pinned(kept):
        yield


def price_book_on(day: date) -> PriceBook:
    """The prices by which tokens of a day are weighed. The public list is the installed one."""
    close = close_of(day)
    if close is None:
        return price_book()
    return price_book(Price.objects.raw(sql(PACKAGE, "pinned_prices"), {"close": close.pk}))


@once
def every_close() -> list[MonthClose]:
    """All there were, in the order of their editions."""
    found = MonthClose.objects.select_related("closed_by", "reopened_by")
    return list(found.order_by("edition"))


def closes_in_force() -> list[MonthClose]:
    """The closes that hold, one a closed month."""
    return [one for one in every_close() if one.reopened_at is None]


def open_closes(start: date, end: date) -> list[MonthClose]:
    """The closes that hold for a month that [start, end) touches."""
    return [one for one in closes_in_force() if month_start(start) <= one.month < end]


def rates_of(closes: Iterable[MonthClose]) -> Rates:
    """Rates, of the months of these closes as pinned. A month closed before it had any rate takes
    those that came later."""
    kept = {}
    for close in closes:
        rows = FxRate.objects.raw(sql(PACKAGE, "pinned_rates"), {"close": close.pk})
        if found := {(row.from_currency, row.to_currency): row.rate for row in rows}:
            kept[close.month] = found
    return Rates(kept)
