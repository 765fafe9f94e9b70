"""The sample files load with exactly the totals of their README."""

from decimal import Decimal

from django.db.models import Sum
import pytest

from ingest.load import load
from ingest.models import Charge, Delivery
from tests.ingest.bills import ledger

pytestmark = [pytest.mark.django_db, pytest.mark.samples]


@pytest.fixture
def bills(samples, home):
    return samples / "billing"


def billed(**only) -> Decimal:
    return Charge.objects.filter(**only).aggregate(total=Sum("billed_cost"))["total"]


def test_it_loads_the_focus_sample(bills):
    results = load([bills / "focus" / "focus_1.0_sample.csv"])

    assert {result.state for result in results} == {"published"}
    assert sum(result.rows_read for result in results) == 1000
    assert billed() == Decimal("20.52022672899")
    charges = Charge.objects.all()
    assert charges.aggregate(t=Sum("list_cost"))["t"] == Decimal("20.39090575119")
    assert billed(series__instance_type="g5.4xlarge") == Decimal("10.203682944")
    assert set(charges.values_list("series__charge_frequency", flat=True)) == {
        "One-Time",
        "Usage-Based",
    }


def test_it_does_not_let_one_stray_row_wipe_october(bills, home):
    sample = bills / "focus" / "focus_1.0_sample.csv"
    lines = sample.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    [stray] = [line for line in lines if '"2024-11-01 00:00:00"' in line]
    october = home / "october.csv"
    months = [stray.replace("VM.", f"VM{n}.").replace("ocid1", f"ocid{n}") for n in range(40)]
    october.write_text(lines[0] + "".join(months), encoding="utf-8")
    load([october])
    before = ledger()

    [held] = load([sample])

    assert held.state == "held"
    assert "2024-10" in held.message
    assert ledger() == before


def test_it_loads_a_real_cur(bills):
    [result] = load([bills / "aws_cur_legacy" / "real_anonymous_2023-11.csv"])

    assert (result.rows_read, result.billed_cost) == (1281, Decimal("1.6823086974"))
    assert billed(series__charge_category="Tax") == Decimal("0.08")


def test_it_loads_exactly_the_files_the_manifest_names(bills):
    [result] = load([bills / "aws_cur_legacy" / "generated_s3_prefix"])

    assert (result.rows_read, result.billed_cost) == (1632, Decimal("46701.6"))
    assert billed(series__instance_type="p5.48xlarge") == Decimal("38307.84")
    assert billed(series__instance_type="g5.4xlarge") == Decimal("389.76")
    tags = Charge.objects.filter(series__resource_id="i-0p5train001").first().series.tags
    assert tags["team"] == "research"


def test_it_sums_doubles_of_parquet_exactly(bills):
    results = load([bills / "aws_focus_parquet"])

    assert sum(result.rows_read for result in results) == 942
    assert billed() == Decimal("18.0066386184")


def test_it_gives_the_same_ledger_for_csv_and_parquet(bills):
    load([bills / "focus" / "focus_1.0_sample.csv"])
    aws = {"series__provider": "AWS"}
    before = set(Charge.objects.filter(**aws).values_list("id", "billed_cost", "effective_cost"))

    load([bills / "aws_focus_parquet"])

    after = set(Charge.objects.filter(**aws).values_list("id", "billed_cost", "effective_cost"))
    assert after == before


def test_it_holds_a_ragged_file_naming_its_line(bills):
    load([bills / "aws_cur_legacy" / "real_anonymous_2023-11.csv"])
    before = ledger()

    [held] = load([bills / "odd" / "aws_ragged_header.csv"])

    assert held.state == "held"
    assert "aws_ragged_header.csv, line 2: 130 fields where the header has 131" in held.message
    assert ledger() == before


def test_it_loads_a_file_without_rows(bills):
    [result] = load([bills / "odd" / "aws_empty.csv"])

    assert (result.state, result.rows_read, result.rows_loaded) == ("published", 0, 0)
    assert ledger() == []
    assert Delivery.objects.get().totals.count() == 0


@pytest.mark.parametrize(
    "name", ["gcp_detailed_202509.csv.gz", "gcp_detailed_nested_202509.jsonl.gz"]
)
def test_it_loads_google_s_export_flat_and_nested(bills, name):
    results = load([bills / "gcp_detailed" / name])

    assert sum(result.rows_read for result in results) == 720
    assert {result.state for result in results} == {"published"}
    totals = Charge.objects.aggregate(gross=Sum("contracted_cost"), net=Sum("billed_cost"))
    assert totals == {"gross": Decimal("2644.56"), "net": Decimal("2572.56")}
    assert billed(series__instance_type="a2-highgpu-1g") == Decimal("2572.56")


def test_it_gives_one_ledger_for_google_s_flat_and_nested_rows(bills):
    load([bills / "gcp_detailed" / "gcp_detailed_202509.csv.gz"])
    before = set(Charge.objects.values_list("id", "billed_cost", "consumed_quantity"))

    load([bills / "gcp_detailed" / "gcp_detailed_nested_202509.jsonl.gz"])

    assert set(Charge.objects.values_list("id", "billed_cost", "consumed_quantity")) == before
