"""Google Cloud's export in BigQuery, over the wire to a server that runs the queries it gets."""

from decimal import Decimal
import gzip
import json

from django.db.models import Sum
from google.cloud.bigquery import SchemaField
import pytest

from aicost.kernel.periods import utc_today
from ingest.connect import check_source, configure
from ingest.fetch.bigquery_sql import columns_of_schema, query
from ingest.file_rows import rows_of_charge
from ingest.load import load
from ingest.models import Charge, Delivery, Restatement, Scope, Source
from ingest.run_source import run_source
from ingest.sources import focus, gcp_billing
from tests.ingest.fake_bigquery import FakeBigQuery, service_account_key, serving, table_fields

pytestmark = pytest.mark.django_db

TABLE = "acme.billing.gcp_billing_export_resource_v1_01ABCD_234567_89EFGH"
FIELDS = table_fields(
    "billing_account_id", "service:{id,description}", "sku:{id,description}",
    "usage_start_time:TIMESTAMP", "usage_end_time:TIMESTAMP",
    "project:{id,name,labels:[key,value],ancestry_numbers,ancestors:[resource_name,display_name]}",
    "labels:[key,value]", "system_labels:[key,value]",
    "tags:[key,value,inherited:BOOLEAN,namespace]", "location:{location,country,region,zone}",
    "export_time:TIMESTAMP", "cost:FLOAT", "currency", "currency_conversion_rate:FLOAT",
    "usage:{amount:FLOAT,unit,amount_in_pricing_units:FLOAT,pricing_unit}",
    "credits:[name,amount:FLOAT,full_name,id,type]", "invoice:{month}", "cost_type",
    "adjustment_info:{id,description,mode,type}", "transaction_type", "seller_name",
    "subscription:{instance_id}", "cost_at_list:FLOAT", "resource:{name,global_name}",
)  # fmt: skip


def row(day: str, cost: float, *credits: tuple[str, float], node: str = "gpu-1", **more) -> dict:
    """One hour of a GPU node, as BigQuery returns it."""
    return {
        "billing_account_id": "01ABCD-234567-89EFGH",
        "service": {"id": "6F81", "description": "Compute Engine"},
        "sku": {"id": "A100", "description": "Nvidia Tesla A100 GPU running in Americas"},
        "usage_start_time": f"{day}T03:00:00Z",
        "usage_end_time": f"{day}T04:00:00Z",
        "project": {"id": "ml", "name": "ml", "labels": [{"key": "team", "value": "research"}]},
        "labels": [{"key": "run_id", "value": "r1"}, {"key": "empty", "value": None}],
        "system_labels": [{"key": "compute.googleapis.com/machine_spec", "value": "a2-highgpu-1g"}],
        "tags": [{"key": "team", "value": "vision", "inherited": True, "namespace": "111"}],
        "location": {"region": "us-central1", "zone": "us-central1-a"},
        "export_time": f"{day}T09:00:00Z",
        "cost": cost,
        "currency": "USD",
        "usage": {"amount": 3600.0, "unit": "seconds", "amount_in_pricing_units": 1.0,
                  "pricing_unit": "hour"},
        "credits": [{"type": kind, "amount": amount} for kind, amount in credits],
        "invoice": {"month": day[:7].replace("-", "")},
        "cost_type": "regular",
        "resource": {"name": node, "global_name": f"//compute.googleapis.com/{node}"},
        **more,
    }  # fmt: skip


@pytest.fixture
def google():
    fake = FakeBigQuery()
    fake.add_table(TABLE, FIELDS)
    with serving(fake) as url:
        fake.url = url
        yield fake
    fake.con.close()


@pytest.fixture
def connect(google, home):
    def given(table: str = TABLE, name: str = "google", **more) -> Source:
        values = {"table": table, "endpoint": google.url, **more}
        values["credentials"] = service_account_key(google.url)
        return configure(name, "gcp_bigquery", values)

    return given


def charges() -> list[tuple]:
    """What the ledger says of every charge, by what identifies it; never by ids."""
    names = (
        "series__sha256", "scope__part", "day", "long_period_end", "billing_period", "invoice_id",
        "rows", "billed_cost", "effective_cost", "list_cost", "contracted_cost",
        "pricing_quantity", "consumed_quantity",
    )  # fmt: skip
    found = Charge.objects.order_by("day", "series__sha256", "scope__part", "billing_period")
    return [(bytes(sha256), *rest) for sha256, *rest in found.values_list(*names)]


