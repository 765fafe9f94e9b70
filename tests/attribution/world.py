"""A small world for reports: 1 September and a quieter 2 August; effective cost = billed cost.

    charge (team tag)         cost   stands on
    bucket of a (a)          10.00   workload a, storage, feature search
    bucket of b (b)           5.00   workload b, storage, feature assistant
    node i-1, 8 GPU-h        80.00   4 h rank-v1 active 40, 1 h held idle 10 (team a);
                                     2 h free 20; 1 h silent 10
    gadgets, no owner         3.00   unattributed
    tax                       2.00   shared
    sum                     100.00
    bucket of a in August     8.00   workload a, storage, feature search

Calls: rank-v1 900 by search, of which 600 under its old name; revenue: search 30; 9 orders.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from attribution.allocate import attribute
from ingest.models import (
    Alias,
    GpuInterval,
    Outcome,
    Quarantined,
    Revenue,
    Source,
    SourceFile,
)
from tests.attribution.ledger import (
    calls,
    charge,
    delivery,
    gpu_hours,
    node_map,
    source,
    workload_map,
)

DAY, BEFORE = date(2026, 9, 1), date(2026, 8, 2)
TEAMS = ("a", "b")


def build() -> None:
    """Everything in the docstring, attributed by the ordinary path."""
    node_map("node-a", "i-1")
    workload_map("rank-*", workload="ranker", model="rank-v1", team="a", activity="inference")
    gpu_hours("G0", range(7))
    gpu_hours("G0", range(5), pod="rank-1", held=1)
    charge("10", tags={"team": "a", "feature": "search"}, service_name="Bucket")
    charge("5", tags={"team": "b", "feature": "assistant"}, service_name="Bucket")
    charge("8", day=BEFORE, tags={"team": "a", "feature": "search"}, service_name="Bucket")
    charge(
        "80",
        consumed="1",
        resource_id="i-1",
        instance_type="p4d.24xlarge",
        service_category="Compute",
        service_name="Computers",
        consumed_unit="Hrs",
    )
    charge("3", service_name="Gadgets")
    charge("2", charge_category="Tax", service_name="Tax")
    calls("rank-v1", 300, feature="search", successes=290, latency_histogram={"20": 300})
    calls("old-rank", 600, feature="search", successes=600, latency_histogram={"28": 600})
    Alias.objects.create(dimension="model", raw="old-rank", canonical="rank-v1")
    business()
    attribute()


def business() -> None:
    of = source("business", "business")
    common = {"source": of, "delivery": delivery(of), "day": DAY, "feature": "search"}
    Revenue.objects.create(amount=Decimal(30), currency="USD", **common)
    Outcome.objects.create(name="orders", count=9, **common)


def quarantine_row() -> None:
    of = Source.objects.get(name="calls")
    file = SourceFile.objects.create(source=of, sha256="1" * 64, name="calls.csv", size_bytes=1)
    Quarantined.objects.create(
        delivery=delivery(of),
        file=file,
        line=7,
        reason="no time",
        raw="b,secret",
    )


def stranger() -> None:
    """An hour of a node that no map and no bill knows."""
    start = datetime(2026, 9, 1, tzinfo=UTC)
    of = source("gpus", "telemetry")
    GpuInterval.objects.create(
        source=of,
        delivery=delivery(of),
        t_start=start,
        t_end=start.replace(hour=1),
        cluster="lab",
        node="stranger",
        device_uuid="G9",
        observed_ms=3_600_000,
        alloc_gpu_fraction=0,
    )
