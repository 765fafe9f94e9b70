"""The maps that join telemetry and calls to the bill: what a name stands for on a day, and which
days a change of a map concerns. Nodes and workloads are resolved in SQL, when days are weighed."""

from datetime import date

from django.db.models import Q

from ingest.load_rows import days_under_map
from ingest.models import Alias, ChangedDay, ResourceMap, Source, StorageMap, WorkloadMap

EDITED_BY_HAND = "maps edited by hand"


def canonical(dimension: str, raw: str, day: date) -> str:
    """The canonical name, or the raw one when there is no alias."""
    rows = Alias.objects.filter(valid_on(day), dimension=dimension, raw=raw)
    best = max(rows, key=lambda row: row.valid_from or date.min, default=None)
    return best.canonical if best else raw


def mark_map_changed(*rows: ResourceMap | WorkloadMap | StorageMap | Alias) -> None:
    """Tell attribution the days on which these rows hold, or held."""
    source, _ = Source.objects.get_or_create(name=EDITED_BY_HAND, defaults={"kind": "map"})
    days = set().union(*(days_under_map(row.valid_from, row.valid_to) for row in rows))
    ChangedDay.objects.bulk_create(
        ChangedDay(source=source, day=day, what="map") for day in sorted(days)
    )


def valid_on(day: date) -> Q:
    return (Q(valid_from=None) | Q(valid_from__lte=day)) & (Q(valid_to=None) | Q(valid_to__gt=day))
