"""The files of the worked example: one day of bills, telemetry, calls, maps and revenue."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

DAY = "2026-09-01"
SEPTEMBER = ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z")
FOCUS = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "BillingCurrency",
    "BillingAccountId",
    "SubAccountId",
    "InvoiceIssuerName",
    "ProviderName",
    "ServiceCategory",
    "ServiceSubcategory",
    "ServiceName",
    "SkuId",
    "SkuMeter",
    "ResourceId",
    "x_InstanceType",
    "ChargeCategory",
    "ChargeClass",
    "ChargeFrequency",
    "ChargeDescription",
    "CommitmentDiscountId",
    "CommitmentDiscountStatus",
    "ConsumedQuantity",
    "ConsumedUnit",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "InvoiceId",
    "Tags",
]


def write(path: Path, columns, rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def hourly(row: dict) -> list[dict]:
    """24 rows of an hour, which the ledger merges into one charge of the day; the last hour takes
    what a 24th, written with six decimals, leaves over."""
    start = datetime(2026, 9, 1, tzinfo=UTC)
    parts = []
    for hour in range(24):
        at = start + timedelta(hours=hour)
        part = {
            **row,
            "ChargePeriodStart": at.isoformat(),
            "ChargePeriodEnd": (at + timedelta(hours=1)).isoformat(),
        }
        for column in ("BilledCost", "EffectiveCost", "ListCost", "ConsumedQuantity"):
            if part.get(column):
                whole = Decimal(row[column])
                each = round(whole / 24, 6)
                part[column] = str(each if hour < 23 else whole - 23 * each)
        parts.append(part)
    return parts


def _row(billed, effective, **more) -> dict:
    return {
        "BilledCost": billed,
        "EffectiveCost": effective,
        "BillingCurrency": "USD",
        "BillingAccountId": "payer",
        "InvoiceIssuerName": "AWS",
        "ProviderName": "AWS",
        "ChargeCategory": "Usage",
        "BillingPeriodStart": SEPTEMBER[0],
        "BillingPeriodEnd": SEPTEMBER[1],
        "ChargePeriodStart": "2026-09-01T00:00:00Z",
        "ChargePeriodEnd": "2026-09-02T00:00:00Z",
        **more,
    }


def aws(folder: Path, *, node="460.80", unused="19.20", untagged="30.00", tax="27.23") -> Path:
    """The AWS bill of the day as FOCUS; the arguments are what the second delivery changes."""
    plan = {"CommitmentDiscountId": "sp-1", "ServiceName": "Savings Plans for Compute"}
    rows = hourly(
        _row(
            "0.00",
            node,
            ListCost="786.5424",
            ServiceName="Amazon Elastic Compute Cloud",
            ServiceCategory="Compute",
            ResourceId="i-0a",
            x_InstanceType="p4d.24xlarge",
            CommitmentDiscountId="sp-1",
            CommitmentDiscountStatus="Used",
            ConsumedQuantity="24",
            ConsumedUnit="Hrs",
            Tags='{"environment": "prod"}',
        )
    )
    rows += hourly(
        _row("480.00", "0.00", ChargeCategory="Purchase", ChargeFrequency="Recurring", **plan)
    )
    rows += hourly(_row("0.00", unused, CommitmentDiscountStatus="Unused", **plan))
    rows.append(
        _row(
            "30.00",
            "30.00",
            ServiceName="AWS Support (Business)",
            ChargePeriodStart=SEPTEMBER[0],
            ChargePeriodEnd=SEPTEMBER[1],
        )
    )
    rows += hourly(
        _row(
            "4.60",
            "4.60",
            ServiceName="Amazon Simple Storage Service",
            ServiceCategory="Storage",
            ResourceId="ckpt",
            Tags='{"team": "relevance", "model": "ranker-v3"}',
        )
    )
    rows += hourly(_row(untagged, untagged, SubAccountId="4711", ServiceName="Amazon Redshift"))
    rows.append(_row(tax, tax, ChargeCategory="Tax", ServiceName="Tax"))
    return write(folder / "aws.csv", FOCUS, rows)


def correction(folder: Path) -> Path:
    """October's bill: support of September was 2.00 too much."""
    row = _row(
        "-2.00",
        "-2.00",
        ServiceName="AWS Support (Business)",
        ChargeClass="Correction",
        ChargePeriodStart=SEPTEMBER[0],
        ChargePeriodEnd=SEPTEMBER[1],
        BillingPeriodStart="2026-10-01T00:00:00Z",
        BillingPeriodEnd="2026-11-01T00:00:00Z",
    )
    return write(folder / "aws-october.csv", FOCUS, [row])


