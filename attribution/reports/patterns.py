"""Filters by a part of a name: `chat*` begins with it, `*chat*` holds it.

A question is asked with the names that fit, so that every report answers it as any other filter.
"""

from collections.abc import Iterable
from dataclasses import replace

from aicost.kernel.targets import DIMENSIONS
from attribution.classify import fold
from attribution.models import Entity, EntityAbove, Target
from attribution.once import once
from attribution.reports.spec import HIERARCHY_DIMENSIONS, Spec
from ingest.models import ChargeSeries, Source

ANY = "*"
_SERIES = {"account": "sub_account_id", "service": "service_name", "region": "region_id"}
PATTERN_DIMENSIONS = (*DIMENSIONS, *HIERARCHY_DIMENSIONS, "source", *_SERIES)


def is_pattern(dimension: str, value: str) -> bool:
    """An asterisk at the end, or at both; one alone would be any name."""
    return dimension in PATTERN_DIMENSIONS and value.endswith(ANY) and bool(fold(value.strip(ANY)))


def expanded(spec: Spec) -> Spec:
    """The question with the names its patterns fit, whatever their case, spaces, hyphens and
    underscores. A pattern that fits none stays: it lets nothing through."""
    filters = {name: _names(name, values) for name, values in spec.filters.items()}
    return spec if filters == dict(spec.filters) else replace(spec, filters=filters)


def _names(dimension: str, values: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in values:
        found |= dict.fromkeys(_fitting(dimension, value) or (value,))
    return tuple(found)


def _fitting(dimension: str, value: str) -> tuple[str, ...]:
    if not is_pattern(dimension, value):
        return ()
    part = fold(value.strip(ANY))
    fits = str.__contains__ if value.startswith(ANY) else str.startswith
    return tuple(name for name in _known(dimension) if fits(fold(name), part))


@once
def _known(dimension: str) -> list[str]:
    """Every name of the dimension that money can stand on, or that is registered."""
    if dimension in DIMENSIONS:
        rows = Target.objects.exclude(**{dimension: ""}).values_list(dimension, flat=True)
        registered = Entity.objects.filter(dimension=dimension).values_list("name", flat=True)
        return sorted(rows.union(registered))
    if dimension in HIERARCHY_DIMENSIONS:
        above = EntityAbove.objects.filter(level=dimension).values_list("above", flat=True)
        own = _known("model") if dimension == "base_model" else []
        return sorted({*above.distinct(), *own})
    if dimension == "source":
        return sorted(Source.objects.values_list("name", flat=True))
    field = _SERIES[dimension]
    rows = ChargeSeries.objects.values_list(field, flat=True).distinct()
    return sorted(name for name in rows if name)
