"""A bill summed on Spark by its reader's own expression, into the files that the reader
`aggregated_charges` loads (docs/scaling.md). Local or on a cluster; no Django, no database."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
import sys

import ibis.expr.types as ir
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from ingest.engines.spark_rows import finished
from ingest.engines.spark_sql import MARK, compiled, in_two
from ingest.engines.spark_table import FILE, bill_files, open_bill
from ingest.engines.summed import Summed
from ingest.sources import aggregated
from ingest.sources.base import BillReader, Unreadable
from ingest.sources.charges import TWICE, VIEW, with_part
from ingest.sources.values import PARSERS

GROUPS = "bill_groups"
UNFINISHED = ".unfinished"  # a folder so named is none of the bill's: its job has not ended
CONF = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # As in DuckDB a sum keeps its 18 decimals, and fails where it has no room for them.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    # Else a row with too few fields is no error where nobody asks for those it lacks.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
}
_PROJECT = Path(__file__).resolve().parents[2]
_VIEWS_MIX = 10


@contextmanager
def session(master: str = "", conf: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """A session with what the expression needs. Without `master` it is that of spark-submit."""
    builder = SparkSession.builder.appName("aicost aggregate")
    if master:
        builder = builder.master(master)
    if master.startswith("local"):
        builder = builder.config("spark.executorEnv.PYTHONPATH", str(_PROJECT))
        builder = builder.config("spark.ui.enabled", "false")
        builder = builder.config("spark.ui.showConsoleProgress", "false")
        builder = builder.config("spark.driver.host", "localhost")
    for key, value in (*(conf or {}).items(), *CONF.items()):
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")  # what fails is raised, in words
    if master.startswith("local"):
        spark.sparkContext.pythonExec = sys.executable
    try:
        yield spark
    finally:
        spark.stop()


def aggregate(spark: SparkSession, reader: BillReader, paths: Sequence[str], out: str) -> Summed:
    """Sum all files at `paths` into Parquet files in the new folder `out`: all of them or, raising
    `Unreadable` with file, column and value, none."""
    place = spark._jvm.org.apache.hadoop.fs.Path(out)
    system = place.getFileSystem(spark._jsc.hadoopConfiguration())
    if system.exists(place):
        raise Unreadable("is there already", out, "Name a folder that is not there yet")
    files = bill_files(spark, paths)
    table = open_bill(spark, files, reader)
    _check_columns(table, reader, files)
    unfinished = place.suffix(UNFINISHED)
    try:
        told = _written(spark, table, reader, files, unfinished.toString())
        system.rename(unfinished, place)
    except PySparkException as error:
        raise _refusal(error, files) from error
    finally:
        system.delete(unfinished, True)
        spark.catalog.clearCache()
    return told


def _check_columns(table: ir.Table, reader: BillReader, files: Sequence[str]) -> None:
    lacking = reader.required(tuple(table.columns))
    if lacking:
        cure = f"docs/sources/{reader.name}.md lists what a file must have"
        raise Unreadable(f"the column {lacking[0]} is missing", files[0], cure)
    wanted = {column.rstrip(TWICE).lower() for column, _, _ in reader.strict(tuple(table.columns))}
    for column in table.columns:
        if column != FILE and column.endswith(TWICE) and column.rstrip(TWICE).lower() in wanted:
            told = f"the column {column.rstrip(TWICE)} is there twice"
            raise Unreadable(told, files[0], "Keep the one that is meant")


def _written(
    spark: SparkSession, table: ir.Table, reader: BillReader, files: Sequence[str], folder: str
) -> Summed:
    bill = table.drop(FILE)
    summed, rest = in_two(with_part(reader.expression(bill)), GROUPS)
    groups = spark.sql(compiled(summed)).persist()
    groups.createOrReplaceTempView(GROUPS)
    read = groups.selectExpr("sum(rows) as rows", "sum(rows_refused) as refused").head()
    if read.refused:
        _refuse_values(spark, table, reader, files)
    charges = spark.sql(compiled(rest))
    _refuse_views(charges, files)
    shape = from_arrow_schema(aggregated.schema({}, charges.columns))
    charges.mapInArrow(finished, shape).write.parquet(folder)
    written = spark.read.parquet(folder).selectExpr("sum(rows) as rows", "count(*) as lines")
    total = written.head()
    if total.rows != read.rows:
        told = f"{read.rows} rows were read and {total.rows} written"
        raise Unreadable(told, files[0], "Report this; nothing was written")
    return Summed(total.rows or 0, total.lines, tuple(files))


def _refuse_values(
    spark: SparkSession,
    table: ir.Table,
    reader: BillReader,
    files: Sequence[str],
) -> None:
    """Raise `Unreadable` for the first value found that the reader could not read."""
    for column, kind, maybe in reader.strict(tuple(table.columns)):
        value = table[column]
        bad = PARSERS[kind](value).isnull()
        if maybe:
            bad = bad & value.notnull() & (value.cast("string") != "")
        shown = table.filter(bad).select(file=table[FILE], value=value.cast("string")).limit(1)
        for row in spark.sql(compiled(shown)).collect():
            text = (row.value or "").removeprefix(MARK)
            told = f"{text!r} is no {kind}" if text else f"no {kind} is given"
            cure = "Mend or fetch it again; load it with --engine duckdb to see its line"
            raise Unreadable(f"column {column}: {told}", row.file, cure)
    cure = "Ask the provider for a new file"
    raise Unreadable("a charge period ends before it starts", files[0], cure)


def _refuse_views(charges: DataFrame, files: Sequence[str]) -> None:
    if VIEW not in charges.columns:
        return
    counted = charges.where(f"{VIEW} <> ''").groupBy(VIEW).sum("rows").collect()
    counted.sort(key=lambda row: row[1])
    if len(counted) > 1 and counted[-2][1] * _VIEWS_MIX >= counted[-1][1]:
        told = " and ".join(f"{rows} rows that only {view} cost has" for view, rows in counted)
        cure = "They are two views of one bill: sum only one of them"
        raise Unreadable(f"the set holds {told}", files[0], cure)


def _refusal(error: PySparkException, files: Sequence[str]) -> Unreadable:
    """Spark's refusal in words: the innermost line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((one for one in lines if "ValueError: " in one), lines[0])
    for mark, meaning in (
        ("MALFORMED_RECORD", "a row has more or fewer fields than the header, or a broken quote"),
        ("ARITHMETIC_OVERFLOW", "a sum is beyond 38 digits"),
        ("NUMERIC_VALUE_OUT_OF_RANGE", "a sum is beyond 38 digits"),
    ):
        if mark in str(error):
            told = meaning
    named = [file for file in files if file in str(error)]
    return Unreadable(told[:400], named[0] if named else files[0], "Nothing was written")
