"""Spark sums a bill by the reader's expression to what DuckDB makes of it, to the last digit."""

import os
from pathlib import Path
from random import Random
import struct

from django.core.management import call_command
import duckdb
import pytest

from aicost.kernel.sqlfiles import sql
from ingest.engines.spark import aggregate, session
from ingest.engines.spark_sql import shortest
from ingest.load import load
from ingest.models import Charge
from ingest.sources.base import Unreadable
from tests.ingest.bills import focus_row
from tests.ingest.test_bill_goldens import BILLS, FOLDER, canonical, name

pytestmark = pytest.mark.spark

LINES = int(os.environ.get("AICOST_SPARK_LINES", "20000"))
CASES = [
    path
    for path in sorted(FOLDER.glob("*/*/input.*"))
    if path.parent.parent.name in ("aws_cur", "azure_cost", "focus", "gcp_billing")
    and path.suffix != ".jsonl"  # nested rows are flattened in Python: not on Spark
]


SAMPLES = [
    ("aws_cur", "aws_cur_legacy/real_anonymous_2023-11.csv"),
    ("aws_cur", "aws_cur_legacy/generated_s3_prefix/cur/20250901-20251001/*/*.csv.gz"),
    ("focus", "aws_focus_parquet/focus_export/data/*/*.parquet"),
    ("focus", "focus/focus_1.0_sample.csv"),
    ("azure_cost", "azure_ea/generated_mca_like_202509.csv.gz"),
    ("gcp_billing", "gcp_detailed/gcp_detailed_202509.csv.gz"),
]


@pytest.fixture(scope="module")
def spark():
    with session("local[2]", {"spark.sql.shuffle.partitions": "2"}) as running:
        yield running


@pytest.fixture
def interpreted(spark):
    """For a file of some lines the time goes into compiling: Spark's slow way is the fast one."""
    usual = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    before = {key: spark.conf.get(key) for key in usual}
    for key, value in usual.items():
        spark.conf.set(key, value)
    yield spark
    for key, value in before.items():
        spark.conf.set(key, value)


def summed(spark, reader: str, *paths: Path, out: Path) -> list[dict]:
    """The charges that the ledger gets by way of Spark."""
    told = aggregate(spark, BILLS[reader], [str(path) for path in paths], str(out))
    charges = canonical(BILLS["aggregated_charges"], *sorted(out.glob("*.parquet")))
    assert told.rows == sum(charge["rows"] for charge in charges)
    return charges


@pytest.mark.parametrize("path", CASES, ids=name)
def test_a_golden_is_the_same_by_spark_and_by_duckdb(interpreted, path, home, tmp_path):
    reader = path.parent.parent.name
    told = summed(interpreted, reader, path, out=tmp_path / "out")
    assert told == canonical(BILLS[reader], path)


@pytest.mark.samples
@pytest.mark.parametrize(("reader", "pattern"), SAMPLES)
def test_a_sample_is_the_same_by_spark_and_by_duckdb(
    spark, samples, reader, pattern, home, tmp_path
):
    paths = sorted((samples / "billing").glob(pattern))
    told = summed(spark, reader, *paths, out=tmp_path / "out")
    assert told and told == canonical(BILLS[reader], *paths)


@pytest.mark.parametrize("kind", ["csv.gz", "parquet"])
def test_generated_lines_are_the_same(spark, kind, home, tmp_path):
    """Costs with 17 digits, as a multiplication in doubles leaves them."""
    hours = max(1, min(200, LINES // 200))
    query = sql("aicost.runtime.bench", "generate_cur")
    query = query.replace("$hours", str(hours)).replace("$resources", str(LINES // hours))
    cost, maps = "line_item_unblended_cost", "resource_tags"
    replaced = f"{cost} * 0.1 / 3 as {cost}"
    how = "format parquet"
    if kind == "csv.gz":
        replaced += f", to_json({maps}) as {maps}"
        how = "format csv, header, compression gzip"
    paths = [tmp_path / f"bill-{half}.{kind}" for half in (0, 1)]
    for half, path in enumerate(paths):
        rows = f"select * replace ({replaced}) from ({query})"
        where = f"where hour(line_item_usage_start_date) % 2 = {half}"
        duckdb.sql(f"copy ({rows} {where}) to '{path}' ({how})")
    told = summed(spark, "aws_cur", *paths, out=tmp_path / "out")
    assert told == canonical(BILLS["aws_cur"], *paths)
    assert sum(charge["rows"] for charge in told) == hours * (LINES // hours)


def test_a_double_is_the_text_that_duckdb_writes(spark):
    """Before Java 19 the text of a double can be a digit too long."""
    random = Random(4)
    values = [0.0, -0.0, 1.0, -2.5, 1e-3, 1e-4, 1.5e-5, 1e7, 123456789.0, 1e15, 1e16, 2e-3, 2e23]
    values += [0.1 + 0.2, 1 / 3, 9007199254740993.0, 1.7976931348623157e308, 8.41e21, 2e-300]
    values += [struct.unpack("d", random.randbytes(8))[0] for _ in range(3000)]
    values += [random.uniform(0, 10 ** random.randint(-12, 9)) / 3 for _ in range(3000)]
    values = [value for value in values if value == value and (not value or abs(value) > 1e-307)]
    frame = spark.createDataFrame(list(enumerate(values)), "n long, value double")
    told = frame.selectExpr("n", f"{shortest('value', 'double')} as told").orderBy("n").collect()
    wanted = duckdb.execute("select unnest(?::double[])::varchar", [values]).fetchall()
    assert [row.told for row in told] == [text for (text,) in wanted]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"BilledCost": "1_000"}, "column BilledCost: '1_000' is no amount"),
        ({"BilledCost": "1.0d"}, "'1.0d' is no amount"),
        ({"EffectiveCost": ""}, "column EffectiveCost: no amount is given"),
        ({"ChargePeriodStart": "2026"}, "column ChargePeriodStart: '2026' is no time"),
        ({"BilledCost": "9" * 20}, "sum is beyond 38 digits"),
        ({"Tags": "a=b"}, "'a=b' is no object"),
        ({"ServiceName": "caf\udce9"}, "not UTF-8"),
    ],
)
def test_a_bad_value_refuses_all(interpreted, change, refusal, home, tmp_path):
    row = focus_row("a", "2026-09-01", "1.5")
    with (tmp_path / "bad.csv").open("w", encoding="utf-8", errors="surrogateescape") as out:
        out.write(",".join(row) + "\n")
        for told in (row, row | change, row | change):
            out.write(",".join(told.values()) + "\n")
    with pytest.raises(Unreadable, match=refusal) as caught:
        aggregate(interpreted, BILLS["focus"], [str(tmp_path / "bad.csv")], str(tmp_path / "out"))
    assert "bad.csv" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("engine", ["spark", "duckdb"])
def test_what_it_writes_loads_as_the_bill_itself(interpreted, engine, home, tmp_path):
    """The same series on the same days: under the name of its source it replaces the bill."""
    bill, out = FOLDER / "aws_cur" / "types" / "input.csv", tmp_path / "summed"
    told = ("series_id", "day", "invoice_id", "billed_cost", "effective_cost", "list_cost")
    load([bill], "aws")
    before = sorted(map(str, Charge.objects.values_list(*told)))
    if engine == "spark":
        aggregate(interpreted, BILLS["aws_cur"], [str(bill)], str(out))
    else:
        call_command("aggregate", str(bill), reader="aws_cur", engine=engine, out=str(out))
    assert {result.state for result in load([out], "aws")} == {"published"}
    assert sorted(map(str, Charge.objects.values_list(*told))) == before
