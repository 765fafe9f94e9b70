"""Small bills, telemetry and calls put straight into the tables, for tests of the engine alone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import hashlib
import itertools
import json

from attribution.models import AllocatedCharge
from ingest.models import (
    ChangedDay,
    Charge,
    ChargeSeries,
    Delivery,
    GpuInterval,
    ResourceMap,
    Scope,
    Source,
    UsageDay,
    WorkloadMap,
)
from ingest.partitions import ensure_partitions
from ingest.publish import sum_bill_days

DAY = date(2026, 9, 1)
_ids = itertools.count(1)


def source(name: str = "aws", kind: str = "bill") -> Source:
    return Source.objects.get_or_create(name=name, defaults={"kind": kind})[0]


def delivery(of: Source) -> Delivery:
    found = Delivery.objects.filter(source=of).first()
    return found or Delivery.objects.create(
        source=of, name="test", state=Delivery.PUBLISHED, set_sha256="0" * 64
    )


def charge(
    billed, effective=None, *, of: Source | None = None, day: date = DAY, long_until=None, **series
) -> int:
    """One charge; series fields by name (tags, resource_id, …), quantities as `consumed`."""
    of = of or source()
    consumed, listed = series.pop("consumed", None), series.pop("list", None)
    series = {
        "charge_category": "Usage",
        "billing_currency": "USD",
        "billing_account_id": "1",
        **series,
    }
    sha = hashlib.sha256(json.dumps(series, sort_keys=True).encode()).digest()
    one, _ = ChargeSeries.objects.get_or_create(source=of, sha256=sha, defaults=series)
    scope, _ = Scope.objects.get_or_create(
        source=of, invoice_issuer="", billing_account_id="1", part=f"{day:%Y-%m}"
    )
    ensure_partitions("ingest_charge", [day])
    made = Charge.objects.create(
        id=next(_ids),
        source=of,
        series=one,
        scope=scope,
        delivery=delivery(of),
        day=day,
        billing_period=day.replace(day=1),
        long_period_end=long_until,
        rows=1,
        billed_cost=Decimal(billed),
        effective_cost=Decimal(effective if effective is not None else billed),
        list_cost=None if listed is None else Decimal(listed),
        consumed_quantity=None if consumed is None else Decimal(consumed),
    )
    sum_bill_days(of, [day])
    ChangedDay.objects.create(source=of, day=day, what="charges")
    return made.id


def gpu_hours(
    device: str,
    hours: range,
    *,
    pod: str = "",
    held: int = 0,
    empty: int = 0,
    fraction="1",
    node: str = "node-a",
    day: date = DAY,
    seen_by: str = "gpus",
    observed_ms: int = 3_600_000,
) -> None:
    """Whole hours of one device: the device's own row, and a workload's when a pod is named; the
    first `held` hours are held idle, the next `empty` ones empty."""
    of = source(seen_by, "telemetry")
    ensure_partitions("ingest_gpuinterval", [day])
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    rows = []
    for nth, hour in enumerate(hours):
        start = midnight + timedelta(hours=hour)
        base = {
            "source": of,
            "delivery": delivery(of),
            "t_start": start,
            "t_end": start + timedelta(hours=1),
            "node": node,
            "device_uuid": device,
            "observed_ms": observed_ms,
            "alloc_gpu_fraction": Decimal(0),
        }
        rows.append(GpuInterval(**base))
        if pod:
            idle = {
                "held_idle_ms": 3_600_000 if nth < held else 0,
                "empty_idle_ms": 3_600_000 if held <= nth < held + empty else 0,
            }
            share = {"alloc_gpu_fraction": Decimal(fraction), "workload_key": f"k8s:/{pod}"}
            rows.append(GpuInterval(**{**base, **idle, **share, "pod": pod}))
    GpuInterval.objects.bulk_create(rows, ignore_conflicts=True)
    ChangedDay.objects.create(source=of, day=day, what="telemetry")


def calls(model: str, requests: int = 0, *, day: date = DAY, **more) -> None:
    of = source("calls", "usage")
    UsageDay.objects.create(source=of, day=day, model=model, requests=requests, **more)
    ChangedDay.objects.create(source=of, day=day, what="usage")


def node_map(node: str, resource: str) -> None:
    ResourceMap.objects.create(node=node, resource_id=resource)


def workload_map(pattern: str, **dimensions) -> None:
    WorkloadMap.objects.create(pattern=pattern, **dimensions)


def stands(charge_id: int | None = None, *, stage: str = "target") -> dict[tuple, Decimal]:
    """Effective cost by (kind, state, workload, model, feature, team) of the target."""
    rows = AllocatedCharge.objects.all()
    if charge_id:
        rows = rows.filter(charge_id=charge_id)
    out: dict[tuple, Decimal] = {}
    for row in rows.select_related(stage):
        t = getattr(row, stage)
        key = (t.kind, t.state, t.workload, t.model, t.feature, t.team)
        out[key] = out.get(key, Decimal(0)) + row.effective_cost
    return out
