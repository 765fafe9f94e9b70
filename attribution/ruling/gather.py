"""What suggestions read: unattributed series, attributed ones around them, names, telemetry."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import json

from django.db import connection

from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from attribution.classify import fold
from attribution.ruling.names import NAMED, Vocabulary, short_name
from attribution.ruling.peers import Peers, account_of
from ingest.models import WorkloadMap

PACKAGE = "attribution.ruling"
_JSON = ("tags", "extras", "rule_conditions")


@dataclass(frozen=True)
class Node:
    """What telemetry saw on a node that bears a resource's name: GPU-milliseconds by what ran."""

    node: str
    gpu_ms: int
    by_target: Mapping[tuple[tuple[str, str], ...], int]


@dataclass(frozen=True)
class Evidence:
    """All that hints are drawn from, looked up once."""

    vocabulary: Vocabulary
    peers: Peers
    nodes: Mapping[str, Node]
    patterns: Sequence[WorkloadMap]
    tag_dimensions: Mapping[str, str]

    @classmethod
    def gather(cls, rows: Sequence[Mapping], period: Period, basis: str) -> "Evidence":
        """`rows` are the unattributed series that a rule could claim."""
        vocabulary = Vocabulary(_fetch("suggest_known", {}))
        near = {
            "start": period.start,
            "end": period.end,
            "basis": basis,
            "accounts": sorted({account_of(row) for row in rows} - {""}),
            "resources": sorted({row["resource_id"] for row in rows} - {""}),
        }
        patterns = list(WorkloadMap.objects.order_by("found", "position", "id"))
        return cls(
            vocabulary=vocabulary,
            peers=Peers(_fetch("suggest_attributed", near) if rows else ()),
            nodes=_nodes(rows, period, patterns),
            patterns=patterns,
            tag_dimensions=_tag_dimensions(rows, vocabulary),
        )


def unattributed(period: Period, basis: str) -> list[dict]:
    """One row a series, kind of nothing and rule: the columns of the series, `state`, `rule`,
    `rule_title`, `method`, `rule_conditions`, `cost`, `days`, `first_day`, `last_day`."""
    binds = {"start": period.start, "end": period.end, "basis": basis}
    return _fetch("suggest_unattributed", binds)


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern of the workload map, where * stands for anything."""
    parts = pattern.split("*")
    if len(parts) == 1:
        return name == pattern
    if not (name.startswith(parts[0]) and name.endswith(parts[-1])):
        return False
    if len(name) < len(parts[0]) + len(parts[-1]):
        return False
    at, end = len(parts[0]), len(name) - len(parts[-1])
    for part in parts[1:-1]:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def target_of(one: WorkloadMap) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name in NAMED if (text := getattr(one, name)))


def _nodes(rows: Iterable[Mapping], period: Period, patterns: Sequence[WorkloadMap]) -> dict:
    names = {row["resource_id"] for row in rows} | {row["resource_name"] for row in rows}
    names |= {short_name(name) for name in names}
    binds = {"nodes": sorted(names - {""}), "start": period.start, "end": period.end}
    found: dict[str, dict[tuple, int]] = defaultdict(lambda: defaultdict(int))
    for row in _fetch("suggest_telemetry", binds) if binds["nodes"] else ():
        found[row["node"]][_ran(row, patterns)] += row["gpu_ms"]
    return {node: Node(node, sum(by.values()), dict(by)) for node, by in found.items()}


def _ran(row: Mapping, patterns: Sequence[WorkloadMap]) -> tuple[tuple[str, str], ...]:
    name = row["pod"] or short_name(row["workload_key"])
    for one in patterns:
        near = one.cluster in ("", row["cluster"]) and one.namespace in ("", row["namespace"])
        if near and matches(one.pattern, name):
            return target_of(one)
    return ()


def _tag_dimensions(rows: Iterable[Mapping], vocabulary: Vocabulary) -> dict[str, str]:
    """tag key -> the dimension whose names most of its distinct values are."""
    values: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        for key, value in (row["tags"] or {}).items():
            if value and (known := vocabulary.whole(str(value))):
                for dimension in known.dims:
                    values[key][dimension].add(fold(str(value)))
    order = ("team", *NAMED)
    return {
        key: max(by, key=lambda dimension: (len(by[dimension]), -order.index(dimension)))
        for key, by in values.items()
    }


def _fetch(query: str, binds: Mapping[str, object]) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, query), binds)
        columns = [column.name for column in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        for name in _JSON:
            if isinstance(row.get(name), str):
                row[name] = json.loads(row[name])
    return rows
