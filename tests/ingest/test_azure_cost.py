"""Azure's own cost exports: totals, the two views that are never both, and other formats beside."""

from decimal import Decimal

import duckdb
import pytest

from ingest.fetch.kept import keep
from ingest.fetch.sets import reader_of
from ingest.load import load
from ingest.models import Charge, ChargeSeries, ControlTotal, Delivery
from ingest.sources.prometheus_maps import resource_of
from tests.ingest.bills import ledger
from tests.ingest.test_bill_goldens import FOLDER

pytestmark = pytest.mark.django_db

GOLDENS = FOLDER / "azure_cost"
ACTUAL, AMORTISED = GOLDENS / "ea_actual" / "input.csv", GOLDENS / "ea_amortised" / "input.csv"


@pytest.mark.samples
@pytest.mark.parametrize(
    ("file", "rows", "written"),
    [
        ("azure_ea/EA_ActualCost_Small.csv", 11, "8.5450077867419368"),
        # Its three finer rows end in 1.366e-19, 2.39199e-19 and 1.0962e-19.
        ("azure_ea/EA_AmortizedCost_Small.csv", 28, "16.296932136636644627485419"),
        ("azure_ea/generated_mca_like_202509.csv.gz", 240, "32.8542941357630410495"),
        ("odd/azure_camelCased.csv", 3, "0.00011016"),
    ],
)
def test_it_loads_the_samples_with_their_exact_totals(samples, home, file, rows, written):
    results = load([samples / "billing" / file], "azure")

    assert {result.state for result in results} == {"published"}
    assert sum(result.rows_loaded for result in results) == rows
    total = sum(one.billed_written for one in ControlTotal.objects.all())
    assert total == Decimal(written)
    stored = sum(one.billed_cost for one in Charge.objects.all())
    assert stored == sum(one.billed_cost for one in ControlTotal.objects.all())


def test_it_holds_the_second_view_naming_the_first(home):
    [first] = load([ACTUAL], "azure")
    before = ledger()

    [second] = load([AMORTISED], "azure")

    assert (first.state, second.state) == ("published", "held")
    assert "this set shows amortised cost" in second.message
    assert "input.csv brought the actual cost of account 8611537 for 2026-09" in second.message
    assert ledger() == before


def test_it_holds_the_other_view_of_another_month_too(home, tmp_path):
    load([ACTUAL], "azure")
    october = tmp_path / "october.csv"
    october.write_text(AMORTISED.read_text().replace("09/", "10/"))

    [held] = load([october], "azure")

    assert held.state == "held"
    assert "two views of one bill" in held.message


def test_it_holds_both_views_in_one_set(home, tmp_path):
    for name, file in (("actual.csv", ACTUAL), ("amortised.csv", AMORTISED)):
        (tmp_path / name).write_bytes(file.read_bytes())

    [held] = load([tmp_path], "azure")

    assert held.state == "held"
    assert "rows that only actual cost has" in held.message
    assert "rows that only amortised cost has" in held.message
    assert ledger() == []


def test_it_says_what_an_amortised_export_does_not_tell(home):
    [result] = load([AMORTISED], "azure")

    assert "what is invoiced is not told" in result.message
    assert Delivery.objects.get().view == "amortised"
    [unused, _] = ChargeSeries.objects.filter(commitment_discount_status="Unused").order_by("id")
    assert (unused.charge_category, unused.pricing_category) == ("Usage", "Committed")


def test_it_changes_over_to_the_other_view_when_told_to(home):
    load([ACTUAL], "azure")

    [result] = load([AMORTISED], "azure", replace=True)

    assert result.state == "published"
    assert {d.view for d in Delivery.objects.filter(state="published")} == {"amortised"}


def test_it_holds_the_same_account_arriving_as_focus(home, tmp_path):
    """FOCUS writes the account with its path; it is the same bill."""
    load([ACTUAL], "azure")
    focus = tmp_path / "focus.csv"
    focus.write_text(
        "BilledCost,EffectiveCost,ListCost,BillingCurrency,BillingAccountId,BillingPeriodStart,"
        "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,InvoiceIssuerName,ProviderName\n"
        "1,1,0,USD,/providers/Microsoft.Billing/billingAccounts/8611537,2026-09-01T00:00:00Z,"
        "2026-09-02T00:00:00Z,2026-09-03T00:00:00Z,Usage,Microsoft,Microsoft\n"
    )

    for source in ("azure", "focus"):
        [held] = load([focus], source)
        assert held.state == "held"
        assert "already stands under source 'azure', read as azure_cost" in held.message


def test_it_refuses_a_date_with_the_day_first_naming_its_line(home, tmp_path):
    file = tmp_path / "eu.csv"
    file.write_text(ACTUAL.read_text().replace(",09/21/2026,", ",21/09/2026,"), "utf-8")

    [held] = load([file], "azure")

    assert held.state == "held"
    assert "eu.csv, line 5" in held.message
    assert "'21/09/2026'" in held.message


def test_it_reads_parquet_like_csv(home, tmp_path):
    parquet = tmp_path / "part_0.snappy.parquet"
    duckdb.sql(
        "copy (select * exclude (Cost), Cost::double as Cost"
        f" from read_csv('{ACTUAL}', all_varchar = true)) to '{parquet}' (format parquet)"
    )
    load([ACTUAL], "csv")
    ledger_of_csv = sorted(row[1:] for row in ledger())
    Charge.objects.all().delete()
    Delivery.objects.all().delete()

    [result] = load([parquet], "parquet")

    assert reader_of(keep(parquet)).name == "azure_cost"
    assert result.state == "published"
    assert sorted(row[1:] for row in ledger()) == ledger_of_csv


@pytest.mark.parametrize("format", ["azure_cost/ea_actual", "focus/azure"])
def test_it_names_a_scale_set_machine_as_its_node_does(home, format):
    """So that GPU telemetry of the node weighs this machine and no other of the set."""
    load([FOLDER / format / "input.csv"], "azure")
    group = "MC_GPU_EastUS" if format.startswith("azure") else "mc_gpu"

    node = resource_of(
        f"azure:///subscriptions/1111/resourceGroups/{group}/providers/Microsoft.Compute"
        "/virtualMachineScaleSets/aks-gpu-vmss/virtualMachines/3"
    )

    [series] = ChargeSeries.objects.filter(resource_id=node)
    assert series.instance_type == "Standard_ND96isr_H100_v5"
