"""Whether this ledger has so many names that what reads all of them comes after the page."""

from datetime import timedelta

from django.core.cache import cache

from attribution.models import Target

# A chart or table over so many targets takes about as long as the rest of its page.
TARGETS_LARGE = 800
_KEY = "aicost.web.sizes.is_large"
_KNOWN_FOR = timedelta(minutes=10)


def is_large() -> bool:
    """At least TARGETS_LARGE targets, as of the last ten minutes."""
    known = cache.get(_KEY)
    if known is None:
        known = Target.objects.count() >= TARGETS_LARGE
        cache.set(_KEY, known, _KNOWN_FOR.total_seconds())
    return known