def by_part() -> dict[str, Decimal]:
    totals = Charge.objects.values_list("scope__part").annotate(total=Sum("billed_cost"))
    return dict(totals.order_by("scope__part"))


def write_jsonl(path, arrived: str, *rows: dict):
    lines = (json.dumps({**one, "partition_date": arrived}) for one in rows)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_it_gives_the_charges_that_the_same_rows_give_as_a_file(google, connect, home):
    arrived = "2025-09-04"
    rows = [
        row("2025-09-03", 0.1 + 0.2, ("COMMITTED_USAGE_DISCOUNT", -0.1), ("PROMOTION", -1e-07)),
        row("2025-09-03", 0.1 + 0.7, ("PROMOTION", -0.05)),
        row("2025-09-03", 1.2345678901234567e-05),  # more than 18 decimals
        row("2025-09-03", 5e-19),  # half a quantum: to even, that is to nothing
        row("2025-09-03", 1.5e-18),  # and this one to two
        row("2025-09-30", 4.0, invoice={"month": "202510"}),
        row("2025-09-03", 0.08, cost_type="tax", project=None, resource=None, labels=[]),
        row("2025-09-03", -2.0, cost_type="adjustment", adjustment_info={"type": "GOODWILL"}),
        row("2025-09-03", 3.0, sku={"id": "C", "description": "Commitment v1: A100 for 1 Year"}),
        row("2025-09-03", 2.0, sku={"id": "G", "description": "Gemini 2.5 Flash Text Input"},
            service={"id": "V", "description": "Vertex AI"}, cost_at_list=2.5),
        row("2025-09-01", 7.0, usage_end_time="2025-10-01T00:00:00Z"),
    ]  # fmt: skip
    [from_file] = load([write_jsonl(home / "rows.jsonl", arrived, *rows)], "file")
    told, totals = charges(), from_file.totals
    Charge.objects.all().delete()
    Delivery.objects.all().delete()
    google.insert(TABLE, rows, arrived)

    run = run_source(connect())

    assert (run.state, run.message) == ("done", "")
    assert charges() == told
    assert told[0][7] == Decimal("7")
    assert Delivery.objects.get().reader == "aggregated_charges"
    control = Delivery.objects.get().totals.get()
    assert f"{control.billed_written.normalize():f}" == totals[0]["billed_written"]
    assert control.billed_written != control.billed_cost


def test_it_loads_standard_rows_once_and_finds_late_ones(google, connect):
    google.insert(TABLE, [row("2025-09-03", 5.0), row("2025-09-03", 1.0)], "2025-09-03")
    google.insert(TABLE, [row("2025-09-04", 6.0, ("PROMOTION", -1.0))], "2025-09-04")
    source = connect()
    first = run_source(source)
    kept = set(Charge.objects.filter(scope__part="arrival 2025-09-04").values_list("id"))
    queries = len(google.queries)

    second = run_source(source)
    looked = google.queries[queries:]
    google.insert(TABLE, [row("2025-09-02", 0.5, export_time="2025-09-05T01:00:00Z")], "2025-09-03")
    third = run_source(source)

    assert (first.published, second.published, third.published) == (2, 0, 1)
    assert len(looked) == 1 and "GROUP BY" in looked[0]
    assert second.facts == [{"set": f"{TABLE}: nothing new", "bytes_billed_looking": 10 * 1024**2}]
    assert by_part() == {
        "arrival 2025-09-03": Decimal("6.5"), "arrival 2025-09-04": Decimal("5")
    }  # fmt: skip
    assert set(Charge.objects.filter(scope__part="arrival 2025-09-04").values_list("id")) == kept
    [restated] = Restatement.objects.all()
    assert (restated.charges_added, restated.charges_changed) == (1, 0)
    assert third.facts[0]["bytes_processed"] == 3000  # one partition, and no other