def api(folder: Path) -> Path:
    rows = []
    for meter, tokens, cost in (("input", "10500000", "15.75"), ("output", "2000000", "12.00")):
        rows += hourly(
            _row(
                cost,
                cost,
                InvoiceIssuerName="LLM Inc",
                ProviderName="LLM Inc",
                ServiceName="LLM API",
                ServiceCategory="AI and Machine Learning",
                ServiceSubcategory="Generative AI",
                SkuMeter=f"big-llm {meter} tokens",
                ConsumedQuantity=tokens,
                ConsumedUnit="Tokens",
            )
        )
    return write(folder / "llm-api.csv", FOCUS, rows)


def maps(folder: Path) -> list[Path]:
    node = {"node": "node-0a", "resource_id": "i-0a"}
    inference = {"activity": "inference"}
    workloads = [
        {"pattern": "rank-*", "workload": "ranker", "model": "ranker-v3", "team": "relevance"},
        {"pattern": "sum-*", "workload": "summarizer", "model": "llama-8b", "team": "assistant"},
    ]
    columns = [
        "cluster",
        "namespace",
        "pattern",
        "activity",
        "workload",
        "model",
        "feature",
        "experiment",
        "team",
        "environment",
        "valid_from",
        "valid_to",
    ]
    return [
        write(
            folder / "resource_map.csv",
            ["cluster", "node", "resource_id", "valid_from", "valid_to"],
            [node],
        ),
        write(folder / "workload_map.csv", columns, [{**w, **inference} for w in workloads]),
    ]


def _intervals(device: int, first: int, hours: int, pod: str, held: int = 0, empty: int = 0):
    """Whole hours of one device, its own row and the pod's; held idle first, then empty."""
    for nth in range(hours):
        start = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=first + nth)
        base = {
            "t_start": start.isoformat(),
            "t_end": (start + timedelta(hours=1)).isoformat(),
            "node": "node-0a",
            "device_uuid": f"GPU-{device}",
            "observed_s": 3600,
            "alloc_gpu_fraction": 0,
        }
        yield base
        if pod:
            yield {
                **base,
                "workload_key": f"k8s:c/ml/{pod}/main",
                "namespace": "ml",
                "pod": pod,
                "alloc_gpu_fraction": 1,
                "held_idle_s": 3600 if nth < held else 0,
                "empty_idle_s": 3600 if held <= nth < held + empty else 0,
            }


def telemetry(folder: Path) -> Path:
    """22 h on each of 8 GPUs: ranker 88 (16 held), summarizer 66 (9 held, 3 empty), 22 free."""
    rows = []
    for device in range(4):
        rows += _intervals(device, 0, 22, "rank-0", held=4)
    for device in range(4, 7):
        rows += _intervals(device, 0, 22, "sum-0", held=3, empty=1)
    rows += _intervals(7, 0, 22, "")
    columns = [
        "t_start",
        "t_end",
        "cluster",
        "node",
        "device_uuid",
        "workload_key",
        "namespace",
        "pod",
        "alloc_gpu_fraction",
        "observed_s",
        "held_idle_s",
        "empty_idle_s",
    ]
    return write(folder / "gpu_intervals.csv", columns, rows)


def calls(folder: Path) -> Path:
    rows = []
    for model, requests in {
        "ranker-v3": {"search": 450_000, "recommendations": 300_000, "assistant": 150_000},
        "llama-8b": {"search": 30_000, "assistant": 40_000},
    }.items():
        rows += [{"model": model, "feature": f, "requests": n} for f, n in requests.items()]
    for feature, tokens_in, tokens_out in (
        ("search", 4_000_000, 300_000),
        ("assistant", 6_000_000, 1_700_000),
    ):
        tokens = {"input_tokens": tokens_in, "output_tokens": tokens_out}
        rows.append({"model": "big-llm", "feature": feature, **tokens})
    common = {"time": f"{DAY}T12:00:00Z", "environment": "prod"}
    columns = [
        "time",
        "model",
        "feature",
        "environment",
        "requests",
        "input_tokens",
        "output_tokens",
    ]
    return write(folder / "calls.csv", columns, [{**common, **row} for row in rows])


def revenue(folder: Path) -> Path:
    rows = [
        {"day": DAY, "feature": feature, "revenue": amount, "currency": "USD"}
        for feature, amount in (("search", 900), ("recommendations", 400), ("assistant", 120))
    ]
    return write(
        folder / "revenue.csv", ["day", "feature", "customer", "revenue", "currency"], rows
    )
