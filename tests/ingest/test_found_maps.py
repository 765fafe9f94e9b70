"""Maps that a source fills by itself: dated, learning, and never over what somebody wrote."""

from datetime import UTC, date, datetime
import json

import pytest

from ingest.models import ResourceMap, WorkloadMap
from ingest.sources.prometheus_maps import READER
from tests.ingest.resolved import resource_of, workload_of
from tests.ingest.rows import deliver

pytestmark = pytest.mark.django_db

ONE, TWO, THREE = date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 3)


def window(tmp_path, day, instance="i-1", **labels):
    """What kube-state-metrics told at noon of one node and one pod on it."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    pod = {"namespace": "ml", "pod": "chat-7d9f8c6b54-abcde"}
    owner = {**pod, "owner_kind": "ReplicaSet", "owner_name": "chat-7d9f8c6b54"}
    told = {f"label_{name}": value for name, value in labels.items()}
    lines = [
        {"aicost_prometheus": "maps", "cluster": "prod", "grid_seconds": 15, "labels": {},
         "start": f"{day}T00:00:00+00:00", "stop": f"{day}T12:00:00+00:00"},
        {"query": "map.nodes.last", "values": [[noon, "1"]],
         "metric": {"node": "node-a", "provider_id": f"aws:///eu-central-1a/i-{instance[2:]}"}},
        {"query": "map.owners.last", "values": [[noon, "1"]], "metric": owner},
        {"query": "map.labels.last", "values": [[noon, "1"]], "metric": {**pod, **told}},
    ]  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    deliver(tmp_path, f"maps_{day}_{instance}_{told}.jsonl", text, "metrics", READER)


def nodes():
    told = ("resource_id", "valid_from", "valid_to")
    return list(ResourceMap.objects.order_by("valid_from").values_list(*told))


def pods():
    told = ("team", "model", "valid_from", "valid_to")
    return list(WorkloadMap.objects.order_by("valid_from").values_list(*told))


def test_a_node_name_passes_to_another_machine(tmp_path):
    window(tmp_path, ONE)
    window(tmp_path, TWO)
    assert nodes() == [("i-1", ONE, None)]
    window(tmp_path, THREE, "i-3")
    window(tmp_path, THREE, "i-3", team="new")
    assert nodes() == [("i-1", ONE, THREE), ("i-3", THREE, None)]
    assert resource_of("prod", "node-a", TWO) == "i-1"
    assert resource_of("prod", "node-a", THREE) == "i-3"


def test_an_earlier_window_adds_what_was_before(tmp_path):
    window(tmp_path, THREE, "i-3", team="search")
    window(tmp_path, ONE, "i-1", team="ads")
    assert nodes() == [("i-1", ONE, THREE), ("i-3", THREE, None)]
    assert pods() == [("ads", "", ONE, THREE), ("search", "", THREE, None)]


def test_a_workload_learns_and_forgets_nothing(tmp_path):
    window(tmp_path, ONE, team="search")
    window(tmp_path, ONE, team="search", model="llama")
    assert pods() == [("search", "llama", ONE, None)], "the same day: it learns"
    window(tmp_path, TWO, team="search")
    assert pods() == [("search", "llama", ONE, None)], "a label that is missing takes nothing away"
    window(tmp_path, THREE, team="ads")
    assert pods() == [("search", "llama", ONE, THREE), ("ads", "llama", THREE, None)]
    window(tmp_path, TWO, team="search", feature="x")
    assert pods()[0] == ("search", "llama", ONE, TWO)


def test_what_somebody_writes_stays(tmp_path):
    deliver(
        tmp_path, "nodes.csv", "node,resource_id,cluster,valid_from\nnode-a,i-9,prod,2026-09-01\n"
    )
    deliver(tmp_path, "pods.csv", "pattern,namespace,team\nchat-*,ml,mine\n")
    window(tmp_path, ONE, team="search")
    window(tmp_path, TWO, "i-2", team="search")
    assert resource_of("prod", "node-a", TWO) == "i-9"
    assert workload_of("prod", "ml", "chat-7d9f8c6b54-abcde", TWO).team == "mine"
    assert ("i-9", ONE, None) in nodes()

    ResourceMap.objects.all().delete()
    window(tmp_path, ONE, team="later")
    deliver(
        tmp_path, "mine.csv", "node,resource_id,cluster,valid_from\nnode-a,i-8,prod,2026-09-01\n"
    )
    window(tmp_path, ONE, team="latest")
    assert nodes() == [("i-8", ONE, None)], "a found row that somebody replaces is theirs"
