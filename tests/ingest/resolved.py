"""What the maps say, in Python: what the tests hold against the SQL that weighs by them."""

from datetime import date
import re

from ingest.maps import valid_on
from ingest.models import ResourceMap, WorkloadMap


def resource_of(cluster: str, node: str, day: date) -> str | None:
    """The billing resource of a node on a day, None when no map says. Rows made by hand go before
    those a source found, the named cluster before any, the latest valid_from before earlier
    ones."""
    rows = ResourceMap.objects.filter(valid_on(day), node=node, cluster__in=("", cluster))
    best = max(rows, key=_firmness, default=None)
    return best.resource_id if best else None


def workload_of(cluster: str, namespace: str, name: str, day: date) -> WorkloadMap | None:
    """The map row for a pod or job name: the lowest position, then the longest pattern."""
    rows = WorkloadMap.objects.filter(
        valid_on(day), cluster__in=("", cluster), namespace__in=("", namespace)
    ).order_by("position")
    matching = [row for row in rows if _matches(row.pattern, name)]
    return min(matching, key=_precedence, default=None)


def _matches(pattern: str, name: str) -> bool:
    """`*` stands for anything, everything else for itself."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


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
