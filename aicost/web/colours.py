"""An entity keeps its colour everywhere, whatever the sort, filter or period.

Colours are class names (`s1`…`s8`, `s-idle`); what they look like stands in tokens.css alone.
"""

from django.core.cache import cache

from aicost.kernel.targets import LEVELS
from attribution.models import EntityParent, Target
from attribution.once import once
from attribution.reports.spec import LAYER, LAYERS, TARGET_DIMENSIONS
from ingest.models import ChargeSeries, Source

SERIES = tuple(f"s{n}" for n in range(1, 9))
# The one line of a chart about the name a page is of: colours are for names beside each other.
OWN = "s-accent"
LINE_COLOURS = {
    "workload": "s-nofeature",
    "shared": "s-shared",
    "idle": "s-idle",
    "unattributed": "s-unattributed",
    "other": "s-other",
    "total": "s-total",
}
FIXED = {
    ("kind", "idle"): "s-idle",
    ("kind", "shared"): "s-shared",
    ("kind", "unattributed"): "s-unattributed",
    ("evidence", "fallback"): "s-unattributed",
    ("state", "empty_idle"): "s-empty-idle",
    ("state", "held_idle"): "s-idle",
    ("state", "unobserved"): "s-unattributed",
    (LAYER, "other"): "s-nofeature",
}
_KEPT_SECONDS = 60
_SERIES_FIELDS = {
    "account": "sub_account_id",
    "service": "service_name",
    "region": "region_id",
    "charge_category": "charge_category",
    "resource": "resource_id",
    "instance_type": "instance_type",
    "sku": "sku_id",
}


def _names(dimension: str) -> list[str]:
    """All values of a dimension in an order that new ones only extend. Names, no money."""
    if dimension in TARGET_DIMENSIONS:
        rows = Target.objects.order_by("id").values_list(dimension, flat=True)
    elif dimension == LAYER:
        rows = LAYERS
    elif dimension == "base_model":
        bases = EntityParent.objects.filter(level="model").order_by("id")
        rows = [*_names("model"), *bases.values_list("parent", flat=True)]
    elif dimension in LEVELS:
        above = EntityParent.objects.filter(level=dimension).order_by("id")
        rows = above.values_list("parent", flat=True)
    elif dimension == "source":
        rows = Source.objects.order_by("id").values_list("name", flat=True)
    elif dimension in _SERIES_FIELDS:
        field = _SERIES_FIELDS[dimension]
        rows = ChargeSeries.objects.order_by("id").values_list(field, flat=True)
    else:
        return ["measured", "tagged", "inferred"]
    return [name for name in dict.fromkeys(rows) if name]


@once
def palette(dimension: str) -> dict[str, str]:
    """value -> class name, for every value of the dimension; read from the cache once a page."""
    key = f"palette-{dimension}"
    found = cache.get(key)
    if found is None:
        names = _names(dimension)
        found = {name: SERIES[n % len(SERIES)] for n, name in enumerate(names)}
        found |= {value: css for (d, value), css in FIXED.items() if d == dimension}
        cache.set(key, found, _KEPT_SECONDS)
    return found


def colour(dimension: str, value: str, line: str = "owned") -> str:
    if not value:
        return LINE_COLOURS.get(line, "s-nofeature" if dimension else "s-total")
    return palette(dimension).get(value, SERIES[0])
