"""Nodes, pods and their labels as kube-state-metrics told them: the rows of ResourceMap and
WorkloadMap that a source finds by itself. docs/sources/prometheus.md."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
import re
from typing import BinaryIO

from ingest.records import Rejected, ResourceMapRecord, WorkloadMapRecord
from ingest.sources.base import RowReader
from ingest.sources.prometheus_answers import Answers, Series, first, identify
from ingest.sources.prometheus_labels import Labels
from ingest.sources.prometheus_pods import Pod

POSITION = 1_000  # behind rows made by hand
_AWS = re.compile(r"aws:///[^/]*/(i-[0-9a-f]+)\Z")
_GCP = re.compile(r"gce://([^/]+)/([^/]+)/([^/]+)\Z")
_GCP_NUMBER = "annotation_container_googleapis_com_instance_id"
_AZURE_GROUP = re.compile(r"(/resourcegroups/)([^/]+)", re.IGNORECASE)


@dataclass
class _Found:
    """What the pods of one owner say together, and since when."""

    since: date
    activity: str = ""
    models: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)
    stem: str = ""


def records(
    stream: BinaryIO, name: str
) -> Iterator[ResourceMapRecord | WorkloadMapRecord | Rejected]:
    """A row a node that a cloud names, and one for the pods of each owner of which more is known
    than their name; a `Rejected` for a bad series."""
    answers = Answers(stream, name)
    labels = Labels(answers)
    nodes: dict[tuple[str, str], dict[int, str]] = {}
    numbers: dict[tuple[str, str], dict[int, str]] = {}
    models: dict[Pod, dict[int, set[str]]] = {}
    for one in answers.series():
        if isinstance(one, Rejected):
            yield one
        elif one.query[:2] == ("map", "nodes"):
            _node(answers, one, nodes, "provider_id")
        elif one.query[:2] == ("map", "numbers"):
            _node(answers, one, numbers, _GCP_NUMBER)
        elif one.query[0] == "map":
            labels.take(one)
        else:
            try:
                _serves(answers, one, models)
            except InvalidOperation:
                yield Rejected(one.line, f"{'.'.join(one.query)}: no number", one.raw)
    for (cluster, node), told in sorted(nodes.items()):
        numbered = numbers.get((cluster, node), {})
        resources = {at: resource_of(one, numbered.get(at, "")) for at, one in told.items()}
        yield from _dated(cluster, node, resources)
    yield from _workloads(labels, models)


READER = RowReader(name="prometheus_maps", kind="map", identify=identify("maps"), records=records)


def resource_of(provider_id: str, number: str = "") -> str:
    """What the bill calls the machine a node is; '' where only a map made by hand can say. Google
    bills by the number of an instance, since names recur; without it by project and name."""
    if found := _AWS.match(provider_id):
        return found[1]
    if found := _GCP.match(provider_id):
        project, zone, name = found.groups()
        if number:
            place = f"projects/{project}/zones/{zone}/instances/{number}"
            return f"//compute.googleapis.com/{place}"
        return f"projects/{project}/instances/{name}"
    if provider_id.startswith("azure:///"):
        path = provider_id.removeprefix("azure://")
        return _AZURE_GROUP.sub(lambda found: f"/resourceGroups/{found[2].lower()}", path)
    return ""


def _node(answers: Answers, series: Series, nodes: dict, label: str) -> None:
    labels = series.labels
    if labels.get(label) and labels.get("node"):
        told = nodes.setdefault((answers.cluster_of(labels), labels["node"]), {})
        told.update(dict.fromkeys(series.values, labels[label]))


def _dated(cluster: str, node: str, told: Mapping[int, str]) -> Iterator[ResourceMapRecord]:
    """A name may pass to another machine: a row for each, from the first day it was seen on."""
    standing = ""
    by_day = {_day(at): told[at] for at in sorted(told) if told[at]}  # of a day, the last
    for day, resource in sorted(by_day.items()):
        if resource != standing:
            yield ResourceMapRecord(node, resource, cluster, valid_from=day, found=True)
        standing = resource


def _serves(answers: Answers, series: Series, models: dict) -> None:
    """A pod with a counter of an engine serves, and its model is that of the counter."""
    labels = series.labels
    if not labels.get("pod"):
        return
    pod = (answers.cluster_of(labels), labels.get("namespace", ""), labels["pod"])
    named = models.setdefault(pod, {})
    for at, text in series.values.items():
        Decimal(text)
        named.setdefault(at, set()).add(first(labels, "model_name", "model"))


def _workloads(labels: Labels, models: dict) -> Iterator[WorkloadMapRecord]:
    found: dict[tuple[str, str, str], _Found] = {}
    for pod in sorted({*labels.pods, *models}):
        cluster, namespace, _ = pod
        seen = {*(labels.pods[pod].seen if pod in labels.pods else ()), *models.get(pod, ())}
        if not seen:
            continue
        day = min(map(_day, seen))
        one = found.setdefault((cluster, namespace, labels.pattern(pod)), _Found(day))
        one.since, one.stem = min(one.since, day), labels.stem(pod)
        one.activity = one.activity or labels.activity(pod)
        for name, value in labels.dimensions(pod).items():
            one.told[name] = one.told.get(name) or value
        if pod in models:
            one.activity = "inference"
            one.models |= {model for served in models[pod].values() for model in served if model}
    for (cluster, namespace, pattern), one in sorted(found.items()):
        told = dict(one.told)
        if len(one.models) == 1:
            [told["model"]] = one.models
        more = one.activity or any(v for name, v in told.items() if name != "workload")
        if more or told["workload"] != one.stem:
            yield WorkloadMapRecord(
                pattern=pattern, cluster=cluster, namespace=namespace, position=POSITION,
                activity=one.activity, valid_from=one.since, found=True, **told,
            )  # fmt: skip


def _day(at: int) -> date:
    """The day an answer is about: one at midnight is about the day before."""
    return (datetime.fromtimestamp(at, UTC) - timedelta(seconds=1)).date()
