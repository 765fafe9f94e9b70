"""Which currencies a view can be shown in."""

from django.core.cache import cache

from aicost.kernel.periods import Period, month_start
from ingest.models import FxRate

_KEPT_SECONDS = 60


def currencies_of(span: Period) -> tuple[str, ...]:
    """The currencies that a rate of these months leads from or to, by code."""
    months = (month_start(span.start), span.end)
    key = f"currencies-{months[0]}-{months[1]}"
    found = cache.get(key)
    if found is None:
        rates = FxRate.objects.filter(month__gte=months[0], month__lt=months[1])
        pairs = rates.values_list("from_currency", "to_currency").distinct()
        found = tuple(sorted({code for pair in pairs for code in pair}))
        cache.set(key, found, _KEPT_SECONDS)
    return found
