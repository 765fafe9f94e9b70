"""Small bills for stories: a FOCUS file from a few words a row, and what the ledger holds."""

import csv
from pathlib import Path

from ingest.models import Charge

FOCUS_COLUMNS = (
    "BilledCost", "EffectiveCost", "ListCost", "BillingCurrency", "BillingAccountId",
    "BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory",
    "InvoiceIssuerName", "ProviderName", "ServiceName", "ResourceId", "Tags", "InvoiceId",
)  # fmt: skip


def focus_row(resource: str, day: str, billed: str, **more: str) -> dict[str, str]:
    """One hour of usage of a resource, billed in the month of its day."""
    return {
        "BilledCost": billed,
        "EffectiveCost": billed,
        "ListCost": "",
        "BillingCurrency": "USD",
        "BillingAccountId": "acct",
        "BillingPeriodStart": f"{day[:7]}-01T00:00:00Z",
        "ChargePeriodStart": f"{day}T03:00:00Z",
        "ChargePeriodEnd": f"{day}T04:00:00Z",
        "ChargeCategory": "Usage",
        "InvoiceIssuerName": "Cloud Inc",
        "ProviderName": "Cloud",
        "ServiceName": "Machines",
        "ResourceId": resource,
        "Tags": "",
        "InvoiceId": "",
        **more,
    }


def write_focus(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, FOCUS_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def ledger() -> list[tuple[str, str, str, str]]:
    """Every charge as (source, resource, day, billed), and nothing else."""
    rows = Charge.objects.select_related("series", "source").order_by(
        "source__name", "day", "series__resource_id", "invoice_id", "id"
    )
    return [
        (c.source.name, c.series.resource_id, str(c.day), f"{c.billed_cost.normalize():f}")
        for c in rows
    ]