def test_it_never_multiplies_a_cost_by_its_credits(google, connect):
    credits = [("PROMOTION", -0.25)] * 3 + [("SUSTAINED_USAGE_DISCOUNT", -1.0)]
    google.insert(TABLE, [row("2025-09-03", 10.0, *credits)], "2025-09-03")

    run_source(connect())

    charge = Charge.objects.get()
    assert (charge.billed_cost, charge.contracted_cost) == (Decimal("8.25"), Decimal("10"))
    assert charge.series.extras["CreditTypes"] == "PROMOTION SUSTAINED_USAGE_DISCOUNT"
    assert "JOIN" not in google.queries[-1].upper().replace("ADJUST", "")


def test_it_shows_what_a_query_billed_and_where_a_charge_comes_from(google, connect):
    google.insert(TABLE, [row("2025-09-03", 5.0)] * 3, "2025-09-03")

    run = run_source(connect())

    [facts] = run.facts
    assert facts["job"].startswith("acme:US.")
    assert facts["bytes_billed"] == 10 * 1024**2
    [told] = rows_of_charge(Charge.objects.get())
    assert told["columns"]["rows"] == "3"
    assert told["columns"]["billed_cost"] == "15.000000000000000000"


def test_it_refuses_a_query_that_would_read_too_much(google, connect):
    google.bytes_per_row = 2 * 1024**3
    google.insert(TABLE, [row("2025-09-03", 5.0)], "2025-09-03")
    source = connect(max_gib="1")

    run = run_source(source)

    assert run.state == "failed"
    assert "would read 2.00 GiB" in run.message and "allowed are 1.00 GiB" in run.message
    assert "Raise the most GiB" in run.cure
    assert google.queries == []
    assert not Charge.objects.exists()


@pytest.mark.parametrize(
    ("denied", "cure"),
    [
        ("bigquery.jobs.create", "roles/bigquery.jobUser"),
        ("bigquery.tables.get", "roles/bigquery.dataViewer"),
    ],
)
def test_it_names_the_role_that_is_missing(google, connect, denied, cure):
    google.denied = denied
    source = connect()

    *_, last = check_source(source)
    run = run_source(source)

    assert not last.ok and denied in last.what and cure in last.cure
    assert run.state == "failed" and cure in run.cure


def test_it_says_that_a_connection_works_and_what_looking_costs(google, connect):
    google.insert(TABLE, [row(str(utc_today()), 1.0)], str(utc_today()))
    source = connect()

    told = check_source(source)

    assert [check.ok for check in told] == [True] * 4
    assert "detailed usage cost export" in told[1].what
    assert google.queries == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"table": "billing"}, "Write it as project.dataset.table"),
        ({"table": "acme.billing.nothing"}, "Not found: Table acme.billing.nothing"),
    ],
)
def test_it_says_what_is_wrong_with_a_table(google, connect, change, words):
    [*_, last] = check_source(connect(**change))

    assert not last.ok and words in f"{last.what}. {last.cure}"


def test_it_reads_a_view_by_the_day_of_export(google, connect):
    view = "acme.views.billing"
    google.add_table(view, FIELDS, partitioned=False)
    google.insert(view, [row("2025-09-03", 5.0), row("2025-09-04", 1.0)])

    run_source(connect(view))

    assert by_part() == {"arrival 2025-09-03": Decimal("5"), "arrival 2025-09-04": Decimal("1")}


def test_it_refuses_days_with_a_cost_that_is_no_number(google, connect):
    google.insert(TABLE, [row("2025-09-03", 5.0), row("2025-09-03", None)], "2025-09-03")

    run = run_source(connect())

    assert run.state == "failed"
    assert "1 rows that arrived on arrival 2025-09-03" in run.message
    assert not Charge.objects.exists()


def test_it_holds_a_shrunken_partition_and_does_not_query_it_again(google, connect):
    google.insert(TABLE, [row("2025-09-03", 5.0, node=f"n{n}") for n in range(5)], "2025-09-03")
    source = connect()
    run_source(source)
    google.con.execute(f'delete from "{TABLE}" where "resource"."name" <> \'n1\'')
    google.insert(TABLE, [row("2025-09-05", 1.0)], "2025-09-05")

    run = run_source(source)
    queries = len(google.queries)
    again = run_source(source)

    assert (run.held, again.held) == (1, 1)
    assert "less than half" in again.message
    assert by_part()["arrival 2025-09-03"] == Decimal("25")
    assert len(google.queries) == queries + 1  # it only looked


