"""The export against the column rules of FOCUS 1.2, and read back by our own FOCUS reader."""

from collections import defaultdict
import csv
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
import json

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.focus_columns import ALLOCATION, FOCUS, OWN, SERVICE_CATEGORIES
from attribution.reports.formats import to_csv, to_parquet
from attribution.reports.spec import Asker, BadSpec, NotAllowed, Spec
from ingest.load import load
from ingest.models import Charge
from tests.attribution import example

pytestmark = pytest.mark.django_db

SPEC = Spec("focus_export", Period(date(2026, 9, 1), date(2026, 10, 1)), Asker("finance"))
NOT_NULL = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency",
    "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart",
    "BillingPeriodEnd", "BillingAccountId", "InvoiceIssuerName", "ServiceCategory",
    "ServiceSubcategory", "ServiceName", "ProviderName", "PublisherName", "PricingCurrency",
)  # fmt: skip
ALLOWED = {
    "ChargeCategory": ("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
    "ChargeClass": (None, "Correction"),
    "ChargeFrequency": (None, "One-Time", "Recurring", "Usage-Based"),
    "PricingCategory": (None, "Standard", "Dynamic", "Committed", "Other"),
    "CommitmentDiscountCategory": (None, "Spend", "Usage"),
    "CommitmentDiscountStatus": (None, "Used", "Unused"),
    "CapacityReservationStatus": (None, "Used", "Unused"),
    "ServiceCategory": SERVICE_CATEGORIES,
}
# (what, when it applies, columns that then must not be null)
NEEDED = (
    ("priced", lambda r: priced(r), ("PricingQuantity", "PricingUnit", "PricingCategory",
                                     "SkuId", "SkuPriceId")),
    ("committed", lambda r: r["CommitmentDiscountId"], ("CommitmentDiscountCategory",
                                                        "CommitmentDiscountType")),
    ("commitment used", lambda r: r["CommitmentDiscountId"] and r["ChargeCategory"] == "Usage",
     ("CommitmentDiscountStatus",)),
    ("consumed", lambda r: priced(r) and r["ChargeCategory"] == "Usage"
     and r["CommitmentDiscountStatus"] != "Unused", ("ConsumedQuantity", "ConsumedUnit")),
    ("resource", lambda r: r["ResourceId"], ("ResourceType",)),
    ("sub account", lambda r: r["SubAccountId"], ("SubAccountType",)),
    ("allocated", lambda r: r["AllocatedMethodId"], ALLOCATION),
)  # fmt: skip
# (what, when it applies, columns that then must be null)
FORBIDDEN = (
    ("tax", lambda r: r["ChargeCategory"] == "Tax", ("PricingQuantity", "PricingUnit",
     "PricingCategory", "SkuId", "SkuPriceId", "SkuMeter", "ConsumedQuantity")),
    ("no commitment", lambda r: not r["CommitmentDiscountId"], ("CommitmentDiscountStatus",
     "CommitmentDiscountCategory", "CommitmentDiscountType", "CommitmentDiscountName",
     "CommitmentDiscountQuantity", "CommitmentDiscountUnit")),
    ("no usage", lambda r: r["ChargeCategory"] != "Usage"
     or r["CommitmentDiscountStatus"] == "Unused", ("ConsumedQuantity", "ConsumedUnit")),
    ("purchase", lambda r: r["ChargeCategory"] == "Purchase", ("CommitmentDiscountStatus",)),
    ("no resource", lambda r: not r["ResourceId"], ("ResourceName", "ResourceType")),
    ("not allocated", lambda r: not r["AllocatedMethodId"], ALLOCATION),
)  # fmt: skip


def priced(row) -> bool:
    return row["ChargeCategory"] in ("Usage", "Purchase") and row["ChargeClass"] != "Correction"


def violations(row: dict) -> list[str]:
    """What a row breaks; a column the bill did not tell may be null where the row says so."""
    gaps = set((row["x_UnknownColumns"] or "").split(","))
    found = [f"{name} is null" for name in NOT_NULL if row[name] in (None, "")]
    found += [f"{n}: {row[n]!r}" for n, allowed in ALLOWED.items() if row[n] not in allowed]
    for what, applies, columns in NEEDED:
        lacking = [c for c in columns if row[c] is None and c not in gaps]
        found += [f"{what}: {c} is null" for c in lacking if applies(row)]
    for what, applies, columns in FORBIDDEN:
        found += [f"{what}: {c} is told" for c in columns if applies(row) and row[c] is not None]
    if any(value == "" for value in row.values()):
        found.append("an empty text instead of null")
    for start, end in (("ChargePeriodStart", "ChargePeriodEnd"),
                       ("BillingPeriodStart", "BillingPeriodEnd")):  # fmt: skip
        found += [] if row[start] < row[end] else [f"{end} is not after {start}"]
    for name in ("Tags", "AllocatedTags", "AllocatedMethodDetails"):
        found += [] if isinstance(json.loads(row[name] or "{}"), dict) else [f"{name}: no object"]
    found += [] if len(row["BillingCurrency"]) == 3 else ["BillingCurrency: no ISO 4217 code"]
    return found


@pytest.fixture
def ledger(tmp_path, settings):
    settings.AICOST_HOME = tmp_path / "home"
    files = tmp_path / "files"
    for paths, source in (
        (example.maps(files), "maps"),
        ([example.telemetry(files)], "gpus"),
        ([example.calls(files)], "calls"),
        ([example.aws(files)], "aws"),
        ([example.api(files)], "llm-api"),
    ):
        assert {one.state for one in load(paths, source)} == {"published"}
    attribute()


def test_it_keeps_the_column_rules(ledger):
    answer = run(SPEC)
    assert answer.columns == FOCUS + ALLOCATION + OWN
    assert len(FOCUS) == 57
    assert {row["ChargeCategory"] for row in answer.rows} >= {"Usage", "Purchase", "Tax"}
    assert [(row["x_ChargeId"], found) for row in answer.rows if (found := violations(row))] == []


def test_it_replaces_each_origin_by_its_parts(ledger):
    sums = defaultdict(lambda: [Decimal(0), Decimal(0)])
    ratios = defaultdict(Decimal)
    for row in run(SPEC).rows:
        sums[int(row["x_ChargeId"])][0] += row["BilledCost"]
        sums[int(row["x_ChargeId"])][1] += row["EffectiveCost"]
        if row["AllocatedMethodId"]:
            [element] = json.loads(row["AllocatedMethodDetails"], parse_float=Decimal)["Elements"]
            ratios[row["x_ChargeId"]] += element["AllocatedRatio"]
    charges = Charge.objects.filter(day__gte=SPEC.period.start, day__lt=SPEC.period.end)
    assert dict(sums) == {c.id: [c.billed_cost, c.effective_cost] for c in charges}
    assert ratios and {round(ratio, 12) for ratio in ratios.values()} == {1}


def test_it_is_read_back_as_the_same_bill(ledger, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(to_csv(run(replace(SPEC, filters={"source": ("aws",)}))), encoding="utf-8")
    with path.open(newline="") as lines:
        first = next(csv.DictReader(lines))
    assert datetime.fromisoformat(first["ChargePeriodStart"]).tzinfo is not None
    Charge.objects.all().delete()
    before = {d.source.name: d for d in _deliveries()}["aws"].totals.get()
    _deliveries().delete()
    [again] = load([path], "read back")
    assert (again.state, again.billed_cost, again.effective_cost) == (
        "published", before.billed_cost, before.effective_cost,
    )  # fmt: skip


def _deliveries():
    from ingest.models import Delivery

    return Delivery.objects.filter(source__kind="bill")


def test_it_writes_parquet_with_exact_costs(ledger):
    import io

    import pyarrow.parquet as pq

    answer = run(SPEC)
    table = pq.read_table(io.BytesIO(to_parquet(answer)))
    assert sum(table["EffectiveCost"].to_pylist()) == sum(r["EffectiveCost"] for r in answer.rows)
    assert str(table.schema.field("ChargePeriodStart").type) == "timestamp[us, tz=UTC]"


def test_it_is_for_the_whole_company_and_a_month_at_most(ledger):
    with pytest.raises(NotAllowed):
        run(replace(SPEC, asker=Asker("engineer", teams=("a",))))
    year = Period(date(2026, 1, 1), date(2026, 12, 31))
    with pytest.raises(BadSpec, match="at most 31 days"):
        run(replace(SPEC, period=year))
    assert run(replace(SPEC, period=year, long=True)).rows
