"""Random worlds put into the tables (random_worlds says what they are)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
import hashlib
import itertools
import json

from attribution.models import AllocationRule
from ingest.models import (
    Alias,
    ChangedDay,
    Charge,
    ChargeSeries,
    Delivery,
    GpuInterval,
    PodHour,
    Price,
    ResourceMap,
    Scope,
    Source,
    StorageAge,
    StorageMap,
    UsageDay,
    WorkloadMap,
)
from ingest.publish import sum_bill_days
from tests.attribution.ledger import DAY, delivery, source
from tests.attribution.random_worlds import World

_ids = itertools.count(1)


@dataclass(frozen=True)
class Ground:
    """What every world stands on, made once: sources, the oldest first, since it goes first where
    two tell of the same; a delivery of each, and the scopes of the bills."""

    sources: dict[str, Source]
    deliveries: dict[str, Delivery]
    scopes: dict[str, Scope]


def ground() -> Ground:
    kinds = {"aws": "bill", "gcp": "bill", "gpus": "telemetry", "calls": "usage",
             "gateway": "usage", "provider": "usage", "inventory": "storage"}  # fmt: skip
    sources = {name: source(name, kind) for name, kind in kinds.items()}
    sources["provider"].usage_role = "provider_count"
    sources["provider"].save()
    bill = {"invoice_issuer": "", "billing_account_id": "1", "part": "2026-09"}
    return Ground(
        sources,
        {name: delivery(of) for name, of in sources.items()},
        {name: Scope.objects.create(source=sources[name], **bill) for name in ("aws", "gcp")},
    )


def build(world: World, on: Ground, *, backwards: bool = False) -> None:
    """Put the world into the tables; `backwards` every row in the other order, as if the files had
    come so."""
    turn = (lambda rows: list(rows)[::-1]) if backwards else list
    _rules(world, turn)
    _maps(world, turn)
    _telemetry(on, turn(world.intervals))
    _pods(on, turn(world.pods))
    _stored(on, world, turn)
    _calls(on, turn(world.calls))
    _charges(on, turn(world.charges))


def _rules(world: World, turn) -> None:
    made = [AllocationRule(**rule) for rule in world.rules]
    for key in world.disabled:  # a next version that is off
        old = AllocationRule.objects.filter(key=key).order_by("version").last()
        old.pk, old.version, old.built_in, old.enabled = None, old.version + 1, False, False
        made.append(old)
    AllocationRule.objects.bulk_create(turn(made))


def _maps(world: World, turn) -> None:
    nodes = [ResourceMap(node=node, resource_id=one) for node, one in world.nodes.items()]
    pods = [WorkloadMap(pattern=pattern, **one) for pattern, one in world.workloads.items()]
    names = [
        Alias(dimension=dimension, raw=raw, canonical=one)
        for (dimension, raw), one in world.aliases.items()
    ]
    prices = [
        Price(model=model, token_class=name, price=price, currency="USD", basis="list",
              valid_from=date(2026, 1, 1))
        for (model, name), price in world.prices.items()
    ]  # fmt: skip
    for model, rows in ((ResourceMap, nodes), (WorkloadMap, pods), (Alias, names), (Price, prices)):
        if rows:
            model.objects.bulk_create(turn(rows))


def _telemetry(on: Ground, rows: list[dict]) -> None:
    made = []
    for row in rows:
        start = datetime(row["day"].year, row["day"].month, row["day"].day, row["hour"], tzinfo=UTC)
        made.append(
            GpuInterval(
                source=on.sources["gpus"],
                delivery=on.deliveries["gpus"],
                t_start=start,
                t_end=start + timedelta(hours=1),
                node=row["node"],
                device_uuid=row["device"],
                mig_instance_id=row["mig"],
                workload_key=f"k8s:/{row['pod']}" if row["pod"] else "",
                pod=row["pod"],
                alloc_gpu_fraction=row["fraction"],
                observed_ms=row["observed"],
                held_idle_ms=row["held"],
                empty_idle_ms=row["empty"],
            )
        )
    GpuInterval.objects.bulk_create(made)
    _changed(on.sources["gpus"], {row["day"] for row in rows}, "telemetry")


def _pods(on: Ground, rows: list) -> None:
    """A machine of 8 cores and 32 GB, seen in the hours its pods are there."""
    whole = {"cpu_capacity_ms": 8 * 3_600_000, "memory_capacity_ms": 32 * 1024 * 3_600_000}
    found = [(hour, "", whole) for hour in sorted({hour for _, (hour, _, _) in rows})]
    for pod, (hour, cores, memory) in rows:
        held = {"cpu_requested_ms": cores * 3_600_000}
        found.append((hour, pod, held | {"memory_used_ms": memory * 1024 * 3_600_000}))
    PodHour.objects.bulk_create(
        PodHour(source=on.sources["gpus"], delivery=on.deliveries["gpus"], node="node-c", pod=pod,
                hour=datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC),
                observed_ms=3_600_000, **told)
        for hour, pod, told in found
    )  # fmt: skip
    if found:
        _changed(on.sources["gpus"], [DAY], "telemetry")


def _stored(on: Ground, world: World, turn) -> None:
    StorageMap.objects.bulk_create(
        turn(StorageMap(pattern=text, model=model) for text, model in world.prefixes.items())
    )
    of = {"source": on.sources["inventory"], "delivery": on.deliveries["inventory"]}
    StorageAge.objects.bulk_create(
        turn(
            StorageAge(**of, day=DAY, bucket="b-1", prefix=prefix, objects_count=1, bytes=size)
            for prefix, size in world.stored.items()
        )
    )
    if world.stored:
        _changed(on.sources["inventory"], [DAY], "storage")


def _calls(on: Ground, rows: list[dict]) -> None:
    UsageDay.objects.bulk_create(
        UsageDay(**{**row, "source": on.sources[row["source"]]}) for row in rows
    )
    _changed(on.sources["calls"], {row["day"] for row in rows}, "usage")


def _charges(on: Ground, rows: list[dict]) -> None:
    series = [
        ChargeSeries(
            source=on.sources[row["source"]],
            sha256=hashlib.sha256(json.dumps(row["series"], sort_keys=True).encode()).digest(),
            **row["series"],
        )
        for row in rows
    ]
    ChargeSeries.objects.bulk_create(series)
    Charge.objects.bulk_create(
        Charge(
            id=next(_ids),
            source=one.source,
            series=one,
            scope=on.scopes[row["source"]],
            delivery=on.deliveries[row["source"]],
            day=row["day"],
            billing_period=row["day"].replace(day=1),
            long_period_end=datetime(2026, 10, 1, tzinfo=UTC) if row["long"] else None,
            invoice_id=row["invoice"],
            rows=1,
            billed_cost=row["billed"],
            effective_cost=row["effective"],
            list_cost=row["list"],
            contracted_cost=row["contracted"],
            consumed_quantity=row["consumed"],
            pricing_quantity=row["priced"],
        )
        for one, row in zip(series, rows, strict=True)
    )
    for name in sorted({row["source"] for row in rows}):
        days = sorted({row["day"] for row in rows if row["source"] == name})
        sum_bill_days(on.sources[name], days)
        _changed(on.sources[name], days, "charges")


def _changed(of: Source, days: Iterable[date], what: str) -> None:
    ChangedDay.objects.bulk_create(ChangedDay(source=of, day=day, what=what) for day in days)