def test_it_holds_a_second_view_of_the_same_bill(google, connect, home):
    rows = [row("2025-09-03", 5.0)]
    google.insert(TABLE, rows, "2025-09-04")
    run_source(connect())
    by_month = home / "rows.jsonl"
    by_month.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    [same_source] = load([by_month], "google")
    [other_source] = load([by_month], "files")

    assert (same_source.state, other_source.state) == ("held", "held")
    assert "already stands under source 'google'" in other_source.message
    assert Scope.objects.get(delivery__state="published").part == "arrival 2025-09-04"


def test_it_sums_a_focus_export_by_the_same_expression_as_its_files(google, connect):
    table = "acme.billing.gcp_billing_export_focus_01ABCD"
    fields = table_fields(
        "BilledCost:NUMERIC", "EffectiveCost:NUMERIC", "ListCost:NUMERIC", "BillingCurrency",
        "BillingAccountId", "BillingPeriodStart:TIMESTAMP", "ChargePeriodStart:TIMESTAMP",
        "ChargePeriodEnd:TIMESTAMP", "ChargeCategory", "InvoiceIssuerName", "ProviderName",
        "ServiceName", "ResourceId", "Tags:[key,value]", "x_ExportTime:TIMESTAMP",
    )  # fmt: skip
    google.add_table(table, fields)
    one = {
        "BilledCost": 1.25, "EffectiveCost": 1.5, "BillingCurrency": "USD",
        "BillingAccountId": "01ABCD", "BillingPeriodStart": "2025-09-01T00:00:00Z",
        "ChargePeriodStart": "2025-09-03T00:00:00Z", "ChargePeriodEnd": "2025-09-03T01:00:00Z",
        "ChargeCategory": "Usage", "InvoiceIssuerName": "Google Cloud",
        "ProviderName": "Google Cloud", "ServiceName": "Compute Engine", "ResourceId": "r",
        "Tags": [{"key": "team", "value": "vision"}], "x_ExportTime": "2025-09-04T00:00:00Z",
    }  # fmt: skip
    google.insert(table, [one, one], "2025-09-04")

    run = run_source(connect(table))

    assert (run.state, run.message) == ("done", "")
    charge = Charge.objects.get()
    assert (charge.billed_cost, charge.effective_cost) == (Decimal("2.5"), Decimal("3"))
    assert (charge.scope.part, charge.series.tags) == ("arrival 2025-09-04", {"team": "vision"})
    assert charge.list_cost is None


@pytest.mark.parametrize("reader", [gcp_billing.READER, focus.READER], ids=lambda one: one.name)
def test_it_asks_only_what_bigquery_understands(reader):
    described = FIELDS if reader is gcp_billing.READER else table_fields(
        "BilledCost:FLOAT", "EffectiveCost:FLOAT", "BillingPeriodStart:TIMESTAMP",
        "ChargePeriodStart:TIMESTAMP", "ChargePeriodEnd:TIMESTAMP", "ChargeCategory",
        "BillingCurrency", "BillingAccountId", "Tags:[key,value]",
    )  # fmt: skip
    columns = list(columns_of_schema([SchemaField.from_api_repr(one) for one in described]))
    billed = "BilledCost" if reader is focus.READER else "cost"

    sql, names = query(reader, columns, billed, "`a.b.c` WHERE TRUE", "DATETIME(_PARTITIONTIME)")

    assert "TIMESTAMP_ADD" not in sql and "TIMESTAMP_TRUNC" not in sql  # not of a DATETIME
    assert "JOIN" not in sql.replace("ADJUST", "") and "DECIMAL(" not in sql
    assert all(name.isidentifier() for name in names)
    assert len(sql) < 500_000  # a query may have a million characters


@pytest.mark.samples
def test_it_gives_the_totals_of_the_sample(google, connect, samples):
    path = samples / "billing" / "gcp_detailed" / "gcp_detailed_nested_202509.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        google.insert(TABLE, map(json.loads, lines))

    run = run_source(connect())

    totals = Charge.objects.aggregate(net=Sum("billed_cost"), gross=Sum("contracted_cost"))
    assert totals == {"net": Decimal("2572.56"), "gross": Decimal("2644.56")}
    assert run.published == 30
    before = charges()
    Charge.objects.all().delete()
    Delivery.objects.all().delete()
    load([path], "files")
    assert charges() == before
