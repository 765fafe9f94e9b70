"""Which currencies a view can be shown in."""

from datetime import date

from django.core.cache import cache

from aicost.kernel.periods import Period, month_start
from ingest.models import FxRate

_KEPT_SECONDS = 60


def currencies_of(span: Period) -> tuple[str, ...]:
    """The currencies that a rate of these months leads from or to, by code."""
    known = cache.get_or_set("currency-months", _months, _KEPT_SECONDS)
    first = month_start(span.start)
    found = {code for month, *pair in known if first <= month < span.end for code in pair}
    return tuple(sorted(found))


def _months() -> list[tuple[date, str, str]]:
    """Every month with the pairs of its rates: few, and asked for by every page."""
    return list(FxRate.objects.values_list("month", "from_currency", "to_currency").distinct())
