"""The maps that join telemetry and calls to the bill: what a name stands for on a day, and which
days a change of a map concerns. Weighing resolves them in SQL by the same order."""

from datetime import date
import re

from django.db.models import Q

from ingest.load_rows import days_under_map
from ingest.models import Alias, ChangedDay, ResourceMap, Source, StorageMap, WorkloadMap

EDITED_BY_HAND = "maps edited by hand"


def resource_of(cluster: str, node: str, day: date) -> str | None:
    """The billing resource of a node on a day, None when no map says. Rows made by hand go before
    those a source found, the named cluster before any, the latest valid_from before earlier
    ones."""
    rows = ResourceMap.objects.filter(_valid(day), node=node, cluster__in=("", cluster))
    best = max(rows, key=_firmness, default=None)
    return best.resource_id if best else None


def workload_of(cluster: str, namespace: str, name: str, day: date) -> WorkloadMap | None:
    """The map row for a pod or job name: the lowest position, then the longest pattern."""
    rows = WorkloadMap.objects.filter(
        _valid(day), cluster__in=("", cluster), namespace__in=("", namespace)
    ).order_by("position")
    matching = [row for row in rows if matches(row.pattern, name)]
    return min(matching, key=_precedence, default=None)


def canonical(dimension: str, raw: str, day: date) -> str:
    """The canonical name, or the raw one when there is no alias."""
    rows = Alias.objects.filter(_valid(day), dimension=dimension, raw=raw)
    best = max(rows, key=lambda row: row.valid_from or date.min, default=None)
    return best.canonical if best else raw


def matches(pattern: str, name: str) -> bool:
    """`*` stands for anything, everything else for itself."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def mark_map_changed(*rows: ResourceMap | WorkloadMap | StorageMap | Alias) -> None:
    """Tell attribution the days on which these rows hold, or held."""
    source, _ = Source.objects.get_or_create(name=EDITED_BY_HAND, defaults={"kind": "map"})
    days = set().union(*(days_under_map(row.valid_from, row.valid_to) for row in rows))
    ChangedDay.objects.bulk_create(
        ChangedDay(source=source, day=day, what="map") for day in sorted(days)
    )


def _valid(day: date) -> Q:
    return (Q(valid_from=None) | Q(valid_from__lte=day)) & (Q(valid_to=None) | Q(valid_to__gt=day))


def _firmness(row: ResourceMap) -> tuple:
    return not row.found, row.cluster, row.valid_from or date.min


def _precedence(row: WorkloadMap) -> tuple:
    named = (row.cluster != "") + (row.namespace != "")
    return (
        row.found,
        row.position,
        -len(row.pattern),
        -named,
        -(row.valid_from or date.min).toordinal(),
    )
