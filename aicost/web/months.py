"""The months a page can be asked for: those with a bill, the newest first."""

from datetime import date

from django.core.cache import cache

from aicost.kernel.periods import month_start
from attribution.closing.status import months_of_bills

_KEPT_SECONDS = 60


def months_offered(asked: date) -> list[date]:
    """With the one that is asked for, whether it has a bill or not."""
    known = cache.get_or_set("months-of-bills", months_of_bills, _KEPT_SECONDS)
    return sorted({*known, month_start(asked)}, reverse=True)
